/* What /proc tells a process of itself. */
#ifndef PROBE_FILES_H
#define PROBE_FILES_H

#include "json.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* The file's bytes, allocated and ended by NUL; NULL where it can't be read. */
static char *slurp(const char *path, size_t *size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    size_t room = 1 << 16, at = 0;
    char *text = malloc(room);
    for (ssize_t got; text && (got = read(fd, text + at, room - at - 1)) > 0;) {
        at += (size_t)got;
        if (room - at == 1) text = realloc(text, room *= 2);
    }
    close(fd);
    if (!text) exit(99);
    text[at] = 0;
    if (size) *size = at;
    return text;
}

static void show_file(const char *key, const char *path) {
    size_t size;
    char *text = slurp(path, &size);
    json_next(key);
    if (text) json_bytes(text, size);
    else fputs("null", out);
    free(text);
}

static void show_link(const char *key, const char *path) {
    char target[4096];
    ssize_t size = readlink(path, target, sizeof target);
    json_next(key);
    if (size < 0) fputs("null", out);
    else json_bytes(target, (size_t)size);
}

/* One line of /proc/self/status, without its label. */
static void show_status(const char *key, const char *label) {
    char *text = slurp("/proc/self/status", NULL), *line = text ? strstr(text, label) : NULL;
    json_next(key);
    if (line) {
        line += strlen(label) + 2;
        json_bytes(line, strcspn(line, "\n"));
    } else {
        fputs("null", out);
    }
    free(text);
}

/* A field of /proc/self/stat, counted as proc(5) does, from 3 on. */
static void show_stat(const char *key, int field) {
    char *text = slurp("/proc/self/stat", NULL), *at = text ? strrchr(text, ')') : NULL;
    for (int number = 2; at && number < field; number++) at = strchr(at + 1, ' ');
    json_next(key);
    if (at) json_bytes(at + 1, strcspn(at + 1, " \n"));
    else fputs("null", out);
    free(text);
}

#endif

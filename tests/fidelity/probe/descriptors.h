/* Every open descriptor. */
#ifndef PROBE_DESCRIPTORS_H
#define PROBE_DESCRIPTORS_H

#include "files.h"

#include <sys/stat.h>
#include <termios.h>

enum { DESCRIPTORS = 256 }; /* as many numbers are looked at */

static void show_descriptor(int fd) {
    char path[64];
    struct stat found;
    if (fcntl(fd, F_GETFD) < 0) return;
    snprintf(path, sizeof path, "%d", fd);
    json_open(path, '{');
    json_number("close_on_exec", fcntl(fd, F_GETFD));
    json_format("flags", "%#o", fcntl(fd, F_GETFL));
    if (fstat(fd, &found) == 0) {
        json_format("type", "%#o", found.st_mode & S_IFMT);
        json_format("file", "%llu:%llu", (unsigned long long)found.st_dev, (unsigned long long)found.st_ino);
    }
    json_number("offset", lseek(fd, 0, SEEK_CUR));
    json_number("owner", fcntl(fd, F_GETOWN));
    json_number("signal", fcntl(fd, F_GETSIG));
    json_number("lease", fcntl(fd, F_GETLEASE));
    json_number("pipe_size", fcntl(fd, F_GETPIPE_SZ));
    json_number("terminal", isatty(fd));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    show_link("target", path);
    json_close('}');
}

static void show_descriptors(void) {
    json_open("descriptors", '{');
    for (int fd = 0; fd < DESCRIPTORS; fd++) show_descriptor(fd);
    json_close('}');
}

#endif

/* Feeds the client's reply parser (shims/reply.c, answer.c) with bytes: a libFuzzer target, or with -DSTANDALONE a program that
 * makes up its own.
 *
 * The client asks the kernel for everything through `syscall` in its libc build; here that is answered instead, so that
 * nothing is executed, stopped or killed whatever the bytes say. Strings that would reach the kernel are read to their
 * end, for a sanitizer to see where they don't. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static long answer_call(long number, ...);
static int answer_execve(const char *path, char *const *argv, char *const *envp);
static int answer_fork(void);
_Noreturn static void leave(int status);

#define syscall answer_call
#define execve answer_execve
#define fork answer_fork
#define exit leave
#include "../../shims/answer.c"
#include "../../shims/descriptors.c"
#include "../../shims/execute.c"
#include "../../shims/observe.c"
#include "../../shims/output.c"
#include "../../shims/reply.c"
#include "../../shims/request.c"
#include "../../shims/send.c"
#include "../../shims/signals.c"
#include "../../shims/supervise.c"
#include "../../shims/text.c"
#undef exit

enum { SOCKET = 100, MAPS_MAX = 16 };

static jmp_buf ended;
static const uint8_t *input;
static size_t left, piece, consumed;
static struct {
    void *at;
    size_t size;
} maps[MAPS_MAX];
static int map_count;

_Noreturn void fail(const char *const *pieces) {
    say(pieces);
    leave(125);
}

_Noreturn static void leave(int status) { longjmp(ended, status ? status : 256); }

static int answer_fork(void) { return piece % 2 ? 0 : -1; }

static int answer_execve(const char *path, char *const *argv, char *const *envp) {
    consumed += strlen(path);
    for (; *argv; argv++) consumed += strlen(*argv);
    for (; *envp; envp++) consumed += strlen(*envp);
    errno = piece % 3 ? ENOENT : ENOEXEC;
    return -1;
}

/* The daemon's bytes, in pieces; at their end the connection's. */
static long answer_read(long fd, void *buffer, size_t size) {
    if (fd != SOCKET) return -1;
    if (size > piece) size = piece;
    if (size > left) size = left;
    memcpy(buffer, input, size);
    input += size;
    left -= size;
    return (long)size;
}

static long answer_write(const struct iovec *parts, long count) {
    long size = 0;
    for (long i = 0; i < count; i++) {
        for (size_t at = 0; at < parts[i].iov_len; at++) consumed += ((const uint8_t *)parts[i].iov_base)[at];
        size += (long)parts[i].iov_len;
    }
    return size;
}

static long answer_map(size_t size) {
    if (map_count == MAPS_MAX) return -1;
    void *at = calloc(1, size); /* of exactly this size, which a sanitizer guards */
    if (!at) return -1;
    maps[map_count].at = at;
    maps[map_count++].size = size;
    return (long)at;
}

static long answer_poll(struct pollfd *fds, long count) {
    for (long i = 0; i < count; i++) fds[i].revents = fds[i].fd == SOCKET ? POLLIN : 0;
    return 1;
}

static long answer_call(long number, ...) {
    long words[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) words[i] = va_arg(list, long);
    va_end(list);
    errno = ENOENT;
    switch (number) {
    case SYS_read: return answer_read(words[0], (void *)words[1], (size_t)words[2]);
    case SYS_writev: return answer_write((const struct iovec *)words[1], words[2]);
    case SYS_mmap: return answer_map((size_t)words[1]);
    case SYS_ppoll: return answer_poll((struct pollfd *)words[0], words[1]);
    case SYS_openat:
    case SYS_statx: return -1;
    case SYS_sendmsg: errno = EPIPE; return -1;
    default: return 0; /* signals, limits, close: said to be done */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char name[] = "probe", word[] = "x", entry[] = "PATH=/bin";
    static char *argv[] = {name, word, NULL}, *envp[] = {entry, NULL};
    const struct process process = {argv, envp, "/bin/probe", 0};
    struct client client;
    if (!size) return 0;
    memset(&client, 0, sizeof client);
    client.process = &process;
    client.socket = SOCKET;
    client.signals = SOCKET + 1;
    client.forwarding = data[0] & 1;
    piece = 1 + data[0] / 2 * 5;
    input = data + 1;
    left = size - 1;
    if (!setjmp(ended)) follow(&client);
    while (map_count) free(maps[--map_count].at);
    return 0;
}

#ifdef STANDALONE
#include <time.h>

/* Whole frames with a few bytes changed, for so many seconds; prints how many. */
int main(int argc, char **argv) {
    static uint8_t data[4096];
    time_t until = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
    unsigned long count = 0;
    srandom(argc > 2 ? (unsigned)atoi(argv[2]) : 1);
    do {
        size_t size = 1;
        data[0] = (uint8_t)random();
        while (size < 3000 && random() % 4) {
            size_t length = (size_t)random() % (random() % 8 ? 40 : 900);
            memset(data + size, 0, 8);
            data[size] = (uint8_t)(random() % 10);
            data[size + 4] = (uint8_t)length;
            data[size + 5] = (uint8_t)(length >> 8);
            for (size_t i = 0; i < length; i++) data[size + 8 + i] = (uint8_t)(random() % 3 ? random() % 4 : random());
            size += 8 + length;
        }
        for (long changes = random() % 4; changes; changes--) data[(size_t)random() % size] = (uint8_t)random();
        uint8_t *exact = malloc(size); /* a sanitizer sees a read behind it */
        if (!exact) return 1;
        memcpy(exact, data, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        count++;
    } while (time(NULL) < until);
    printf("%lu inputs\n", count);
    return 0;
}
#endif

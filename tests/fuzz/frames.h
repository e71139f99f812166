/* What the targets share that feed a program of shims/ with the daemon's frames: the kernel's answers, and bytes of one's own.
 *
 * The programs ask the kernel for everything through `syscall` in their libc build; here that is answered instead, so that
 * nothing is executed, stopped or killed whatever the bytes say. A target includes this, then the files that it is about. */
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
#include <time.h>
#include <unistd.h>

static long answer_call(long number, ...);
_Noreturn static void leave(int status);

#define syscall answer_call
#define exit leave
#include "../../shims/descriptors.c"
#include "../../shims/output.c"
#include "../../shims/send.c"
#include "../../shims/text.c"

enum { SOCKET = 100, MAPS_MAX = 64 };

static jmp_buf ended;
static const uint8_t *input;
static size_t left, piece, consumed;
static void *maps[MAPS_MAX];
static int map_count;

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
    if (at) maps[map_count++] = at;
    return at ? (long)at : -1;
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

/* Takes up an input: how long its pieces are, then the daemon's bytes. */
static void take_up(struct client *client, const uint8_t *data, size_t size) {
    memset(client, 0, sizeof *client);
    client->socket = SOCKET;
    piece = 1 + data[0] / 2 * 5;
    input = data + 1;
    left = size - 1;
}

static void give_back(void) {
    while (map_count) free(maps[--map_count]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef STANDALONE

/* The target's: the type of a frame that it makes up, whose payload it may change. */
static uint8_t dress(uint8_t *payload, size_t length);

/* Whole frames with a few bytes changed, for so many seconds; prints how many. */
int main(int argc, char **argv) {
    static uint8_t data[4096];
    const time_t until = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
    unsigned long count = 0;
    srandom(argc > 2 ? (unsigned)atoi(argv[2]) : 1);
    do {
        size_t size = 1;
        data[0] = (uint8_t)random();
        while (size < 3000 && random() % 4) {
            const size_t length = (size_t)random() % (random() % 8 ? 40 : 900);
            memset(data + size, 0, 8);
            data[size + 4] = (uint8_t)length;
            data[size + 5] = (uint8_t)(length >> 8);
            for (size_t i = 0; i < length; i++) data[size + 8 + i] = (uint8_t)(random() % 3 ? random() % 4 : random());
            data[size] = dress(data + size + 8, length);
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

/* Feeds the hook program's reader of answers (shims/hook/exchange.c) with bytes: a libFuzzer target, or with -DSTANDALONE a
 * program that makes up its own. Whatever they are, it ends, and by a status that is one of the answer's or a denial.
 *
 * The program asks the kernel for everything through `syscall` in its libc build; here that is answered instead. */
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
_Noreturn static void leave(int status);

#define syscall answer_call
#define exit leave
#include "../../shims/descriptors.c"
#include "../../shims/hook/exchange.c"
#include "../../shims/output.c"
#include "../../shims/send.c"
#include "../../shims/text.c"
#undef exit

enum { SOCKET = 100, MAPS_MAX = 64 };

static jmp_buf ended;
static const uint8_t *input;
static size_t left, piece, consumed;
static void *maps[MAPS_MAX];
static int map_count;

_Noreturn static void leave(int status) {
    if (status < 0 || status > 255) abort();
    longjmp(ended, 1);
}

_Noreturn void fail(const char *const *pieces) {
    for (; *pieces; pieces++) consumed += strlen(*pieces);
    longjmp(ended, 1);
}

_Noreturn void end_unanswered(const char *why, long error) {
    consumed += strlen(why) + (size_t)error;
    longjmp(ended, 1);
}

/* The daemon's bytes, in pieces; at their end the connection's. */
static long answer_read(void *buffer, size_t size) {
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

static long answer_call(long number, ...) {
    long words[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) words[i] = va_arg(list, long);
    va_end(list);
    errno = ENOMEM;
    switch (number) {
    case SYS_read: return answer_read((void *)words[1], (size_t)words[2]);
    case SYS_writev: return answer_write((const struct iovec *)words[1], words[2]);
    case SYS_mmap: return answer_map((size_t)words[1]);
    case SYS_ppoll: return 1;
    default: return 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct agent agent = {"probe", NULL, NULL, "", 2, 60};
    struct client client;
    if (!size) return 0;
    memset(&client, 0, sizeof client);
    client.socket = SOCKET;
    piece = 1 + data[0] / 2 * 5;
    input = data + 1;
    left = size - 1;
    if (!setjmp(ended)) answer(&client, &agent);
    while (map_count) free(maps[--map_count]);
    return 0;
}

#ifdef STANDALONE
#include <time.h>

/* Whole frames with a few bytes changed, for so many seconds; prints how many. */
int main(int argc, char **argv) {
    static const uint8_t kinds[] = {1, 1, 3, 5, 6, 12, 12, 12, 2};
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
            data[size] = kinds[(size_t)random() % sizeof kinds];
            data[size + 4] = (uint8_t)length;
            data[size + 5] = (uint8_t)(length >> 8);
            for (size_t i = 0; i < length; i++) data[size + 8 + i] = (uint8_t)(random() % 3 ? random() % 4 : random());
            if (random() % 2 && length > 8) memset(data + size + 9, 0, 7), data[size + 12] = (uint8_t)(length - 8);
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

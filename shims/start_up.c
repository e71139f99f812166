/* What libc's start-up would have given: the entry point, what the kernel left on the stack, and four functions that
 * the compiler may call on its own. Why not the kernel's nolibc: docs/decisions/nolibc.md. */
#include "client.h"

#ifndef AT_EXECFN
#define AT_EXECFN 31
#endif
#ifndef AT_EUID
#define AT_EUID 12
#endif

#ifdef SAFESHELL_LIBC

#include <sys/auxv.h>

int main(int argc, char **argv, char **envp) {
    struct process process = {argv, envp, (const char *)getauxval(AT_EXECFN), getauxval(AT_EUID)};
    if (!process.execfn) process.execfn = argc ? argv[0] : "";
    run_client(&process);
}

#else

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall enter_program\n");
#else
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tb enter_program\n");
#endif

_Noreturn void enter_program(long *stack) __attribute__((used)); /* by the entry point alone */

_Noreturn void enter_program(long *stack) {
    struct process process = {.argv = (char **)(stack + 1), .envp = (char **)(stack + 2 + stack[0])};
    process.execfn = *stack ? process.argv[0] : "";
    long *entry = (long *)process.envp;
    while (*entry) entry++;
    for (entry++; entry[0]; entry += 2) {
        if (entry[0] == AT_EXECFN) process.execfn = (const char *)entry[1];
        if (entry[0] == AT_EUID) process.euid = (unsigned long)entry[1];
    }
    run_client(&process);
}

/* Hides a loop's variable from the optimizer, which would otherwise turn the loop into a call of the function it is. */
#define OPAQUE(variable) __asm__("" : "+r"(variable))

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    char *out = to;
    for (const char *in = from; size; size--) {
        OPAQUE(in);
        *out++ = *in++;
    }
    return to;
}

void *memset(void *to, int value, size_t size) {
    for (char *out = to; size; size--) {
        OPAQUE(out);
        *out++ = (char)value;
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t size) {
    const unsigned char *a = left, *b = right;
    for (; size; size--, a++, b++) {
        OPAQUE(a);
        if (*a != *b) return *a - *b;
    }
    return 0;
}

/* Eight bytes at a time: an environment has kilobytes. An aligned word never crosses a page. */
size_t strlen(const char *text) {
    typedef uint64_t __attribute__((may_alias)) word;
    const uint64_t ones = 0x0101010101010101, highs = ones << 7;
    const char *at = text;
    for (; (uintptr_t)at % sizeof(word); at++) {
        OPAQUE(at);
        if (!*at) return (size_t)(at - text);
    }
    for (;; at += sizeof(word)) {
        const word bytes = *(const word *)at, zeros = (bytes - ones) & ~bytes & highs;
        if (zeros) return (size_t)(at - text) + (size_t)__builtin_ctzll(zeros) / 8; /* the lowest byte is the first */
    }
}

#endif

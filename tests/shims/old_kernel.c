/* Preloaded into the libc build: a kernel that does not count descriptors and has no close_range, and an environment
 * that does not lie in one piece. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char elsewhere[] = "MOVED=1";

__attribute__((constructor)) static void scatter(int argc, char **argv, char **envp) {
    (void)argc;
    (void)argv;
    for (; *envp; envp++)
        if (!strcmp(*envp, elsewhere)) *envp = elsewhere;
}

long syscall(long number, ...) {
    long (*next)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    long argument[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) argument[i] = va_arg(list, long);
    va_end(list);
    if (number == 436 /* close_range */) {
        errno = ENOSYS;
        return -1;
    }
    long result = next(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
    if (number == SYS_statx && !strcmp((const char *)argument[1], "/proc/self/fd"))
        ((struct statx *)argument[4])->stx_size = 0;
    return result;
}

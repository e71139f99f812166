/* The system-call layer: every call returns its result or -errno, in both builds.
 *
 * x86_64 and aarch64 enter the kernel themselves, so that the program needs no libc start-up; any other architecture,
 * and -DSAFESHELL_LIBC (for coverage and sanitizers), goes through libc. The headers are libc's in both: they are there
 * wherever a C compiler is. */
#pragma once

#define _GNU_SOURCE /* statx, O_PATH, ucred */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#if !defined(SAFESHELL_LIBC) && (!defined(__LP64__) || !(defined(__x86_64__) || defined(__AARCH64EL__)))
#define SAFESHELL_LIBC
#endif

#ifdef SAFESHELL_LIBC

#include <stdlib.h>

static inline long libc_result(long result) { return result == -1 ? -errno : result; }
static inline long enter_kernel(long number, long a, long b, long c, long d, long e, long f) {
    return libc_result(syscall(number, a, b, c, d, e, f));
}

#elif defined(__x86_64__)

static inline long enter_kernel(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

#else /* aarch64 */

static inline long enter_kernel(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

#endif

#define call6(n, a, b, c, d, e, f) enter_kernel((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define call4(n, a, b, c, d) call6(n, a, b, c, d, 0, 0)
#define call3(n, a, b, c) call6(n, a, b, c, 0, 0, 0)

#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif
#ifndef SYS_close_range
#define SYS_close_range 436 /* one number on every architecture that libc's header may be too old for */
#endif

/* The kernel's own forms, where libc's differ in size. */
typedef uint64_t signal_set;
struct kernel_time {
    long seconds;
    long nanoseconds;
};
struct kernel_sigaction {
    long opaque[8]; /* its layout is the architecture's; all zero is the default handler */
};
struct kernel_limit {
    uint64_t soft;
    uint64_t hard;
};
struct kernel_dirent {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

#define ALL_SIGNALS (~(signal_set)0)
#define SIGNAL_BIT(number) ((signal_set)1 << ((number)-1))

static inline long sys_memory_file(const char *name) { return call3(SYS_memfd_create, name, 1 /* closed on exec */, 0); }
static inline long sys_read(int fd, void *buffer, size_t size) { return call3(SYS_read, fd, buffer, size); }
static inline long sys_writev(int fd, const struct iovec *parts, int count) {
    return call3(SYS_writev, fd, parts, count);
}
static inline long sys_open(const char *path, int flags) { return call4(SYS_openat, AT_FDCWD, path, flags, 0); }
static inline long sys_close(int fd) { return call3(SYS_close, fd, 0, 0); }
static inline long sys_close_range(unsigned first, unsigned last) { return call3(SYS_close_range, first, last, 0); }
static inline long sys_fcntl(int fd, int command, long argument) { return call3(SYS_fcntl, fd, command, argument); }
static inline long sys_flock(int fd, int operation) { return call3(SYS_flock, fd, operation, 0); }
static inline long sys_dup3(int from, int to, int flags) { return call3(SYS_dup3, from, to, flags); }
static inline long sys_pipe2(int *ends, int flags) { return call3(SYS_pipe2, ends, flags, 0); }
static inline long sys_ioctl(int fd, unsigned long request, void *argument) {
    return call3(SYS_ioctl, fd, request, argument);
}
static inline long sys_statx(const char *path, struct statx *found) {
    return call6(SYS_statx, AT_FDCWD, path, 0, STATX_BASIC_STATS, found, 0);
}
static inline long sys_getdents(int fd, void *buffer, size_t size) { return call3(SYS_getdents64, fd, buffer, size); }
static inline long sys_getcwd(char *buffer, size_t size) { return call3(SYS_getcwd, buffer, size, 0); }
static inline long sys_chdir(const char *path) { return call3(SYS_chdir, path, 0, 0); }
static inline long sys_umask(int mask) { return call3(SYS_umask, mask, 0, 0); }
static inline long sys_socket(int domain, int type) { return call3(SYS_socket, domain, type, 0); }
static inline long sys_connect(int fd, const struct sockaddr_un *address) {
    return call3(SYS_connect, fd, address, sizeof *address);
}
static inline long sys_getsockopt(int fd, int option, void *value, socklen_t *size) {
    return call6(SYS_getsockopt, fd, SOL_SOCKET, option, value, size, 0);
}
static inline long sys_sendmsg(int fd, const struct msghdr *message) {
    return call3(SYS_sendmsg, fd, message, MSG_NOSIGNAL);
}
static inline long sys_poll(struct pollfd *fds, unsigned count, int64_t ms) { /* -1: for ever */
    struct kernel_time time = {(long)(ms / 1000), (long)(ms % 1000 * 1000000)};
    return call6(SYS_ppoll, fds, count, ms < 0 ? NULL : &time, 0, sizeof(signal_set), 0);
}
static inline long sys_sigmask(int how, signal_set set, signal_set *old) {
    return call4(SYS_rt_sigprocmask, how, &set, old, sizeof(signal_set));
}
static inline long sys_sigaction(int number, const struct kernel_sigaction *action, struct kernel_sigaction *old) {
    return call4(SYS_rt_sigaction, number, action, old, sizeof(signal_set));
}
static inline long sys_default_action(int number, struct kernel_sigaction *old) {
    const struct kernel_sigaction standard = {{0}};
    return sys_sigaction(number, &standard, old);
}
static inline long sys_take_pending(signal_set set) {
    const struct kernel_time none = {0, 0};
    return call4(SYS_rt_sigtimedwait, &set, 0, &none, sizeof(signal_set));
}
static inline long sys_signalfd(signal_set set) {
    return call4(SYS_signalfd4, -1, &set, sizeof(signal_set), SFD_CLOEXEC);
}
static inline long sys_kill(long pid, int number) { return call3(SYS_kill, pid, number, 0); }
static inline long sys_getpid(void) { return call3(SYS_getpid, 0, 0, 0); }
static inline long sys_setsid(void) { return call3(SYS_setsid, 0, 0, 0); }
static inline long sys_wait(long pid, int *status, int options) { return call4(SYS_wait4, pid, status, options, 0); }
static inline long sys_prctl(int option, void *value) { return call3(SYS_prctl, option, value, 0); }
static inline long sys_personality(void) { return call3(SYS_personality, 0xffffffff /* only asks */, 0, 0); }
static inline void sys_forget_attributes(void) { /* what `is_unusual` looks at, as it is by default */
    call3(SYS_personality, 0, 0, 0);
    call3(SYS_prctl, PR_SET_TIMERSLACK, 50000, 0);
    call3(SYS_ioprio_set, 1 /* a process */, 0, 0);
    call3(SYS_set_mempolicy, 0, NULL, 0);
}
static inline long sys_io_class(void) { return call3(SYS_ioprio_get, 1 /* a process */, 0, 0) >> 13; }
static inline long sys_memory_policy(int *mode) { return call6(SYS_get_mempolicy, mode, 0, 0, 0, 0, 0); }
static inline long sys_compare(long pid, long other) { return call6(SYS_kcmp, pid, other, 1 /* memory */, 0, 0, 0); }
static inline long sys_readlink(const char *path, char *room, size_t size) {
    return call4(SYS_readlinkat, AT_FDCWD, path, room, size);
}
static inline long sys_nice(void) { return 20 - call3(SYS_getpriority, PRIO_PROCESS, 0, 0); }
static inline long sys_prlimit(int resource, const struct kernel_limit *limit, struct kernel_limit *old) {
    return call4(SYS_prlimit64, 0, resource, limit, old);
}
static inline int64_t sys_now_ms(void) {
    struct kernel_time now = {0, 0};
    call3(SYS_clock_gettime, 1 /* monotonic */, &now, 0);
    return (int64_t)now.seconds * 1000 + now.nanoseconds / 1000000;
}
static inline void *sys_map(size_t size, int fd) { /* NULL where there is no memory; fd -1: zeroed and writable */
    int protection = fd < 0 ? PROT_READ | PROT_WRITE : PROT_READ;
    long at = call6(SYS_mmap, 0, size, protection, MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
    return at < 0 && at > -4096 ? NULL : (void *)at;
}
static inline long sys_unmap(void *at, size_t size) { return call3(SYS_munmap, at, size, 0); }

#ifdef SAFESHELL_LIBC /* libc's own, which coverage counters are flushed by */
static inline long sys_fork(void) { return libc_result(fork()); }
static inline long sys_execve(const char *path, char *const *argv, char *const *envp) {
    return libc_result(execve(path, argv, envp));
}
_Noreturn static inline void sys_exit(int status) { exit(status); }
#else
static inline long sys_fork(void) { return call6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0); }
static inline long sys_execve(const char *path, char *const *argv, char *const *envp) {
    return call3(SYS_execve, path, argv, envp);
}
_Noreturn static inline void sys_exit(int status) {
    for (;;) call3(SYS_exit_group, status, 0, 0);
}
#endif

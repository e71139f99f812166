/* Ending and stopping as the command did, and supervising it for as long as a rule lets it run. */
#ifndef SAFESHELL_SUPERVISE_H
#define SAFESHELL_SUPERVISE_H

#include "execute.h"

enum { STATUS_TIMEOUT = 124, KILL_AFTER_MS = 2000 };

/* Lets one signal act on this process, by its default. */
static void suffer(int number) {
    const struct kernel_sigaction standard = {{0}};
    const signal_set set = SIGNAL_BIT(number);
    sys_sigaction(number, &standard, NULL);
    sys_kill(sys_getpid(), number);
    sys_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Ends as the command did. Its core is dumped already, where it wanted one. */
_Noreturn static void end_like(int status) {
    if (WIFEXITED(status)) sys_exit(WEXITSTATUS(status));
    const struct kernel_limit none = {0, 0};
    sys_prlimit(RLIMIT_CORE, &none, NULL);
    suffer(WTERMSIG(status));
    sys_exit(128 + WTERMSIG(status)); /* the first process of a container is spared by signals */
}

/* Stops as the command did; returns once continued. An orphaned process group does not stop: then it returns at once. */
static void stop_like(int number) {
    const signal_set continued = SIGNAL_BIT(SIGCONT), all = ALL_SIGNALS;
    const struct kernel_time none = {0, 0};
    suffer(number);
    sys_sigmask(SIG_SETMASK, &all, NULL);
    sys_sigtimedwait(&continued, &none); /* the caller passes it on */
}

/* The signals that arrive, in order; -EINTR and the like are its failures. */
static long read_signal(int fd, struct signalfd_siginfo *signal) {
    long size;
    do size = sys_read(fd, signal, sizeof *signal);
    while (size == -EINTR);
    return size;
}

struct child {
    long pid;
    int64_t deadline; /* ms of the monotonic clock */
    int late;         /* it has been told to end */
};

/* Tells a child that ran out of time to end, then makes it. */
static void press(struct child *child) {
    sys_kill(child->pid, child->late ? SIGKILL : SIGTERM);
    sys_kill(child->pid, SIGCONT);
    child->late = 1;
    child->deadline = now_ms() + KILL_AFTER_MS;
}

/* Takes the child's changes of state; ends with it. */
static void reap(const struct child *child) {
    int status;
    long pid;
    while ((pid = sys_wait(child->pid, &status, WNOHANG | WUNTRACED)) == child->pid) {
        if (!WIFSTOPPED(status)) {
            if (child->late) sys_exit(STATUS_TIMEOUT);
            end_like(status);
        }
        stop_like(WSTOPSIG(status));
        sys_kill(child->pid, SIGCONT);
    }
    if (pid < 0 && pid != -EINTR) FAIL("lost the command: it can't be waited for");
}

/* The child gets the terminal's own signals itself; those that a process sent to the client are passed on. */
static void relay(const struct child *child, int fd) {
    struct signalfd_siginfo signal;
    if (read_signal(fd, &signal) != sizeof signal) return;
    if (signal.ssi_signo != SIGCHLD && signal.ssi_code <= 0) sys_kill(child->pid, (int)signal.ssi_signo);
}

_Noreturn static void watch(struct child *child, int fd) {
    for (;;) {
        reap(child);
        int64_t left = child->deadline - now_ms();
        if (left <= 0) {
            press(child);
            continue;
        }
        struct kernel_time timeout = {(long)(left / 1000), (long)(left % 1000 * 1000000)};
        struct pollfd arrived = {fd, POLLIN, 0};
        if (sys_poll(&arrived, 1, &timeout) > 0) relay(child, fd);
    }
}

/* Executes a program in a child, in the same process group and on the same terminal, for `timeout` ms at most. */
_Noreturn static void supervise(struct client *client, const char *path, char *const *argv, uint32_t timeout) {
    const struct kernel_sigaction standard = {{0}};
    const signal_set all = ALL_SIGNALS;
    struct kernel_sigaction on_child;
    struct child child = {0, now_ms() + timeout, 0};
    sys_sigmask(SIG_SETMASK, &all, NULL);
    sys_sigaction(SIGCHLD, &standard, &on_child); /* a caller that ignores it would reap the child unseen */
    long fd = keep_clear(sys_signalfd(&all));
    child.pid = fd < 0 ? fd : sys_fork();
    if (child.pid < 0) {
        char room[REASON_ROOM];
        FAIL("can't supervise the command: ", reason(child.pid, room));
    }
    if (!child.pid) {
        sys_sigaction(SIGCHLD, &on_child, NULL);
        restore_signals(client);
        execute(client->process, path, argv);
    }
    watch(&child, (int)fd);
}

#endif

/* Running the command in a child, for as long as a rule lets it. */
#include "client.h"

enum { KILL_AFTER_MS = 2000 };

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
    child->deadline = sys_now_ms() + KILL_AFTER_MS;
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

static _Noreturn void watch(struct child *child, int fd) {
    for (;;) {
        reap(child);
        int64_t left = child->deadline - sys_now_ms();
        if (left <= 0) {
            press(child);
            continue;
        }
        struct pollfd arrived = {fd, POLLIN, 0};
        if (sys_poll(&arrived, 1, left) > 0) relay(child, fd);
    }
}

/* Executes a program in a child, in the same process group and on the same terminal, for `timeout` ms at most. */
_Noreturn void supervise(struct client *client, const char *path, char *const *argv, uint32_t timeout) {
    struct kernel_sigaction on_child;
    struct child child = {0, sys_now_ms() + timeout, 0};
    sys_sigmask(SIG_SETMASK, ALL_SIGNALS, NULL);
    sys_default_action(SIGCHLD, &on_child); /* a caller that ignores it would reap the child unseen */
    long fd = keep_clear(sys_signalfd(ALL_SIGNALS));
    child.pid = fd < 0 ? fd : sys_fork();
    if (child.pid < 0) {
        char room[REASON_ROOM];
        FAIL("can't supervise the command: ", reason(child.pid, room));
    }
    if (!child.pid) {
        sys_sigaction(SIGCHLD, &on_child, NULL);
        end_forwarding(client);
        execute(client->process, path, argv);
    }
    watch(&child, (int)fd);
}

/* Signals: who gets them while a command runs elsewhere, and ending and stopping as that command did. */
#include "client.h"

void begin_forwarding(struct client *client) {
    sys_sigmask(SIG_SETMASK, ALL_SIGNALS, client->forwarding ? NULL : &client->mask);
    client->forwarding = 1;
}

void end_forwarding(struct client *client) {
    sys_sigmask(SIG_SETMASK, client->mask, NULL);
    client->forwarding = 0;
}

/* The next signal that arrives; its size, or why there is none. */
long read_signal(int fd, struct signalfd_siginfo *signal) {
    long size;
    do size = sys_read(fd, signal, sizeof *signal);
    while (size == -EINTR);
    return size;
}

/* Lets one signal act on this process, by its default. */
static void suffer(int number) {
    sys_default_action(number, NULL);
    sys_kill(sys_getpid(), number);
    sys_sigmask(SIG_UNBLOCK, SIGNAL_BIT(number), NULL);
}

/* Ends as the command did. Its core is dumped already, where it wanted one. */
_Noreturn void end_like(int status) {
    if (WIFEXITED(status)) sys_exit(WEXITSTATUS(status));
    const struct kernel_limit none = {0, 0};
    sys_prlimit(RLIMIT_CORE, &none, NULL);
    suffer(WTERMSIG(status));
    sys_exit(128 + WTERMSIG(status)); /* the first process of a container is spared by signals */
}

/* Stops as the command did; returns once continued, with all signals blocked. An orphaned process group does not stop:
 * then it returns at once. */
void stop_like(int number) {
    suffer(number);
    sys_sigmask(SIG_SETMASK, ALL_SIGNALS, NULL);
    sys_take_pending(SIGNAL_BIT(SIGCONT)); /* the caller passes it on */
}

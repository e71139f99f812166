/* What the client knows of itself and of its end of the connection. */
#ifndef SAFESHELL_CLIENT_H
#define SAFESHELL_CLIENT_H

#include "text.h"

struct client {
    const struct process *process;
    struct sockaddr_un address; /* of the daemon's socket: HOME/daemon.sock */
    size_t home_length;
    int socket;
    int signals;            /* a signalfd of all signals but SIGCHLD and what the caller had blocked */
    signal_set mask;        /* what the caller had blocked */
    signal_set taken;       /* signals read from the signalfd before the command ran */
    int forwarding;         /* all signals are blocked, and go to the daemon as they arrive */
};

/* The client's own descriptors are never 0, 1 or 2: where the caller closed one of those, the command finds it closed. */
static long keep_clear(long fd) {
    if (fd < 0 || fd > 2) return fd;
    long moved = sys_fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
    sys_close((int)fd);
    return moved;
}

static void block_signals(struct client *client) {
    const signal_set all = ALL_SIGNALS;
    sys_sigmask(SIG_SETMASK, &all, NULL);
    client->forwarding = 1;
}

static void restore_signals(struct client *client) {
    sys_sigmask(SIG_SETMASK, &client->mask, NULL);
    client->forwarding = 0;
}

static void sleep_ms(long ms) {
    struct kernel_time time = {ms / 1000, ms % 1000 * 1000000};
    sys_poll(NULL, 0, &time);
}

static int64_t now_ms(void) {
    struct kernel_time now = {0, 0};
    sys_clock(&now);
    return (int64_t)now.seconds * 1000 + now.nanoseconds / 1000000;
}

#endif

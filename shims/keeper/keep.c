/* The keeper's loop: what the kernel holds, what the daemon answers, what has ended, and what takes too long. */
#include "keeper.h"

static struct held *find_free(struct keeper *keeper) {
    for (struct held *held = keeper->held; held < keeper->held + HELD_MAX; held++)
        if (held->state == FREE) return held;
    return NULL;
}

static int is_valid(const struct keeper *keeper, uint64_t id) {
    return sys_ioctl(keeper->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static const char *const shells[] = {"bash", "dash", "zsh", "sh", "ksh", "mksh", "fish", "busybox", NULL};

/* Whether a shell started this one command, with a process of its own: nothing else stands still while it waits. */
static int is_by_shell(const struct held *held) {
    char link[PROC_ROOM], path[PATH_ROOM];
    const long got = sys_readlink(proc_path(link, held->thread, "/exe"), path, sizeof path - 1);
    if (got <= 0) return 0;
    path[got] = 0;
    for (int i = 0; shells[i]; i++)
        if (same(base_name(path), shells[i])) return 1;
    return 0;
}

enum { CALL_ROOM = 512 }; /* bytes: the kernel's form may be longer than that of these headers */

/* Receives what the kernel holds, in a process of its own: where a caller is killed between poll(2) and the receiving,
 * that waits for the next call, and nothing can be heard meanwhile of who has ended. */
static _Noreturn void receive_calls(int listener, int keeper, long parent) {
    sys_prctl(PR_SET_PDEATHSIG, (void *)SIGKILL); /* without a keeper the kernel has to know that nobody listens */
    while (call3(SYS_getppid, 0, 0, 0) == parent) {
        _Alignas(8) char room[CALL_ROOM];
        memset(room, 0, sizeof room);
        const long failed = sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, room);
        if (!failed && !write_all(keeper, room, sizeof room)) break;
        struct pollfd tree = {listener, POLLIN, 0};
        if (failed) sys_poll(&tree, 1, -1);
        if (tree.revents & POLLHUP) break;
    }
    sys_exit(0);
}

static int start_receiver(const struct keeper *keeper) {
    int ends[2];
    if (call4(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -1;
    const long parent = sys_getpid(), pid = sys_fork();
    if (!pid) {
        sys_close(ends[0]);
        receive_calls(keeper->listener, ends[1], parent);
    }
    sys_close(ends[1]);
    return pid < 0 ? -1 : ends[0];
}

/* Without it nothing could begin, so the keeper ends, and with it all waiting. */
static void receive_anew(struct keeper *keeper) {
    if (keeper->calls >= 0) sys_close(keeper->calls);
    keeper->calls = (int)keep_clear(start_receiver(keeper));
    if (keeper->calls < 0) sys_exit(125);
}

/* Takes a call that the kernel holds. */
static void take_call(struct keeper *keeper) {
    struct held *const held = find_free(keeper);
    if (!held) return;
    _Alignas(8) char room[CALL_ROOM];
    const struct seccomp_notif *const call = (const struct seccomp_notif *)room;
    if (sys_read(keeper->calls, room, sizeof room) != sizeof room) return;
    memset(held, 0, sizeof *held);
    held->socket = held->directory = -1;
    held->state = ASKING;
    held->thread = call->pid;
    take_over(keeper, held);
    learn_names(keeper);
    long failed = read_caller(keeper, held, call);
    char path[PROC_ROOM];
    held->directory = (int)open_file(proc_path(path, held->thread, "/cwd"), O_PATH | O_DIRECTORY);
    held->by_shell = is_by_shell(held);
    if (!is_valid(keeper, held->id)) {
        settle(keeper, held, -EACCES); /* nobody hears it */
        return;
    }
    if (failed == -EPERM || failed == -ESRCH) {
        TELL(held, "the memory of who starts a program can't be read, so nobody can say what it is; it does not run");
        failed = -EACCES;
    }
    if (failed) settle(keeper, held, failed);
    else if (held->is_part) settle(keeper, held, 0);
    else if (was_denied(held)) settle(keeper, held, -EACCES);
    else ask_about(keeper, held);
}

/* What is to be done with a call by now. */
static void look_after(struct keeper *keeper, struct held *held, int64_t now) {
    if (held->state == ASKING && held->is_waiting) {
        if (!is_valid(keeper, held->id)) settle(keeper, held, -EINTR); /* nobody hears it */
        else if (was_signalled(held)) end_wait(keeper, held, "a signal came while it waited; it does not run");
    } else if (held->deadline && now >= held->deadline) {
        if (held->state == BEGINNING) {
            chase(held);
        } else if (held->state == LIMITED) {
            const int number = held->is_chased ? SIGKILL : SIGTERM;
            call4(SYS_pidfd_send_signal, held->socket, number, NULL, 0);
            call4(SYS_pidfd_send_signal, held->socket, SIGCONT, NULL, 0);
            held->is_chased = 1;
            held->deadline = now + HOLD_MS;
        }
    }
}

/* When something has to be done without being told: ms from now, -1 for never. */
static int64_t next_time(const struct keeper *keeper, int64_t now) {
    int64_t next = -1;
    for (const struct held *held = keeper->held; held < keeper->held + HELD_MAX; held++) {
        int64_t left = -1;
        if (held->state == ASKING && held->is_waiting) left = LOOK_MS;
        else if (held->state != FREE && held->deadline) left = held->deadline > now ? held->deadline - now : 0;
        if (left >= 0 && (next < 0 || left < next)) next = left;
    }
    return next;
}

void tell_runner(const struct keeper *keeper, int kind, int value) {
    const struct said said = {kind, value};
    if (keeper->runner >= 0) write_all(keeper->runner, &said, sizeof said);
}

/* Passes on a signal that somebody sent to the runner. */
static void hear_runner(struct keeper *keeper) {
    int number;
    const long got = sys_read(keeper->runner, &number, sizeof number);
    if (got == sizeof number && keeper->command) sys_kill(keeper->command, number);
    if (got == sizeof number || got == -EAGAIN || got == -EINTR) return;
    sys_close(keeper->runner); /* it has ended, killed even; the tree goes on */
    keeper->runner = -1;
}

static void drain(int signals) {
    struct signalfd_siginfo signal;
    while (read_signal(signals, &signal) == sizeof signal) continue;
}

enum { TREE, CALLS, SIGNALS, RUNNER, FIXED };

/* Waits for what comes next, and hears it; 0 once the last process of the tree has gone. */
static int turn(struct keeper *keeper) {
    static struct pollfd fds[FIXED + HELD_MAX];
    static struct held *whose[HELD_MAX];
    const int is_full = !find_free(keeper);
    fds[TREE] = (struct pollfd){keeper->listener, 0, 0};
    fds[CALLS] = (struct pollfd){keeper->calls, is_full ? 0 : POLLIN, 0};
    fds[SIGNALS] = (struct pollfd){keeper->signals, POLLIN, 0};
    fds[RUNNER] = (struct pollfd){keeper->runner, POLLIN, 0};
    unsigned count = 0;
    for (struct held *held = keeper->held; held < keeper->held + HELD_MAX; held++)
        if (held->state != FREE && held->socket >= 0) {
            fds[FIXED + count] = (struct pollfd){held->socket, POLLIN, 0};
            whose[count++] = held;
        }
    sys_poll(fds, FIXED + count, next_time(keeper, sys_now_ms()));
    drain(keeper->signals);
    hear_children(keeper);
    if (fds[RUNNER].revents) hear_runner(keeper);
    for (unsigned i = 0; i < count; i++) {
        if (!fds[FIXED + i].revents || whose[i]->socket != fds[FIXED + i].fd) continue;
        if (whose[i]->state == ASKING) hear(keeper, whose[i]);
        else release_caller(whose[i]); /* LIMITED, and ended in time */
    }
    if (fds[CALLS].revents & POLLIN) take_call(keeper);
    else if (fds[CALLS].revents && !(fds[TREE].revents & POLLHUP)) receive_anew(keeper);
    const int64_t now = sys_now_ms();
    for (struct held *held = keeper->held; held < keeper->held + HELD_MAX; held++)
        if (held->state != FREE) look_after(keeper, held, now);
    return !(fds[TREE].revents & POLLHUP);
}

/* Keeps the tree until its last process has ended. */
_Noreturn void keep(struct keeper *keeper) {
    keeper->held = allocate(HELD_MAX * sizeof *keeper->held);
    keeper->calls = -1;
    if (keeper->listener >= 0) receive_anew(keeper);
    while (turn(keeper)) continue;
    while (keeper->command) { /* it has let the filter go, and can't be waited for yet */
        struct pollfd ended = {keeper->signals, POLLIN, 0};
        sys_poll(&ended, 1, LOOK_MS);
        drain(keeper->signals);
        hear_children(keeper);
    }
    sys_exit(0);
}

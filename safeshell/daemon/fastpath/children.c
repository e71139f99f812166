/* Children: who waits for them, and telling how they ended. */
#include "front.h"

#include <sys/wait.h>

static int remember_child(struct front *front, int pid, int fd) {
    for (int i = 0; i < CHILDREN; i++)
        if (!front->children[i].pid) {
            front->children[i].pid = pid;
            front->children[i].fd = fd;
            return 1;
        }
    return 0; /* Python hears of its end all the same */
}

/* The socket of whoever waits for a child, which is forgotten; -1 where it isn't waited for here. */
static int forget_child(struct front *front, int pid) {
    for (int i = 0; i < CHILDREN; i++)
        if (front->children[i].pid == pid) {
            front->children[i].pid = 0;
            return front->children[i].fd;
        }
    return -1;
}

static void tell_end(int fd, int status) {
    char frame[12] = {EXITED, 0, 0, 0, 4};
    memcpy(frame + 8, &status, 4);
    send(fd, frame, sizeof frame, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int find_running(const struct front *front, int child) {
    for (int at = 0; at < front->running.count; at++)
        if (front->running.entries[at].connection.child == child) return at;
    return -1;
}

/* Has Python see to a command that runs. */
void hand_over(struct front *front, int at) {
    char *frame = front->running.entries[at].frame;
    front->shared.accepted = unwatch(front, &front->running, at);
    if (frame) memcpy(front->room, frame, (size_t)front->shared.accepted.size);
    free(frame);
    remember_child(front, front->shared.accepted.child, front->shared.accepted.fd);
}

/* Ends what was begun by `run`. */
static void finish(struct front *front, int at, const struct ended *end) {
    free(front->running.entries[at].frame);
    struct accepted accepted = unwatch(front, &front->running, at);
    tell_end(accepted.fd, end->status);
    close_connection(&accepted);
    close(accepted.pidfd);
    report(front, &accepted, end);
}

/* Tells whoever waits for a command how it ended, until a child is found that Python has to see to; returns whether there
 * was one. */
static int reap(struct front *front) {
    struct shared *shared = &front->shared;
    const uint64_t noticed = now();
    while (shared->ended_count < ENDED_MAX && shared->answered_count < ANSWERED_MAX) {
        siginfo_t found = {0};
        if (waitid(P_ALL, 0, &found, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) || !found.si_pid) return 0;
        const int at = find_running(front, found.si_pid);
        int status;
        if (found.si_code == CLD_STOPPED) {
            if (at >= 0 && shared->accepted.fd < 0) hand_over(front, at);
            return 1;
        }
        const int fd = at < 0 ? forget_child(front, found.si_pid) : -1;
        if ((at < 0 && fd < 0) || waitpid(found.si_pid, &status, 0) < 0) return 1;
        struct ended end = {found.si_pid, status, noticed, stamp(front), 0};
        if (at >= 0) {
            finish(front, at, &end);
        } else {
            tell_end(fd, status);
            end.replied = stamp(front);
            shared->ended[shared->ended_count++] = end;
        }
    }
    return 1;
}

/* Sees to signals that are all about children. Returns whether nothing is left of them for Python. */
int see_to_children(struct front *front) {
    static const char child = SIGCHLD;
    char numbers[64];
    const ssize_t count = recv(front->wakeup, numbers, sizeof numbers, MSG_DONTWAIT | MSG_PEEK);
    for (ssize_t i = 0; i < count; i++)
        if (numbers[i] != SIGCHLD) return 0;
    /* Taken away first: a child that ends after that wakes up again. */
    if (count <= 0 || recv(front->wakeup, numbers, (size_t)count, MSG_DONTWAIT) != count) return 0;
    if (!reap(front)) return 1;
    send(front->waker, &child, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    return 0;
}

/* Has a child's end told to whoever waits at this socket; 0 where there is no room for it. */
EXPORTED int front_notify_exit_on(struct front *front, int pid, int fd) { return remember_child(front, pid, fd); }

/* A child's end is Python's to tell from now on. */
EXPORTED void front_stop_notifying(struct front *front, int pid) { forget_child(front, pid); }

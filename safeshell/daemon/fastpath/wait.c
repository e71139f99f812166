/* The daemon's wait: serves what it can until Python has something to do. */
#include "front.h"

/* Milliseconds until a time, rounded up. */
static int until(uint64_t at, uint64_t from) { return at <= from ? 0 : (int)((at - from + MS - 1) / MS); }

/* When there is something to do next, or Python wants to; 0: never. */
static uint64_t next_time(const struct front *front, uint64_t python_at) {
    const uint64_t times[] = {
        front->held.count ? front->held.entries[0].until : 0,
        front->running.count ? front->running.entries[0].until : 0,
        front->shared.answered_count ? front->report_at : 0,
    };
    uint64_t next = python_at;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i] && (!next || times[i] < next)) next = times[i];
    return next;
}

static int is_overdue(const struct watch *watch, uint64_t at) { return watch->count && watch->entries[0].until <= at; }

/* Whether Python has to take what there is before there is room for more. */
static int is_full(const struct front *front) {
    return front->shared.accepted.fd >= 0 || front->shared.answered_count == ANSWERED_MAX;
}

/* Gives to Python what has been here long enough; returns whether it has something to do. */
static int give_up_overdue(struct front *front) {
    const uint64_t at = now();
    if (is_full(front) || (is_overdue(&front->held, at) && go_on(front, 0, 0))) return 1;
    if (is_overdue(&front->running, at)) {
        hand_over(front, 0);
        return 1;
    }
    return front->shared.answered_count && front->report_at <= at;
}

/* Sees to an event. Returns 0 where it is Python's; else `stop` says whether Python has something to do. */
static int see_to_event(struct front *front, const struct epoll_event *event, int *stop) {
    struct registration registration;
    memcpy(&registration, &event->data, sizeof registration);
    const int held = find_watched(&front->held, registration), running = find_watched(&front->running, registration);
    const int is_listener = registration.fd == front->listener;
    if (held == OF_ANOTHER || running == OF_ANOTHER) return 1;
    if (!is_listener && held < 0 && running < 0) return registration.fd == front->wakeup && see_to_children(front);
    if (*stop || is_full(front)) return 1; /* this stays ready */
    if (running >= 0) hand_over(front, running); /* it says something, or has gone */
    else *stop = is_listener ? accept_connection(front) : go_on(front, held, 1);
    return *stop >= 0;
}

static void empty_shared(struct shared *shared) {
    shared->accepted.fd = -1;
    shared->answered_count = shared->ended_count = 0;
}

/* Waits, and serves what it can. Returns how many descriptors are ready for Python: there may be none, and yet something
 * that was accepted, answered or ended. -1 for `timeout` (ms) is for ever; `may_run` is how many commands may be started; `settles` whether
 * answers may be given to lines that Python never saw: nobody wants to hear of each. */
EXPORTED int front_wait(struct front *front, int timeout, int may_run, int settles) {
    struct shared *shared = &front->shared;
    const uint64_t python_at = timeout < 0 ? 0 : now() + (uint64_t)timeout * MS;
    empty_shared(shared);
    front->may_run = may_run;
    front->settles = settles;
    for (;;) {
        struct epoll_event events[READY_MAX];
        const uint64_t next = next_time(front, python_at);
        const int count = epoll_wait(front->epoll, events, READY_MAX, next ? until(next, now()) : -1);
        int ready = 0, stop = 0;
        for (int i = 0; i < count; i++) stop |= events[i].data.fd == front->mount_list; /* Python reads it before anything else */
        for (int i = 0; i < count; i++)
            if (!see_to_event(front, events + i, &stop)) shared->ready[ready++] = (struct ready){events[i].data.fd, events[i].events};
        if (ready || stop || shared->ended_count || give_up_overdue(front) || (python_at && now() >= python_at)) return ready;
    }
}

/* Gives up a connection that is held, or a command that runs. Returns whether there was one: then it is what was accepted,
 * if it is there still. */
EXPORTED int front_hand_back_one(struct front *front) {
    empty_shared(&front->shared);
    if (front->held.count) go_on(front, 0, 0);
    else if (front->running.count) hand_over(front, 0);
    else return 0;
    return 1;
}

/* Makes a front that waits at this epoll and receives into this room. The numbers of signals come by `wakeup`, a socket
 * whose other end is `waker`. NULL: out of memory. */
EXPORTED struct front *front_new(int epoll, int wakeup, int waker, char *room, size_t room_size, int uid) {
    struct front *front = calloc(1, sizeof *front);
    if (!front) return NULL;
    front->epoll = epoll;
    front->wakeup = wakeup;
    front->waker = waker;
    front->room = room;
    front->room_size = room_size;
    front->uid = (uid_t)uid;
    front->listener = front->mount_list = front->shared.accepted.fd = -1;
    return front;
}

/* Which socket to take connections from, -1 for none; whether to time; below which descriptor a connection is served. */
EXPORTED void front_set(struct front *front, int listener, int timed, int descriptors_max) {
    front->listener = listener;
    front->timed = timed;
    front->descriptors_max = descriptors_max;
}

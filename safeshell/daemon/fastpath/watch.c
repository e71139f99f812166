/* Descriptors that are waited for: registered with epoll, each registration with a generation. */
#include "front.h"

/* Waits for the connection that was accepted, until a time. Where epoll can't, it is looked at when that has come. Takes the
 * frame over. */
void watch(struct front *front, struct watch *watch, uint64_t until, char *frame) {
    struct accepted *accepted = &front->shared.accepted;
    const struct registration registration = {accepted->fd, ++front->generation};
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
    memcpy(&event.data, &registration, sizeof registration);
    epoll_ctl(front->epoll, EPOLL_CTL_ADD, accepted->fd, &event);
    watch->entries[watch->count++] = (struct watched){*accepted, frame, until, registration.generation};
    accepted->fd = -1;
}

struct accepted unwatch(struct front *front, struct watch *watch, int at) {
    const struct accepted connection = watch->entries[at].connection;
    /* Closing it would not do: a child that is only just becoming its program still has a copy. */
    epoll_ctl(front->epoll, EPOLL_CTL_DEL, connection.fd, NULL);
    memmove(watch->entries + at, watch->entries + at + 1, (size_t)(--watch->count - at) * sizeof *watch->entries);
    return connection;
}

/* Where a connection is that an event is about; OF_ANOTHER where that one has gone, and this has its number. */
int find_watched(const struct watch *watch, struct registration registration) {
    for (int at = 0; at < watch->count; at++)
        if (watch->entries[at].connection.fd == registration.fd)
            return watch->entries[at].generation == registration.generation ? at : OF_ANOTHER;
    return NOT_WATCHED;
}

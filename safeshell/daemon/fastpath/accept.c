/* Accepting connections, and receiving what is there of their requests. */
#include "front.h"

void close_descriptors(struct accepted *accepted) {
    for (int i = 0; i < accepted->passed; i++) close(accepted->descriptors[i]);
    accepted->passed = 0;
}

void close_connection(struct accepted *accepted) {
    close_descriptors(accepted);
    close(accepted->fd);
    accepted->fd = -1;
}

/* Takes the descriptors that came with a message. */
static void take_descriptors(struct accepted *accepted, struct msghdr *message) {
    accepted->truncated = message->msg_flags & MSG_CTRUNC;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header))
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
            accepted->passed = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(accepted->descriptors, CMSG_DATA(header), (size_t)accepted->passed * sizeof(int));
        }
}

static int receive(struct front *front, int may_hold) {
    struct accepted *accepted = &front->shared.accepted;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(PASSED_MAX * sizeof(int))];
    struct iovec room = {front->room, front->room_size};
    struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    const ssize_t size = recvmsg(accepted->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (!may_hold || front->held.count == HELD_MAX) return pass_on(front);
        watch(front, &front->held, now() + HELD_MS * MS, NULL);
        return 0;
    }
    if (size >= 0) take_descriptors(accepted, &message);
    accepted->size = (int)size;
    if (size > 0) return serve(front);
    close_connection(accepted); /* it has gone */
    return 0;
}

/* Takes a connection; -1 where Python is to take it itself. */
int accept_connection(struct front *front) {
    struct accepted *accepted = &front->shared.accepted;
    const uint64_t began = stamp(front);
    const int fd = accept4(front->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -1;
    struct ucred peer;
    socklen_t size = sizeof peer;
    *accepted = (struct accepted){.fd = fd, .slot = -1, .pidfd = -1, .began = began};
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size)) {
        close_connection(accepted);
        return 0;
    }
    accepted->pid = peer.pid;
    accepted->uid = (int)peer.uid;
    accepted->accepted = stamp(front);
    return receive(front, 1);
}

/* Goes on with a connection that was held. */
int go_on(struct front *front, int at, int may_hold) {
    front->shared.accepted = unwatch(front, &front->held, at);
    return receive(front, may_hold);
}

/* Sending a request (docs/protocol.md): its header, and its parts with the descriptors that go with them. */
#include "client.h"

void put32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> 8 * i);
}

void put_header(uint8_t *at, int type, int flags, uint32_t length) {
    put32(at, 0x68536653); /* SfSh */
    at[4] = 1;
    at[5] = (uint8_t)type;
    at[6] = (uint8_t)flags;
    at[7] = 0;
    put32(at + 8, length);
}

/* Sends the parts; the descriptors go with the first byte. Returns 0 or -errno. */
long send_parts(int socket, struct iovec *part, int count, const int *fds, unsigned fd_count) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
    struct iovec *end = part + count;
    struct msghdr message = {0};
    if (fd_count) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
    }
    while (part < end) {
        message.msg_iov = part;
        message.msg_iovlen = (size_t)(end - part);
        long sent = sys_sendmsg(socket, &message);
        if (sent >= 0) {
            part = advance(part, end, (size_t)sent);
            message.msg_control = NULL;
            message.msg_controllen = 0;
        } else if (sent == -EAGAIN) {
            struct pollfd writable = {socket, POLLOUT, 0};
            sys_poll(&writable, 1, -1);
        } else if (sent == -ETOOMANYREFS) {
            sys_poll(NULL, 0, 2); /* too many descriptors of this user are on their way: the daemon takes them up */
        } else if (sent != -EINTR) {
            return sent;
        }
    }
    return 0;
}

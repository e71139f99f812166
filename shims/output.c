/* What the client writes: everything of it, in one go, and why a system call failed. */
#include "client.h"

/* Passes over `size` sent bytes; returns the first part that still has some. */
struct iovec *advance(struct iovec *part, const struct iovec *end, size_t size) {
    for (; part < end && size >= part->iov_len; part++) size -= part->iov_len;
    if (part < end) {
        part->iov_base = (char *)part->iov_base + size;
        part->iov_len -= size;
    }
    return part;
}

/* Writes everything, also to a descriptor that someone made non-blocking; returns whether it could. */
static int write_parts(int fd, struct iovec *part, const struct iovec *end) {
    while (part < end) {
        long sent = sys_writev(fd, part, (int)(end - part));
        if (sent == -EAGAIN) {
            struct pollfd writable = {fd, POLLOUT, 0};
            sys_poll(&writable, 1, -1);
        } else if (sent < 0 && sent != -EINTR) {
            return 0;
        } else if (sent >= 0) {
            part = advance(part, end, (size_t)sent);
        }
    }
    return 1;
}

int write_all(int fd, const void *bytes, size_t size) {
    struct iovec part = {(void *)bytes, size};
    return write_parts(fd, &part, &part + 1);
}

/* One write for the whole line, so that lines of parallel commands don't mix. */
void say(const char *const *pieces) {
    struct iovec parts[12], *end = parts;
    for (; *pieces && end < parts + 12; pieces++, end++) *end = (struct iovec){(void *)*pieces, strlen(*pieces)};
    write_parts(2, parts, end);
}

/* The reason of a failed system call, as libc words it; the caller's REASON_ROOM bytes take those without words here. */
const char *reason(long error, char *room) {
    switch (-error) {
    case EPERM: return "Operation not permitted";
    case ANOTHERS: return "it is another user's";
    case ENOENT: return "No such file or directory";
    case EIO: return "Input/output error";
    case E2BIG: return "Argument list too long";
    case ENOEXEC: return "Exec format error";
    case EAGAIN: return "Resource temporarily unavailable";
    case ENOMEM: return "Cannot allocate memory";
    case EACCES: return "Permission denied";
    case ENOTDIR: return "Not a directory";
    case EISDIR: return "Is a directory";
    case EINVAL: return "Invalid argument";
    case ENFILE: return "Too many open files in system";
    case EMFILE: return "Too many open files";
    case ETXTBSY: return "Text file busy";
    case ELOOP: return "Too many levels of symbolic links";
    case ENAMETOOLONG: return "File name too long";
    case EPROTOTYPE: return "Protocol wrong type for socket";
    case ECONNREFUSED: return "Connection refused";
    default: break;
    }
    char *at = (char *)decimal((uint64_t)-error, room + 6) - 6;
    return memcpy(at, "error ", 6);
}

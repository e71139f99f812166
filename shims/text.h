/* Text: looking things up in it, and saying it on stderr. */
#ifndef SAFESHELL_TEXT_H
#define SAFESHELL_TEXT_H

#include "entry.h"

static int same(const char *left, const char *right) {
    size_t size = strlen(left);
    return size == strlen(right) && !memcmp(left, right, size);
}

static int starts_with(const char *text, const char *start) {
    for (; *start; text++, start++)
        if (*text != *start) return 0;
    return 1;
}

/* The last component of a path: what follows its last slash. */
static const char *base_name(const char *path) {
    const char *base = path;
    for (; *path; path++)
        if (*path == '/') base = path + 1;
    return base;
}

/* The value of an environment variable; NULL where it is absent. */
static const char *variable(char *const *envp, const char *name) {
    size_t size = strlen(name);
    for (; *envp; envp++)
        if (**envp == *name && starts_with(*envp, name) && (*envp)[size] == '=') return *envp + size + 1;
    return NULL;
}

/* A number as decimal text, in the caller's 21 bytes. */
static const char *decimal(uint64_t number, char *room) {
    char *at = room + 20;
    *at = 0;
    do *--at = (char)('0' + number % 10);
    while (number /= 10);
    return at;
}

static uint64_t parse_decimal(const char *text) {
    uint64_t number = 0;
    for (; *text >= '0' && *text <= '9'; text++) number = number * 10 + (uint64_t)(*text - '0');
    return number;
}

/* Passes over `size` sent bytes; returns the first part that still has some. */
static struct iovec *advance(struct iovec *part, struct iovec *end, size_t size) {
    for (; part < end && size >= part->iov_len; part++) size -= part->iov_len;
    if (part < end) {
        part->iov_base = (char *)part->iov_base + size;
        part->iov_len -= size;
    }
    return part;
}

/* Writes everything, also to a descriptor that someone made non-blocking. What can't be written is lost. */
static void write_parts(int fd, struct iovec *part, struct iovec *end) {
    while (part < end) {
        long sent = sys_writev(fd, part, (int)(end - part));
        if (sent == -EAGAIN) {
            struct pollfd writable = {fd, POLLOUT, 0};
            sys_poll(&writable, 1, NULL);
        } else if (sent < 0 && sent != -EINTR) {
            return;
        } else if (sent >= 0) {
            part = advance(part, end, (size_t)sent);
        }
    }
}

static void write_all(int fd, const void *bytes, size_t size) {
    struct iovec part = {(void *)bytes, size};
    write_parts(fd, &part, &part + 1);
}

/* One write for the whole line, so that lines of parallel commands don't mix. */
static void say_pieces(const char *const *pieces) {
    struct iovec parts[12], *end = parts;
    for (; *pieces && end < parts + 12; pieces++, end++) *end = (struct iovec){(void *)*pieces, strlen(*pieces)};
    write_parts(2, parts, end);
}

#define SAY(...) say_pieces((const char *const[]){"safeshell: ", __VA_ARGS__, "\n", NULL})

/* Says why SafeShell itself failed, and ends with the status for that. */
#define FAIL(...) \
    do { \
        SAY(__VA_ARGS__); \
        sys_exit(125); \
    } while (0)

#define REASON_ROOM 27

/* The reason of a failed system call, as libc words it; the caller's REASON_ROOM bytes take those without words here. */
static const char *reason(long error, char *room) {
    switch (-error) {
    case EPERM: return "Operation not permitted";
    case ENOENT: return "No such file or directory";
    case EINTR: return "Interrupted system call";
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
    case ETIMEDOUT: return "Connection timed out";
    case ECONNREFUSED: return "Connection refused";
    case ECONNRESET: return "Connection reset by peer";
    case EPIPE: return "Broken pipe";
    default: break;
    }
    char *at = (char *)decimal((uint64_t)-error, room + 6) - 6;
    return memcpy(at, "error ", 6);
}

#endif

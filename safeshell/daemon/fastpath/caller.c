/* Callers: what they see of the file system, and whether they are in everything as the daemon's own child would be. */
#include "front.h"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

enum { MOUNT_ID = 0x1000 }; /* STATX_MNT_ID */

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* `prefix`, a number in decimal, `suffix`. */
void name_path(char *room, const char *prefix, int number, const char *suffix) {
    char digits[12];
    int count = 0;
    while (*prefix) *room++ = *prefix++;
    do digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count) *room++ = digits[--count];
    do *room++ = *suffix;
    while (*suffix++);
}

/* Whether a process sees the file system as the daemon does, by its mount namespace and root directory in /proc. A bind
 * mount of the root is the same directory on another mount, with other mounts in it. A kernel before 5.8 doesn't say
 * which mount it is: then Python asks another way. */
static int has_view(const struct own *own, int directory, const char *mount, const char *root) {
    char link[64];
    struct statx found;
    uint64_t id;
    if (!same(own->mount, link, readlinkat(directory, mount, link, sizeof link))) return 0;
    if (statx(directory, root, 0, STATX_INO | MOUNT_ID, &found) || !(found.stx_mask & MOUNT_ID)) return 0;
    /* `stx_mnt_id`, which libc's header may be too old for. */
    memcpy(&id, (const char *)&found + offsetof(struct statx, stx_dev_minor) + sizeof found.stx_dev_minor, sizeof id);
    return id == own->root_mount && found.stx_ino == own->root_inode &&
           makedev(found.stx_dev_major, found.stx_dev_minor) == own->root_device;
}

int sees_the_same(const struct own *own, int pid) {
    char mount[40], root[40];
    name_path(mount, "/proc/", pid, "/ns/mnt");
    name_path(root, "/proc/", pid, "/root");
    return has_view(own, AT_FDCWD, mount, root);
}

static ssize_t slurp(int process, const char *name, char *room, size_t size) {
    int fd = openat(process, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t got = read(fd, room, size);
    close(fd);
    return got;
}

static mode_t octal(const char *at, const char *end) {
    mode_t value = 0;
    for (; at < end; at++) value = value << 3 | (mode_t)(*at - '0');
    return value;
}

/* Compares lines of /proc/PID/status with `wanted`: each line's number, how many texts it may have, and those, in order.
 * One with no text is the umask, and is taken. */
static int has_status(struct bytes wanted, const char *text, ssize_t size, mode_t *mask) {
    const char *want = wanted.at, *line = text, *end = text + (size < 0 ? 0 : size);
    if (!wanted.size) return 0; /* nothing to compare with: nobody is alike */
    for (int number = 0; want < wanted.at + wanted.size; number++) {
        const char *stop = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
        if (!stop) return 0;
        if (number == (uint8_t)want[0]) {
            int texts = want[1], found = 0;
            want += 2;
            if (!texts) {
                found = stop - line > 7 && !memcmp(line, "Umask:\t", 7);
                if (found) *mask = octal(line + 7, stop);
            }
            for (; texts; texts--) {
                const size_t length = strlen(want);
                found |= length == (size_t)(stop - line) && !memcmp(want, line, length);
                want += length + 1;
            }
            if (!found) return 0;
        }
        line = stop + 1;
    }
    return 1;
}

/* Whether a process is in the control groups that the daemon is in now: it may have been moved since it was started. */
static int is_in_own_cgroup(const struct own *own, int process) {
    char mine[4096], theirs[4096];
    const ssize_t size = pread(own->cgroup, mine, sizeof mine, 0);
    return size > 0 && size < (ssize_t)sizeof mine &&
           same((struct bytes){mine, (size_t)size}, theirs, slurp(process, "cgroup", theirs, sizeof theirs));
}

/* Whether a process is in all that confinement.py reads as the daemon's own child would be; its umask. */
int is_like_own(const struct own *own, int pid, int pidfd, mode_t *mask) {
    char path[32], text[8192], link[64];
    *mask = 077;
    name_path(path, "/proc/", pid, "");
    int process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0) return 0;
    int like = has_status(own->status, text, slurp(process, "status", text, sizeof text), mask) &&
               has_view(own, process, "ns/mnt", "root");
    for (int i = 0; like && i < own->namespaces; i++)
        like = same(own->links[i], link, readlinkat(process, own->names[i].at, link, sizeof link));
    like = like && (!own->has_label || same(own->label, text, slurp(process, "attr/current", text, sizeof text))) &&
           is_in_own_cgroup(own, process) &&
           same(own->limits, text, slurp(process, "limits", text, sizeof text));
    if (like) {
        errno = 0;
        like = getpriority(PRIO_PROCESS, (id_t)pid) == own->nice && !errno && sched_getscheduler(pid) == own->scheduling;
    }
    close(process);
    /* Everything that was read was about the process that connected only if that lives still. */
    struct pollfd alive = {pidfd, POLLIN, 0};
    return like && !poll(&alive, 1, 0);
}

int open_pidfd(const struct accepted *accepted) {
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    if (!getsockopt(accepted->fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size)) return pidfd;
    /* Before Linux 6.5 the number is all there is; it is the caller's while the caller waits for its answer. */
    return (int)syscall(SYS_pidfd_open, accepted->pid, 0);
}

/* The daemon's own state. `text` holds strings of these sizes, each with a NUL behind it: the four of `struct own`, then name
 * and link of each namespace; `numbers` its numbers in their order. 0 where there is no room for it. */
EXPORTED int front_set_own(struct front *front, const char *text, const size_t *sizes, const uint64_t *numbers) {
    struct own *own = &front->own;
    struct bytes *const parts[] = {&own->status, &own->label, &own->limits, &own->mount};
    own->namespaces = (int)numbers[0];
    if (own->namespaces > NAMESPACES_MAX) return 0;
    const char *at = keep_all(0, text, sizes, 4 + 2 * own->namespaces);
    if (!at) return 0;
    for (int i = 0; i < 4; i++) *parts[i] = next_part(&at, sizes[i]);
    for (int i = 0; i < own->namespaces; i++) {
        own->names[i] = next_part(&at, sizes[4 + 2 * i]);
        own->links[i] = next_part(&at, sizes[5 + 2 * i]);
    }
    own->has_label = (int)numbers[1];
    own->nice = (int)numbers[2];
    own->scheduling = (int)numbers[3];
    own->root_device = numbers[4];
    own->root_inode = numbers[5];
    own->root_mount = numbers[6];
    own->open_files = (struct rlimit){numbers[7], numbers[8]};
    own->cgroup = (int)numbers[9];
    return 1;
}

EXPORTED int front_sees_the_same(const struct front *front, int pid) { return sees_the_same(&front->own, pid); }

/* The umask of a process that is in all respects as the daemon's own child would be, else -1. */
EXPORTED int front_inspect(const struct front *front, int pid, int pidfd) {
    mode_t mask;
    return is_like_own(&front->own, pid, pidfd, &mask) ? (int)mask : -1;
}

/* What the client sees of itself: what would be otherwise for a child of the daemon. */
#include "client.h"

/* Entries of a directory of /proc, for kernels whose st_size does not say; -1 where it can't be read. */
static int count_entries(const char *path) {
    _Alignas(8) char buffer[1024];
    long fd = open_file(path, O_RDONLY | O_DIRECTORY), size;
    if (fd < 0) return -1;
    int count = -1; /* not itself */
    while ((size = sys_getdents((int)fd, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < size; at += ((struct kernel_dirent *)(buffer + at))->length)
            count += ((struct kernel_dirent *)(buffer + at))->name[0] != '.';
    sys_close((int)fd);
    return size < 0 ? -1 : count;
}

/* Whether more descriptors are open than `known`; what can't be told counts as more. */
static int has_more_descriptors(int known) {
    struct statx found;
    if (sys_statx("/proc/self/fd", &found) < 0) return 1;
    int count = found.stx_size ? (int)found.stx_size : count_entries("/proc/self/fd");
    return count < 0 || count > known;
}

/* Whether something that a command inherits, and that only the process itself can tell cheaply, isn't as it is by default. */
int is_unusual(void) {
    int policy = 0; /* of memory nodes; stays where the kernel has none */
    sys_memory_policy(&policy);
    return policy || sys_personality() || sys_prctl(PR_GET_TIMERSLACK, NULL) != 50000 || sys_io_class();
}

/* Whether this process is kept in by what no file of /proc tells of it. */
int is_kept_in(void) {
    int counter = PR_TSC_ENABLE; /* stays on a processor without it */
    sys_prctl(PR_GET_TSC, &counter);
    return counter != PR_TSC_ENABLE || sys_prctl(PR_GET_MDWE, NULL) > 0 || sys_prctl(PR_GET_SECUREBITS, NULL);
}

/* Whether this process may look at another. Nobody in a Landlock domain may at one outside, and a domain shows by nothing
 * else. A container may forbid kcmp to all, hence the dearer second way. */
static int may_look_at(long pid) {
    if (sys_compare(sys_getpid(), pid) >= 0) return 1;
    char room[6 + NUMBER_ROOM + 5], link[1], *path = room + (decimal((uint64_t)pid, room + 6) - room) - 6;
    memcpy(path, "/proc/", 6);
    memcpy(room + 6 + NUMBER_ROOM - 1, "/root", 6);
    return sys_readlink(path, link, sizeof link) >= 0;
}

/* The flags of the request, given how many descriptors of its own the client holds, and who the daemon is. */
int observe(int own, long daemon) {
    char settings[128]; /* struct termios: the kernel's size differs from libc's */
    int flags = 0, standard = 0;
    for (int fd = 0; fd <= 2; fd++) {
        long failed = sys_ioctl(fd, TCGETS, settings);
        if (!failed) flags |= FLAG_TTY;
        if (failed == -EBADF) flags |= FLAG_CLOSED;
        else standard++;
    }
    long terminal = open_file("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (terminal >= 0) {
        /* A terminal means in place already: the dearer question, whether more descriptors are open, is moot. */
        sys_close((int)terminal);
        return flags | FLAG_CTTY;
    }
    if (has_more_descriptors(standard + own)) return flags | FLAG_FDS;
    if (is_unusual()) flags |= FLAG_UNUSUAL;
    if (is_kept_in() || !may_look_at(daemon)) flags |= FLAG_CONFINED;
    return flags;
}

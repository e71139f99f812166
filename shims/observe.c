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
static int is_unusual(void) {
    return sys_personality() || sys_prctl(PR_GET_TIMERSLACK) != 50000 || sys_prctl(PR_GET_SECUREBITS) || sys_io_class();
}

/* The flags of the request, given how many descriptors of its own the client holds. */
int observe(int own) {
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
    return is_unusual() ? flags | FLAG_UNUSUAL : flags;
}

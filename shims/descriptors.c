/* The client's own descriptors: never 0, 1 or 2, for where the caller closed one of those, the command finds it closed. */
#include "client.h"

long keep_clear(long fd) {
    if (fd < 0 || fd > 2) return fd;
    long moved = sys_fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
    sys_close((int)fd);
    return moved;
}

long open_file(const char *path, int flags) { return keep_clear(sys_open(path, flags | O_CLOEXEC)); }

/* The working directory, by its name or, where that can't be searched, by the kernel's link to it. */
long open_directory(void) {
    long fd = open_file(".", O_PATH | O_DIRECTORY);
    return fd == -EACCES ? open_file("/proc/self/cwd", O_PATH | O_DIRECTORY) : fd;
}

/* Reads a small file as text; 0 where it can't, or there is nothing in it. */
int read_file(const char *path, char *room, size_t size) {
    long fd = open_file(path, O_RDONLY), got = 0;
    size_t at = 0;
    if (fd < 0) return 0;
    while (at < size - 1 && (got = sys_read((int)fd, room + at, size - 1 - at)) > 0) at += (size_t)got;
    sys_close((int)fd);
    room[at] = 0;
    return got >= 0 && at > 0;
}

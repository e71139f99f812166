/* What keeps this process in: a daemon that it starts would be kept in for everyone. */
#include "client.h"

enum { PROCESSES_NEEDED = 64, MEMORY_NEEDED = 128 << 20 };

/* The number in a line of /proc/PID/status, or -1. */
static long status_field(const char *status, const char *name) {
    for (const char *at = status; *at; at++) {
        if ((at > status && at[-1] != '\n') || !starts_with(at, name)) continue;
        for (at += strlen(name); *at == '\t' || *at == ' ';) at++;
        return (long)parse_decimal(at);
    }
    return -1;
}

/* Filters of a process; before Linux 5.9 only whether it has any. */
static long count_filters(const char *status) {
    long count = status_field(status, "Seccomp_filters:");
    return count < 0 ? status_field(status, "Seccomp:") : count;
}

/* Whether this process has all user ids: outside any user namespace of its own. */
static int has_all_users(void) {
    char text[256], *at = text;
    if (!read_file("/proc/self/uid_map", text, sizeof text)) return 0;
    const char *const expected[] = {"0", "0", "4294967295"};
    for (int i = 0; i < 3; i++) {
        while (*at == ' ') at++;
        if (!starts_with(at, expected[i])) return 0;
        at += strlen(expected[i]);
        if (*at != ' ' && *at != '\n') return 0;
    }
    return 1;
}

/* Whether a control group's file holds a number below this. `path` has room for the name at its end. */
static int allows_less(char *path, size_t end, const char *name, uint64_t than) {
    char text[64];
    memcpy(path + end, name, strlen(name) + 1);
    return read_file(path, text, sizeof text) && *text >= '0' && *text <= '9' && parse_decimal(text) < than;
}

/* Whether a control group, from this process's own up to the top, allows less than a daemon needs with what it starts. */
static int is_cramped(void) {
    char text[4096], path[4096 + 64];
    const char *const mounts = "/sys/fs/cgroup/";
    if (!read_file("/proc/self/cgroup", text, sizeof text)) return 0;
    for (char *line = text, *next; *line; line = next) { /* NUMBER:CONTROLLERS:PATH */
        char *controllers, *group;
        for (controllers = line; *controllers && *controllers++ != ':';) continue;
        for (group = controllers; *group && *group != ':';) group++;
        for (next = group; *next && *next++ != '\n';) continue;
        if (!*group) break;
        size_t top = strlen(mounts), end = (size_t)(next - group) - 2; /* without the colon and the line's end */
        memcpy(path, mounts, top);
        memcpy(path + top, controllers, (size_t)(group - controllers));
        top += (size_t)(group - controllers);
        memcpy(path + top, group + 1, end);
        for (end += top;;) {
            if (allows_less(path, end, "/pids.max", PROCESSES_NEEDED) || allows_less(path, end, "/memory.max", MEMORY_NEEDED) ||
                allows_less(path, end, "/memory.limit_in_bytes", MEMORY_NEEDED))
                return 1;
            if (end == top) break;
            while (end > top && path[--end] != '/') continue;
        }
    }
    return 0;
}

int is_confined(void) {
    char own[4096], first[4096];
    if (is_kept_in() || is_cramped()) return 1;
    if (!read_file("/proc/self/status", own, sizeof own)) return 1;
    if (status_field(own, "NoNewPrivs:") != 0 || !has_all_users()) return 1;
    if (status_field(own, "Seccomp:") == 0) return 0;
    if (!read_file("/proc/1/status", first, sizeof first)) return 1;
    return count_filters(own) > count_filters(first);
}

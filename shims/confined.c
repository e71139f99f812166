/* What keeps this process in: a daemon that it starts would be kept in for everyone. */
#include "client.h"

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

int is_confined(void) {
    char own[4096], first[4096];
    if (!read_file("/proc/self/status", own, sizeof own)) return 1;
    if (status_field(own, "NoNewPrivs:") != 0 || !has_all_users()) return 1;
    if (status_field(own, "Seccomp:") == 0) return 0;
    if (!read_file("/proc/1/status", first, sizeof first)) return 1;
    return count_filters(own) > count_filters(first);
}

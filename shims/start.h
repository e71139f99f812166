/* Starting the daemon, once, as no child of the command and with nothing of the caller's. */
#ifndef SAFESHELL_START_H
#define SAFESHELL_START_H

#include "client.h"

/* Reads a small file of /proc; 0 where it can't. */
static int read_file(const char *path, char *room, size_t size) {
    long fd = keep_clear(sys_open(path, O_RDONLY | O_CLOEXEC)), got = 0;
    size_t at = 0;
    if (fd < 0) return 0;
    while (at < size - 1 && (got = sys_read((int)fd, room + at, size - 1 - at)) > 0) at += (size_t)got;
    sys_close((int)fd);
    room[at] = 0;
    return got >= 0 && at > 0;
}

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

/* Whether something keeps this process in: a daemon that it starts would be kept in for everyone. */
static int is_confined(void) {
    char own[4096], first[4096];
    if (!read_file("/proc/self/status", own, sizeof own)) return 1;
    if (status_field(own, "NoNewPrivs:") != 0 || !has_all_users()) return 1;
    if (status_field(own, "Seccomp:") == 0) return 0;
    if (!read_file("/proc/1/status", first, sizeof first)) return 1;
    return count_filters(own) > count_filters(first);
}

/* Closes everything from `first` on. */
static void close_from(unsigned first) {
    struct kernel_limit limit = {0, 0};
    if (sys_close_range(first, ~0U) == 0) return;
    sys_prlimit(RLIMIT_NOFILE, NULL, &limit);
    uint64_t end = limit.soft > 65536 ? limit.soft : 65536; /* the limit may have been lowered since they were opened */
    if (end > 1 << 20) end = 1 << 20;
    for (unsigned fd = first; fd < end; fd++) sys_close((int)fd);
}

static void reset_signals(void) {
    const struct kernel_sigaction standard = {{0}};
    const signal_set none = 0;
    for (int number = 1; number <= 64; number++) sys_sigaction(number, &standard, NULL);
    sys_sigmask(SIG_SETMASK, &none, NULL);
}

/* Becomes the daemon; `ready` is where it says that it listens. */
_Noreturn static void become_daemon(char *const *argv, char *const *envp, int ready) {
    long null = sys_open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; fd++)
        if (null != fd) sys_dup3((int)null, fd, 0);
    sys_dup3(ready, 3, 0);
    close_from(4);
    reset_signals();
    sys_umask(077);
    if (sys_chdir("/") == 0) sys_execve(argv[0], argv, envp);
    sys_exit(125);
}

/* NAME=[DIRECTORY/]VALUE in the caller's room; NULL where it does not fit. */
static char *assign(char *room, size_t size, const char *name, const char *directory, const char *value, size_t length) {
    size_t at = strlen(name), prefix = strlen(directory);
    if (at + prefix + 1 + length + 1 > size) return NULL;
    memcpy(room, name, at);
    memcpy(room + at, directory, prefix);
    at += prefix;
    if (prefix) room[at++] = '/';
    memcpy(room + at, value, length);
    room[at + length] = 0;
    return room;
}

/* Runs the daemon in a session of its own; its parent ends at once, so that the command never has it for a child. */
static void launch(const struct client *client, char *const *argv, int ready) {
    const char *home = client->address.sun_path, *user = variable(client->process->envp, "HOME");
    char directory[4096] = "", own_home[4300], users_home[4096], *envp[5];
    if (*home != '/' && sys_getcwd(directory, sizeof directory) < 0) return;
    int count = 0;
    envp[count++] = assign(own_home, sizeof own_home, "SAFESHELL_HOME=", directory, home, client->home_length);
    if (user) envp[count] = assign(users_home, sizeof users_home, "HOME=", "", user, strlen(user));
    if (user && envp[count]) count++;
    envp[count++] = "PATH=/usr/local/bin:/usr/bin:/bin";
    envp[count++] = "SAFESHELL_READY_FD=3";
    envp[count] = NULL;
    if (!envp[0]) return;
    long parent = sys_fork();
    if (!parent) {
        sys_setsid();
        if (!sys_fork()) become_daemon(argv, envp, ready);
        sys_exit(0);
    }
    while (parent > 0 && sys_wait(parent, NULL, 0) == -EINTR) continue;
}

/* Starts the daemon and waits until it listens; returns 0 where it ended, or the time did, before it said so. */
static int start_daemon(const struct client *client, char *const *argv, int64_t deadline) {
    int ends[2];
    char byte;
    if (sys_pipe2(ends, O_CLOEXEC) < 0) return 0;
    long reading = keep_clear(ends[0]), ready = sys_fcntl(ends[1], F_DUPFD_CLOEXEC, 4);
    sys_close(ends[1]);
    if (ready >= 0) {
        launch(client, argv, (int)ready);
        sys_close((int)ready);
    }
    struct pollfd said = {(int)reading, POLLIN, 0};
    int64_t left = deadline - now_ms();
    struct kernel_time timeout = {(long)(left / 1000), (long)(left % 1000 * 1000000)};
    int listening = left > 0 && sys_poll(&said, 1, &timeout) > 0 && sys_read((int)reading, &byte, 1) == 1;
    sys_close((int)reading);
    return listening;
}

#endif

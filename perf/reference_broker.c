/* The limit that SafeShell is measured against: the smallest server that answers the same client (docs/protocol.md).
 * No policy, no checks of what it is sent, one kind of answer for everybody:
 *
 *   reference_broker SOCKET refuse
 *   reference_broker SOCKET exec PROGRAM…     execute the program of that basename in place
 *   reference_broker SOCKET spawn PROGRAM…    the kernel reads about the caller that the daemon makes, then it runs here
 *
 * PROGRAM is an absolute path. For benchmarks only: it trusts whoever connects. Prints a line once it listens. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

enum { HEADER = 12, COMMAND = 32, CLIENTS = 4096, REQUEST_MAX = 8 << 20 };
enum { REPLY_EXEC = 2, REPLY_REFUSED = 3, REPLY_EXITED = 4 };

/* A client whose command runs; its socket's number is its index. */
static pid_t children[CLIENTS];

static char request[REQUEST_MAX];
static char own_limits[8192], own_cgroup[8192];
static int labels, epoll, root;
static char **programs;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static long checked(long result, const char *what) {
    if (result < 0) fail(what);
    return result;
}

static uint32_t get32(const char *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void reply(int client, uint8_t type, const void *payload, uint32_t size) {
    char frame[8 + 4096] = {(char)type};
    memcpy(frame + 4, &size, 4);
    memcpy(frame + 8, payload, size);
    send(client, frame, 8 + size, MSG_NOSIGNAL);
}

/* Reads a request and the descriptors that came with it; returns its size, 0 where the client has gone. */
static size_t receive(int client, int *passed, int *count) {
    char control[CMSG_SPACE(4 * sizeof(int))];
    size_t size = 0;
    *count = 0;
    for (;;) {
        struct iovec room = {request + size, sizeof request - size};
        struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        ssize_t got = recvmsg(client, &message, MSG_CMSG_CLOEXEC);
        if (got <= 0) return 0;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        if (header && header->cmsg_type == SCM_RIGHTS) {
            *count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(passed, CMSG_DATA(header), (size_t)*count * sizeof(int));
        }
        size += (size_t)got;
        if (size >= HEADER && size >= HEADER + get32(request + 8)) return size;
    }
}

static ssize_t slurp(int process, const char *name, char *room, size_t size) {
    int fd = openat(process, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t got = read(fd, room, size - 1);
    close(fd);
    if (got >= 0) room[got] = 0;
    return got;
}

/* What safeshell/host/process/confinement.py reads of a caller; returns its umask. */
static mode_t inspect(int client) {
    static volatile int same; /* the comparisons are part of what is measured, their answer is not used */
    static const char *const namespaces[] = {"ns/mnt",  "ns/pid_for_children", "ns/net", "ns/ipc", "ns/uts",
                                             "ns/user", "ns/cgroup",           "ns/time_for_children"};
    struct ucred peer;
    socklen_t size = sizeof peer;
    int pidfd = -1;
    socklen_t pidfd_size = sizeof pidfd;
    char path[32], text[8192], link[64];
    checked(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size), "SO_PEERCRED");
    getsockopt(client, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &pidfd_size);
    snprintf(path, sizeof path, "/proc/%d", peer.pid);
    int process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0) return 077;
    slurp(process, "status", text, sizeof text);
    char *umask_line = strstr(text, "Umask:\t");
    mode_t mask = umask_line ? (mode_t)strtoul(umask_line + 7, NULL, 8) : 077;
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
        ssize_t got = readlinkat(process, namespaces[i], link, sizeof link);
        if (got < 0 && errno != ENOENT) mask = 077;
    }
    struct stat view;
    if (fstatat(process, "root", &view, 0)) mask = 077;
    if (labels) slurp(process, "attr/current", text, sizeof text);
    slurp(process, "cgroup", text, sizeof text);
    same += !strcmp(text, own_cgroup);
    getpriority(PRIO_PROCESS, (id_t)peer.pid);
    slurp(process, "limits", text, sizeof text);
    same += !strcmp(text, own_limits);
    sched_getscheduler(peer.pid);
    close(process);
    if (pidfd >= 0) {
        struct pollfd alive = {pidfd, POLLIN, 0};
        poll(&alive, 1, 0);
        close(pidfd);
    }
    (void)same;
    return mask;
}

/* The program of the basename that the client was executed as. */
static const char *find_program(const char *command) {
    const char *name = command + COMMAND, *end = name + get32(command + 16), *base = end;
    while (base > name && base[-1] != '/') base--;
    for (char **program = programs; *program; program++) {
        const char *own = strrchr(*program, '/') + 1;
        if (strlen(own) == (size_t)(end - base) && !memcmp(own, base, (size_t)(end - base))) return *program;
    }
    return NULL;
}

static void refuse(int client) {
    const int32_t status = 126;
    reply(client, REPLY_REFUSED, &status, sizeof status);
}

static void tell_to_execute(int client, const char *program) {
    char payload[8 + 4000] = {0};
    size_t size = strlen(program) + 1;
    memcpy(payload + 8, program, size);
    reply(client, REPLY_EXEC, payload, (uint32_t)(8 + size));
}

/* Splits a block of strings, each with its NUL, into the list that execve takes. */
static char **split(char *text, uint32_t count) {
    char **list = malloc((count + 1) * sizeof *list);
    if (!list) fail("malloc");
    for (uint32_t i = 0; i < count; i++) {
        list[i] = text;
        text += strlen(text) + 1;
    }
    list[count] = NULL;
    return list;
}

/* Starts the program with the client's descriptors, directory and umask, as safeshell/daemon/core/executor.py does. */
static pid_t spawn(const char *program, const int *passed, mode_t mask) {
    const char *command = request + HEADER;
    char *text = request + HEADER + COMMAND + get32(command + 16);
    char **argv = split(text, get32(command)), **envp = split(text + get32(command + 8), get32(command + 4));
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t child;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    for (int fd = 0; fd < 3; fd++) posix_spawn_file_actions_adddup2(&actions, passed[fd], fd);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none); /* SIGCHLD is blocked here, for the signalfd */
    checked(fchdir(passed[3]), "fchdir");
    mode_t own = umask(mask);
    int failed = posix_spawn(&child, program, &actions, &attributes, argv, envp);
    umask(own);
    checked(fchdir(root), "fchdir");
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(argv);
    free(envp);
    return failed ? -1 : child;
}

static void run(int client, const char *program, const int *passed, int count) {
    mode_t mask = inspect(client);
    pid_t child = count == 4 ? spawn(program, passed, mask) : -1;
    if (child < 0) {
        refuse(client);
        close(client);
        return;
    }
    struct epoll_event hang_up = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = client};
    children[client] = child;
    checked(epoll_ctl(epoll, EPOLL_CTL_ADD, client, &hang_up), "epoll_ctl");
}

static void serve(int listener, char mode) {
    int passed[4], count;
    int client = (int)checked(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept");
    const char *program = NULL;
    if (client < CLIENTS && receive(client, passed, &count)) {
        if (mode != 'r') program = find_program(request + HEADER);
        if (program && mode == 's') run(client, program, passed, count);
        else if (program) tell_to_execute(client, program);
        else refuse(client);
        for (int i = 0; i < count; i++) close(passed[i]);
    }
    if (client >= CLIENTS || !children[client]) close(client);
}

/* Answers every client whose command has ended. */
static void reap(int signals) {
    struct signalfd_siginfo arrived;
    int status;
    pid_t child;
    checked(read(signals, &arrived, sizeof arrived), "signalfd");
    while ((child = waitpid(-1, &status, WNOHANG)) > 0)
        for (int client = 0; client < CLIENTS; client++) {
            if (children[client] != child) continue;
            children[client] = 0;
            reply(client, REPLY_EXITED, &status, sizeof status);
            /* Closing is not enough: a child on its way through execve may still have a copy, and the number comes again. */
            epoll_ctl(epoll, EPOLL_CTL_DEL, client, NULL);
            close(client);
            break;
        }
}

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "%s: too long for a socket\n", path);
        exit(2);
    }
    strcpy(address.sun_path, path);
    int listener = (int)checked(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    umask(0177);
    checked(bind(listener, (struct sockaddr *)&address, sizeof address), path);
    umask(022);
    checked(listen(listener, 512), "listen");
    return listener;
}

static void watch(int fd) {
    struct epoll_event readable = {.events = EPOLLIN, .data.fd = fd};
    checked(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &readable), "epoll_ctl");
}

static void read_own(void) {
    int process = (int)checked(open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC), "/proc/self");
    slurp(process, "limits", own_limits, sizeof own_limits);
    slurp(process, "cgroup", own_cgroup, sizeof own_cgroup);
    char label[256];
    labels = slurp(process, "attr/current", label, sizeof label) >= 0;
    close(process);
}

int main(int argc, char **argv) {
    if (argc < 3 || !strchr("res", *argv[2])) {
        fputs("usage: reference_broker SOCKET refuse|exec|spawn [PROGRAM…]\n", stderr);
        return 2;
    }
    sigset_t mask;
    programs = argv + 3;
    read_own();
    root = (int)checked(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    epoll = (int)checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    int listener = listen_at(argv[1]), signals = (int)checked(signalfd(-1, &mask, SFD_CLOEXEC), "signalfd");
    watch(listener);
    watch(signals);
    puts("listening");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[16];
        int ready = epoll_wait(epoll, events, 16, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) serve(listener, *argv[2]);
            else if (fd == signals) reap(signals);
            else if (children[fd]) { /* forwards nothing: a client that says something has gone, or is about to */
                kill(-children[fd], SIGKILL);
                epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
            }
        }
    }
}

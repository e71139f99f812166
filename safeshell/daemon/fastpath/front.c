/* The daemon's front in native code: takes connections and their requests, and answers again what was answered before.
 *
 * front.py loads it with ctypes into the daemon, which has one thread and waits here. Nothing here decides anything. An
 * answer is given again only where the command is the same byte for byte and everything that the answer hung on is found as
 * it was: the working directory, some variables, and what was read of the file system, by the same system calls; recall.py
 * says which answers those are. In every other case the request goes to Python with all that was taken, and becomes what it
 * would have become without this file.
 *
 * A command is run here only for a caller that is in every respect as the daemon itself; who differs is Python's. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef FRONT_SOURCE
#define FRONT_SOURCE 0 /* of this file, CRC-32: hatch_build.py says it */
#endif

enum { HEADER = 12, COMMAND = 32, VERSION = 1, EXECUTE = 1, EXITED = 4 };
enum { PASSED_MAX = 4, SLOTS = 128, BUCKETS = 512, RECENT = 1024, HELD_MAX = 64, READY_MAX = 64, ANSWERED_MAX = 64 };
enum { NAMESPACES_MAX = 8, CHILDREN = 256, ENDED_MAX = 64, RUNNING_MAX = 32, STRINGS_KEPT = 8192 };

/* How long a connection may stay here without a request, a command running before Python sees to it (signals, stops, an
 * end of its client), and an answer unreported. An urgent one waits too: who was answered has the processor first. */
enum { HELD_MS = 20, RUNNING_MS = 5, UNREPORTED_MS = 50, URGENT_MS = 2 };

/* What recall.py writes before each path that an answer hung on. */
enum { ABSENT = 'a', NO_ENTRY = 'e', ENTRY = 'l', NOT_EXECUTABLE = 'n', PLACE_IS = 'd', FILE_IS = 'f', PROGRAM_IS = 'p' };

/* What front.py reads, at places that it knows. */

struct taken {
    int32_t fd, pid, uid, pidfd, passed, truncated, size, seen, slot, child, same_view, no_repository, fresh, directory_size;
    int32_t descriptors[PASSED_MAX];
    uint64_t began, accepted, received, recalled, inspected, spawned;
};

/* The last three are of a command that was run by the answer, and has ended. */
struct answered {
    int32_t slot, pid, uid, child, status, unused;
    uint64_t duration;
};

struct ended {
    int32_t pid, status;
    uint64_t noticed, reaped, replied;
};

struct ready {
    int32_t fd;
    uint32_t events;
};

struct shared {
    int32_t answered_count, ended_count;
    struct taken taken;
    struct answered answered[ANSWERED_MAX];
    struct ended ended[ENDED_MAX];
    struct ready ready[READY_MAX];
    char directory[PATH_MAX];
};

/* What else it keeps. */

enum stage { ACCEPT, RECEIVE, RECALL, CONFINEMENT, SPAWN, CHILD, REAP, REPLY, STAGES };
enum { BUCKETS_OF_TIME = 2345 };

struct bytes {
    const char *at;
    size_t size;
};

/* What was answered: `command` is the request up to its environment, `variables` entries of that (a name alone: it isn't
 * there), `answer` the frame to send or, where it `runs`, the program's path, and `arguments` its arguments where they are
 * others than the request's. */
struct entry {
    uint64_t hash;
    struct bytes command, variables, directory, reads, answer, arguments;
    int passed, runs, urgent;
    uint64_t *whole; /* where the time of all of it is counted */
};

struct held {
    int fd;
    uint64_t since, began, accepted;
};

/* The daemon's own state, as safeshell/host/process/confinement.py has read it. */
struct own {
    struct bytes mount, label, cgroup, limits, status;
    struct bytes names[NAMESPACES_MAX], links[NAMESPACES_MAX];
    int namespaces, has_label, nice, scheduling;
    uint64_t root_device, root_inode;
    struct rlimit open_files;
};

struct front {
    struct shared shared;
    char *room;
    size_t room_size;
    int epoll, listener, wakeup, waker, timed, may_run, descriptors_max, held_count, running_count;
    uid_t uid;
    struct own own;
    uint64_t *stages[STAGES];
    struct bytes home, sources;
    struct entry *slots[SLOTS];
    uint8_t buckets[BUCKETS]; /* slot + 1 */
    uint64_t recent[RECENT];
    uint64_t report_at;
    struct held held[HELD_MAX];
    struct taken running[RUNNING_MAX]; /* the oldest first */
    struct {
        int pid, fd;
    } children[CHILDREN];
    char **strings;
    size_t strings_size;
};

/* The memory that a vfork shares is written by the child, behind the compiler's back. */
static volatile int exec_error;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t stamp(const struct front *front) {
    return front->timed ? now() : 0;
}

static uint32_t get32(const char *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static int same(struct bytes known, const char *found, ssize_t size) {
    return size >= 0 && (size_t)size == known.size && !memcmp(known.at, found, known.size);
}

/* Multiplies a word at a time (as wyhash does); who forges two alike makes them slower, nothing else: bytes are compared. */
static uint64_t hash(uint64_t value, const char *at, size_t size) {
    uint64_t word;
    for (value ^= size; size >= 8; at += 8, size -= 8) {
        memcpy(&word, at, 8);
        const unsigned __int128 product = (unsigned __int128)(value ^ word ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
        value = (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    word = 0;
    memcpy(&word, at, size);
    value = (value ^ word) * 0xd6e8feb86659fd93u;
    return value ^ value >> 32;
}

/* `prefix`, a number in decimal, `suffix`. */
static void name_path(char *room, const char *prefix, int number, const char *suffix) {
    char digits[12];
    int count = 0;
    while (*prefix) *room++ = *prefix++;
    do digits[count++] = (char)('0' + number % 10);
    while (number /= 10);
    while (count) *room++ = digits[--count];
    do *room++ = *suffix;
    while (*suffix++);
}

/* Where that fails, it is looked at when it has been here long enough. */
static void wait_for(const struct front *front, int fd) {
    struct epoll_event readable = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
    epoll_ctl(front->epoll, EPOLL_CTL_ADD, fd, &readable);
}

static void close_all(const int32_t *descriptors, int count) {
    for (int i = 0; i < count; i++) close(descriptors[i]);
}

/* What the answer hung on */

static uint64_t nanoseconds(struct timespec time) {
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Device, inode, size and time of the last change, as many as `known` has of the four; and the mode where it isn't 0. */
static int is_file(const char *path, const uint64_t *known, int count, uint64_t mode) {
    struct stat found;
    if (stat(path, &found) || (mode && found.st_mode != mode)) return 0;
    const uint64_t mark[4] = {found.st_dev, found.st_ino, (uint64_t)found.st_size, nanoseconds(found.st_mtim)};
    return !memcmp(mark, known, (size_t)count * sizeof *mark);
}

/* Whether each path is found as it was. */
static int is_unchanged(struct bytes reads) {
    struct stat unused;
    const char *read = reads.at, *end = read + reads.size;
    while (read < end) {
        const char kind = *read++;
        const int count = kind == PLACE_IS ? 2 : kind == FILE_IS ? 4 : kind == PROGRAM_IS ? 5 : 0;
        uint64_t mark[5] = {0};
        memcpy(mark, read, (size_t)count * sizeof *mark);
        const char *path = read + (size_t)count * sizeof *mark;
        read = path + strlen(path) + 1;
        int as_it_was = 0;
        switch (kind) {
        case ABSENT: as_it_was = access(path, F_OK) != 0; break;
        case NO_ENTRY: as_it_was = lstat(path, &unused) != 0; break;
        case ENTRY: as_it_was = lstat(path, &unused) == 0; break;
        case NOT_EXECUTABLE: as_it_was = access(path, X_OK) != 0; break;
        case PLACE_IS:
        case FILE_IS: as_it_was = is_file(path, mark, count, 0); break;
        case PROGRAM_IS: as_it_was = !access(path, X_OK) && is_file(path, mark, 4, mark[4]); break;
        }
        if (!as_it_was) return 0;
    }
    return 1;
}

/* Whether a process sees the file system as the daemon does: by mount namespace and root directory. */
static int sees_the_same(const struct own *own, int pid) {
    char path[40], link[64];
    struct stat root;
    name_path(path, "/proc/", pid, "/ns/mnt");
    if (!same(own->mount, link, readlink(path, link, sizeof link))) return 0;
    name_path(path, "/proc/", pid, "/root");
    return !stat(path, &root) && root.st_dev == own->root_device && root.st_ino == own->root_inode;
}

/* The kernel's name for an open directory. */
static ssize_t name_directory(int directory, char *room, size_t size) {
    char path[40];
    name_path(path, "/proc/self/fd/", directory, "");
    return readlink(path, room, size);
}

/* Callers */

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

/* Whether a process is in all that confinement.py reads as the daemon's own child would be; its umask. */
static int is_like_own(const struct own *own, int pid, int pidfd, mode_t *mask) {
    char path[32], text[8192], link[64];
    *mask = 077;
    name_path(path, "/proc/", pid, "");
    int process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0) return 0;
    struct stat root;
    int like = has_status(own->status, text, slurp(process, "status", text, sizeof text), mask) &&
               same(own->mount, link, readlinkat(process, "ns/mnt", link, sizeof link)) &&
               !fstatat(process, "root", &root, 0) && root.st_dev == own->root_device && root.st_ino == own->root_inode;
    for (int i = 0; like && i < own->namespaces; i++)
        like = same(own->links[i], link, readlinkat(process, own->names[i].at, link, sizeof link));
    like = like && (!own->has_label || same(own->label, text, slurp(process, "attr/current", text, sizeof text))) &&
           same(own->cgroup, text, slurp(process, "cgroup", text, sizeof text)) &&
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

static int open_pidfd(int fd, int pid) {
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    if (!getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size)) return pidfd;
    /* Before Linux 6.5 the number is all there is; it is the caller's while the caller waits for its answer. */
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Commands */

/* Makes room for so many strings; for 0 it gives all of it back. */
static int make_room(struct front *front, size_t count) {
    if (!count) {
        free(front->strings);
        front->strings = NULL;
        front->strings_size = 0;
    }
    if (count <= front->strings_size) return 1;
    char **room = realloc(front->strings, count * sizeof *room);
    if (!room) return 0;
    front->strings = room;
    front->strings_size = count;
    return 1;
}

/* The strings of a block, for execve; returns where the next list may go. */
static char **split(const char *at, const char *end, char **list) {
    for (; at < end; at += strlen(at) + 1) *list++ = (char *)at;
    *list++ = NULL;
    return list;
}

/* What the child does until it is the program. It shares the daemon's memory and has its own of everything else. */
static void become(const struct front *front, const char *program, char **argv, char **envp, const int32_t *passed, mode_t mask) {
    static const int handled[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGIO, SIGPIPE, SIGXFSZ};
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t none;
    setpgid(0, 0);
    /* Before signals are let through: the daemon's handlers are not for its children. */
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) sigaction(handled[i], &usual, NULL);
    umask(mask);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(passed[fd], fd) < 0) goto failed;
    if (fchdir(passed[3])) goto failed;
    if (setrlimit(RLIMIT_NOFILE, &front->own.open_files)) goto failed;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(program, argv, envp);
failed:
    exec_error = errno;
    _exit(127);
}

/* What a command consists of; blocks of strings, each with its NUL. */
struct program {
    const char *path;
    struct bytes arguments, environment;
    uint32_t argc, envc;
};

/* Starts a program as safeshell/daemon/core/executor.py does; returns its pid, or -errno. */
__attribute__((noinline)) static pid_t spawn(struct front *front, const struct program *program, const int32_t *passed, mode_t mask) {
    if (!make_room(front, (size_t)program->argc + program->envc + 2)) return -ENOMEM;
    char **argv = front->strings;
    char **envp = split(program->arguments.at, program->arguments.at + program->arguments.size, argv);
    split(program->environment.at, program->environment.at + program->environment.size, envp);
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    exec_error = 0;
    pid_t child = vfork();
    if (!child) become(front, program->path, argv, envp, passed, mask);
    const int failed = child < 0 ? errno : exec_error;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (front->strings_size > STRINGS_KEPT) make_room(front, 0); /* a command in a million has so many */
    if (!failed) return child;
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return -failed;
}

static int remember_child(struct front *front, int pid, int fd) {
    for (int i = 0; i < CHILDREN; i++)
        if (!front->children[i].pid) {
            front->children[i].pid = pid;
            front->children[i].fd = fd;
            return 1;
        }
    return 0; /* Python hears of its end all the same */
}

/* The socket of whoever waits for a child, which is forgotten; -1 where it isn't waited for here. */
static int forget_child(struct front *front, int pid) {
    for (int i = 0; i < CHILDREN; i++)
        if (front->children[i].pid == pid) {
            front->children[i].pid = 0;
            return front->children[i].fd;
        }
    return -1;
}

/* As safeshell/metrics/histogram.py: 64 buckets for each power of two. */
static void count_duration(uint64_t *cells, uint64_t value) {
    const int shift = value ? 57 - __builtin_clzll(value) : 0;
    const uint64_t index = shift > 0 ? ((uint64_t)shift << 6) + (value >> shift) : value;
    cells[index < BUCKETS_OF_TIME ? index : BUCKETS_OF_TIME - 1]++;
}

/* Counts the stages of what was answered; `end` is of the command that was run by it, if one was. */
static void count_answer(const struct front *front, const struct taken *times, const struct ended *end, uint64_t replied, uint64_t *whole) {
    uint64_t *const *stages = front->stages;
    if (!front->timed || !times->began || !*stages) return;
    count_duration(stages[ACCEPT], times->accepted - times->began);
    count_duration(stages[RECEIVE], times->received - times->accepted);
    count_duration(stages[RECALL], times->recalled - times->received);
    if (!end) {
        count_duration(stages[REPLY], replied - times->recalled);
        count_duration(whole, replied - times->began);
        return;
    }
    count_duration(stages[CONFINEMENT], times->inspected - times->recalled);
    count_duration(stages[SPAWN], times->spawned - times->inspected);
    count_duration(stages[CHILD], end->noticed - times->spawned);
    count_duration(stages[REAP], end->reaped - end->noticed);
    count_duration(stages[REPLY], replied - end->reaped);
    count_duration(whole, times->spawned - times->began + replied - end->noticed);
}

/* Counts an answer that has gone out, and keeps it for Python to hear of. */
static void report(struct front *front, const struct taken *taken, const struct ended *end) {
    const struct entry *entry = front->slots[taken->slot];
    struct shared *shared = &front->shared;
    count_answer(front, taken, end, stamp(front), entry->whole);
    const uint64_t at = now() + (entry->urgent ? URGENT_MS : UNREPORTED_MS) * 1000000ull;
    if (!shared->answered_count || at < front->report_at) front->report_at = at;
    struct answered *answered = &shared->answered[shared->answered_count++];
    *answered = (struct answered){.slot = taken->slot, .pid = taken->pid, .uid = taken->uid};
    if (!end) return;
    answered->child = end->pid;
    answered->status = end->status;
    answered->duration = end->noticed - taken->spawned;
}

static void tell_end(int fd, int status) {
    char frame[12] = {EXITED, 0, 0, 0, 4};
    memcpy(frame + 8, &status, 4);
    send(fd, frame, sizeof frame, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int running_at(const struct front *front, int child, int fd) {
    for (int at = 0; at < front->running_count; at++)
        if (front->running[at].child == child || front->running[at].fd == fd) return at;
    return -1;
}

static struct taken stop_minding(struct front *front, int at) {
    const struct taken taken = front->running[at];
    /* Closing it would not do: a child that is only just becoming its program still has a copy. */
    epoll_ctl(front->epoll, EPOLL_CTL_DEL, taken.fd, NULL);
    memmove(front->running + at, front->running + at + 1, (size_t)(--front->running_count - at) * sizeof taken);
    return taken;
}

/* Has Python see to a command that runs. */
static void hand_over(struct front *front, int at) {
    front->shared.taken = stop_minding(front, at);
    remember_child(front, front->shared.taken.child, front->shared.taken.fd);
}

/* Ends what was begun by `run`. */
static void finish(struct front *front, int at, const struct ended *end) {
    const struct taken taken = stop_minding(front, at);
    tell_end(taken.fd, end->status);
    close(taken.fd);
    close(taken.pidfd);
    report(front, &taken, end);
}

/* Tells whoever waits for a command how it ended, until a child is found that Python has to see to; returns whether there
 * was one. */
static int reap(struct front *front) {
    struct shared *shared = &front->shared;
    const uint64_t noticed = now();
    while (shared->ended_count < ENDED_MAX && shared->answered_count < ANSWERED_MAX) {
        siginfo_t found = {0};
        if (waitid(P_ALL, 0, &found, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) || !found.si_pid) return 0;
        const int at = running_at(front, found.si_pid, -1);
        int status;
        if (found.si_code == CLD_STOPPED) {
            if (at >= 0 && shared->taken.fd < 0) hand_over(front, at);
            return 1;
        }
        const int fd = at < 0 ? forget_child(front, found.si_pid) : -1;
        if ((at < 0 && fd < 0) || waitpid(found.si_pid, &status, 0) < 0) return 1;
        struct ended end = {found.si_pid, status, noticed, stamp(front), 0};
        if (at >= 0) {
            finish(front, at, &end);
        } else {
            tell_end(fd, status);
            end.replied = stamp(front);
            shared->ended[shared->ended_count++] = end;
        }
    }
    return 1;
}

/* Sees to signals that are all about children. Returns whether nothing is left of them for Python. */
static int see_to_children(struct front *front) {
    static const char child = SIGCHLD;
    char numbers[64];
    const ssize_t count = recv(front->wakeup, numbers, sizeof numbers, MSG_DONTWAIT | MSG_PEEK);
    for (ssize_t i = 0; i < count; i++)
        if (numbers[i] != SIGCHLD) return 0;
    /* Taken away first: a child that ends after that wakes up again. */
    if (count <= 0 || recv(front->wakeup, numbers, (size_t)count, MSG_DONTWAIT) != count) return 0;
    if (!reap(front)) return 1;
    send(front->waker, &child, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    return 0;
}

/* Requests */

/* A request to execute a command, taken apart: what has to be the same again, and the environment, of which some has. */
struct request {
    struct bytes flags, numbers, words, environment;
    uint64_t hash;
};

/* Takes a request apart; 0 where it isn't a whole one, or not well formed: Python says what is wrong with it. */
static int parse(const char *frame, size_t size, struct request *request) {
    if (size < HEADER + COMMAND || memcmp(frame, "SfSh", 4) || frame[4] != VERSION || frame[5] != EXECUTE) return 0;
    const char *command = frame + HEADER;
    const uint64_t length = get32(frame + 8), argument_bytes = get32(command + 8), environment_bytes = get32(command + 12);
    const uint64_t name_bytes = get32(command + 16);
    if (length != size - HEADER || COMMAND + name_bytes + argument_bytes + environment_bytes != length) return 0;
    request->flags = (struct bytes){frame + 6, 2};
    request->numbers = (struct bytes){command + 16, 16}; /* of the name's bytes, nice value, blocked signals */
    request->words = (struct bytes){command + COMMAND, name_bytes + argument_bytes};
    request->environment = (struct bytes){command + COMMAND + name_bytes + argument_bytes, environment_bytes};
    uint32_t entries = 0;
    const char *end = frame + size;
    for (const char *at = request->environment.at; at < end; entries++) {
        at = memchr(at, 0, (size_t)(end - at));
        if (!at++) return 0;
    }
    if (entries != get32(command + 4)) return 0;
    /* That the words are well formed is known where they are those of an entry; their count goes with them. */
    request->hash = hash(hash(hash(get32(command), request->flags.at, 2), request->numbers.at, 16), request->words.at, request->words.size);
    return 1;
}

/* Whether an entry is for this command: the same bytes, and so as well formed as those that Python has read. */
static int is_for(const struct entry *entry, const struct request *request) {
    const char *frame = entry->command.at, *command = frame + HEADER;
    return entry->hash == request->hash && !memcmp(frame + 6, request->flags.at, 2) &&
           !memcmp(command + 16, request->numbers.at, 16) && get32(command) == get32(request->numbers.at - 16) &&
           get32(command + 8) == get32(request->numbers.at - 8) &&
           same((struct bytes){command + COMMAND, entry->command.size - HEADER - COMMAND}, request->words.at, (ssize_t)request->words.size);
}

/* Whether the variables that counted are as they were, each there once or not at all. */
static int has_variables(struct bytes environment, struct bytes variables) {
    int found = 0, wanted = 0;
    for (const char *want = variables.at; want < variables.at + variables.size; want += strlen(want) + 1)
        wanted += strchr(want, '=') != NULL;
    for (const char *entry = environment.at; entry < environment.at + environment.size; entry += strlen(entry) + 1) {
        for (const char *want = variables.at; want < variables.at + variables.size; want += strlen(want) + 1) {
            if (*want != *entry) continue;
            const size_t name = strcspn(want, "=");
            if (strncmp(want, entry, name) || entry[name] != '=') continue;
            if (strcmp(want, entry)) return 0; /* another value, or none was there */
            found++;
        }
    }
    return found == wanted;
}

/* What was answered to this command in this very directory. */
static const struct entry *find(const struct front *front, const struct request *request) {
    const struct taken *taken = &front->shared.taken;
    for (size_t at = request->hash % BUCKETS; front->buckets[at]; at = (at + 1) % BUCKETS) {
        const struct entry *entry = front->slots[front->buckets[at] - 1];
        if (entry->passed != taken->passed || !is_for(entry, request)) continue;
        if (same(entry->directory, front->shared.directory, taken->directory_size) && has_variables(request->environment, entry->variables)) return entry;
    }
    return NULL;
}

/* Leaves the connection to Python. */
static int pass_on(struct front *front) {
    struct taken *taken = &front->shared.taken;
    taken->pidfd = open_pidfd(taken->fd, taken->pid);
    if (taken->pidfd >= 0) return 1;
    close_all(taken->descriptors, taken->passed); /* it has gone */
    close(taken->fd);
    taken->fd = -1;
    return 0;
}

/* Runs the command; 0 where Python has to see to it. */
static int run(struct front *front, const struct entry *entry) {
    struct taken *taken = &front->shared.taken;
    mode_t mask;
    if (front->running_count >= front->may_run || front->running_count == RUNNING_MAX || taken->passed != 4) return 0;
    taken->pidfd = open_pidfd(taken->fd, taken->pid);
    if (taken->pidfd < 0) return 0;
    const int like = is_like_own(&front->own, taken->pid, taken->pidfd, &mask);
    taken->inspected = stamp(front);
    const char *command = front->room + HEADER, *arguments = command + COMMAND + get32(command + 16);
    const struct program program = {entry->answer.at,
                                    entry->arguments.size ? entry->arguments : (struct bytes){arguments, get32(command + 8)},
                                    {arguments + get32(command + 8), get32(command + 12)},
                                    get32(command),
                                    get32(command + 4)};
    const pid_t child = like ? spawn(front, &program, taken->descriptors, mask) : 0;
    if (child <= 0) {
        close(taken->pidfd);
        return 0;
    }
    taken->child = child;
    taken->spawned = now();
    close_all(taken->descriptors, taken->passed); /* its pipes must end when its own processes end */
    taken->passed = taken->size = 0;
    wait_for(front, taken->fd);
    front->running[front->running_count++] = *taken;
    taken->fd = -1;
    return 1;
}

static void answer(struct front *front, const struct entry *entry) {
    struct taken *taken = &front->shared.taken;
    send(taken->fd, entry->answer.at, entry->answer.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(taken->fd);
    close_all(taken->descriptors, taken->passed);
    report(front, taken, NULL);
    taken->fd = -1;
}

/* Whether no rules of a repository are in the directory or above it; 0 where that is left to Python. The user's own home
 * doesn't count, and is known by its name. */
static int has_no_repository(const struct front *front) {
    static const char inside[] = "/.safeshell", rules[] = "/rules.yaml";
    char path[PATH_MAX + sizeof inside + sizeof rules];
    size_t size = (size_t)front->shared.taken.directory_size;
    memcpy(path, front->shared.directory, size);
    for (;;) {
        while (size && path[size - 1] == '/') size--;
        memcpy(path + size, inside, sizeof inside);
        if (!same(front->home, path, (ssize_t)(size + sizeof inside - 1))) {
            memcpy(path + size + sizeof inside - 1, rules, sizeof rules);
            if (!access(path, F_OK)) return 0;
        }
        if (!size) return 1;
        while (size && path[size - 1] != '/') size--;
    }
}

/* What Python would read first about a command, found out here for less. */
static void find_out(struct front *front) {
    struct taken *taken = &front->shared.taken;
    taken->same_view = sees_the_same(&front->own, taken->pid);
    if (!taken->same_view || taken->directory_size <= 0 || *front->shared.directory != '/') return;
    taken->no_repository = has_no_repository(front);
    taken->fresh = front->sources.size && is_unchanged(front->sources);
}

/* Looks whether the request that was taken can be answered here. Returns whether Python has something to do. */
static int serve(struct front *front) {
    struct taken *taken = &front->shared.taken;
    const size_t size = (size_t)taken->size;
    taken->received = stamp(front);
    taken->seen = 0;
    struct request request;
    if (taken->truncated || taken->passed == 0 || !parse(front->room, size, &request)) return pass_on(front);
    taken->directory_size = (int)name_directory(taken->descriptors[taken->passed - 1], front->shared.directory, PATH_MAX);
    const struct entry *entry = find(front, &request);
    uint64_t *recent = &front->recent[request.hash % RECENT];
    taken->seen = *recent == request.hash;
    *recent = request.hash;
    if (entry && (taken->uid == 0 || (uid_t)taken->uid == front->uid) && taken->fd < front->descriptors_max &&
        (entry->runs || sees_the_same(&front->own, taken->pid)) && is_unchanged(entry->reads)) {
        taken->recalled = stamp(front);
        for (taken->slot = 0; front->slots[taken->slot] != entry;) taken->slot++;
        if (!entry->runs) answer(front, entry);
        if (!entry->runs || run(front, entry)) return 0;
    }
    find_out(front);
    return pass_on(front);
}

static void hold(struct front *front) {
    const struct taken *taken = &front->shared.taken;
    front->held[front->held_count++] = (struct held){taken->fd, now(), taken->began, taken->accepted};
    wait_for(front, taken->fd);
}

static int release(struct front *front, int at) {
    const int fd = front->held[at].fd;
    epoll_ctl(front->epoll, EPOLL_CTL_DEL, fd, NULL);
    memmove(front->held + at, front->held + at + 1, (size_t)(--front->held_count - at) * sizeof *front->held);
    return fd;
}

/* Receives what is there of a request. Returns whether Python has something to do. */
static int receive(struct front *front, int may_hold) {
    struct taken *taken = &front->shared.taken;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(PASSED_MAX * sizeof(int))];
    struct iovec room = {front->room, front->room_size};
    struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    const ssize_t size = recvmsg(taken->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    taken->size = 0;
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (!may_hold || front->held_count == HELD_MAX) return pass_on(front);
        hold(front);
        taken->fd = -1;
        return 0;
    }
    taken->truncated = size > 0 && message.msg_flags & MSG_CTRUNC;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header && size >= 0; header = CMSG_NXTHDR(&message, header))
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
            taken->passed = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(taken->descriptors, CMSG_DATA(header), (size_t)taken->passed * sizeof(int));
        }
    if (size <= 0) { /* it has gone */
        close_all(taken->descriptors, taken->passed);
        close(taken->fd);
        taken->fd = -1;
        return 0;
    }
    taken->size = (int)size;
    return serve(front);
}

static int look_at_peer(struct front *front, int fd) {
    struct taken *taken = &front->shared.taken;
    struct ucred peer;
    socklen_t size = sizeof peer;
    *taken = (struct taken){.fd = fd, .slot = -1, .pidfd = -1};
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size)) {
        close(fd);
        taken->fd = -1;
        return 0;
    }
    taken->pid = peer.pid;
    taken->uid = (int)peer.uid;
    return 1;
}

/* Takes a connection. Returns whether Python has something to do; -1 where it is to take the connection itself. */
static int take(struct front *front) {
    const uint64_t began = stamp(front);
    int fd = accept4(front->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -1;
    if (!look_at_peer(front, fd)) return 0;
    front->shared.taken.began = began;
    front->shared.taken.accepted = stamp(front);
    return receive(front, 1);
}

/* Goes on with a connection that was held. */
static int go_on(struct front *front, int at, int may_hold) {
    const struct held held = front->held[at];
    release(front, at);
    if (!look_at_peer(front, held.fd)) return 0;
    front->shared.taken.began = held.began;
    front->shared.taken.accepted = held.accepted;
    return receive(front, may_hold);
}

static int held_at(const struct front *front, int fd) {
    for (int at = 0; at < front->held_count; at++)
        if (front->held[at].fd == fd) return at;
    return -1;
}

/* What front.py calls */

/* What front.py has to agree with: the size of what `front_shared` gives, the source, how many buckets a histogram has. */
size_t front_shared_size(void) {
    return sizeof(struct shared);
}

uint32_t front_source(void) {
    return FRONT_SOURCE;
}

size_t front_buckets(void) {
    return BUCKETS_OF_TIME;
}

struct shared *front_shared(struct front *front) {
    return &front->shared;
}

/* Makes a front that waits at this epoll and receives into this room. The numbers of signals come by `wakeup`, a socket
 * whose other end is `waker`. NULL: out of memory. */
struct front *front_new(int epoll, int wakeup, int waker, char *room, size_t room_size, int uid) {
    struct front *front = calloc(1, sizeof *front);
    if (!front) return NULL;
    front->epoll = epoll;
    front->wakeup = wakeup;
    front->waker = waker;
    front->room = room;
    front->room_size = room_size;
    front->uid = (uid_t)uid;
    front->listener = front->shared.taken.fd = -1;
    return front;
}

static struct bytes keep(const char *at, size_t size) {
    char *copy = malloc(size + 1);
    if (!copy) return (struct bytes){NULL, 0};
    memcpy(copy, at, size);
    copy[size] = 0;
    return (struct bytes){copy, size};
}

/* The daemon's own state, of which it has one: the mount namespace and root, by which files are seen. */
void front_set_view(struct front *front, const char *mount, size_t size, uint64_t device, uint64_t inode) {
    front->own.mount = keep(mount, size);
    front->own.root_device = device;
    front->own.root_inode = inode;
}

/* The same for callers whose commands may run here; `label` is NULL where there are none. */
void front_set_own(struct front *front, const char *status, size_t status_size, const char *label, size_t label_size,
                   const char *cgroup, size_t cgroup_size, const char *limits, size_t limits_size, int nice, int scheduling,
                   uint64_t files_soft, uint64_t files_hard) {
    struct own *own = &front->own;
    own->status = keep(status, status_size);
    own->has_label = label != NULL;
    if (label) own->label = keep(label, label_size);
    own->cgroup = keep(cgroup, cgroup_size);
    own->limits = keep(limits, limits_size);
    own->nice = nice;
    own->scheduling = scheduling;
    own->open_files = (struct rlimit){files_soft, files_hard};
}

/* One more namespace; 0 where there is no room for it. */
int front_add_namespace(struct front *front, const char *name, const char *link, size_t size) {
    struct own *own = &front->own;
    if (own->namespaces == NAMESPACES_MAX) return 0;
    own->names[own->namespaces] = keep(name, strlen(name));
    own->links[own->namespaces++] = keep(link, size);
    return 1;
}

/* Which socket to take connections from, -1 for none; whether to time; below which descriptor a connection is served. */
void front_set(struct front *front, int listener, int timed, int descriptors_max) {
    front->listener = listener;
    front->timed = timed;
    front->descriptors_max = descriptors_max;
}

static void index_again(struct front *front) {
    memset(front->buckets, 0, sizeof front->buckets);
    for (int slot = 0; slot < SLOTS; slot++) {
        if (!front->slots[slot]) continue;
        size_t at = front->slots[slot]->hash % BUCKETS;
        while (front->buckets[at]) at = (at + 1) % BUCKETS;
        front->buckets[at] = (uint8_t)(slot + 1);
    }
}

/* Empties a slot. */
void front_forget(struct front *front, int slot) {
    free(front->slots[slot]);
    front->slots[slot] = NULL;
    index_again(front);
}

/* Keeps an answer in a slot, in the place of what was there. `frame` is a request that Python has taken apart, `whole` the
 * address of the buckets that its time is counted in. 0: it can't be kept. */
int front_put(struct front *front, int slot, const char *frame, size_t frame_size, int passed, const char *variables,
              size_t variables_size, const char *directory, size_t directory_size, const char *reads, size_t reads_size,
              const char *answer, size_t answer_size, const char *arguments, size_t arguments_size, int runs, int urgent,
              uint64_t whole) {
    struct request request;
    front_forget(front, slot);
    if (!parse(frame, frame_size, &request)) return 0;
    const struct bytes parts[] = {{frame, (size_t)(request.environment.at - frame)},
                                  {variables, variables_size},
                                  {directory, directory_size},
                                  {reads, reads_size},
                                  {answer, answer_size},
                                  {arguments, arguments_size}};
    size_t size = sizeof(struct entry);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) size += parts[i].size + 1; /* each ends in NUL: a path is one */
    struct entry *entry = calloc(1, size);
    if (!entry) return 0;
    *entry = (struct entry){.hash = request.hash, .passed = passed, .runs = runs, .urgent = urgent, .whole = (uint64_t *)(uintptr_t)whole};
    struct bytes *const places[] = {&entry->command, &entry->variables, &entry->directory,
                                    &entry->reads,   &entry->answer,    &entry->arguments};
    char *at = (char *)(entry + 1);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        memcpy(at, parts[i].at, parts[i].size);
        *places[i] = (struct bytes){at, parts[i].size};
        at += parts[i].size + 1;
    }
    front->slots[slot] = entry;
    index_again(front);
    return 1;
}

/* Whether paths are found as they were; answers are held against it, and the tests hold it against Python. */
int front_is_unchanged(const char *reads, size_t size) {
    return is_unchanged((struct bytes){reads, size});
}

/* The umask of a process that is in all respects as the daemon's own child would be, else -1. */
int front_inspect(const struct front *front, int pid, int pidfd) {
    mode_t mask;
    return is_like_own(&front->own, pid, pidfd, &mask) ? (int)mask : -1;
}

/* Starts a program with these descriptors and the directory's; returns its pid, or -errno. */
int front_spawn(struct front *front, const char *path, const char *arguments, size_t arguments_size, uint32_t argc,
                const char *environment, size_t environment_size, uint32_t envc, const int32_t *descriptors, int mask) {
    const struct program program = {path, {arguments, arguments_size}, {environment, environment_size}, argc, envc};
    return spawn(front, &program, descriptors, (mode_t)mask);
}

/* Has a child's end told to whoever waits at this socket; 0 where there is no room for it. */
int front_notify_exit_on(struct front *front, int pid, int fd) {
    return remember_child(front, pid, fd);
}

/* What the user's rules come from, as it was when they were compiled: reads. */
void front_set_sources(struct front *front, const char *home, size_t home_size, const char *sources, size_t sources_size) {
    free((char *)front->home.at);
    free((char *)front->sources.at);
    front->home = keep(home, home_size);
    front->sources = keep(sources, sources_size);
}

/* A child's end is Python's to tell from now on. */
void front_stop_notifying(struct front *front, int pid) {
    forget_child(front, pid);
}

/* Whether an answer in this slot is being given: a command that Python doesn't know of yet. */
int front_is_busy(const struct front *front, int slot) {
    for (int at = 0; at < front->running_count; at++)
        if (front->running[at].slot == slot) return 1;
    return 0;
}

/* Counts durations. Each record: how many, when the first began, the address of each one's buckets, when each ended. */
void front_count(const char *at, size_t size) {
    for (const char *end = at + size; at < end;) {
        uint64_t count, began;
        memcpy(&count, at, 8);
        memcpy(&began, at + 8, 8);
        const char *buckets = at + 16, *ends = buckets + count * 8;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t *cells, ended;
            memcpy(&cells, buckets + i * 8, 8);
            memcpy(&ended, ends + i * 8, 8);
            count_duration(cells, ended - began);
            began = ended;
        }
        at = ends + count * 8;
    }
}

/* Where the stages are counted of what is answered here, in the order of `enum stage`. */
void front_set_stages(struct front *front, const uint64_t *addresses) {
    for (int stage = 0; stage < STAGES; stage++) front->stages[stage] = (uint64_t *)(uintptr_t)addresses[stage];
}

/* Gives up a connection that is held, or a command that runs. Returns whether there was one: then it is what has been
 * taken, if it is there still. */
int front_hand_back_one(struct front *front) {
    front->shared.taken.fd = -1;
    front->shared.answered_count = front->shared.ended_count = 0;
    if (front->held_count) go_on(front, 0, 0);
    else if (front->running_count) hand_over(front, 0);
    else return 0;
    return 1;
}

/* Whether Python has to take what there is before there is room for more. */
static int is_full(const struct front *front) {
    return front->shared.taken.fd >= 0 || front->shared.answered_count == ANSWERED_MAX;
}

/* Milliseconds until a time, rounded up. */
static int until(uint64_t at, uint64_t from) {
    return at <= from ? 0 : (int)((at - from + 999999) / 1000000);
}

/* How long to wait at most, given how long Python would. */
static int timeout_now(const struct front *front, uint64_t python_at) {
    const uint64_t from = now();
    int timeout = python_at ? until(python_at, from) : -1;
    const int own[] = {
        front->held_count ? until(front->held[0].since + HELD_MS * 1000000ull, from) : -1,
        front->running_count ? until(front->running[0].spawned + RUNNING_MS * 1000000ull, from) : -1,
        front->shared.answered_count ? until(front->report_at, from) : -1,
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i] >= 0 && (timeout < 0 || own[i] < timeout)) timeout = own[i];
    return timeout;
}

/* Gives to Python what has been here long enough; returns whether it has something to do. */
static int give_up_overdue(struct front *front) {
    const uint64_t from = now();
    if (is_full(front)) return 1;
    if (front->held_count && front->held[0].since + HELD_MS * 1000000ull <= from && go_on(front, 0, 0)) return 1;
    if (front->running_count && front->running[0].spawned + RUNNING_MS * 1000000ull <= from) {
        hand_over(front, 0);
        return 1;
    }
    return front->shared.answered_count && front->report_at <= from;
}

/* Waits, and serves what it can. Returns how many descriptors are ready for Python: there may be none, and yet something
 * that was taken, answered or ended. -1 for `timeout` (ms) is for ever; `may_run` is how many commands may be started. */
int front_wait(struct front *front, int timeout, int may_run) {
    struct shared *shared = &front->shared;
    const uint64_t python_at = timeout < 0 ? 0 : now() + (uint64_t)timeout * 1000000;
    shared->taken.fd = -1;
    shared->answered_count = shared->ended_count = 0;
    front->may_run = may_run;
    for (;;) {
        struct epoll_event events[READY_MAX];
        const int count = epoll_wait(front->epoll, events, READY_MAX, timeout_now(front, python_at));
        int ready = 0, stop = 0;
        for (int i = 0; i < count; i++) {
            const int fd = events[i].data.fd, held = held_at(front, fd), running = running_at(front, 0, fd);
            if (fd == front->listener || held >= 0 || running >= 0) {
                if (stop || is_full(front)) continue; /* this stays ready */
                if (running >= 0) hand_over(front, running); /* it says something, or has gone */
                else stop = fd == front->listener ? take(front) : go_on(front, held, 1);
                if (stop >= 0) continue;
            } else if (fd == front->wakeup && see_to_children(front)) {
                continue;
            }
            shared->ready[ready++] = (struct ready){fd, events[i].events};
        }
        if (ready || stop || shared->ended_count || give_up_overdue(front) || (python_at && now() >= python_at)) return ready;
    }
}

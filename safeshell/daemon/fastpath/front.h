/* The daemon's front in native code: takes connections and their requests, and answers again what was answered before.
 *
 * binding.py loads it with ctypes into the daemon, which has one thread and waits here. Nothing here decides anything. An
 * answer is given again only where the command is the same byte for byte and everything that the answer hung on is found as
 * it was: the working directory, some variables, and what was read of the file system, by the same system calls;
 * answer_replay.py says which answers those are. In every other case the request goes to Python with all that was taken,
 * and becomes what it would have become without the front.
 *
 * A command is run here only for a caller that is in every respect as the daemon itself; who differs is Python's. */
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default"))) /* what binding.py calls */

enum { HEADER = 12, COMMAND = 32, VERSION = 1, EXECUTE = 1, EXITED = 4 }; /* docs/protocol.md */
enum { PASSED_MAX = 4, SLOTS = 128, RECENT = 1024, READY_MAX = 64, ANSWERED_MAX = 64, ENDED_MAX = 64 };
enum { ALIKE = 1, REPEATED = 2 }; /* how a request was seen before: its head, or all of it */
enum { NAMESPACES_MAX = 8, CHILDREN = 256, HELD_MAX = 64, RUNNING_MAX = 32, STRINGS_KEPT = 8192 };

/* How long a connection may stay here without a request, a command running before Python sees to it (signals, stops, an
 * end of its client), and an answer unreported. An urgent one waits too: who was answered has the processor first. */
enum { HELD_MS = 20, RUNNING_MS = 5, UNREPORTED_MS = 50, URGENT_MS = 2 };
#define MS 1000000ull /* in ns, as all times are */

/* What binding.py reads, by formats of its own: layout.c and the tests hold the two against each other. */

struct accepted {
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
    struct accepted accepted; /* of `fd` -1: none */
    struct answered answered[ANSWERED_MAX];
    struct ended ended[ENDED_MAX];
    struct ready ready[READY_MAX];
    char directory[PATH_MAX];
};

/* What else it keeps. */

enum stage { ACCEPT, RECEIVE, RECALL, PLACE, SPAWN, CHILD, REAP, FINISH, STAGES };

struct bytes {
    const char *at;
    size_t size;
};

/* What was answered: `command` is the request up to its environment, `variables` entries of that (a name alone: it isn't
 * there), `answer` the frame to send or, where it `runs`, the program's path, and `arguments` its arguments where they are
 * others than the request's. Where only so many words of a `head` have to be the same, `literals` must not be in the line
 * that begins with the name `base`. */
struct entry {
    struct bytes command, variables, directory, reads, answer, arguments, base, literals;
    int passed, runs, urgent, head;
    uint64_t *whole; /* where the time of all of it is counted */
};

/* A request to execute a command, taken apart: what has to be the same again, and the environment, of which some has. */
struct request {
    const char *frame;
    struct bytes words, arguments, environment; /* words: the name and the arguments */
    uint64_t hash;
};

/* What epoll says of a descriptor that is waited for here. Numbers are used again: an event of an older generation is of
 * another connection. What Python registers has the descriptor alone. */
struct registration {
    int32_t fd;
    uint32_t generation;
};
_Static_assert(sizeof(struct registration) == sizeof(epoll_data_t), "it is an event's data");

/* Connections that are waited for here until a time; the first comes first. `frame` is the request where Python doesn't
 * have it: the connection's `size` bytes. */
struct watched {
    struct accepted connection;
    char *frame;
    uint64_t until;
    uint32_t generation;
};
struct watch {
    int count;
    struct watched entries[HELD_MAX];
};

/* The daemon's own state, as safeshell/host/process/confinement.py has read it. */
struct own {
    struct bytes status, label, limits, mount;
    struct bytes names[NAMESPACES_MAX], links[NAMESPACES_MAX];
    int namespaces, has_label, nice, scheduling, cgroup; /* the last: /proc/self/cgroup, open */
    uint64_t root_device, root_inode, root_mount;
    struct rlimit open_files;
};

struct front {
    struct shared shared;
    char *room; /* for requests */
    size_t room_size;
    int epoll, listener, wakeup, waker, mount_list, timed, may_run, descriptors_max, settles;
    uint32_t generation;
    uid_t uid;
    struct own own;
    uint64_t *stages[STAGES];
    struct bytes home, sources, mounts; /* mounts: each with a slash and a NUL behind it */
    struct entry *slots[SLOTS];
    uint64_t hashes[SLOTS]; /* of the requests in the slots, to look through; 0: none */
    uint64_t recent[RECENT], heads[RECENT];
    uint64_t report_at;
    struct watch held, running; /* without a request; with a command that runs */
    struct {
        int pid, fd;
    } children[CHILDREN];
    char **strings;
    size_t strings_size;
};

static inline uint64_t nanoseconds(struct timespec time) { return (uint64_t)time.tv_sec * 1000 * MS + (uint64_t)time.tv_nsec; }

static inline uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return nanoseconds(time);
}

static inline uint64_t stamp(const struct front *front) { return front->timed ? now() : 0; }

static inline uint32_t get32(const char *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline int same(struct bytes known, const char *found, ssize_t size) {
    return size >= 0 && (size_t)size == known.size && !memcmp(known.at, found, known.size);
}

/* accept.c; functions here and in serve.c return whether Python has something to do */
int accept_connection(struct front *front);
int go_on(struct front *front, int at, int may_hold);
void close_descriptors(struct accepted *accepted);
void close_connection(struct accepted *accepted);

/* answer_cache.c */
uint64_t hash(uint64_t value, const char *at, size_t size);
int parse(const char *frame, size_t size, struct request *request);
int has_variables(struct bytes environment, struct bytes variables);
int find(const struct front *front, const struct request *request);

/* bytes.c */
void *keep_all(size_t head, const char *text, const size_t *sizes, int count);
struct bytes next_part(const char **at, size_t size);

/* caller.c */
void name_path(char *room, const char *prefix, int number, const char *suffix);
int open_pidfd(const struct accepted *accepted);
int sees_the_same(const struct own *own, int pid);
int is_like_own(const struct own *own, int pid, int pidfd, mode_t *mask);

/* children.c */
int see_to_children(struct front *front);
void hand_over(struct front *front, int at);

/* heads.c */
uint64_t hash_head(const struct request *request, int words, struct bytes directory);
int find_head(struct front *front, const struct request *request, int *offer);

/* reads.c */
int is_unchanged(struct bytes reads);
int has_no_repository(const struct front *front);
int is_distant(const struct front *front);

/* report.c */
void report(struct front *front, const struct accepted *accepted, const struct ended *end);

/* serve.c */
int serve(struct front *front);
int pass_on(struct front *front);

/* spawn.c; a program is what a command consists of: blocks of strings, each with its NUL */
struct program {
    const char *path;
    struct bytes arguments, environment;
    uint32_t argc, envc;
};
pid_t spawn(struct front *front, const struct program *program, const int32_t *passed, mode_t mask);

/* watch.c */
enum { NOT_WATCHED = -1, OF_ANOTHER = -2 };
void watch(struct front *front, struct watch *watch, uint64_t until, char *frame);
struct accepted unwatch(struct front *front, struct watch *watch, int at);
int find_watched(const struct watch *watch, struct registration registration);

/* A load generator that is not the bottleneck: callers are processes that ask, or run a command, again and again.
 *
 *   load ask SOCKET CALLERS LIMIT new|same TYPE EXPECTED NAME ARG…    EVALUATE requests (docs/protocol.md); the answer's
 *                                              frame must be of this TYPE and hold EXPECTED
 *   load run|deny CALLERS LIMIT new|same PROGRAM ARG…    spawns the program and waits for it; it must exit 0, or
 *                                              126 where it is to be denied
 *
 * LIMIT is a number of times for each caller, or with an `s` a number of seconds. `new`: no line comes twice, for its last
 * argument has a number in it. Prints how often it was done in all, and in how many seconds. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 12, COMMAND = 32, REQUEST_MAX = 1 << 20, DENIED = 126 };

#define NUMBERED "number-00000000"
enum { DIGITS = 8, DIGITS_AT = sizeof NUMBERED - 1 - DIGITS };

extern char **environ;

/* What the callers share: they begin together, and count together. */
struct shared {
    atomic_int ready, begun;
    atomic_long done;
};

struct limit {
    long times;
    double seconds;
};

struct asking {
    struct sockaddr_un address;
    int is_new, type, directory;
    const char *expected;
    char request[REQUEST_MAX];
    size_t size, number_at; /* where in the request its number stands */
};

struct running {
    char **words;
    char *number; /* within the last word; NULL: the line is the same each time */
    int expected; /* exit status */
};

static _Noreturn void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void put32(char *at, size_t value) {
    uint32_t number = (uint32_t)value;
    memcpy(at, &number, sizeof number);
}

static size_t append(struct asking *asking, const char *text) {
    size_t size = strlen(text) + 1;
    if (asking->size + size > sizeof asking->request) fail("the request is too large");
    memcpy(asking->request + asking->size, text, size);
    asking->size += size;
    return size;
}

/* Lays out the request: it only differs by its number from now on. */
static void prepare(struct asking *asking, char **words) {
    char *command = asking->request + HEADER;
    size_t argc = 0, envc = 0, argument_bytes = 0, environment_bytes = 0, name = strlen(words[0]);
    asking->size = HEADER + COMMAND;
    append(asking, words[0]);
    asking->size--; /* the name has no NUL */
    for (; words[argc]; argc++) argument_bytes += append(asking, words[argc]);
    argument_bytes += append(asking, NUMBERED);
    asking->number_at = asking->size - 1 - DIGITS;
    for (; environ[envc]; envc++) environment_bytes += append(asking, environ[envc]);
    memcpy(asking->request, "SfSh\1\2\0\0", 8);
    put32(asking->request + 8, asking->size - HEADER);
    put32(command, argc + 1);
    put32(command + 4, envc);
    put32(command + 8, argument_bytes);
    put32(command + 12, environment_bytes);
    put32(command + 16, name);
}

static void number(char *at, long caller, long turn) {
    char digits[24];
    snprintf(digits, sizeof digits, "%0*lu", DIGITS, (unsigned long)(turn * 64 + caller) % 100000000);
    memcpy(at, digits, DIGITS);
}

static void send_request(int fd, struct asking *asking) {
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {asking->request, asking->size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &asking->directory, sizeof(int));
    if (sendmsg(fd, &message, MSG_NOSIGNAL) != (ssize_t)asking->size) fail("sendmsg");
}

static void ask(struct asking *asking, long caller, long turn) {
    char answer[65536];
    size_t size = 0;
    ssize_t got;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    if (connect(fd, (struct sockaddr *)&asking->address, sizeof asking->address)) fail("connect");
    if (asking->is_new) number(asking->request + asking->number_at, caller, turn);
    send_request(fd, asking);
    while ((got = read(fd, answer + size, sizeof answer - 1 - size)) > 0) size += (size_t)got;
    close(fd);
    answer[size] = 0;
    if (size < 8 || answer[0] != asking->type || !memmem(answer, size, asking->expected, strlen(asking->expected))) {
        fprintf(stderr, "another answer than expected: type %d, %s\n", size ? answer[0] : 0, size > 8 ? answer + 8 : "");
        exit(1);
    }
}

static posix_spawn_file_actions_t quiet; /* what the program prints goes nowhere */

/* Takes the word `new` or `same` out: where it was is room for one more at the end. */
static struct running prepare_run(char **words, int expected) {
    static char numbered[] = NUMBERED;
    const int is_new = !strcmp(words[0], "new");
    char **end = words;
    for (; end[1]; end++) end[0] = end[1];
    *end = is_new ? numbered : NULL;
    return (struct running){words, is_new ? numbered + DIGITS_AT : NULL, expected};
}

static void run(struct running *running, long caller, long turn) {
    char **words = running->words;
    pid_t child;
    int status;
    if (running->number) number(running->number, caller, turn);
    if (posix_spawn(&child, words[0], &quiet, NULL, words, environ)) fail(words[0]);
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != running->expected) {
        fprintf(stderr, "%s ended with wait status %d\n", words[0], status);
        exit(1);
    }
}

static struct limit parse_limit(const char *text) {
    struct limit limit = {atol(text), 0};
    if (text[strlen(text) - 1] == 's') limit = (struct limit){-1, atof(text)};
    return limit;
}

static _Noreturn void call(struct shared *shared, struct limit limit, struct asking *asking, struct running *running,
                           long caller) {
    long turn = 0;
    atomic_fetch_add(&shared->ready, 1);
    while (!atomic_load(&shared->begun)) sched_yield();
    double end = now() + limit.seconds;
    for (; limit.times < 0 ? now() < end : turn < limit.times; turn++) {
        if (asking) ask(asking, caller, turn);
        else run(running, caller, turn);
    }
    atomic_fetch_add(&shared->done, turn);
    exit(0);
}

static int drive(int callers, struct limit limit, struct asking *asking, struct running *running) {
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int failed = 0, status;
    if (shared == MAP_FAILED) fail("mmap");
    for (int caller = 0; caller < callers; caller++) {
        pid_t child = fork();
        if (child < 0) fail("fork");
        if (!child) call(shared, limit, asking, running, caller);
    }
    while (atomic_load(&shared->ready) < callers) sched_yield();
    double began = now();
    atomic_store(&shared->begun, 1);
    while (wait(&status) > 0) failed |= status;
    printf("%ld %.6f\n", atomic_load(&shared->done), now() - began);
    return failed ? 1 : 0;
}

int main(int argc, char **argv) {
    static struct asking asking;
    /* Whoever started this may ignore signals (nohup, a background job); a caller that does is another one to the daemon. */
    for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    const int denied = argc > 5 && !strcmp(argv[1], "deny");
    if (denied || (argc > 5 && !strcmp(argv[1], "run"))) {
        struct running running = prepare_run(argv + 4, denied ? DENIED : 0);
        return drive(atoi(argv[2]), parse_limit(argv[3]), NULL, &running);
    }
    if (argc < 9 || strcmp(argv[1], "ask")) {
        fputs("usage: load ask SOCKET CALLERS LIMIT new|same TYPE EXPECTED NAME ARG…\n"
              "       load run|deny CALLERS LIMIT new|same PROGRAM ARG…\n",
              stderr);
        return 2;
    }
    asking.address.sun_family = AF_UNIX;
    snprintf(asking.address.sun_path, sizeof asking.address.sun_path, "%s", argv[2]);
    asking.is_new = !strcmp(argv[5], "new");
    asking.type = atoi(argv[6]);
    asking.expected = argv[7];
    asking.directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (asking.directory < 0) fail("the working directory");
    prepare(&asking, argv + 8);
    return drive(atoi(argv[3]), parse_limit(argv[4]), &asking, NULL);
}

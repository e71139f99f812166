/* What the client knows of itself and of its end of the connection, and what its files offer each other. */
#pragma once

#include "sys.h" /* first: it says which of libc's features the headers show */

#include <string.h>

/* What the kernel left on the stack. */
struct process {
    char **argv;
    char **envp;
    const char *execfn; /* the path this program was executed as */
    unsigned long euid;
};

struct client {
    const struct process *process;
    struct sockaddr_un address; /* of the daemon's socket: HOME/daemon.sock */
    size_t home_length;
    int is_users_home, is_beside; /* $HOME's home; the one that the shim stands in, in the place of that */
    int socket;
    long daemon;      /* its process id; 0 where that isn't to be seen from here */
    int signals;      /* a signalfd of all signals but SIGCHLD and what the caller had blocked */
    signal_set mask;  /* what the caller had blocked */
    signal_set taken; /* signals read from the signalfd before the command ran */
    int forwarding;   /* all signals are blocked, and go to the daemon as they arrive */
};

/* safeshell-shim.c, hook/safeshell-hook.c, shell/safeshell-sh.c: what each program has of its own */
extern const char own_place[8]; /* the directory of a home that it stands in, between slashes */
_Noreturn void run_client(const struct process *process);

/* refuse.c; the hook program has a `fail` of its own */
_Noreturn void fail(const char *const *pieces);
_Noreturn void end_unguarded(const struct client *client, long failed, const char *path);

/* descriptors.c */
long keep_clear(long fd);
long open_file(const char *path, int flags);
long open_directory(void);
int read_file(const char *path, char *room, size_t size);

/* text.c */
int same(const char *left, const char *right);
int starts_with(const char *text, const char *start);
const char *base_name(const char *path);
const char *variable(char *const *envp, const char *name);
const char *decimal(uint64_t number, char *room);
void *allocate(size_t size);
uint64_t parse_decimal(const char *text);

/* output.c */
struct iovec *advance(struct iovec *part, const struct iovec *end, size_t size);
int write_all(int fd, const void *bytes, size_t size);
void say(const char *const *pieces);
const char *reason(long error, char *room);

enum { ANOTHERS = 4096 }; /* beside the kernel's errors: who listens is another user */

#define PIECES(...) ((const char *const[]){"safeshell: ", __VA_ARGS__, "\n", NULL})
#define SAY(...) say(PIECES(__VA_ARGS__))
#define FAIL(...) fail(PIECES(__VA_ARGS__))

enum { NUMBER_ROOM = 21, REASON_ROOM = 27 }; /* bytes of the caller's, for `decimal` and for `reason` */

/* connect.c */
void locate_daemon(struct client *client);
int locate_beside(struct client *client);
long connect_daemon(struct client *client);

/* unreachable.c, launch.c, confined.c */
long reach_daemon(struct client *client, long failed);
int may_run_unguarded(const struct client *client, int is_ai);
void start_daemon(const struct client *client, char *const *argv, int64_t deadline);
int is_confined(void);

/* send.c */
enum { HEADER_SIZE = 12 };
void put32(uint8_t *at, uint32_t value);
void put_header(uint8_t *at, int type, int flags, uint32_t length);
long send_parts(int socket, struct iovec *part, int count, const int *fds, unsigned fd_count);

/* observe.c, request.c */
enum { FLAG_TTY = 1, FLAG_CTTY = 2, FLAG_FDS = 4, FLAG_CLOSED = 8, FLAG_UNUSUAL = 32, FLAG_CONFINED = 64 };
int is_unusual(void);
int is_kept_in(void);
int observe(int own, long daemon);
enum { REQUEST_EXECUTE = 1, REQUEST_SIGNAL = 3, REQUEST_SHELL = 13 };
long send_command(const struct client *client, int type, int flags, const int *fds, unsigned fd_count);
void check_sent(long failed);
void send_request(const struct client *client);
void send_signal(const struct client *client, uint32_t number);

/* reply.c, answer.c */
struct frame {
    uint8_t type;
    uint16_t flags;
    uint32_t length;
};
struct reader {
    struct client *client;
    size_t start, end;
    uint8_t buffer[512];
};
_Noreturn void reject(void);
struct frame take_header(struct reader *reader);
uint32_t take_number(struct reader *reader);
char *take_whole(struct reader *reader, size_t size);
void pass_on(struct reader *reader, uint32_t length, int fd);
_Noreturn void follow(struct client *client);

/* signals.c */
void begin_forwarding(struct client *client);
void end_forwarding(struct client *client);
long read_signal(int fd, struct signalfd_siginfo *signal);
_Noreturn void end_like(int status);
void stop_like(int number);

/* execute.c, supervise.c */
enum { STATUS_TIMEOUT = 124, PATH_ROOM = 4096 };
int is_shim(const char *path, const struct statx *found);
int find_next(const char **at, const char *name, char *room);
_Noreturn void execute(const struct process *process, const char *path, char *const *argv);
_Noreturn void supervise(struct client *client, const char *path, char *const *argv, uint32_t timeout);

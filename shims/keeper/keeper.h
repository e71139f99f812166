/* What the keeper knows of its tree and of what it holds, and what its files offer each other. docs/kernel.md. */
#pragma once

#include "../client.h"

#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <linux/audit.h>

enum {
    HELD_MAX = 512,           /* calls that are held at once; the kernel keeps the others waiting */
    BLOCK_MAX = 6 << 20,      /* bytes of arguments and environment together; the kernel takes no more */
    HEAD_SIZE = 256,          /* bytes at a file's beginning that the kernel looks at */
    INTERPRETERS_MAX = 5,     /* one running the other; the kernel takes as many */
    HOLD_MS = 2000,           /* how long a call is held where more than the command would stand still */
    LOOK_MS = 250,            /* how often it is looked at meanwhile whether the caller was sent a signal */
    EXEC_MS = 20,             /* after so long a program that was let go should have begun */
};

/* Strings in one piece, each with its NUL. */
struct strings {
    char *at;
    uint32_t count;
    size_t size, room;
};

/* A file, as the kernel knows it, and as it was. */
struct identity {
    uint64_t device, inode, size;
    int64_t changed, changed_ns;
};

/* The program of one question: what the caller asked for, then the interpreter of that, if it is a script, and so on. */
struct stage {
    char path[PATH_ROOM];
    const char *name; /* what rules go by: the last part of this path */
    struct identity file;
    struct strings arguments;
};

/* ASKING: the daemon is. BEGINNING: it was let go, and is looked at where the program begins. LIMITED: a rule ends it. */
enum state { FREE, ASKING, BEGINNING, LIMITED };

/* A call of execve that waits for an answer, or that got one and isn't done. */
struct held {
    enum state state;
    uint64_t id;
    long thread, pid;
    int by_shell;     /* only this command stands still while it waits */
    int is_waiting;   /* for a person */
    int is_traced;    /* since the call before, which the kernel has refused */
    int is_chased;    /* its program didn't begin in time */
    int is_unread;    /* its file can't be read, so what runs can't be compared */
    int64_t deadline; /* ms of the monotonic clock; 0: none */
    uint32_t limit;   /* ms that a rule lets it run; 0: no limit */
    struct strings environment;
    struct stage stages[INTERPRETERS_MAX];
    int stage_count, asked; /* stages, and the one that is asked about */
    int run;                /* the one that the kernel runs; the dynamic loader itself runs another */
    int is_part;            /* of a program that was judged */
    int is_foreign;         /* neither a program of the kernel's own form nor a script: what runs is the machine's matter */
    int socket, directory; /* LIMITED: a descriptor of the process */
    size_t got;            /* bytes of the answer */
    uint8_t answer[8192];
};

struct keeper {
    const struct process *process;
    struct client client;
    int listener, calls, runner, signals; /* the kernel's, what is received of it, the one that waits */
    long command; /* the process of COMMAND; 0 once it has ended */
    struct held *held;
    struct known *known;
};

/* filter.c */
enum { NO_LISTENER = 4097 }; /* beside the kernel's errors: somebody above listens already */
long install_filter(void);
int forbid_new_privileges(void);

/* caller.c */
long read_caller(struct keeper *keeper, struct held *held, const struct seccomp_notif *call);
long grow(struct strings *strings, size_t more);
void release_caller(struct held *held);
int was_signalled(const struct held *held);

/* program.c */
struct place {
    long thread;
    int directory; /* what a relative path begins at */
    int flags;
};
long open_program(const struct place *place, const char *path);
long resolve_program(struct keeper *keeper, struct held *held, const struct place *place);
int same_file(const struct identity *left, const struct identity *right);
long identify(const char *path, int fd, struct identity *found);
char *proc_path(char *room, long pid, const char *rest);
char *own_descriptor(char *room, int fd);
enum { PROC_ROOM = 64 };

/* known.c */
void learn_names(struct keeper *keeper);
void name_stage(const struct keeper *keeper, struct stage *stage, int fd);
extern const char loader_name[];
int is_own_part(const struct held *held, int fd);

/* ask.c */
void ask_about(struct keeper *keeper, struct held *held);
void hear(struct keeper *keeper, struct held *held);
void settle(struct keeper *keeper, struct held *held, long error);
int was_denied(const struct held *held);
void end_wait(struct keeper *keeper, struct held *held, const char *why);

/* verify.c */
void seize(struct held *held);
void chase(struct held *held);
void take_over(struct keeper *keeper, struct held *held);
void hear_children(struct keeper *keeper);

/* tell.c */
void tell_pieces(const struct held *held, const char *const *pieces);
#define TELL(held, ...) tell_pieces((held), PIECES(__VA_ARGS__))

/* keep.c, run.c */
_Noreturn void keep(struct keeper *keeper);
void tell_runner(const struct keeper *keeper, int kind, int value);
enum { SAYS_STARTED = 1, SAYS_STOPPED, SAYS_ENDED };
struct said {
    int kind, value;
};

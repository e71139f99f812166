/* The filter of the tree: each way to begin a program is held, and no process of it may listen in the keeper's place. */
#include "keeper.h"

#define HELD SECCOMP_RET_USER_NOTIF
#define FAILS_WITH(error) (SECCOMP_RET_ERRNO | (error))
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then), (otherwise))
#define IF_ANY(bits, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (then), (otherwise))
#define SAY_SO(action) BPF_STMT(BPF_RET | BPF_K, (action))

/* The low word of the second argument. */
#define FLAGS_AT (offsetof(struct seccomp_data, args[1]) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0))

/* Of one table of numbers: both execs are held; `seccomp` with a listener fails as if there were one, which there is. */
#define NUMBERS(execve, execveat, seccomp)                                                                            \
    LOAD(nr), IF((execve), 5, 0), IF((execveat), 4, 0), IF((seccomp), 0, 2),                                           \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FLAGS_AT), IF_ANY(SECCOMP_FILTER_FLAG_NEW_LISTENER, 2, 0),                  \
        SAY_SO(SECCOMP_RET_ALLOW), SAY_SO(HELD), SAY_SO(FAILS_WITH(EBUSY))
enum { NUMBERS_SIZE = 9 };

#if defined(__x86_64__)
#define OWN AUDIT_ARCH_X86_64
#define OTHER AUDIT_ARCH_I386
#define X32 0x40000000 /* the bit of its numbers; old kernels take those of x86-64 with it, too */
static const struct sock_filter rules[] = {
    LOAD(arch), IF(OWN, 2 + NUMBERS_SIZE, 0), IF(OTHER, 1, 0), SAY_SO(FAILS_WITH(EACCES)),
    NUMBERS(11, 358, 354), /* i386 */
    LOAD(nr), IF_ANY(X32, NUMBERS_SIZE, 0),
    NUMBERS(59, 322, 317),
    IF(X32 + 59, 1, 0), IF(X32 + 322, 0, 1), SAY_SO(HELD),
    NUMBERS(X32 + 520, X32 + 545, X32 + 317),
};
#elif defined(__aarch64__)
#define OWN AUDIT_ARCH_AARCH64
#define OTHER AUDIT_ARCH_ARM
static const struct sock_filter rules[] = {
    LOAD(arch), IF(OWN, 2 + NUMBERS_SIZE, 0), IF(OTHER, 1, 0), SAY_SO(FAILS_WITH(EACCES)),
    NUMBERS(11, 387, 383), /* arm */
    NUMBERS(221, 281, 277),
};
#else
#define NO_RULES
#endif

int forbid_new_privileges(void) { return call6(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0) == 0; }

/* Puts the filter on this process and all that come of it; the listener's descriptor, or why there is none. */
long install_filter(void) {
#ifdef NO_RULES
    return -ENOSYS;
#else
    const struct sock_fprog program = {sizeof rules / sizeof *rules, (struct sock_filter *)rules};
    const unsigned plain = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    /* A signal that a handler takes doesn't break off a question that was heard; Linux 5.19. */
    long made = call3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plain | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
    if (made == -EINVAL) made = call3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plain, &program);
    return made == -EBUSY ? -NO_LISTENER : made;
#endif
}

/* The keeper's program: starts COMMAND in its tree, and ends as COMMAND does, while the keeper stays.
 *
 *   runner ── the process that was started: it waits, passes signals on, and ends with COMMAND's status
 *     └─ keeper ── in a process group of its own, with nothing of the terminal's: until the last process has ended
 *          └─ COMMAND ── in the runner's process group, with its descriptors and signals
 */
#include "keeper.h"

const char own_place[8] = "/hooks/";

/* Says why SafeShell itself failed, and ends with the status for that. */
_Noreturn void fail(const char *const *pieces) {
    say(pieces);
    sys_exit(125);
}

static long send_descriptor(int socket, int fd, long failed) {
    uint8_t bytes[sizeof(long)];
    memcpy(bytes, &failed, sizeof bytes);
    struct iovec part = {bytes, sizeof bytes};
    return send_parts(socket, &part, 1, &fd, fd >= 0);
}

/* Takes the listener from COMMAND's process; returns it, or why there is none. */
static long take_listener(int socket) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    long failed = 0;
    struct iovec part = {&failed, sizeof failed};
    struct msghdr message = {0};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    long got;
    do got = call3(SYS_recvmsg, socket, &message, MSG_CMSG_CLOEXEC);
    while (got == -EINTR);
    const struct cmsghdr *const header = CMSG_FIRSTHDR(&message);
    if (got != sizeof failed) return -EPIPE;
    if (failed || !header) return failed ? failed : -EPIPE;
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return keep_clear(fd);
}

struct start {
    const struct process *process;
    const char *program;
    char *const *argv;
    signal_set mask; /* as it was */
    long group;
};

/* Becomes COMMAND, under the filter. */
static _Noreturn void become_command(const struct start *start, int socket) {
    char room[REASON_ROOM];
    call3(SYS_setpgid, 0, start->group, 0);
    long listener = install_filter();
    if (listener == -EACCES && forbid_new_privileges()) {
        listener = install_filter();
        if (listener >= 0)
            SAY("kernel tier without privileges: setuid programs such as sudo gain none in here (no_new_privs)");
    }
    const int is_inside = listener == -NO_LISTENER; /* who listens above decides about this tree, too */
    const long failed = listener >= 0 ? 0 : listener;
    if (send_descriptor(socket, (int)(failed ? -1 : listener), failed)) FAIL("the keeper has ended");
    if (failed && !is_inside) sys_exit(125); /* it says why */
    if (!failed) sys_close((int)listener);
    sys_close(socket);
    sys_sigmask(SIG_SETMASK, start->mask, NULL);
    const long error = sys_execve(start->program, start->argv, start->process->envp);
    SAY(start->argv[0], ": ", reason(error, room));
    sys_exit(error == -ENOENT ? 127 : 126);
}

/* Keeps nothing that belongs to who started it: a pipe would have no end, a directory couldn't be removed. */
static void leave_behind(void) {
    const long null = sys_open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++) sys_dup3((int)null, fd, O_CLOEXEC);
    if (null > 2) sys_close((int)null);
    sys_chdir("/");
}

static _Noreturn void become_keeper(const struct start *start, int runner) {
    static struct keeper keeper;
    int ends[2];
    keeper.process = keeper.client.process = start->process;
    keeper.runner = runner;
    call3(SYS_setpgid, 0, 0, 0);
    sys_prctl(PR_SET_CHILD_SUBREAPER, (void *)1);
    locate_daemon(&keeper.client);
    if (call4(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) FAIL("can't start the keeper");
    keeper.signals = (int)keep_clear(sys_signalfd(SIGNAL_BIT(SIGCHLD)));
    sys_fcntl(keeper.signals, F_SETFL, O_NONBLOCK);
    keeper.command = sys_fork();
    if (!keeper.command) {
        sys_close(ends[0]);
        become_command(start, ends[1]);
    }
    sys_close(ends[1]);
    sys_prctl(PR_SET_DUMPABLE, (void *)0); /* or its listener could be taken; COMMAND has to stay readable */
    const long listener = keeper.command < 0 ? keeper.command : take_listener(ends[0]);
    sys_close(ends[0]);
    if (listener < 0 && listener != -NO_LISTENER) {
        char room[REASON_ROOM];
        SAY("can't listen for the programs that are begun: ", reason(listener, room));
        tell_runner(&keeper, SAYS_ENDED, 125 << 8);
        sys_exit(125);
    }
    tell_runner(&keeper, SAYS_STARTED, 0);
    keeper.listener = (int)listener;
    if (listener < 0) { /* nothing to keep: only COMMAND's status */
        keeper.listener = -1;
    } else {
        uint64_t same_core = 1; /* who answers runs where the caller did; Linux 6.6 */
        sys_ioctl(keeper.listener, SECCOMP_IOW(4, uint64_t), (void *)same_core);
    }
    leave_behind();
    keep(&keeper);
}

static void hear_keeper(int keeper) {
    struct said said;
    const long got = sys_read(keeper, &said, sizeof said);
    if (got == -EAGAIN || got == -EINTR) return;
    if (got != sizeof said) FAIL("the keeper has ended; what the tree begins from now on fails");
    if (said.kind == SAYS_STARTED) leave_behind();
    else if (said.kind == SAYS_STOPPED) stop_like(said.value);
    else end_like(said.value);
}

/* Whether a signal came from COMMAND's own group, which has it already: the terminal sent it, or somebody of the group. */
static int is_shared(const struct signalfd_siginfo *signal) {
    if (signal->ssi_code > 0) return 1;
    return signal->ssi_pid && call3(SYS_getpgid, signal->ssi_pid, 0, 0) == call3(SYS_getpgid, 0, 0, 0);
}

static _Noreturn void wait_for_end(int keeper, int signals) {
    for (;;) {
        struct pollfd fds[] = {{keeper, POLLIN, 0}, {signals, POLLIN, 0}};
        sys_poll(fds, 2, -1);
        if (fds[0].revents) hear_keeper(keeper);
        struct signalfd_siginfo signal;
        if (!fds[1].revents || read_signal(signals, &signal) != sizeof signal) continue;
        const int number = (int)signal.ssi_signo;
        if (number != SIGCHLD && !is_shared(&signal)) write_all(keeper, &number, sizeof number);
    }
}

_Noreturn void run_client(const struct process *process) {
    struct start start = {process, process->argv[0] ? process->argv[1] : NULL, process->argv + 2, 0, 0};
    int ends[2];
    if (!start.program || !process->argv[2]) {
        SAY("usage: safeshell-keeper PROGRAM NAME [ARG...]: `safeshell run --strict` starts it");
        sys_exit(2);
    }
    start.group = call3(SYS_getpgid, 0, 0, 0);
    sys_sigmask(SIG_SETMASK, ALL_SIGNALS, &start.mask);
    sys_default_action(SIGCHLD, NULL);
    if (call4(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) FAIL("can't start the keeper");
    ends[0] = (int)keep_clear(ends[0]);
    ends[1] = (int)keep_clear(ends[1]);
    const long pid = sys_fork();
    if (pid < 0) FAIL("can't start the keeper");
    if (!pid) {
        sys_close(ends[0]);
        become_keeper(&start, ends[1]);
    }
    sys_close(ends[1]);
    const long signals = keep_clear(sys_signalfd(ALL_SIGNALS));
    if (signals < 0) FAIL("can't listen for signals");
    wait_for_end(ends[0], (int)signals);
}

/* Starting the daemon, once, as no child of the command and with nothing of the caller's. */
#include "client.h"

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
    for (int number = 1; number <= 64; number++) sys_default_action(number, NULL);
    sys_sigmask(SIG_SETMASK, 0, NULL);
}

/* Becomes the daemon; `ready` is where it says that it listens. */
static _Noreturn void become_daemon(char *const *argv, char *const *envp, int ready) {
    long null = sys_open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; fd++)
        if (null != fd) sys_dup3((int)null, fd, 0);
    sys_dup3(ready, 3, 0);
    close_from(4);
    reset_signals();
    sys_forget_attributes();
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
    const char *home = client->address.sun_path;
    /* Whose $HOME led to no home is not at home there: then the daemon goes by the account. */
    const char *user = client->is_beside ? NULL : variable(client->process->envp, "HOME");
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

/* Starts the daemon, and waits until it says that it listens, has ended, or the time is up. */
void start_daemon(const struct client *client, char *const *argv, int64_t deadline) {
    int ends[2];
    if (sys_pipe2(ends, O_CLOEXEC) < 0) return;
    long reading = keep_clear(ends[0]), ready = sys_fcntl(ends[1], F_DUPFD_CLOEXEC, 4);
    sys_close(ends[1]);
    if (ready >= 0) {
        launch(client, argv, (int)ready);
        sys_close((int)ready);
    }
    struct pollfd said = {(int)reading, POLLIN, 0};
    int64_t left = deadline - sys_now_ms();
    if (left > 0) sys_poll(&said, 1, left);
    sys_close((int)reading);
}

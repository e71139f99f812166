/* Starting programs, as safeshell/daemon/core/executor.py does. */
#include "front.h"

#include <sys/wait.h>

/* The memory that a vfork shares is written by the child, behind the compiler's back. */
static volatile int exec_error;

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

/* Returns the program's pid, or -errno. Not inlined: what the child of vfork changes is its caller's too. */
__attribute__((noinline)) pid_t spawn(struct front *front, const struct program *program, const int32_t *passed, mode_t mask) {
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

/* Starts a program with these descriptors and the directory's; returns its pid, or -errno. */
EXPORTED int front_spawn(struct front *front, const char *path, const char *arguments, size_t arguments_size, uint32_t argc,
                const char *environment, size_t environment_size, uint32_t envc, const int32_t *descriptors, int mask) {
    const struct program program = {path, {arguments, arguments_size}, {environment, environment_size}, argc, envc};
    return spawn(front, &program, descriptors, (mode_t)mask);
}

/* Executing the program in place of the client. */
#include "client.h"

/* The daemon and the clients know a shim by these bytes. */
static const char marker[] __attribute__((used)) = "SAFESHELL-SHIM-MARKER-1";

enum { SHIM_SIZE_MAX = 1 << 16 }; /* bytes that are searched for the marker: a shim is smaller */

/* Says why the program could not be executed, as env does, and ends with env's status. */
static _Noreturn void fail_execution(const char *path, long error) {
    char room[REASON_ROOM], name[256];
    size_t size = 0;
    for (; path[size] && size < sizeof name - 1; size++)
        name[size] = (unsigned char)path[size] < ' ' || path[size] == 127 ? '?' : path[size];
    name[size] = 0;
    SAY("'", name, "': ", reason(error, room));
    sys_exit(error == -ENOENT ? 127 : 126);
}

/* Executes one file; returns only its failure. A file without a format is a script for sh, as execvp has it. */
static long execute_file(const char *path, char *const *argv, char *const *envp) {
    long failed = sys_execve(path, argv, envp);
    if (failed != -ENOEXEC) return failed;
    size_t count = 0;
    while (argv[count]) count++;
    const char **shell = allocate((count + 3) * sizeof *shell);
    shell[0] = "/bin/sh";
    shell[1] = path;
    for (size_t i = 1; i < count; i++) shell[i + 1] = argv[i];
    return sys_execve(shell[0], (char *const *)shell, envp);
}

static int same_file(const struct statx *left, const struct statx *right) {
    return left->stx_ino == right->stx_ino && left->stx_dev_major == right->stx_dev_major &&
           left->stx_dev_minor == right->stx_dev_minor;
}

static int has_marker(const char *path, size_t size) {
    long fd = open_file(path, O_RDONLY);
    if (fd < 0) return 0;
    const char *bytes = sys_map(size, (int)fd);
    sys_close((int)fd);
    if (!bytes) return 0;
    int found = 0;
    for (size_t at = 0; !found && at + sizeof marker - 1 <= size; at++)
        found = bytes[at] == *marker && !memcmp(bytes + at, marker, sizeof marker - 1);
    sys_unmap((void *)bytes, size);
    return found;
}

/* Whether a file is this client, or another: two that took each other for the program would never end. */
int is_shim(const char *path, const struct statx *found) {
    struct statx own;
    if (sys_statx("/proc/self/exe", &own) == 0 && same_file(found, &own)) return 1;
    return found->stx_size && found->stx_size <= SHIM_SIZE_MAX && has_marker(path, found->stx_size);
}

/* Puts the next file of this name along what is left of PATH, and is no shim, into PATH_ROOM bytes; 0 where there is none. */
int find_next(const char **at, const char *name, char *room) {
    const size_t size = strlen(name) + 1;
    while (*at) {
        struct statx found;
        const char *end = *at;
        while (*end && *end != ':') end++;
        size_t prefix = (size_t)(end - *at);
        const int fits = prefix + 1 + size <= PATH_ROOM;
        if (fits) {
            memcpy(room, *at, prefix);
            if (prefix) room[prefix++] = '/';
            memcpy(room + prefix, name, size);
        }
        *at = *end ? end + 1 : NULL;
        if (fits && sys_statx(room, &found) >= 0 && !is_shim(room, &found)) return 1;
    }
    return 0;
}

/* Executes the first program of this name along PATH that is no shim; returns -ENOENT or why the found could not run. */
static long execute_along_path(const char *name, char *const *argv, char *const *envp) {
    const char *path = variable(envp, "PATH"), *at = path ? path : "/bin:/usr/bin";
    char file[PATH_ROOM];
    long failed = -ENOENT;
    while (find_next(&at, name, file)) {
        long tried = execute_file(file, argv, envp);
        if (tried == -EACCES) failed = tried;
        else if (tried != -ENOENT && tried != -ENOTDIR) return tried;
    }
    return failed;
}

/* Executes a program: by its path, or where that is empty as the daemon would have found it. */
_Noreturn void execute(const struct process *process, const char *path, char *const *argv) {
    const char *name = argv == process->argv || !argv[0] ? base_name(process->execfn) : argv[0];
    int has_path = *path || base_name(name) != name;
    if (!*path) path = name;
    fail_execution(path, has_path ? execute_file(path, argv, process->envp) : execute_along_path(name, argv, process->envp));
}

/* The program that an agent is given as its shell: has the daemon judge what the shell is to run, and becomes the real
 * shell (docs/shells.md).
 *
 * It reads no option: the daemon judges the whole command, `bash -lc LINE`, as a line. */
#include "shell.h"

const char own_place[8] = "/hooks/";

/* The line's environment is the request's, so what the shell is given is asked about. */
static void ask_daemon(const struct client *client) {
    const long directory = open_directory();
    const int fd = (int)directory;
    check_sent(send_command(client, REQUEST_SHELL, 0, &fd, directory >= 0));
}

/* With the file that this program was executed as: for a script whose first line names it, the kernel tells the script. */
static struct process as_executed(const struct process *process) {
    struct process own = *process;
    struct statx found;
    if (own.argv[0] && (sys_statx(own.execfn, &found) < 0 || !is_shim(own.execfn, &found))) own.execfn = own.argv[0];
    return own;
}

_Noreturn void run_client(const struct process *executed) {
    char room[PATH_ROOM];
    const struct process process = as_executed(executed);
    const char *const shell = choose_shell(&process, room);
    struct client client;
    client.process = &process;
    client.forwarding = 0;
    client.taken = 0;
    client.signals = -1;
    sys_sigmask(SIG_BLOCK, 0, &client.mask);
    locate_daemon(&client);
    long failed = connect_daemon(&client);
    if (failed) failed = reach_daemon(&client, failed);
    const struct process real = {name_shell(&process, shell), guard_environment(&client, shell), shell, process.euid};
    client.process = &real;
    if (failed) end_unguarded(&client, failed, shell);
    ask_daemon(&client);
    follow(&client);
}

/* How a client that stands for a command ends where SafeShell fails, or nobody can be asked. */
#include "client.h"

/* Says why SafeShell itself failed, and ends with the status for that. */
_Noreturn void fail(const char *const *pieces) {
    say(pieces);
    sys_exit(125);
}

/* What happens without a daemon: client.conf says. `path` and what follows are as `execute` has them. */
_Noreturn void end_unguarded(const struct client *client, long failed, const char *path) {
    char room[REASON_ROOM];
    int allow = may_run_unguarded(client, 0);
    SAY("can't reach the daemon (", client->address.sun_path, ": ", reason(failed, room), "); ",
        allow ? "running the command unguarded" : "the command does not run");
    if (!allow) sys_exit(125);
    execute(client->process, path, client->process->argv);
}

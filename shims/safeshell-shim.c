/* The client that stands on PATH in a command's place: asks the daemon, and does as it says (docs/protocol.md).
 *
 * A command pays for this program every time. So it has no libc start-up, no writable data of its own, and copies
 * neither arguments nor environment; what happens seldom (no daemon, a timeout) is out of the way of what happens always. */
#include "client.h"

const char own_place[8] = "/shims/";

/* Signals are blocked first: one that comes before the daemon knows of the command is forwarded to it. */
static void ask_daemon(struct client *client) {
    client->forwarding = 0;
    client->taken = 0;
    begin_forwarding(client);
    send_request(client);
    /* What the caller had blocked stays pending, as it would for the command. */
    client->signals = (int)keep_clear(sys_signalfd(ALL_SIGNALS & ~SIGNAL_BIT(SIGCHLD) & ~client->mask));
    if (client->signals < 0) FAIL("can't listen for signals");
}

_Noreturn void run_client(const struct process *process) {
    struct client client;
    client.process = process;
    if (same(base_name(process->execfn), "safeshell-shim")) {
        SAY("usage: a link to safeshell-shim, named as the command it stands for and first on PATH");
        sys_exit(2);
    }
    locate_daemon(&client);
    long failed = connect_daemon(&client);
    if (failed) failed = reach_daemon(&client, failed);
    if (failed) end_unguarded(&client, failed, "");
    ask_daemon(&client);
    follow(&client);
}

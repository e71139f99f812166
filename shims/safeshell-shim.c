/* The client that stands on PATH in a command's place: asks the daemon, and does as it says (docs/protocol.md).
 *
 * A command pays for this program every time. So it has no libc start-up, no writable data of its own, and copies
 * neither arguments nor environment; what happens seldom (no daemon, a timeout) is out of the way of what happens always. */
#include "reply.h"
#include "unreachable.h"

static void begin(struct client *client) {
    const signal_set all = ALL_SIGNALS;
    sys_sigmask(SIG_SETMASK, &all, &client->mask);
    /* What the caller had blocked stays pending, as it would for the command. */
    const signal_set heard = ALL_SIGNALS & ~SIGNAL_BIT(SIGCHLD) & ~client->mask;
    client->forwarding = 1;
    client->taken = 0;
    send_request(client);
    client->signals = (int)keep_clear(sys_signalfd(&heard));
    if (client->signals < 0) FAIL("can't listen for signals");
}

_Noreturn static void run_client(const struct process *process) {
    struct client client;
    client.process = process;
    if (same(base_name(process->execfn), "safeshell-shim")) {
        SAY("usage: a link to safeshell-shim, named as the command it stands for and first on PATH");
        sys_exit(2);
    }
    locate_daemon(&client);
    long failed = connect_daemon(&client);
    if (failed) reach(&client, failed);
    begin(&client);
    follow(&client);
}

/* What the hook program's files offer each other: an agent's forms, asking the daemon, and ending without it. */
#pragma once

#include "../client.h"

/* How an agent is told that its line does not run, where nobody can be asked: stdout around the reason, or NULL. */
struct agent {
    const char *name;
    const char *before, *after;
    const char *allow; /* stdout where it may go on as without a hook */
    int status;        /* of a denial */
    int seconds;       /* that the agent waits for its hook */
};

struct envelope {
    char *at;
    size_t size;
};

/* safeshell-hook.c */
_Noreturn void end_unanswered(const char *why, long error);

/* exchange.c */
void ask_daemon(const struct client *client, const struct agent *agent, const struct envelope *envelope);
_Noreturn void answer(const struct client *client, const struct agent *agent);

/* The program that an agent calls before it runs a shell line: has the daemon judge it, and answers as the agent has it
 * (docs/hooks.md).
 *
 * It knows no JSON: what the agent sent goes to the daemon as it is, and what comes back is written as it is. Where nobody
 * can be asked, it denies by itself, for most agents run a line whose hook failed. It needs no other file. */
#include "hook.h"

#include "answers.h"

enum { ENVELOPE_MAX = 16 << 20, INPUT_MS = 10000, TEXT_MAX = 4096, REASON_MAX = TEXT_MAX - 256, STATUS_BLOCK = 2 };

const char own_place[8] = "/hooks/";

static const struct agent *asked;
static struct client client;

static void put(char *room, size_t *at, const char *text) {
    while (*text && *at < TEXT_MAX) room[(*at)++] = *text++;
}

/* The same, fit for a text in JSON and for quotes of a shell. */
static void put_plain(char *room, size_t *at, const char *text) {
    for (; *text && *at < REASON_MAX; text++) {
        const char c = *text == '"' || *text == '\\' || *text == '\'' || *text < ' ' || *text > '~' ? '?' : *text;
        if (*text != '\n') room[(*at)++] = c;
    }
}

/* Denies, in the agent's own form. */
_Noreturn void fail(const char *const *pieces) {
    char room[TEXT_MAX];
    size_t size = 0;
    say(pieces);
    if (!asked) sys_exit(STATUS_BLOCK);
    if (!asked->before) sys_exit(asked->status);
    put(room, &size, asked->before);
    for (; *pieces; pieces++) put_plain(room, &size, *pieces);
    put(room, &size, asked->after);
    put(room, &size, "\n");
    sys_exit(write_all(1, room, size) ? asked->status : STATUS_BLOCK);
}

/* What happens without an answer: client.conf says. `error` is a system call's, or 0. */
_Noreturn void end_unanswered(const char *why, long error) {
    char room[REASON_ROOM];
    const char *words = error ? reason(error, room) : "", *before = error ? ": " : "", *socket = client.address.sun_path;
    if (!may_run_unguarded(&client, 1))
        FAIL("this line does not run, for ", why, " (", socket, before, words,
             "). Ask the person you work for to run `safeshell doctor`.");
    SAY("this line runs unguarded, for ", why, " (", socket, before, words, ")");
    const int written = !*asked->allow || (write_all(1, asked->allow, strlen(asked->allow)) && write_all(1, "\n", 1));
    sys_exit(written ? 0 : STATUS_BLOCK);
}

static void choose_agent(const struct process *process) {
    const char *name = *process->argv ? process->argv[1] : NULL;
    if (!name || process->argv[2]) FAIL("usage: safeshell-hook AGENT, with what the agent sends on stdin");
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++)
        if (same(name, agents[i].name)) asked = agents + i;
    if (!asked) FAIL("there is no agent `", name, "`: see safeshell hook --help");
}

/* Reads stdin to its end, within its time. */
static struct envelope read_envelope(void) {
    struct envelope envelope = {allocate(ENVELOPE_MAX + 1), 0};
    const int64_t deadline = sys_now_ms() + INPUT_MS;
    for (;;) {
        struct pollfd input = {0, POLLIN, 0};
        const int64_t left = deadline - sys_now_ms();
        if (left <= 0 || !sys_poll(&input, 1, left)) FAIL("the agent did not say in time what it is about to run");
        const long got = sys_read(0, envelope.at + envelope.size, ENVELOPE_MAX + 1 - envelope.size);
        char room[REASON_ROOM];
        if (!got) return envelope;
        if (got < 0 && got != -EAGAIN && got != -EINTR) FAIL("cannot read what the agent sends: ", reason(got, room));
        if (got > 0) envelope.size += (size_t)got;
        if (envelope.size > ENVELOPE_MAX) FAIL("what the agent sends is longer than 16 MiB");
    }
}

_Noreturn void run_client(const struct process *process) {
    client.process = process;
    choose_agent(process);
    const struct envelope envelope = read_envelope();
    locate_daemon(&client);
    long failed = connect_daemon(&client);
    if (failed) failed = reach_daemon(&client, failed);
    if (failed) end_unanswered("the daemon cannot be reached", failed);
    ask_daemon(&client, asked, &envelope);
    answer(&client, asked);
}

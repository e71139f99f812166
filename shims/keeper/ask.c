/* Asking the daemon about a call, and answering the kernel (docs/protocol.md, HELD). */
#include "keeper.h"

enum { REQUEST_HELD = 14, HELD_SIZE = 8, COMMAND_SIZE = 32, REPLY_HEADER = 8 };
enum { REPLY_NOTICE = 1, REPLY_EXEC = 2, REPLY_REFUSED = 3, REPLY_WAITING = 5, REPLY_RUNNING = 6 };
enum { DENIALS = 64, DENIED_MS = 2000 };

/* Calls that were denied just now: who looks a command up along PATH tries it in each directory, and is told once. */
static struct denial {
    long thread;
    uint64_t sum;
    int64_t until;
} denials[DENIALS];
static unsigned next_denial;

/* Of a call's name and arguments (FNV-1a). */
static uint64_t sum_of(const struct held *held) {
    uint64_t sum = 0xcbf29ce484222325;
    const struct strings *const arguments = &held->stages[0].arguments;
    const char *base = base_name(held->stages[0].path);
    for (size_t i = 0; i < arguments->size; i++) sum = (sum ^ (uint8_t)arguments->at[i]) * 0x100000001b3;
    for (; *base; base++) sum = (sum ^ (uint8_t)*base) * 0x100000001b3;
    return sum;
}

static void note_denial(const struct held *held) {
    denials[next_denial++ % DENIALS] = (struct denial){held->thread, sum_of(held), sys_now_ms() + DENIED_MS};
}

int was_denied(const struct held *held) {
    const int64_t now = sys_now_ms();
    const uint64_t sum = sum_of(held);
    for (int i = 0; i < DENIALS; i++)
        if (denials[i].thread == held->thread && denials[i].sum == sum && now < denials[i].until) return 1;
    return 0;
}

/* Answers the kernel: 0 lets the caller go on to what was judged. */
void settle(struct keeper *keeper, struct held *held, long error) {
    struct seccomp_notif_resp answer = {held->id, 0, error ? (int)error : 0, error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    if (!error) seize(held);
    sys_ioctl(keeper->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    if (held->socket >= 0) sys_close(held->socket);
    held->socket = -1;
    if (error && held->is_traced) held->state = BEGINNING, held->deadline = 1; /* nothing begins: it is let go at once */
    else if (error || held->state != BEGINNING) release_caller(held); /* one that has gone meanwhile is found out later */
}

/* Answers no; the kernel's own EACCES is none: the next directory of PATH may have one that runs. */
static void deny(struct keeper *keeper, struct held *held) {
    note_denial(held);
    settle(keeper, held, -EACCES);
}

/* Ends a wait for a person; the daemon takes the question back. */
void end_wait(struct keeper *keeper, struct held *held, const char *why) {
    TELL(held, base_name(held->stages[0].path), ": ", why);
    deny(keeper, held);
}

static void unreachable(struct keeper *keeper, struct held *held, long failed) {
    char room[REASON_ROOM];
    const int allow = may_run_unguarded(&keeper->client, 1);
    TELL(held, "can't reach the daemon (", keeper->client.address.sun_path, ": ", reason(failed, room), "); ",
         allow ? "running the command unguarded" : "the command does not run");
    if (allow) settle(keeper, held, 0);
    else deny(keeper, held);
}

static long send_stage(const struct held *held, const struct stage *stage) {
    const struct strings *const arguments = &stage->arguments, *const environment = &held->environment;
    const size_t name = strlen(stage->name);
    const size_t length = HELD_SIZE + COMMAND_SIZE + name + arguments->size + environment->size;
    uint8_t head[HEADER_SIZE + HELD_SIZE + COMMAND_SIZE] = {0}, *const who = head + HEADER_SIZE, *const command = who + HELD_SIZE;
    put_header(head, REQUEST_HELD, 0, (uint32_t)length);
    put32(who, (uint32_t)held->pid);
    put32(who + 4, held->by_shell ? 0 : HOLD_MS);
    put32(command, arguments->count);
    put32(command + 4, environment->count);
    put32(command + 8, (uint32_t)arguments->size);
    put32(command + 12, (uint32_t)environment->size);
    put32(command + 16, (uint32_t)name);
    struct iovec parts[] = {{head, sizeof head},
                            {(void *)stage->name, name},
                            {arguments->at, arguments->size},
                            {environment->at, environment->size}};
    return send_parts(held->socket, parts, 4, &held->directory, held->directory >= 0);
}

/* Asks about the stage that is next. */
void ask_about(struct keeper *keeper, struct held *held) {
    struct client *const client = &keeper->client;
    held->state = ASKING;
    held->got = 0;
    long failed = connect_daemon(client);
    if (failed) failed = reach_daemon(client, failed);
    if (failed) {
        unreachable(keeper, held, failed);
        return;
    }
    held->socket = client->socket;
    failed = send_stage(held, &held->stages[held->asked]);
    /* A connection that the daemon closes early still holds its answer. */
    if (failed && failed != -EPIPE && failed != -ECONNRESET) unreachable(keeper, held, failed);
}

static uint32_t get32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void allow_stage(struct keeper *keeper, struct held *held, uint32_t limit) {
    sys_close(held->socket);
    held->socket = -1;
    if (limit && (!held->limit || limit < held->limit)) held->limit = limit;
    held->is_waiting = 0;
    held->deadline = 0;
    if (++held->asked < held->stage_count) ask_about(keeper, held);
    else settle(keeper, held, 0);
}

/* Takes one frame; 1 where it is whole and another may follow. */
static int take_frame(struct keeper *keeper, struct held *held) {
    const uint8_t *const at = held->answer, *const payload = at + REPLY_HEADER;
    if (held->got < REPLY_HEADER) return 0;
    const uint32_t length = get32(at + 4);
    if (at[0] == REPLY_EXEC && !at[1] && length >= 8) { /* what it would run in its place is the caller's own */
        if (held->got < REPLY_HEADER + 4) return 0;
        allow_stage(keeper, held, get32(payload));
        return 0;
    }
    const int is_words = at[0] == REPLY_NOTICE || (at[0] == REPLY_REFUSED && length >= 4);
    const int is_sign = at[0] == REPLY_WAITING || at[0] == REPLY_RUNNING;
    if (at[1] || !(is_words || (is_sign && !length)) || length > sizeof held->answer - REPLY_HEADER - 1) {
        end_wait(keeper, held, "the daemon's answer can't be understood; it does not run");
        return 0;
    }
    const size_t whole = REPLY_HEADER + length;
    if (held->got < whole) return 0;
    if (is_words) {
        const size_t skipped = at[0] == REPLY_REFUSED ? 4 : 0;
        char *const words = (char *)payload + skipped, kept = words[length - skipped];
        words[length - skipped] = 0;
        const char *const pieces[] = {words, words[0] && words[length - skipped - 1] == '\n' ? NULL : "\n", NULL};
        tell_pieces(held, pieces);
        words[length - skipped] = kept;
    }
    if (at[0] == REPLY_REFUSED) {
        deny(keeper, held);
        return 0;
    }
    held->is_waiting = at[0] == REPLY_WAITING || (held->is_waiting && at[0] != REPLY_RUNNING);
    held->got -= whole;
    for (size_t i = 0; i < held->got; i++) held->answer[i] = held->answer[whole + i];
    return 1;
}

/* Takes what the daemon has sent. */
void hear(struct keeper *keeper, struct held *held) {
    const long got = sys_read(held->socket, held->answer + held->got, sizeof held->answer - 1 - held->got);
    if (got == -EAGAIN || got == -EINTR) return;
    if (got <= 0) {
        end_wait(keeper, held, "the daemon failed before it answered; it does not run");
        return;
    }
    held->got += (size_t)got;
    const int socket = held->socket;
    while (held->state == ASKING && held->socket == socket && take_frame(keeper, held)) continue;
}

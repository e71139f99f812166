/* The hook program's one question and its answer (docs/protocol.md). */
#include "hook.h"

enum { REQUEST_HOOK = 12, FLAG_PASSED = 128, SIZES = 8, INLINE_MAX = 32 << 10 };
enum { REPLY_NOTICE = 1, REPLY_REFUSED = 3, REPLY_WAITING = 5, REPLY_RUNNING = 6, REPLY_ANSWER = 12 };
enum { REPLY_HEADER = 8, REPLY_MAX = 4 << 20, ANSWER_MS = 20000, MARGIN_S = 5 };

static const char *const told[] = {"HOME", "USER", "PATH", "SHELL"}; /* of the environment; the rest isn't the line's */

/* What is too long for a request, as a file in memory. */
static long as_file(const struct envelope *envelope) {
    long fd = keep_clear(sys_memory_file("safeshell-hook"));
    if (fd >= 0 && !write_all((int)fd, envelope->at, envelope->size)) return -ENOMEM;
    return fd;
}

/* The entry of a variable; NULL where there is none. */
static char *entry(char *const *envp, const char *name) {
    const char *value = variable(envp, name);
    return value ? (char *)value - strlen(name) - 1 : NULL;
}

void ask_daemon(const struct client *client, const struct agent *agent, const struct envelope *envelope) {
    uint8_t head[HEADER_SIZE + SIZES];
    struct iovec parts[3 + sizeof told / sizeof *told], *part = parts;
    const long directory = open_directory(), file = envelope->size > INLINE_MAX ? as_file(envelope) : -1;
    const int passed = envelope->size > INLINE_MAX;
    if (directory < 0 || (passed && file < 0)) {
        char room[REASON_ROOM];
        FAIL("cannot pass to the daemon what the agent sent: ", reason(directory < 0 ? directory : file, room));
    }
    size_t environment = 0;
    *part++ = (struct iovec){head, sizeof head};
    *part++ = (struct iovec){(void *)agent->name, strlen(agent->name)};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        char *at = entry(client->process->envp, told[i]);
        if (!at) continue;
        *part = (struct iovec){at, strlen(at) + 1};
        environment += part++->iov_len;
    }
    if (!passed) *part++ = (struct iovec){envelope->at, envelope->size};
    const size_t length = SIZES + parts[1].iov_len + environment + (passed ? 0 : envelope->size);
    if (length > UINT32_MAX) FAIL("HOME, USER, PATH or SHELL is too long");
    put_header(head, REQUEST_HOOK, passed ? FLAG_PASSED : 0, (uint32_t)length);
    put32(head + HEADER_SIZE, (uint32_t)parts[1].iov_len);
    put32(head + HEADER_SIZE + 4, (uint32_t)environment);
    const int fds[] = {(int)file, (int)directory};
    /* A connection that the daemon closes early still holds its answer, so a failure to send says nothing yet. */
    send_parts(client->socket, parts, (int)(part - parts), fds + !passed, passed ? 2 : 1);
}

/* Reads exactly so much, until then. */
static void receive(int fd, void *room, size_t size, int64_t deadline) {
    for (char *at = room; size;) {
        struct pollfd readable = {fd, POLLIN, 0};
        const int64_t left = deadline - sys_now_ms();
        if (left <= 0 || !sys_poll(&readable, 1, left)) end_unanswered("the daemon does not answer", 0);
        const long got = sys_read(fd, at, size);
        if (got > 0) at += got, size -= (size_t)got;
        else if (got != -EAGAIN && got != -EINTR) end_unanswered("the daemon failed before it answered", 0);
    }
}

static uint32_t get32(const char *at) {
    const unsigned char *bytes = (const unsigned char *)at;
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static _Noreturn void end_by(const char *payload, uint32_t length) {
    const uint32_t status = get32(payload), size = get32(payload + 4), most = length - 8;
    if (status > 255 || size > most) end_unanswered("the answer of the daemon is not understood", 0);
    write_all(2, payload + 8 + size, most - size);
    sys_exit(write_all(1, payload + 8, size) ? (int)status : 2 /* what is lost may have been a denial */);
}

/* Follows the daemon's frames until the answer. Whoever waits for a person is given the time that the agent gives. */
_Noreturn void answer(const struct client *client, const struct agent *agent) {
    const int64_t began = sys_now_ms();
    int64_t deadline = began + ANSWER_MS;
    for (;;) {
        char header[REPLY_HEADER];
        receive(client->socket, header, sizeof header, deadline);
        const uint32_t length = get32(header + 4);
        if (length > REPLY_MAX) end_unanswered("the answer of the daemon is not understood", 0);
        char *payload = allocate((size_t)length + 1);
        receive(client->socket, payload, length, deadline);
        if (header[0] == REPLY_NOTICE) {
            write_all(2, payload, length);
        } else if (header[0] == REPLY_WAITING) {
            deadline = began + (int64_t)(agent->seconds - MARGIN_S) * 1000;
        } else if (header[0] == REPLY_REFUSED && length >= 4) {
            const char *why = payload + 4;
            FAIL("this line does not run, for it cannot be judged: ", starts_with(why, "safeshell: ") ? why + 11 : why);
        } else if (header[0] == REPLY_ANSWER && length >= 8) {
            end_by(payload, length);
        } else if (header[0] != REPLY_RUNNING) {
            end_unanswered("the answer of the daemon is not understood", 0);
        }
    }
}

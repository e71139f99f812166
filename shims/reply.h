/* The daemon's answer (docs/protocol.md): frames of any size through one small buffer. */
#ifndef SAFESHELL_REPLY_H
#define SAFESHELL_REPLY_H

#include "request.h"
#include "supervise.h"

enum {
    REPLY_NOTICE = 1,
    REPLY_EXEC,
    REPLY_REFUSED,
    REPLY_EXITED,
    REPLY_WAITING,
    REPLY_RUNNING,
    REPLY_STOPPED,
    REPLY_OUTPUT,
    REPLY_ERROR_OUTPUT,
};
enum { REPLY_HEADER_SIZE = 8, EXITED_TIMEOUT = 1 };
enum { EXEC_SIZE_MAX = 64 << 20 }; /* the kernel takes a tenth of it */

struct reader {
    struct client *client;
    size_t start, end;
    uint8_t buffer[512];
};

struct frame {
    uint8_t type;
    uint16_t flags;
    uint32_t length;
};

_Noreturn static void reject(void) { FAIL("the daemon's answer can't be understood; the command does not run"); }

static uint32_t get32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void forward_signal(struct client *client) {
    struct signalfd_siginfo signal;
    if (read_signal(client->signals, &signal) != sizeof signal) return;
    client->taken |= SIGNAL_BIT(signal.ssi_signo);
    send_signal(client, signal.ssi_signo);
}

/* Waits until the daemon has sent something, forwarding signals meanwhile. */
static void wait_for_daemon(struct client *client) {
    struct pollfd fds[] = {{client->socket, POLLIN, 0}, {client->signals, POLLIN, 0}};
    do {
        fds[0].revents = fds[1].revents = 0;
        sys_poll(fds, client->forwarding ? 2 : 1, NULL);
        if (fds[1].revents) forward_signal(client);
    } while (!fds[0].revents);
}

/* Reads what there is, at least one byte. */
static size_t receive(struct client *client, void *buffer, size_t size) {
    for (;;) {
        wait_for_daemon(client);
        long got = sys_read(client->socket, buffer, size);
        if (got > 0) return (size_t)got;
        if (got != -EAGAIN && got != -EINTR)
            FAIL("the daemon failed before it answered (", client->address.sun_path, "); the command does not run again");
    }
}

static void fill(struct reader *reader) {
    if (reader->start) { /* nothing is left, or a frame that the buffer's end cuts */
        size_t left = reader->end - reader->start;
        for (size_t i = 0; i < left; i++) reader->buffer[i] = reader->buffer[reader->start + i];
        reader->start = 0;
        reader->end = left;
    }
    reader->end += receive(reader->client, reader->buffer + reader->end, sizeof reader->buffer - reader->end);
}

/* Returns the next `size` bytes, at most the buffer's. */
static const uint8_t *take(struct reader *reader, size_t size) {
    while (reader->end - reader->start < size) fill(reader);
    reader->start += size;
    return reader->buffer + reader->start - size;
}

/* Takes `size` bytes that may be more than the buffer holds. */
static void take_into(struct reader *reader, char *room, size_t size) {
    size_t got = reader->end - reader->start;
    if (got > size) got = size;
    memcpy(room, take(reader, got), got);
    while (got < size) got += receive(reader->client, room + got, size - got);
}

static struct frame take_header(struct reader *reader) {
    const uint8_t *at = take(reader, REPLY_HEADER_SIZE);
    struct frame frame = {at[0], (uint16_t)(at[2] | at[3] << 8), get32(at + 4)};
    if (at[1]) reject();
    return frame;
}

/* Copies a payload, or what is left of it, to a descriptor. */
static void pass_on(struct reader *reader, uint32_t length, int fd) {
    while (length) {
        if (reader->start == reader->end) fill(reader);
        size_t size = reader->end - reader->start;
        if (size > length) size = length;
        write_all(fd, take(reader, size), size);
        length -= (uint32_t)size;
    }
}

/* The one number that a payload of four bytes is. */
static uint32_t take_number(struct reader *reader, const struct frame *frame) {
    if (frame->length != 4) reject();
    return get32(take(reader, 4));
}

_Noreturn static void refuse(struct reader *reader, const struct frame *frame) {
    if (frame->length < 4) reject();
    int status = (int)get32(take(reader, 4));
    pass_on(reader, frame->length - 4, 2);
    sys_exit(status);
}

_Noreturn static void end(struct reader *reader, const struct frame *frame) {
    int status = (int)take_number(reader, frame);
    if (frame->flags & EXITED_TIMEOUT) sys_exit(STATUS_TIMEOUT);
    int is_death = WIFSIGNALED(status) && WTERMSIG(status) <= 64;
    if (status & ~0xffff || (!WIFEXITED(status) && !is_death)) reject();
    end_like(status);
}

static void stop(struct reader *reader, const struct frame *frame) {
    uint32_t number = take_number(reader, frame);
    if (number != SIGSTOP && number != SIGTSTP && number != SIGTTIN && number != SIGTTOU) reject();
    stop_like((int)number);
    if (reader->client->forwarding) send_signal(reader->client, SIGCONT);
    else restore_signals(reader->client);
}

/* Splits a block of exactly `count` strings, each with its NUL. */
static char **split_arguments(char *text, const char *end, uint32_t count) {
    char **argv = sys_map(((size_t)count + 1) * sizeof *argv, -1);
    if (!argv) FAIL("no memory for the command's arguments");
    for (uint32_t i = 0; i < count; i++) {
        if (text == end) reject();
        argv[i] = text;
        text += strlen(text) + 1;
    }
    if (text != end) reject();
    return argv;
}

/* Executes what the daemon resolved, which closes what the client has open. Signals that the daemon was told of before are
 * the command's. */
_Noreturn static void run_in_place(struct reader *reader, const struct frame *frame) {
    struct client *client = reader->client;
    if (frame->length < 9 || frame->length > EXEC_SIZE_MAX) reject();
    uint32_t timeout = get32(take(reader, 4)), argc = get32(take(reader, 4)), size = frame->length - 8;
    char *path = size <= sizeof reader->buffer ? (char *)take(reader, size) : sys_map(size, -1);
    if (!path) FAIL("no memory for the command's arguments");
    if (size > sizeof reader->buffer) take_into(reader, path, size);
    if (path[size - 1] || argc > size) reject();
    char *rest = path + strlen(path) + 1;
    if (!argc && rest != path + size) reject();
    char *const *argv = argc ? split_arguments(rest, path + size, argc) : client->process->argv;
    for (int number = 1; number <= 64; number++)
        if (client->taken & SIGNAL_BIT(number)) sys_kill(sys_getpid(), number);
    if (timeout) {
        sys_close(client->socket);
        sys_close(client->signals);
        supervise(client, path, argv, timeout);
    }
    restore_signals(client);
    execute(client->process, path, argv);
}

/* Does as the daemon says until a last frame ends the client. */
_Noreturn static void follow(struct client *client) {
    struct reader reader;
    reader.client = client;
    reader.start = reader.end = 0;
    for (;;) {
        struct frame frame = take_header(&reader);
        switch (frame.type) {
        case REPLY_NOTICE:
        case REPLY_ERROR_OUTPUT: pass_on(&reader, frame.length, 2); break;
        case REPLY_OUTPUT: pass_on(&reader, frame.length, 1); break;
        case REPLY_EXEC: run_in_place(&reader, &frame);
        case REPLY_REFUSED: refuse(&reader, &frame);
        case REPLY_EXITED: end(&reader, &frame);
        case REPLY_STOPPED: stop(&reader, &frame); break;
        case REPLY_WAITING:
        case REPLY_RUNNING:
            if (frame.length) reject();
            frame.type == REPLY_WAITING ? restore_signals(client) : block_signals(client);
            break;
        default: reject();
        }
    }
}

#endif

/* The daemon's frames (docs/protocol.md), of any size through one small buffer; signals are forwarded meanwhile. */
#include "client.h"

enum { REPLY_HEADER_SIZE = 8 };

_Noreturn void reject(void) { FAIL("the daemon's answer can't be understood; the command does not run"); }

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
        sys_poll(fds, client->forwarding ? 2 : 1, -1);
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
static uint8_t *take(struct reader *reader, size_t size) {
    while (reader->end - reader->start < size) fill(reader);
    reader->start += size;
    return reader->buffer + reader->start - size;
}

/* Takes `size` bytes, which may be more than the buffer holds. */
char *take_whole(struct reader *reader, size_t size) {
    if (size <= sizeof reader->buffer) return (char *)take(reader, size);
    char *room = allocate(size);
    size_t got = reader->end - reader->start;
    memcpy(room, take(reader, got), got);
    while (got < size) got += receive(reader->client, room + got, size - got);
    return room;
}

uint32_t take_number(struct reader *reader) { return get32(take(reader, 4)); }

struct frame take_header(struct reader *reader) {
    const uint8_t *at = take(reader, REPLY_HEADER_SIZE);
    struct frame frame = {at[0], (uint16_t)(at[2] | at[3] << 8), get32(at + 4)};
    if (at[1]) reject();
    return frame;
}

/* Copies a payload, or what is left of it, to a descriptor. */
void pass_on(struct reader *reader, uint32_t length, int fd) {
    while (length) {
        if (reader->start == reader->end) fill(reader);
        size_t size = reader->end - reader->start;
        if (size > length) size = length;
        write_all(fd, take(reader, size), size);
        length -= (uint32_t)size;
    }
}

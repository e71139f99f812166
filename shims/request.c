/* The client's requests (docs/protocol.md): the command, and signals for it. */
#include "client.h"

enum { COMMAND_SIZE = 32 };

/* A list of strings in one piece, each with its NUL. */
struct block {
    char *at;
    uint32_t count;
    uint64_t size;
};

/* Strings that the kernel has put down lie one behind the other, and nothing is copied; others are. */
static struct block measure(char *const *entries) {
    struct block block = {entries[0], 0, 0};
    int is_whole = 1;
    for (; entries[block.count]; block.count++) {
        if (entries[block.count] != entries[0] + block.size) is_whole = 0;
        block.size += strlen(entries[block.count]) + 1;
    }
    if (is_whole) return block;
    char *at = block.at = allocate(block.size);
    for (; *entries; at += strlen(*entries++) + 1) memcpy(at, *entries, strlen(*entries) + 1);
    return block;
}

/* Sends this program's own command; returns 0 or -errno. */
long send_command(const struct client *client, int type, int flags, const int *fds, unsigned fd_count) {
    const struct process *process = client->process;
    struct block arguments = measure(process->argv), environment = measure(process->envp);
    size_t name = strlen(process->execfn);
    uint64_t length = COMMAND_SIZE + name + arguments.size + environment.size;
    if (length > UINT32_MAX) return -E2BIG;
    uint8_t head[HEADER_SIZE + COMMAND_SIZE], *command = head + HEADER_SIZE;
    put_header(head, type, flags, (uint32_t)length);
    put32(command, arguments.count);
    put32(command + 4, environment.count);
    put32(command + 8, (uint32_t)arguments.size);
    put32(command + 12, (uint32_t)environment.size);
    put32(command + 16, (uint32_t)name);
    put32(command + 20, (uint32_t)sys_nice());
    put32(command + 24, (uint32_t)client->mask);
    put32(command + 28, (uint32_t)(client->mask >> 32));
    struct iovec parts[] = {{head, sizeof head},
                            {(void *)process->execfn, name},
                            {arguments.at, arguments.size},
                            {environment.at, environment.size}};
    return send_parts(client->socket, parts, 4, fds, fd_count);
}

/* Fails where a request could not be sent. A connection that the daemon closes early still holds its answer: that says
 * nothing yet. */
void check_sent(long failed) {
    if (!failed || failed == -EPIPE || failed == -ECONNRESET) return;
    char room[REASON_ROOM];
    FAIL("can't send to the daemon: ", reason(failed, room));
}

/* Asks the daemon. The directory's descriptor stays open: an exec or the end closes it without a call of its own. */
void send_request(const struct client *client) {
    long directory = open_directory();
    int flags = observe(1 + (directory >= 0), client->daemon);
    int fds[] = {0, 1, 2, (int)directory};
    unsigned count = directory < 0 ? 0 : flags & FLAG_CLOSED ? 1 : 4;
    check_sent(send_command(client, REQUEST_EXECUTE, flags, fds + (4 - count) % 4, count));
}

void send_signal(const struct client *client, uint32_t number) {
    uint8_t frame[HEADER_SIZE + 4];
    put_header(frame, REQUEST_SIGNAL, 0, 4);
    put32(frame + HEADER_SIZE, number);
    struct iovec part = {frame, sizeof frame};
    send_parts(client->socket, &part, 1, NULL, 0);
}

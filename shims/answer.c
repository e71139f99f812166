/* Doing as the daemon's frames say, until the last one ends the client. */
#include "client.h"

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
enum { EXITED_TIMEOUT = 1 };
enum { EXEC_SIZE_MAX = 64 << 20 }; /* the kernel takes a tenth of it */

static _Noreturn void refuse(struct reader *reader, const struct frame *frame) {
    if (frame->length < 4) reject();
    int status = (int)take_number(reader);
    pass_on(reader, frame->length - 4, 2);
    sys_exit(status);
}

static _Noreturn void end(struct reader *reader, const struct frame *frame) {
    if (frame->length != 4) reject();
    int status = (int)take_number(reader);
    if (frame->flags & EXITED_TIMEOUT) sys_exit(STATUS_TIMEOUT);
    int is_death = WIFSIGNALED(status) && WTERMSIG(status) <= 64;
    if (status & ~0xffff || (!WIFEXITED(status) && !is_death)) reject();
    end_like(status);
}

static void stop(struct reader *reader, const struct frame *frame) {
    if (frame->length != 4) reject();
    uint32_t number = take_number(reader);
    if (number != SIGSTOP && number != SIGTSTP && number != SIGTTIN && number != SIGTTOU) reject();
    stop_like((int)number);
    if (reader->client->forwarding) send_signal(reader->client, SIGCONT);
    else end_forwarding(reader->client);
}

/* Splits a block of exactly `count` strings, each with its NUL. */
static char **split_arguments(char *text, const char *end, uint32_t count) {
    char **argv = allocate(((size_t)count + 1) * sizeof *argv);
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
static _Noreturn void run_in_place(struct reader *reader, const struct frame *frame) {
    struct client *client = reader->client;
    if (frame->length < 9 || frame->length > EXEC_SIZE_MAX) reject();
    uint32_t timeout = take_number(reader), argc = take_number(reader), size = frame->length - 8;
    char *path = take_whole(reader, size);
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
    end_forwarding(client);
    execute(client->process, path, argv);
}

_Noreturn void follow(struct client *client) {
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
            frame.type == REPLY_WAITING ? end_forwarding(client) : begin_forwarding(client);
            break;
        default: reject();
        }
    }
}

/* Feeds the client's reader of client.conf (shims/unreachable.c) with bytes: a libFuzzer target, or with -DSTANDALONE a program
 * that makes up its own. Whatever they are, every string ends within them, and what is started is a path.
 *
 * The client asks the kernel for everything through `syscall` in its libc build; here that is answered instead. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static long answer_call(long number, ...);

#define syscall answer_call
#include "../../shims/descriptors.c"
#include "../../shims/output.c"
#include "../../shims/text.c"
#include "../../shims/unreachable.c"

enum { CONF = 100, INPUT_MAX = 20000 };

static const uint8_t *input;
static size_t left;

/* What is there for when the daemon is to be reached: never called. */
long connect_daemon(struct client *client) { return client ? -1 : 0; }
void start_daemon(const struct client *client, char *const *argv, int64_t deadline) {
    if (client && argv && deadline) abort();
}
int is_confined(void) { return 0; }
_Noreturn void fail(const char *const *pieces) {
    say(pieces);
    abort();
}
int locate_beside(struct client *client) { return !client; }
_Noreturn void execute(const struct process *process, const char *path, char *const *argv) {
    if (process && path && argv) abort();
    abort();
}

static long answer_call(long number, ...) {
    long words[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) words[i] = va_arg(list, long);
    va_end(list);
    switch (number) {
    case SYS_openat: return CONF;
    case SYS_read: {
        const size_t size = (size_t)words[2] < left ? (size_t)words[2] : left;
        memcpy((void *)words[1], input, size);
        input += size;
        left -= size;
        return (long)size;
    }
    case SYS_statx: {
        struct statx *found = (struct statx *)words[4];
        memset(found, 0, sizeof *found);
        found->stx_mode = S_IFREG | 0600;
        return 0;
    }
    default: return 0;
    }
}

static void look(const struct conf *conf, const struct list *list) {
    if (list->count < 0 || list->count > CONF_LIST_MAX || (list == &conf->start && list->items[list->count])) abort();
    for (int i = 0; i < list->count; i++) {
        const char *item = list->items[i];
        if (item >= conf->text && item < conf->text + CONF_SIZE_MAX && !memchr(item, 0, (size_t)(conf->text + CONF_SIZE_MAX - item)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char marker[] = "A=1", context[] = "SAFESHELL_CONTEXT=x";
    static char *argv[] = {marker, NULL}, *envp[] = {marker, context, NULL};
    const struct process process = {argv, envp, "/bin/probe", 0};
    static struct client client;
    struct conf *conf = malloc(sizeof *conf); /* a sanitizer guards it */
    if (!conf) return 0;
    client.process = &process;
    input = data;
    left = size;
    read_conf(&client, "/h/client.conf", conf);
    look(conf, &conf->markers);
    if (conf->start.count && *conf->start.items[0] != '/') abort();
    if (conf->start.count) look(conf, &conf->start);
    is_agent(&process, conf);
    free(conf);
    return 0;
}

#ifdef STANDALONE
#include <time.h>

/* Whole files with a few bytes changed, for so many seconds; prints how many. */
int main(int argc, char **argv) {
    static const char *const lines[] = {"unreachable_ai=allow\n", "unreachable_human=deny\n", "marker=A\n", "marker=\n",
                                        "trash_size=5\n", "start=/usr/bin/python3\n", "start=-I\n", "start=", "=\n", "\n"};
    static uint8_t data[INPUT_MAX];
    const time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
    unsigned long count = 0;
    srandom(argc > 2 ? (unsigned)atoi(argv[2]) : 1);
    do {
        size_t size = 0;
        const size_t wanted = (size_t)random() % (random() % 8 ? 300 : INPUT_MAX - 100);
        while (size < wanted) {
            const char *line = lines[(size_t)random() % (sizeof lines / sizeof *lines)];
            memcpy(data + size, line, strlen(line));
            size += strlen(line);
        }
        for (long changes = random() % 4; changes && size; changes--) data[(size_t)random() % size] = (uint8_t)(random() % 3 ? random() % 64 : random());
        uint8_t *exact = malloc(size ? size : 1); /* a sanitizer sees a read behind it */
        if (!exact) return 1;
        memcpy(exact, data, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        count++;
    } while (time(NULL) < end);
    printf("%lu inputs\n", count);
    return 0;
}
#endif

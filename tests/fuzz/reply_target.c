/* Feeds the client's reply parser (shims/reply.c, answer.c) with bytes: a libFuzzer target, or with -DSTANDALONE a program that
 * makes up its own. Strings that would reach the kernel are read to their end, for a sanitizer to see where they don't. */
#define _GNU_SOURCE
#include <unistd.h>

static int answer_execve(const char *path, char *const *argv, char *const *envp);
static int answer_fork(void);

#define execve answer_execve
#define fork answer_fork
#include "frames.h"

#include "../../shims/answer.c"
#include "../../shims/execute.c"
#include "../../shims/observe.c"
#include "../../shims/reply.c"
#include "../../shims/request.c"
#include "../../shims/signals.c"
#include "../../shims/supervise.c"
#undef exit

_Noreturn void fail(const char *const *pieces) {
    say(pieces);
    leave(125);
}

_Noreturn static void leave(int status) { longjmp(ended, status ? status : 256); }

static int answer_fork(void) { return piece % 2 ? 0 : -1; }

static int answer_execve(const char *path, char *const *argv, char *const *envp) {
    consumed += strlen(path);
    for (; *argv; argv++) consumed += strlen(*argv);
    for (; *envp; envp++) consumed += strlen(*envp);
    errno = piece % 3 ? ENOENT : ENOEXEC;
    return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char name[] = "probe", word[] = "x", entry[] = "PATH=/bin";
    static char *argv[] = {name, word, NULL}, *envp[] = {entry, NULL};
    const struct process process = {argv, envp, "/bin/probe", 0};
    struct client client;
    if (!size) return 0;
    take_up(&client, data, size);
    client.process = &process;
    client.signals = SOCKET + 1;
    client.forwarding = data[0] & 1;
    if (!setjmp(ended)) follow(&client);
    give_back();
    return 0;
}

#ifdef STANDALONE
static uint8_t dress(uint8_t *payload, size_t length) {
    (void)payload, (void)length;
    return (uint8_t)(random() % 10);
}
#endif

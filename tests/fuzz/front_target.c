/* Feeds the daemon's native front (safeshell/daemon/fastpath/) with requests and with texts of /proc: a libFuzzer target, or
 * with -DSTANDALONE a program that makes up its own. What it finds must be well formed, and nothing beside the bytes is read. */
#include "../../safeshell/daemon/fastpath/accept.c"
#include "../../safeshell/daemon/fastpath/answer_cache.c"
#include "../../safeshell/daemon/fastpath/bytes.c"
#include "../../safeshell/daemon/fastpath/caller.c"
#include "../../safeshell/daemon/fastpath/children.c"
#include "../../safeshell/daemon/fastpath/heads.c"
#include "../../safeshell/daemon/fastpath/reads.c"
#include "../../safeshell/daemon/fastpath/report.c"
#include "../../safeshell/daemon/fastpath/serve.c"
#include "../../safeshell/daemon/fastpath/spawn.c"
#include "../../safeshell/daemon/fastpath/wait.c"
#include "../../safeshell/daemon/fastpath/watch.c"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOT = 0, HEAD_SLOT = 2, FRAME_MAX = 4096 };

static struct front *front;

static size_t put32(char *at, uint32_t value) {
    memcpy(at, &value, sizeof value);
    return sizeof value;
}

/* A request of these words and this environment, blocks of strings. */
static size_t make_frame(char *frame, const char *words, size_t words_size, uint32_t argc, const char *environment, size_t environment_size,
                         uint32_t envc) {
    static const char name[] = "/x/tool";
    const size_t name_size = sizeof name - 1;
    memcpy(frame, "SfSh\1\1\0\0", 8);
    put32(frame + 8, (uint32_t)(COMMAND + name_size + words_size + environment_size));
    char *at = frame + HEADER;
    at += put32(at, argc);
    at += put32(at, envc);
    at += put32(at, (uint32_t)words_size);
    at += put32(at, (uint32_t)environment_size);
    at += put32(at, (uint32_t)name_size);
    memset(at, 0, 12);
    at += 12;
    memcpy(at, name, name_size);
    memcpy(at + name_size, words, words_size);
    memcpy(at + name_size + words_size, environment, environment_size);
    return HEADER + COMMAND + name_size + words_size + environment_size;
}

static void set_up(void) {
    static const char words[] = "tool\0sub\0--force", environment[] = "PATH=/bin\0A=b\0HOME=/";
    /* variables, directory, reads, answer, arguments, base, literals */
    static const char rest[] = "PATH=/bin\0CLAUDECODE\0A=b\0\0/\0a/none\0\0answer\0\0tool\0force\0";
    char text[FRAME_MAX];
    front = front_new(-1, -1, -1, NULL, 0, 0);
    if (!front) abort();
    const size_t size = make_frame(text, words, sizeof words, 3, environment, sizeof environment, 3);
    const size_t sizes[] = {size, 25, 1, 7, 6, 0, 4, 6};
    text[size] = 0;
    memcpy(text + size + 1, rest, sizeof rest);
    if (!front_put(front, SLOT, text, sizes, 1, 0, 0, 0, 0) || !front_put(front, HEAD_SLOT, text, sizes, 1, 0, 0, 1, 0)) abort();
}

/* Looks a request up; where it is taken for one that is known, every string of it ends within it. */
static void look_up(char *frame, size_t size) {
    struct request request;
    int offer = 0;
    front->room = frame;
    front->shared.accepted = (struct accepted){.fd = -1, .passed = 1, .directory_size = 1};
    front->shared.directory[0] = '/';
    if (!parse(frame, size, &request)) return;
    const int head = find_head(front, &request, &offer);
    if (head >= 0 && head != HEAD_SLOT) abort();
    if (head < 0 && find(front, &request) != SLOT) return;
    const uint32_t argc = get32(frame + HEADER), envc = get32(frame + HEADER + 4);
    if (!make_room(front, (size_t)argc + envc + 2)) abort();
    const char *arguments = request.words.at + get32(frame + HEADER + 16), *environment = request.environment.at;
    char **envp = split(arguments, environment, front->strings);
    split(environment, frame + size, envp);
    for (uint32_t i = 0; i < argc; i++)
        if (!front->strings[i]) abort();
    for (uint32_t i = 0; i < envc; i++)
        if (!envp[i]) abort();
    if (front->strings[argc] || envp[envc]) abort();
}

static void look_at_status(const char *text, size_t size) {
    static const char wanted[] = "\0\1Name:\tx\0\1\2Uid:\t0\0Uid:\t1\0\2\0\3\1SigIgn:\t0";
    mode_t mask;
    has_status((struct bytes){wanted, sizeof wanted}, text, (ssize_t)size, &mask);
}

/* Keeps a request's answer, and looks that up; neither where it can't be kept. */
static void put(char *frame, size_t size) {
    static const char rest[] = "\0PATH\0\0/\0\0\0\0\0"; /* variables, directory; nothing else */
    const size_t sizes[] = {size, 5, 1, 0, 0, 0, 0, 0};
    char *text = malloc(size + sizeof rest);
    if (!text) return;
    memcpy(text, frame, size);
    memcpy(text + size, rest, sizeof rest);
    if (front_put(front, SLOT + 1, text, sizes, 1, 1, 0, 0, 0)) look_up(frame, size);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!front) set_up();
    if (!size) return 0;
    char *exact = malloc(size - 1 ? size - 1 : 1); /* a sanitizer sees a read behind it */
    if (!exact) return 0;
    memcpy(exact, data + 1, size - 1);
    if (data[0] % 4 == 0) look_at_status(exact, size - 1);
    else look_up(exact, size - 1);
    if (data[0] % 16 == 1) put(exact, size - 1);
    free(exact);
    return 0;
}

#ifdef STANDALONE
/* Known requests with a few bytes changed, for so many seconds; prints how many. */
int main(int argc, char **argv) {
    static const char words[] = "tool\0sub\0--force", environment[] = "PATH=/bin\0A=b\0HOME=/";
    static uint8_t data[FRAME_MAX];
    const time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
    unsigned long count = 0;
    srandom(argc > 2 ? (unsigned)atoi(argv[2]) : 1);
    do {
        size_t size = 1 + make_frame((char *)data + 1, words, sizeof words, 3, environment, sizeof environment, 3);
        data[0] = (uint8_t)random();
        if (data[0] % 4 == 0) {
            static const char status[] = "Name:\tx\nUid:\t1\nUmask:\t0022\nSigIgn:\t0\n";
            memcpy(data + 1, status, sizeof status);
            size = sizeof status;
        }
        for (long changes = random() % 6; changes; changes--) data[1 + (size_t)random() % (size - 1)] = (uint8_t)(random() % 3 ? random() % 40 : random());
        if (random() % 8 == 0) size = 1 + (size_t)random() % size;
        LLVMFuzzerTestOneInput(data, size);
        count++;
    } while (time(NULL) < end);
    printf("%lu inputs\n", count);
    return 0;
}
#endif

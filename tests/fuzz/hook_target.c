/* Feeds the hook program's reader of answers (shims/hook/exchange.c) with bytes: a libFuzzer target, or with -DSTANDALONE a
 * program that makes up its own. Whatever they are, it ends, and by a status that is one of the answer's or a denial. */
#include "frames.h"

#include "../../shims/hook/exchange.c"
#undef exit

_Noreturn static void leave(int status) {
    if (status < 0 || status > 255) abort();
    longjmp(ended, 1);
}

_Noreturn void fail(const char *const *pieces) {
    for (; *pieces; pieces++) consumed += strlen(*pieces);
    longjmp(ended, 1);
}

_Noreturn void end_unanswered(const char *why, long error) {
    consumed += strlen(why) + (size_t)error;
    longjmp(ended, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct agent agent = {"probe", NULL, NULL, "", 2, 60};
    struct client client;
    if (!size) return 0;
    take_up(&client, data, size);
    if (!setjmp(ended)) answer(&client, &agent);
    give_back();
    return 0;
}

#ifdef STANDALONE
static uint8_t dress(uint8_t *payload, size_t length) {
    static const uint8_t kinds[] = {1, 1, 3, 5, 6, 12, 12, 12, 2};
    if (random() % 2 && length > 8) memset(payload + 1, 0, 7), payload[4] = (uint8_t)(length - 8);
    return kinds[(size_t)random() % sizeof kinds];
}
#endif

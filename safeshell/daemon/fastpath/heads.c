/* Answers for whatever follows a command's head: lines that were never seen, which no rule can match.
 *
 * A head is the program's name with the first words of its command line. Such an answer was given where no rule was left
 * open but those that hold for any line; a line is like that one as long as it has none of the literals, one of which each
 * of the other rules needs. answer_replay.py says for which commands that is known. */
#include "front.h"

enum { LINE_ROOM = 4096, WORDS_MAX = 2 };

/* A head that Python was offered: it isn't again, until the rules are others. Hashes are odd. */
static uint64_t tried(uint64_t head) { return head & ~1ull; }

/* The end of the first `count` words, or NULL where there are fewer. */
static const char *skip_words(struct bytes arguments, int count) {
    const char *at = arguments.at, *end = at + arguments.size;
    while (at && count--) {
        at = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
        at += at != NULL;
    }
    return at;
}

/* Whether a request has as many words as it says; those of other answers are known to Python. */
static int is_well_formed(const struct request *request) {
    uint32_t words = 0;
    for (size_t i = 0; i < request->arguments.size; i++) words += !request->arguments.at[i];
    return words && words == get32(request->frame + HEADER) && !request->arguments.at[request->arguments.size - 1];
}

/* A hash of a head in a directory; 0 where the request has fewer words. */
uint64_t hash_head(const struct request *request, int words, struct bytes directory) {
    const char *end = skip_words(request->arguments, words);
    if (!end) return 0;
    const uint64_t flags = hash((uint64_t)words, request->frame + 6, 2);
    return hash(hash(flags, request->words.at, (size_t)(end - request->words.at)), directory.at, directory.size);
}

/* Writes a word as shlex.quote has it, ASCII letters in lower case; NULL where that takes more room, or isn't ASCII. */
static char *quote(char *to, const char *end, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
    int quoted = !*word;
    for (const char *at = word; *at; at++) {
        if (*at & 0x80) return NULL;
        quoted |= !strchr(plain, *at >= 'A' && *at <= 'Z' ? *at | 0x20 : *at);
    }
    if (end - to < 3) return NULL;
    if (quoted) *to++ = '\'';
    for (; *word; word++) {
        if (end - to < 6) return NULL;
        if (*word == '\'') {
            memcpy(to, "'\"'\"'", 5);
            to += 5;
        } else {
            *to++ = *word >= 'A' && *word <= 'Z' ? *word | 0x20 : *word;
        }
    }
    if (quoted) *to++ = '\'';
    return to;
}

/* Writes a command line (safeshell/command/command_line.py) with its ASCII letters in lower case; returns its size, or 0 where
 * it takes more room or isn't ASCII. The tests hold it against Python. */
EXPORTED size_t front_write_line(const char *name, const char *words, size_t size, char *line, size_t room) {
    char *to = quote(line, line + room, name);
    for (const char *word = skip_words((struct bytes){words, size}, 1); to && word < words + size; word += strlen(word) + 1) {
        if (to == line + room) return 0;
        *to++ = ' ';
        to = quote(to, line + room, word);
    }
    return to ? (size_t)(to - line) : 0;
}

/* Whether the line is known to have none of the literals. */
static int has_no_literal(const struct entry *entry, struct bytes arguments) {
    char line[LINE_ROOM];
    const size_t size = front_write_line(entry->base.at, arguments.at, arguments.size, line, sizeof line);
    if (!size) return 0;
    const char *end = entry->literals.at + entry->literals.size;
    for (const char *literal = entry->literals.at; literal < end; literal += strlen(literal) + 1)
        if (memmem(line, size, literal, strlen(literal))) return 0;
    return 1;
}

/* Whether an answer is for this head: the same flags, descriptors, nice value, blocked signals, name and first words. */
static int begins_so(const struct front *front, const struct entry *entry, const struct request *request) {
    const struct accepted *accepted = &front->shared.accepted;
    const char *known = entry->command.at, *asked = request->frame;
    const size_t head = (size_t)(skip_words(request->arguments, entry->head) - request->words.at);
    return HEADER + COMMAND + head <= entry->command.size && !memcmp(known + 6, asked + 6, 2) &&
           !memcmp(known + HEADER + 16, asked + HEADER + 16, 16) && entry->passed == accepted->passed &&
           !memcmp(known + HEADER + COMMAND, request->words.at, head) &&
           same(entry->directory, front->shared.directory, accepted->directory_size) &&
           has_variables(request->environment, entry->variables);
}

/* The slot of an answer for this head, or -1; where it is one that Python may want to keep an answer for, `offer` says so. */
int find_head(struct front *front, const struct request *request, int *offer) {
    const struct bytes directory = {front->shared.directory, (size_t)front->shared.accepted.directory_size};
    if (front->shared.accepted.directory_size <= 0 || !is_well_formed(request)) return -1;
    for (int words = 1; words <= WORDS_MAX; words++) {
        const uint64_t head = hash_head(request, words, directory);
        if (!head) break;
        for (int slot = 0; slot < SLOTS; slot++) {
            const struct entry *entry = front->slots[slot];
            if (front->hashes[slot] != head || entry->head != words || !begins_so(front, entry, request)) continue;
            if (!has_no_literal(entry, request->arguments)) return -1;
            *offer = 1; /* where it doesn't hold any more it is to be kept anew */
            return slot;
        }
        uint64_t *heads = &front->heads[head % RECENT];
        *offer |= *heads == head;
        *heads = *heads == head || *heads == tried(head) ? tried(head) : head;
    }
    return -1;
}

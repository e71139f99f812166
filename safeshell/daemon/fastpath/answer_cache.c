/* What was answered, and finding it again. */
#include "front.h"

/* Multiplies a word at a time (as wyhash does); who forges two alike makes them slower, nothing else: bytes are compared. */
uint64_t hash(uint64_t value, const char *at, size_t size) {
    uint64_t word;
    for (value ^= size; size >= 8; at += 8, size -= 8) {
        memcpy(&word, at, 8);
        const unsigned __int128 product = (unsigned __int128)(value ^ word ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
        value = (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    word = 0;
    memcpy(&word, at, size);
    value = (value ^ word) * 0xd6e8feb86659fd93u;
    return (value ^ value >> 32) | 1; /* never 0 */
}

/* Takes a request apart; 0 where it isn't a whole one, or not well formed: Python says what is wrong with it. */
int parse(const char *frame, size_t size, struct request *request) {
    if (size < HEADER + COMMAND || memcmp(frame, "SfSh", 4) || frame[4] != VERSION || frame[5] != EXECUTE) return 0;
    const char *command = frame + HEADER;
    const uint64_t length = get32(frame + 8), argument_bytes = get32(command + 8), environment_bytes = get32(command + 12);
    const uint64_t name_bytes = get32(command + 16);
    if (length != size - HEADER || COMMAND + name_bytes + argument_bytes + environment_bytes != length) return 0;
    request->frame = frame;
    request->words = (struct bytes){command + COMMAND, name_bytes + argument_bytes};
    request->arguments = (struct bytes){command + COMMAND + name_bytes, argument_bytes};
    request->environment = (struct bytes){command + COMMAND + name_bytes + argument_bytes, environment_bytes};
    uint32_t entries = 0;
    const char *end = frame + size;
    for (const char *at = request->environment.at; at < end; entries++) {
        const char *stop = memchr(at, 0, (size_t)(end - at));
        if (!stop) return 0;
        at = stop + 1;
    }
    if (entries != get32(command + 4)) return 0;
    /* That the words are well formed is known where they are those of an entry; their count goes with them. */
    request->hash = hash(hash(hash(get32(command), frame + 6, 2), command + 16, 16), request->words.at, request->words.size);
    return 1;
}

/* Whether an entry is for this command: the same bytes, and so as well formed as those that Python has read. Flags, counts of
 * arguments and of their bytes; bytes of the name, nice value, blocked signals; name and arguments. */
static int is_for(const struct entry *entry, const struct request *request) {
    const char *known = entry->command.at, *asked = request->frame;
    return !memcmp(known + 6, asked + 6, 2) && !memcmp(known + HEADER, asked + HEADER, 4) &&
           !memcmp(known + HEADER + 8, asked + HEADER + 8, 4) && !memcmp(known + HEADER + 16, asked + HEADER + 16, 16) &&
           !memcmp(known + HEADER + COMMAND, request->words.at, request->words.size);
}

/* Whether the variables that counted are as they were, each there once or not at all. */
int has_variables(struct bytes environment, struct bytes variables) {
    int found = 0, wanted = 0;
    uint32_t initials = 0; /* by which most of an environment is passed over: there are dozens of markers */
    for (const char *want = variables.at; want < variables.at + variables.size; want += strlen(want) + 1) {
        wanted += strchr(want, '=') != NULL;
        initials |= UINT32_C(1) << (*want & 31);
    }
    for (const char *entry = environment.at; entry < environment.at + environment.size; entry += strlen(entry) + 1) {
        if (!(initials >> (*entry & 31) & 1)) continue;
        for (const char *want = variables.at; want < variables.at + variables.size; want += strlen(want) + 1) {
            if (*want != *entry) continue;
            const size_t name = strcspn(want, "=");
            if (strncmp(want, entry, name) || entry[name] != '=') continue;
            if (strcmp(want, entry)) return 0; /* another value, or none was there */
            found++;
        }
    }
    return found == wanted;
}

/* The slot of what was answered to this command in this very directory, or -1. */
int find(const struct front *front, const struct request *request) {
    const struct accepted *accepted = &front->shared.accepted;
    for (int slot = 0; slot < SLOTS; slot++) {
        if (front->hashes[slot] != request->hash) continue;
        const struct entry *entry = front->slots[slot];
        if (!entry->head && entry->passed == accepted->passed && is_for(entry, request) &&
            same(entry->directory, front->shared.directory, accepted->directory_size) &&
            has_variables(request->environment, entry->variables))
            return slot;
    }
    return -1;
}

/* Empties a slot. */
EXPORTED void front_forget(struct front *front, int slot) {
    if (front->slots[slot] && front->slots[slot]->head) front->heads[front->hashes[slot] % RECENT] = 0; /* to be tried again */
    free(front->slots[slot]);
    front->slots[slot] = NULL;
    front->hashes[slot] = 0;
}

/* Keeps an answer in a slot, in the place of what was there. `text` holds strings of these sizes, each with a NUL behind it:
 * a request that Python has taken apart, then what `struct entry` has after its command; it is for any request with so many
 * words of its `head`, or for that very one (0). `whole` is the address of the buckets that its time is counted in. 0: it can't
 * be kept. */
EXPORTED int front_put(struct front *front, int slot, const char *text, const size_t *sizes, int passed, int runs, int urgent,
                       int head, uint64_t whole) {
    struct request request;
    front_forget(front, slot);
    if (!parse(text, sizes[0], &request)) return 0;
    const size_t command = (size_t)(request.environment.at - text), environment = sizes[0] - command;
    const size_t kept[] = {command, sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], sizes[6], sizes[7]};
    struct entry *entry = keep_all(sizeof *entry, text + environment, kept, 8);
    if (!entry) return 0;
    const char *at = memcpy(entry + 1, text, command);
    *entry = (struct entry){.passed = passed, .runs = runs, .urgent = urgent, .head = head, .whole = (uint64_t *)(uintptr_t)whole};
    struct bytes *const parts[] = {&entry->command, &entry->variables, &entry->directory,
                                   &entry->reads,   &entry->answer,    &entry->arguments,
                                   &entry->base,    &entry->literals};
    for (int i = 0; i < 8; i++) *parts[i] = next_part(&at, kept[i]);
    front->slots[slot] = entry;
    front->hashes[slot] = head ? hash_head(&request, head, entry->directory) : request.hash;
    return 1;
}

/* Whether an answer in this slot is being given: a command that Python doesn't know of yet. */
EXPORTED int front_is_busy(const struct front *front, int slot) {
    for (int at = 0; at < front->running.count; at++)
        if (front->running.entries[at].connection.slot == slot) return 1;
    return 0;
}

/* Telling Python what was done without it: counts of durations, and answers that have gone out. */
#include "front.h"

enum { BUCKETS_OF_TIME = 2345 };

/* As safeshell/metrics/histogram.py: 64 buckets for each power of two. */
static void count_duration(uint64_t *cells, uint64_t value) {
    const int shift = value ? 57 - __builtin_clzll(value) : 0;
    const uint64_t index = shift > 0 ? ((uint64_t)shift << 6) + (value >> shift) : value;
    cells[index < BUCKETS_OF_TIME ? index : BUCKETS_OF_TIME - 1]++;
}

/* Counts the stages of what was answered; `end` is of the command that was run by it, if one was. */
static void count_answer(const struct front *front, const struct accepted *times, const struct ended *end, uint64_t replied, uint64_t *whole) {
    uint64_t *const *stages = front->stages;
    if (!front->timed || !times->began || !*stages) return;
    count_duration(stages[ACCEPT], times->accepted - times->began);
    count_duration(stages[RECEIVE], times->received - times->accepted);
    count_duration(stages[RECALL], times->recalled - times->received);
    if (!end) {
        count_duration(stages[REPLY], replied - times->recalled);
        count_duration(whole, replied - times->began);
        return;
    }
    count_duration(stages[CONFINEMENT], times->inspected - times->recalled);
    count_duration(stages[SPAWN], times->spawned - times->inspected);
    count_duration(stages[CHILD], end->noticed - times->spawned);
    count_duration(stages[REAP], end->reaped - end->noticed);
    count_duration(stages[REPLY], replied - end->reaped);
    count_duration(whole, times->spawned - times->began + replied - end->noticed);
}

/* Counts an answer that has gone out, and keeps it for Python to hear of. */
void report(struct front *front, const struct accepted *accepted, const struct ended *end) {
    const struct entry *entry = front->slots[accepted->slot];
    struct shared *shared = &front->shared;
    count_answer(front, accepted, end, stamp(front), entry->whole);
    const uint64_t at = now() + (entry->urgent ? URGENT_MS : UNREPORTED_MS) * MS;
    if (!shared->answered_count || at < front->report_at) front->report_at = at;
    struct answered *answered = &shared->answered[shared->answered_count++];
    *answered = (struct answered){.slot = accepted->slot, .pid = accepted->pid, .uid = accepted->uid};
    if (!end) return;
    answered->child = end->pid;
    answered->status = end->status;
    answered->duration = end->noticed - accepted->spawned;
}

/* Counts durations. Each record: how many, when the first began, the address of each one's buckets, when each ended. */
EXPORTED void front_count(const char *at, size_t size) {
    for (const char *end = at + size; at < end;) {
        uint64_t count, began;
        memcpy(&count, at, 8);
        memcpy(&began, at + 8, 8);
        const char *buckets = at + 16, *ends = buckets + count * 8;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t *cells, ended;
            memcpy(&cells, buckets + i * 8, 8);
            memcpy(&ended, ends + i * 8, 8);
            count_duration(cells, ended - began);
            began = ended;
        }
        at = ends + count * 8;
    }
}

/* Where the stages are counted of what is answered here, in the order of `enum stage`. */
EXPORTED void front_set_stages(struct front *front, const uint64_t *addresses) {
    for (int stage = 0; stage < STAGES; stage++) front->stages[stage] = (uint64_t *)(uintptr_t)addresses[stage];
}

/* What binding.py has to agree with. */

EXPORTED size_t front_buckets(void) { return BUCKETS_OF_TIME; }

EXPORTED struct shared *front_shared(struct front *front) { return &front->shared; }

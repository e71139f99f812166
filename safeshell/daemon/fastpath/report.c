/* Telling Python what was done without it: counts of durations, and answers that have gone out. */
#include "front.h"

enum { BUCKETS_OF_TIME = 2345 };

/* As safeshell/metrics/histogram.py: 64 buckets for each power of two. */
static void count_duration(uint64_t *cells, uint64_t value) {
    const int shift = value ? 57 - __builtin_clzll(value) : 0;
    const uint64_t index = shift > 0 ? ((uint64_t)shift << 6) + (value >> shift) : value;
    cells[index < BUCKETS_OF_TIME ? index : BUCKETS_OF_TIME - 1]++;
}

/* Counts durations, each from the end of the one before. */
static void count_laps(uint64_t *const *cells, const uint64_t *ends, uint64_t count, uint64_t began) {
    for (uint64_t i = 0; i < count; began = ends[i++]) count_duration(cells[i], ends[i] - began);
}

/* Counts the stages of what was answered; `end` is of the command that was run by it, if one was. */
static void count_answer(const struct front *front, const struct accepted *times, const struct ended *end, uint64_t replied, uint64_t *whole) {
    if (!front->timed || !times->began || !*front->stages) return;
    uint64_t ends[STAGES] = {times->accepted, times->received, times->recalled, times->inspected, times->spawned};
    uint64_t unseen = 0; /* while the command ran, which was nobody's wait */
    if (end) {
        ends[CHILD] = end->noticed;
        ends[REAP] = end->reaped;
        ends[FINISH] = replied;
        count_laps(front->stages, ends, STAGES, times->began);
        unseen = end->noticed - times->spawned;
    } else {
        count_laps(front->stages, ends, PLACE, times->began);
        count_duration(front->stages[FINISH], replied - times->recalled);
    }
    count_duration(whole, replied - times->began - unseen);
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
EXPORTED void front_count(const uint64_t *at, size_t size) {
    for (const uint64_t *end = at + size / sizeof *at; at < end;) {
        const uint64_t count = at[0], began = at[1];
        at += 2;
        count_laps((uint64_t *const *)at, at + count, count, began);
        at += 2 * count;
    }
}

/* Where the stages are counted of what is answered here, in the order of `enum stage`. */
EXPORTED void front_set_stages(struct front *front, const uint64_t *addresses) {
    for (int stage = 0; stage < STAGES; stage++) front->stages[stage] = (uint64_t *)(uintptr_t)addresses[stage];
}

/* What binding.py has to agree with. */

EXPORTED size_t front_buckets(void) { return BUCKETS_OF_TIME; }

EXPORTED struct shared *front_shared(struct front *front) { return &front->shared; }

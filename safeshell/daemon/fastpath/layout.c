/* The layout of what crosses to Python: asserted here, and exported for the tests to compare with binding.py's formats. */
#include "front.h"

_Static_assert(sizeof(struct accepted) == 18 * 4 + 6 * 8 && offsetof(struct accepted, began) == 18 * 4, "18 int32_t, 6 uint64_t");
_Static_assert(sizeof(struct answered) == 6 * 4 + 8 && offsetof(struct answered, duration) == 6 * 4, "6 int32_t, a uint64_t");
_Static_assert(sizeof(struct ended) == 2 * 4 + 3 * 8 && offsetof(struct ended, noticed) == 2 * 4, "2 int32_t, 3 uint64_t");
_Static_assert(sizeof(struct ready) == 4 + 4 && offsetof(struct ready, events) == 4, "an int32_t, a uint32_t");
_Static_assert(offsetof(struct shared, accepted) == 2 * 4, "two counts");
_Static_assert(offsetof(struct shared, answered) == offsetof(struct shared, accepted) + sizeof(struct accepted), "no gap");
_Static_assert(offsetof(struct shared, ended) == offsetof(struct shared, answered) + ANSWERED_MAX * sizeof(struct answered), "no gap");
_Static_assert(offsetof(struct shared, ready) == offsetof(struct shared, ended) + ENDED_MAX * sizeof(struct ended), "no gap");
_Static_assert(offsetof(struct shared, directory) == offsetof(struct shared, ready) + READY_MAX * sizeof(struct ready), "no gap");

struct field {
    const char *name;
    size_t offset, size;
};

#define FIELD(type, name) {#type "." #name, offsetof(struct type, name), sizeof(((struct type *)0)->name)}

EXPORTED const struct field front_layout[] = {
    FIELD(shared, answered_count), FIELD(shared, ended_count), FIELD(shared, accepted), FIELD(shared, answered),
    FIELD(shared, ended), FIELD(shared, ready), FIELD(shared, directory),
    FIELD(accepted, fd), FIELD(accepted, pid), FIELD(accepted, uid), FIELD(accepted, pidfd), FIELD(accepted, passed),
    FIELD(accepted, truncated), FIELD(accepted, size), FIELD(accepted, seen), FIELD(accepted, slot), FIELD(accepted, child),
    FIELD(accepted, same_view), FIELD(accepted, no_repository), FIELD(accepted, fresh), FIELD(accepted, directory_size),
    FIELD(accepted, descriptors), FIELD(accepted, began), FIELD(accepted, accepted), FIELD(accepted, received),
    FIELD(accepted, recalled), FIELD(accepted, inspected), FIELD(accepted, spawned),
    FIELD(answered, slot), FIELD(answered, pid), FIELD(answered, uid), FIELD(answered, child), FIELD(answered, status),
    FIELD(answered, unused), FIELD(answered, duration),
    FIELD(ended, pid), FIELD(ended, status), FIELD(ended, noticed), FIELD(ended, reaped), FIELD(ended, replied),
    FIELD(ready, fd), FIELD(ready, events),
    {NULL, sizeof(struct shared), 0},
};

#ifndef FRONT_SOURCE
#define FRONT_SOURCE 0 /* of the front's files, CRC-32: hatch_build.py says it */
#endif

EXPORTED size_t front_shared_size(void) { return sizeof(struct shared); }

EXPORTED uint32_t front_source(void) { return FRONT_SOURCE; }

/* Copies of strings that Python passes. */
#include "front.h"

/* A block with `head` bytes of zero before a copy of strings of these sizes, each with a NUL behind it; NULL: out of memory. */
void *keep_all(size_t head, const char *text, const size_t *sizes, int count) {
    size_t size = 0;
    for (int i = 0; i < count; i++) size += sizes[i] + 1;
    char *block = calloc(1, head + size);
    if (block) memcpy(block + head, text, size);
    return block;
}

/* The next of such strings. */
struct bytes next_part(const char **at, size_t size) {
    const struct bytes part = {*at, size};
    *at += size + 1;
    return part;
}

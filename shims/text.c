/* Text: comparing it, looking things up in it, numbers in it, and room for it. */
#include "client.h"

int same(const char *left, const char *right) {
    size_t size = strlen(left);
    return size == strlen(right) && !memcmp(left, right, size);
}

int starts_with(const char *text, const char *start) {
    for (; *start; text++, start++)
        if (*text != *start) return 0;
    return 1;
}

/* The last component of a path: what follows its last slash. */
const char *base_name(const char *path) {
    const char *base = path;
    for (; *path; path++)
        if (*path == '/') base = path + 1;
    return base;
}

/* The value of an environment variable; NULL where it is absent. */
const char *variable(char *const *envp, const char *name) {
    size_t size = strlen(name);
    for (; *envp; envp++)
        if (**envp == *name && starts_with(*envp, name) && (*envp)[size] == '=') return *envp + size + 1;
    return NULL;
}

/* A number as decimal text, in the caller's NUMBER_ROOM bytes. */
const char *decimal(uint64_t number, char *room) {
    char *at = room + NUMBER_ROOM - 1;
    *at = 0;
    do *--at = (char)('0' + number % 10);
    while (number /= 10);
    return at;
}

/* Zeroed memory that is never given back. */
void *allocate(size_t size) {
    void *room = sys_map(size, -1);
    if (!room) FAIL("no memory for the command's arguments");
    return room;
}

uint64_t parse_decimal(const char *text) {
    uint64_t number = 0;
    for (; *text >= '0' && *text <= '9'; text++) number = number * 10 + (uint64_t)(*text - '0');
    return number;
}

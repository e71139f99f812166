/* Reading a caller: what it asks the kernel to run, from its own memory. Nothing is ever written there.
 *
 * A process id may be another process's by the time that it is read: what was read counts only if the kernel says
 * afterwards that the call still waits. */
#include "keeper.h"

enum { CHUNK = 4096, X32_BIT = 0x40000000 };

/* The caller's memory, through a window, for the strings of an environment lie beside each other. */
struct memory {
    long thread;
    uint64_t at;
    size_t size;
    char window[4 * CHUNK];
};

static long read_memory(long thread, uint64_t at, void *room, size_t size) {
    struct iovec to = {room, size}, from = {(void *)(uintptr_t)at, size};
    return call6(SYS_process_vm_readv, thread, &to, 1, &from, 1, 0);
}

/* Moves the window to an address: up to the end of a page, so that an unmapped one behind it is no failure. */
static long look_at(struct memory *memory, uint64_t at) {
    if (at >= memory->at && at < memory->at + memory->size) return 0;
    size_t size = sizeof memory->window - at % CHUNK;
    long got = read_memory(memory->thread, at, memory->window, size);
    if (got <= 0) got = read_memory(memory->thread, at, memory->window, CHUNK - at % CHUNK);
    memory->at = at;
    memory->size = got > 0 ? (size_t)got : 0;
    return got > 0 ? 0 : got ? got : -EFAULT;
}

long grow(struct strings *strings, size_t more) {
    if (strings->size + more <= strings->room) return 0;
    if (strings->size + more > BLOCK_MAX) return -E2BIG;
    size_t room = strings->room ? strings->room : 2 * CHUNK;
    while (room < strings->size + more) room *= 2;
    char *at = sys_map(room, -1);
    if (!at) return -ENOMEM;
    if (strings->at) {
        memcpy(at, strings->at, strings->size);
        sys_unmap(strings->at, strings->room);
    }
    strings->at = at;
    strings->room = room;
    return 0;
}

/* Adds the string at an address. */
static long add_string(struct memory *memory, struct strings *strings, uint64_t at) {
    for (;;) {
        long failed = look_at(memory, at);
        if (failed) return failed;
        const char *from = memory->window + (at - memory->at);
        size_t most = memory->size - (size_t)(at - memory->at), size = 0;
        while (size < most && from[size]) size++;
        const int is_end = size < most;
        if ((failed = grow(strings, size + 1))) return failed;
        memcpy(strings->at + strings->size, from, size);
        strings->size += size + (size_t)is_end;
        if (is_end) {
            strings->at[strings->size - 1] = 0;
            strings->count++;
            return 0;
        }
        at += size;
    }
}

/* Adds each string of a list of pointers, which ends in a null pointer; no list is an empty one. */
static long add_strings(struct memory *memory, struct strings *strings, uint64_t list, size_t width) {
    uint64_t pointers[CHUNK / 8];
    size_t known = 0;
    if (!list) return 0;
    for (size_t i = 0;; i++, list += width) {
        if (i == known) {
            size_t size = CHUNK - list % CHUNK;
            if (size < width) size = width; /* a pointer across two pages */
            long got = read_memory(memory->thread, list, pointers, size);
            if (got < (long)width) return got < 0 ? got : -EFAULT;
            known = (size_t)got / width;
            i = 0;
        }
        const uint64_t at = width == 8 ? pointers[i] : ((const uint32_t *)pointers)[i];
        if (!at) return 0;
        long failed = add_string(memory, strings, at);
        if (failed) return failed;
    }
}

static long read_path(struct memory *memory, uint64_t at, char *room) {
    struct strings path = {0};
    long failed = add_string(memory, &path, at);
    if (!failed && path.size > PATH_ROOM) failed = -ENAMETOOLONG;
    if (!failed) memcpy(room, path.at, path.size);
    if (path.at) sys_unmap(path.at, path.room);
    return failed;
}

/* A call's parts, whichever of the tables of numbers it was made by. */
struct parts {
    int directory, flags;
    uint64_t path, arguments, environment;
    size_t width;
};

static struct parts take_apart(const struct seccomp_data *call) {
    int number = call->nr, is_at;
    size_t width = 8;
#if defined(__x86_64__)
    if (call->arch == AUDIT_ARCH_I386) is_at = number == 358, width = 4;
    else if (number == X32_BIT + 520 || number == X32_BIT + 545) is_at = number == X32_BIT + 545, width = 4;
    else is_at = (number & ~X32_BIT) == 322;
#else
    if (call->arch == AUDIT_ARCH_ARM) is_at = number == 387, width = 4;
    else is_at = number == 281;
#endif
    const __u64 *arguments = call->args + is_at;
    struct parts parts = {AT_FDCWD, 0, arguments[0], arguments[1], arguments[2], width};
    if (is_at) parts.directory = (int)call->args[0], parts.flags = (int)call->args[4];
    if (width == 4) { /* the upper halves are nobody's */
        parts.path &= UINT32_MAX;
        parts.arguments &= UINT32_MAX;
        parts.environment &= UINT32_MAX;
    }
    return parts;
}

/* A number of /proc/PID/status; `base` 16 for a set of signals. */
static uint64_t read_status(long pid, const char *name, int base) {
    char path[PROC_ROOM], status[CHUNK];
    if (!read_file(proc_path(path, pid, "/status"), status, sizeof status)) return 0;
    const char *line = status;
    while (*line && !starts_with(line, name)) {
        while (*line && *line != '\n') line++;
        if (*line) line++;
    }
    if (!*line) return 0;
    line += strlen(name);
    while (*line == ' ' || *line == '\t') line++;
    if (base == 10) return parse_decimal(line);
    uint64_t found = 0;
    for (;; line++) {
        const int digit = *line >= '0' && *line <= '9' ? *line - '0' : *line >= 'a' && *line <= 'f' ? *line - 'a' + 10 : -1;
        if (digit < 0) return found;
        found = found * 16 + (uint64_t)digit;
    }
}

/* As the kernel calls a program that is named by its descriptor alone. */
static void name_descriptor(char *path, int fd) {
    char number[NUMBER_ROOM];
    const char *digits = decimal((uint64_t)fd, number);
    memcpy(path, "/dev/fd/", 8);
    memcpy(path + 8, digits, strlen(digits) + 1);
}

/* Reads what is asked for, and finds the program. Returns 0, or the error that the call is to end with. */
long read_caller(struct keeper *keeper, struct held *held, const struct seccomp_notif *call) {
    const struct parts parts = take_apart(&call->data);
    struct memory memory;
    memory.thread = call->pid;
    memory.at = memory.size = 0;
    held->id = call->id;
    held->thread = call->pid;
    held->pid = (long)read_status(call->pid, "Tgid:", 10);
    long failed = read_path(&memory, parts.path, held->stages[0].path);
    if (!failed && !*held->stages[0].path && parts.flags & AT_EMPTY_PATH && parts.directory >= 0)
        name_descriptor(held->stages[0].path, parts.directory);
    if (!failed) failed = add_strings(&memory, &held->stages[0].arguments, parts.arguments, parts.width);
    if (!failed) failed = add_strings(&memory, &held->environment, parts.environment, parts.width);
    if (!failed && !held->stages[0].arguments.count) { /* the kernel gives a program an empty name then */
        failed = grow(&held->stages[0].arguments, 1);
        held->stages[0].arguments.count = held->stages[0].arguments.size = !failed;
    }
    const struct place place = {call->pid, parts.directory, parts.flags};
    return failed ? failed : resolve_program(keeper, held, &place);
}

static void forget(struct strings *strings) {
    if (strings->at) sys_unmap(strings->at, strings->room);
    *strings = (struct strings){0};
}

void release_caller(struct held *held) {
    forget(&held->environment);
    for (int i = 0; i < INTERPRETERS_MAX; i++) forget(&held->stages[i].arguments);
    if (held->socket >= 0) sys_close(held->socket);
    if (held->directory >= 0) sys_close(held->directory);
    held->socket = held->directory = -1;
    held->state = FREE;
}

/* Whether a signal waits that the caller would take if it weren't held. */
int was_signalled(const struct held *held) {
    const uint64_t pending = read_status(held->thread, "SigPnd:", 16) | read_status(held->thread, "ShdPnd:", 16);
    const uint64_t spared = read_status(held->thread, "SigBlk:", 16) | read_status(held->thread, "SigIgn:", 16);
    return (pending & ~spared & ~(SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGWINCH))) != 0;
}

/* Finding the program of a call as the kernel will: in the caller's root and directory, through links and `#!`.
 *
 * What the kernel would not run anyway is answered with the kernel's own error. Then there is nothing that another
 * thread could swap in meanwhile. */
#include "keeper.h"

enum { NO_MAGIC_LINKS = 2, IN_ROOT = 0x10 }; /* RESOLVE_… of openat2(2) */
#ifndef SYS_openat2
#define SYS_openat2 437 /* one number on every architecture */
#endif

struct how {
    uint64_t flags, mode, resolve;
};

/* /proc/PID and what follows, in PROC_ROOM bytes of the caller's. */
char *proc_path(char *room, long pid, const char *rest) {
    char number[NUMBER_ROOM];
    const char *digits = decimal((uint64_t)pid, number);
    const size_t size = strlen(digits), more = strlen(rest) + 1;
    memcpy(room, "/proc/", 6);
    memcpy(room + 6, digits, size);
    memcpy(room + 6 + size, rest, 6 + size + more > PROC_ROOM ? 1 : more);
    return room;
}

/* The kernel's link to what is open here, likewise. */
char *own_descriptor(char *room, int fd) {
    char number[NUMBER_ROOM];
    const char *digits = decimal((uint64_t)fd, number);
    memcpy(room, "/proc/self/fd/", 14);
    memcpy(room + 14, digits, strlen(digits) + 1);
    return room;
}

int same_file(const struct identity *left, const struct identity *right) {
    return left->device == right->device && left->inode == right->inode && left->size == right->size &&
           left->changed == right->changed && left->changed_ns == right->changed_ns;
}

static void take_identity(const struct statx *found, struct identity *identity) {
    identity->device = (uint64_t)found->stx_dev_major << 32 | found->stx_dev_minor;
    identity->inode = found->stx_ino;
    identity->size = found->stx_size;
    identity->changed = found->stx_ctime.tv_sec;
    identity->changed_ns = found->stx_ctime.tv_nsec;
}

static long look(const char *path, int fd, struct statx *found) {
    return call6(SYS_statx, fd, path, *path ? 0 : AT_EMPTY_PATH, STATX_BASIC_STATS, found, 0);
}

/* The identity of a file, by its path, or of the one that is open where that is empty. */
long identify(const char *path, int fd, struct identity *found) {
    struct statx looked;
    const long failed = look(path, fd, &looked);
    if (!failed) take_identity(&looked, found);
    return failed;
}

static int same_link(const char *left, const char *right) {
    char a[PROC_ROOM], b[PROC_ROOM];
    const long sizes[] = {sys_readlink(left, a, sizeof a), sys_readlink(right, b, sizeof b)};
    return sizes[0] > 0 && sizes[0] == sizes[1] && !memcmp(a, b, (size_t)sizes[0]);
}

/* Whether the caller sees the file system as the keeper does. */
static int sees_the_same(long thread) {
    char path[PROC_ROOM];
    struct identity own, others;
    if (!same_link("/proc/self/ns/mnt", proc_path(path, thread, "/ns/mnt"))) return 0;
    return !identify("/", AT_FDCWD, &own) && !identify(proc_path(path, thread, "/root"), AT_FDCWD, &others) &&
           own.device == others.device && own.inode == others.inode;
}

static char *base_path(const struct place *place, char *room) {
    if (place->directory == AT_FDCWD) return proc_path(room, place->thread, "/cwd");
    char number[NUMBER_ROOM], rest[NUMBER_ROOM + 4] = "/fd/";
    const char *digits = decimal((uint64_t)place->directory, number);
    memcpy(rest + 4, digits, strlen(digits) + 1);
    return proc_path(room, place->thread, rest);
}

/* What names the caller itself would name the keeper here. */
static int names_itself(const char *path, char *room, long thread) {
    static const char *const own[][2] = {
        {"/proc/self/", "/"}, {"/proc/thread-self/", "/"}, {"/dev/fd/", "/fd/"}, {NULL, NULL}};
    for (size_t i = 0; own[i][0]; i++) {
        if (!starts_with(path, own[i][0])) continue;
        char start[PROC_ROOM];
        const size_t size = strlen(proc_path(start, thread, own[i][1]));
        const size_t skipped = strlen(own[i][0]), rest = strlen(path + skipped) + 1;
        if (size + rest > PATH_ROOM) return 0;
        for (size_t at = 0; at < rest; at++) room[size > skipped ? size + rest - 1 - at : size + at] =
            path[size > skipped ? skipped + rest - 1 - at : skipped + at]; /* they may be one */
        memcpy(room, start, size);
        return 1;
    }
    return 0;
}

/* A path that begins at the caller's root: of a relative one, behind where it begins. */
static long from_root(const struct place *place, const char *path, char *room) {
    char link[PROC_ROOM], root[PATH_ROOM];
    size_t size = 0;
    if (*path != '/') {
        const long at = sys_readlink(base_path(place, link), room, PATH_ROOM - 1);
        const long top = sys_readlink(proc_path(link, place->thread, "/root"), root, PATH_ROOM - 1);
        if (at < 0 || top < 0) return at < 0 ? at : top;
        size = (size_t)at;
        if (top > 1) { /* the kernel tells it from the top of the mounts */
            if (at < top || memcmp(room, root, (size_t)top)) return -EACCES;
            size = (size_t)(at - top);
            for (size_t i = 0; i < size; i++) room[i] = room[i + (size_t)top];
        }
        room[size++] = '/';
    }
    if (size + strlen(path) + 1 > PATH_ROOM) return -ENAMETOOLONG;
    memcpy(room + size, path, strlen(path) + 1);
    return 0;
}

static long open_foreign(const struct place *place, const char *path, int flags) {
    char room[PATH_ROOM], link[PROC_ROOM];
    const long failed = from_root(place, path, room);
    if (failed) return failed;
    const long root = open_file(proc_path(link, place->thread, "/root"), O_PATH | O_DIRECTORY);
    if (root < 0) return root;
    const struct how how = {(uint64_t)(flags | O_CLOEXEC), 0, IN_ROOT};
    long fd;
    do fd = keep_clear(call4(SYS_openat2, root, room, &how, sizeof how));
    while (fd == -EAGAIN); /* a directory on the way was moved */
    sys_close((int)root);
    return fd;
}

/* Opens a path of a caller that sees what the keeper sees. A link of the kernel's own, as /proc/self/fd/3, leads each
 * to something else: one that leads to the caller itself is followed here, by the link's text. */
static long open_alike(const struct place *place, const char *path, int flags) {
    char room[PATH_ROOM], link[PROC_ROOM];
    struct how how = {(uint64_t)(flags | O_CLOEXEC), 0, NO_MAGIC_LINKS};
    const long base = *path == '/' ? AT_FDCWD : open_file(base_path(place, link), O_PATH);
    if (base < 0 && base != AT_FDCWD) return base;
    long fd = keep_clear(call4(SYS_openat2, base, path, &how, sizeof how));
    const int is_unclear = fd == -ELOOP || fd == -ENOSYS || fd == -EAGAIN;
    if (fd < 0) {
        const long size = call4(SYS_readlinkat, base, path, room, sizeof room - 1);
        room[size > 0 ? size : 0] = 0;
        if (size > 0 && names_itself(room, room, place->thread)) fd = open_file(room, flags);
        else if (is_unclear) fd = keep_clear(call4(SYS_openat, base, path, flags | O_CLOEXEC, 0));
    }
    if (base >= 0) sys_close((int)base);
    return fd;
}

/* Opens a program for looking at it, O_PATH; returns the descriptor, or the kernel's error. */
long open_program(const struct place *place, const char *path) {
    char room[PATH_ROOM];
    const int flags = O_PATH | (place->flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0);
    if (!*path) return -ENOENT;
    if (*path == '/' && names_itself(path, room, place->thread)) return open_file(room, flags);
    return sees_the_same(place->thread) ? open_alike(place, path, flags) : open_foreign(place, path, flags);
}

/* Reads a program's beginning; its size, or why it can't be read. */
static long read_head(int fd, char *room) {
    char link[PROC_ROOM];
    const long reading = open_file(own_descriptor(link, fd), O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (reading < 0) return reading;
    const long got = sys_read((int)reading, room, HEAD_SIZE);
    sys_close((int)reading);
    return got;
}

static long add_word(struct strings *strings, const char *word, size_t size) {
    const long failed = grow(strings, size + 1);
    if (failed) return failed;
    memcpy(strings->at + strings->size, word, size);
    strings->at[strings->size + size] = 0;
    strings->size += size + 1;
    strings->count++;
    return 0;
}

/* What the kernel calls a script in the interpreter's arguments: how it was named, by a descriptor too. */
static long add_script(struct strings *strings, const struct place *place, const char *path) {
    if (*path == '/' || place->directory == AT_FDCWD) return add_word(strings, path, strlen(path));
    char room[PATH_ROOM + 64] = "/dev/fd/", number[NUMBER_ROOM];
    const char *digits = decimal((uint64_t)place->directory, number);
    size_t size = 8 + strlen(digits);
    memcpy(room + 8, digits, strlen(digits));
    if (*path) {
        room[size++] = '/';
        memcpy(room + size, path, strlen(path));
        size += strlen(path);
    }
    return add_word(strings, room, size);
}

static int is_blank(char c) { return c == ' ' || c == '\t'; }

/* The interpreter that a script names, and its arguments; 1 where there is one. As the kernel's load_script. */
static long read_interpreter(struct held *held, const struct place *place, const char *head, size_t size) {
    struct stage *const script = &held->stages[held->stage_count - 1], *const next = script + 1;
    size_t end = 2, begin = 2;
    while (end < size && head[end] != '\n' && head[end]) end++;
    while (begin < end && is_blank(head[begin])) begin++;
    while (end > begin && is_blank(head[end - 1])) end--;
    size_t stop = begin;
    while (stop < end && !is_blank(head[stop])) stop++;
    if (begin == stop || (stop == size && size == HEAD_SIZE)) return -ENOEXEC;
    if (held->stage_count == INTERPRETERS_MAX) return -ELOOP;
    memcpy(next->path, head + begin, stop - begin);
    next->path[stop - begin] = 0;
    long failed = add_word(&next->arguments, head + begin, stop - begin);
    while (stop < end && is_blank(head[stop])) stop++;
    if (!failed && stop < end) failed = add_word(&next->arguments, head + stop, end - stop);
    if (!failed && held->stage_count == 1) failed = add_script(&next->arguments, place, script->path);
    if (!failed && held->stage_count > 1) failed = add_word(&next->arguments, script->path, strlen(script->path));
    if (failed) return failed;
    const struct strings *const given = &script->arguments;
    const size_t first = strlen(given->at) + 1; /* the script's own name is given up */
    failed = grow(&next->arguments, given->size - first);
    if (failed) return failed;
    memcpy(next->arguments.at + next->arguments.size, given->at + first, given->size - first);
    next->arguments.size += given->size - first;
    next->arguments.count += given->count - 1;
    return 1;
}

static const char *const with_value[] = {"--library-path", "--preload",      "--audit", "--argv0",
                                          "--inhibit-rpath", "--glibc-hwcaps-prepend", "--glibc-hwcaps-mask", NULL};

/* The program that the dynamic loader is given, and its arguments; 1 where there is one. As glibc's rtld.c. */
static long read_loaded(struct held *held) {
    const struct strings *const given = &held->stages[held->stage_count - 1].arguments;
    struct stage *const next = &held->stages[held->stage_count];
    size_t at = strlen(given->at) + 1;
    uint32_t left = given->count - 1;
    for (int is_value = 0; left; left--, at += strlen(given->at + at) + 1) {
        const char *const word = given->at + at;
        if (!is_value && *word != '-') break;
        const int was_value = is_value;
        is_value = 0;
        for (int i = 0; !was_value && with_value[i]; i++) is_value |= same(word, with_value[i]);
    }
    if (!left || strlen(given->at + at) >= PATH_ROOM) return 0;
    if (held->stage_count == INTERPRETERS_MAX) return -ELOOP;
    memcpy(next->path, given->at + at, strlen(given->at + at) + 1);
    const long failed = grow(&next->arguments, given->size - at);
    if (failed) return failed;
    memcpy(next->arguments.at, given->at + at, given->size - at);
    next->arguments.size = given->size - at;
    next->arguments.count = left;
    return 1;
}

/* Nobody can say what a program is that its owner made unreadable; root's own, such as ssh-keysign, are known by name. */
static long say_unreadable(const struct held *held) {
    TELL(held, held->stages[0].path, " can't be read, so nobody can say what it is; it does not run");
    return -EACCES;
}

/* Looks at one program; 1 where an interpreter runs it, which is the next. */
static long look_at_stage(struct keeper *keeper, struct held *held, const struct place *place, int fd) {
    struct stage *const stage = &held->stages[held->stage_count++];
    const int is_loaded = held->stage_count > 1 && held->stages[held->stage_count - 2].name == loader_name;
    struct statx found;
    char head[HEAD_SIZE];
    const long failed = look("", fd, &found);
    if (failed) return failed;
    if ((found.stx_mode & S_IFMT) != S_IFREG || !(found.stx_mode & 0111)) return -EACCES;
    take_identity(&found, &stage->file);
    name_stage(keeper, stage, fd);
    if (held->stage_count == 1) held->is_part = is_own_part(held, fd);
    const long size = read_head(fd, head);
    held->is_unread = size < 0;
    if (size < 0 && found.stx_uid) return say_unreadable(held);
    if (size >= 2 && !memcmp(head, "#!", 2) && !is_loaded) {
        const long said = read_interpreter(held, place, head, (size_t)size);
        if (said != -ENOEXEC) return said;
    }
    if (is_loaded) return 0;
    held->run = held->stage_count - 1;
    held->is_foreign = size >= 4 && memcmp(head, "\x7f" "ELF", 4) != 0;
    return stage->name == loader_name ? read_loaded(held) : 0;
}

/* Finds what the kernel would run; 0, or the error with which it would run nothing. */
long resolve_program(struct keeper *keeper, struct held *held, const struct place *place) {
    const struct place interpreters = {place->thread, AT_FDCWD, 0};
    for (long more = 1; more == 1;) {
        const int is_first = !held->stage_count;
        const long fd = open_program(is_first ? place : &interpreters, held->stages[held->stage_count].path);
        if (fd < 0 && held->stage_count && held->stages[held->stage_count - 1].name == loader_name) return 0;
        if (fd < 0) return fd;
        more = look_at_stage(keeper, held, place, (int)fd);
        sys_close((int)fd);
        if (more < 0) return more;
    }
    return 0;
}

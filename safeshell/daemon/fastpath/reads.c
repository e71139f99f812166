/* What an answer hung on in the file system: whether it is found as it was, by the same system calls. */
#include "front.h"

/* What answer_replay.py writes before each path that an answer hung on. */
enum {
    ABSENT = 'a', NO_ENTRY = 'e', ENTRY = 'l', NOT_EXECUTABLE = 'n', PLACE_IS = 'd', OWNED_IS = 'o', FILE_IS = 'f', PROGRAM_IS = 'p'
};

/* How many of a file's marks stand before a path of each kind. */
static int marks(char kind) {
    switch (kind) {
    case PLACE_IS: return 2;
    case OWNED_IS: return 4;
    case PROGRAM_IS: return 6;
    case FILE_IS: return 7;
    default: return 0;
    }
}

/* Device, inode, mode, owner, size, times of the last changes of content and state: as many as are known. */
static int is_file(const char *path, const uint64_t *known, int count) {
    struct stat found;
    if (stat(path, &found)) return 0;
    const uint64_t mark[] = {found.st_dev, found.st_ino, found.st_mode, found.st_uid, (uint64_t)found.st_size,
        nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
    return !memcmp(mark, known, (size_t)count * sizeof *mark);
}

/* Whether each path is found as it was. */
int is_unchanged(struct bytes reads) {
    struct stat unused;
    const char *read = reads.at, *end = read + reads.size;
    while (read < end) {
        const char kind = *read++;
        const int count = marks(kind);
        uint64_t mark[7] = {0};
        memcpy(mark, read, (size_t)count * sizeof *mark);
        const char *path = read + (size_t)count * sizeof *mark;
        read = path + strlen(path) + 1;
        int as_it_was = 0;
        switch (kind) {
        case ABSENT: as_it_was = access(path, F_OK) != 0; break;
        case NO_ENTRY: as_it_was = lstat(path, &unused) != 0; break;
        case ENTRY: as_it_was = lstat(path, &unused) == 0; break;
        case NOT_EXECUTABLE: as_it_was = access(path, X_OK) != 0; break;
        case PLACE_IS:
        case OWNED_IS:
        case FILE_IS: as_it_was = is_file(path, mark, count); break;
        case PROGRAM_IS: as_it_was = !access(path, X_OK) && is_file(path, mark, count); break;
        }
        if (!as_it_was) return 0;
    }
    return 1;
}

/* Whether the directory of who asks lies on a mount that may not answer, by its name. */
int is_distant(const struct front *front) {
    const size_t size = (size_t)front->shared.accepted.directory_size;
    for (const char *at = front->mounts.at, *end = at + front->mounts.size; at < end; at += strlen(at) + 1) {
        const size_t length = strlen(at) - 1;
        if (size >= length && !memcmp(front->shared.directory, at, length) && (size == length || front->shared.directory[length] == '/'))
            return 1;
    }
    return 0;
}

/* Whether no rules of a repository can be in the directory or above it; 0 where that is left to Python. The user's own home
 * doesn't count, and is known by its name. */
int has_no_repository(const struct front *front) {
    static const char inside[] = "/.safeshell";
    char path[PATH_MAX + sizeof inside];
    size_t size = (size_t)front->shared.accepted.directory_size;
    memcpy(path, front->shared.directory, size);
    for (;;) {
        while (size && path[size - 1] == '/') size--;
        memcpy(path + size, inside, sizeof inside);
        struct stat unused; /* with such mounts: a link may lead to one */
        if (!same(front->home, path, (ssize_t)(size + sizeof inside - 1)) && !(front->mounts.size ? lstat(path, &unused) : access(path, F_OK)))
            return 0;
        if (!size) return 1;
        while (size && path[size - 1] != '/') size--;
    }
}

/* Which `.safeshell` is the user's own, and what the user's rules come from, as it was when they were compiled: reads. `text`
 * holds both, of these sizes, each with a NUL behind it. */
EXPORTED void front_set_sources(struct front *front, const char *text, const size_t *sizes) {
    free((char *)front->home.at);
    const char *at = keep_all(0, text, sizes, 2);
    front->home = at ? next_part(&at, sizes[0]) : (struct bytes){NULL, 0};
    front->sources = at ? next_part(&at, sizes[1]) : (struct bytes){NULL, 0};
    memset(front->heads, 0, sizeof front->heads); /* other rules: what can be kept is to be tried again */
}

/* Which descriptor tells that the mounts have changed, and which of them may not answer: each with a slash and a NUL behind
 * it. */
EXPORTED void front_set_mounts(struct front *front, int list, const char *text, const size_t *sizes) {
    free((char *)front->mounts.at);
    const char *at = keep_all(0, text, sizes, 1);
    front->mounts = at ? next_part(&at, sizes[0]) : (struct bytes){NULL, 0};
    front->mount_list = list;
}

/* Whether paths are found as they were; answers are held against it, and the tests hold it against Python. */
EXPORTED int front_is_unchanged(const char *reads, size_t size) { return is_unchanged((struct bytes){reads, size}); }

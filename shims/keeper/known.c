/* The programs that rules are about, by what they are: a link, another name and a copy are the same program. */
#include "keeper.h"

enum { ENTRIES_MAX = 8192, NAME_ROOM = 64, COPY_MAX = 16 << 20, DIRECTORIES_MAX = 64 };

struct entry {
    char name[NAME_ROOM];
    const char *directory;
    const char *called; /* what rules call it, where that isn't its name */
    struct identity file;
};

struct known {
    struct identity shims; /* the directory that the names were read from */
    char path[sizeof ((struct sockaddr_un *)0)->sun_path + 8];
    char search[PATH_ROOM]; /* the directories, each with a NUL */
    const char *directories[DIRECTORIES_MAX];
    int directory_count, count;
    struct entry entries[ENTRIES_MAX];
};

static const char *const systems[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};
enum { SYSTEMS = sizeof systems / sizeof *systems };

/* The dynamic loader runs the program that it is given. */
static const char *const loaders[][2] = {
    {"/lib64", "ld-linux-x86-64.so.2"},  {"/lib", "ld-linux.so.2"},          {"/lib", "ld-linux-aarch64.so.1"},
    {"/lib", "ld-linux-armhf.so.3"},     {"/libx32", "ld-linux-x32.so.2"},   {"/lib", "ld-musl-x86_64.so.1"},
    {"/lib", "ld-musl-aarch64.so.1"},    {"/lib", "ld-musl-i386.so.1"},      {NULL, NULL}};
const char loader_name[] = "ld.so";

static const char *const multi_call[] = {"busybox", "toybox", "coreutils", "sbase-box", NULL};

static void list_directories(struct known *known, const char *path) {
    for (int i = 0; i < SYSTEMS; i++) known->directories[known->directory_count++] = systems[i];
    size_t at = 0;
    for (size_t size; path && *path; path += size + (path[size] == ':')) {
        for (size = 0; path[size] && path[size] != ':';) size++;
        if (*path != '/' || at + size + 1 > sizeof known->search || known->directory_count == DIRECTORIES_MAX) continue;
        memcpy(known->search + at, path, size);
        known->directories[known->directory_count++] = known->search + at;
        at += size + 1; /* what is there is zero */
    }
}

static int join(char *room, const char *directory, const char *name) {
    const size_t size = strlen(directory), more = strlen(name) + 1;
    if (size + 1 + more > PATH_ROOM) return 0;
    memcpy(room, directory, size);
    room[size] = '/';
    memcpy(room + size + 1, name, more);
    return 1;
}

static void learn(struct known *known, const char *directory, const char *name, const char *called) {
    char path[PATH_ROOM];
    struct entry *const entry = &known->entries[known->count];
    if (known->count == ENTRIES_MAX || strlen(name) >= NAME_ROOM || !join(path, directory, name)) return;
    if (identify(path, AT_FDCWD, &entry->file)) return;
    memcpy(entry->name, name, strlen(name) + 1);
    entry->directory = directory;
    entry->called = called;
    known->count++;
}

/* Reads the names that the tables in force dispatch on, which the home's shims are, where they have changed. */
void learn_names(struct keeper *keeper) {
    struct known *known = keeper->known;
    struct identity now;
    if (!known) {
        known = keeper->known = allocate(sizeof *known);
        const struct client *client = &keeper->client;
        memcpy(known->path, client->address.sun_path, client->home_length);
        memcpy(known->path + client->home_length, "/shims", 7);
        list_directories(known, variable(keeper->process->envp, "PATH"));
    }
    if (identify(known->path, AT_FDCWD, &now) || same_file(&now, &known->shims)) return;
    const long fd = open_file(known->path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) return;
    known->shims = now;
    known->count = 0;
    _Alignas(8) char room[8192];
    for (long got; (got = sys_getdents((int)fd, room, sizeof room)) > 0;)
        for (long at = 0; at < got; at += ((struct kernel_dirent *)(room + at))->length) {
            const char *name = ((struct kernel_dirent *)(room + at))->name;
            for (int i = 0; *name != '.' && i < known->directory_count; i++)
                learn(known, known->directories[i], name, NULL);
        }
    for (int i = 0; loaders[i][0]; i++) learn(known, loaders[i][0], loaders[i][1], loader_name);
    for (int i = 0; multi_call[i]; i++)
        for (int j = 0; j < SYSTEMS; j++) learn(known, systems[j], multi_call[i], multi_call[i]);
    sys_close((int)fd);
}

static int same_inode(const struct identity *left, const struct identity *right) {
    return left->device == right->device && left->inode == right->inode;
}

/* Whether the system itself calls the file so. */
static int is_installed_as(const struct identity *file, const char *name) {
    char path[PATH_ROOM];
    struct identity found;
    for (int i = 0; i < SYSTEMS; i++)
        if (join(path, systems[i], name) && !identify(path, AT_FDCWD, &found) && same_inode(&found, file)) return 1;
    return 0;
}

static int same_bytes(int fd, const char *path, uint64_t size) {
    char link[PROC_ROOM];
    const long left = open_file(own_descriptor(link, fd), O_RDONLY | O_NONBLOCK), right = open_file(path, O_RDONLY | O_NONBLOCK);
    int equal = left >= 0 && right >= 0;
    static char a[1 << 16], b[1 << 16];
    while (equal && size) {
        const long got = sys_read((int)left, a, sizeof a), other = sys_read((int)right, b, sizeof b);
        equal = got > 0 && got == other && !memcmp(a, b, (size_t)got);
        size -= equal ? (uint64_t)got : 0;
    }
    if (left >= 0) sys_close((int)left);
    if (right >= 0) sys_close((int)right);
    return equal;
}

static int is_entry(const struct entry *entry, const struct identity *file, int fd) {
    (void)fd;
    return same_inode(&entry->file, file);
}

static int is_copy(const struct entry *entry, const struct identity *file, int fd) {
    char path[PATH_ROOM];
    return file->size && file->size == entry->file.size && file->size <= COPY_MAX &&
           join(path, entry->directory, entry->name) && same_bytes(fd, path, file->size);
}

static const char *called(const struct entry *entry) { return entry->called ? entry->called : entry->name; }

/* What a file is, by `is_same`: of several names the one that it was called by, if that is one of them; else NULL. */
static const char *name_of(const struct known *known, const char *base, const struct identity *file, int fd,
                           int (*is_same)(const struct entry *, const struct identity *, int)) {
    const char *found = NULL;
    for (int i = 0; i < known->count; i++) {
        const struct entry *const entry = &known->entries[i];
        if ((found && !same(entry->name, base)) || !is_same(entry, file, fd)) continue;
        if (same(entry->name, base)) return called(entry);
        found = called(entry);
    }
    return found;
}

/* Names a program as rules do: as it was called, but for one that somebody has given another name, a known one even. */
void name_stage(const struct keeper *keeper, struct stage *stage, int fd) {
    const struct known *const known = keeper->known;
    const char *base = base_name(stage->path), *name = stage->path;
    if (!is_installed_as(&stage->file, base)) {
        const char *file = name_of(known, base, &stage->file, fd, is_entry);
        if (!file) file = name_of(known, base, &stage->file, fd, is_copy);
        if (file) name = file;
    }
    stage->name = name;
    for (int i = 0; multi_call[i]; i++) /* its own first word says which of its programs it is */
        if (same(base_name(name), multi_call[i]) && stage->arguments.count && *base_name(stage->arguments.at))
            stage->name = stage->arguments.at;
}

static const char *const git_parts[] = {"/usr/lib/git-core/", "/usr/libexec/git-core/", "/usr/local/libexec/git-core/", NULL};

/* Whether git runs a program of its own: what `git stash` is made of was judged as `git stash`. Only where the system
 * has them: a directory of that name can be made anywhere, and `git --exec-path` be led there. */
int is_own_part(const struct held *held, int fd) {
    char link[PROC_ROOM], path[PATH_ROOM];
    struct identity caller, git;
    const long got = sys_readlink(own_descriptor(link, fd), path, sizeof path - 1);
    if (got <= 0) return 0;
    path[got] = 0;
    for (int i = 0; git_parts[i]; i++) {
        if (!starts_with(path, git_parts[i]) || !join(path, git_parts[i], "git")) continue;
        return !identify(path, AT_FDCWD, &git) && !identify(proc_path(link, held->thread, "/exe"), AT_FDCWD, &caller) &&
               same_inode(&git, &caller);
    }
    return 0;
}

/* What the real shell is given: its name, and an environment in which the shims come first, as by `safeshell run`. */
#include "shell.h"

enum { VARIABLES = 8, ROOM = 64 << 10 };

/* Zeroed memory that is never given back, one piece of the kernel's for all that is short. */
static void *take(size_t size) {
    static char *room;
    static size_t left;
    size = (size + 7) & ~(size_t)7;
    if (size > ROOM / 4) return allocate(size);
    if (size > left) room = allocate(left = ROOM);
    left -= size;
    room += size;
    return room - size;
}

/* A text made of pieces. */
static char *join(const char *const *pieces) {
    size_t size = 1;
    for (const char *const *piece = pieces; *piece; piece++) size += strlen(*piece);
    char *const text = take(size), *at = text;
    for (; *pieces; at += strlen(*pieces++)) memcpy(at, *pieces, strlen(*pieces));
    return text;
}

#define JOIN(...) join((const char *const[]){__VA_ARGS__, NULL})

/* The arguments with the shell's name in the place of this program's; a name that somebody chose stays. */
char **name_shell(const struct process *process, const char *shell) {
    size_t count = 0;
    while (process->argv[count]) count++;
    char **const argv = take((count + 2) * sizeof *argv);
    for (size_t i = 0; i < count; i++) argv[i] = process->argv[i];
    const char *const own = base_name(process->execfn), *const given = count ? argv[0] : own;
    const char *const dash = *given == '-' ? "-" : "";
    if (same(base_name(given + strlen(dash)), own))
        argv[0] = base_name(given) == given ? JOIN(dash, base_name(shell)) : JOIN(shell);
    return argv;
}

/* Entries of the environment that are this program's to set: each stands for all of its name. */
struct changes {
    const char *names[VARIABLES];
    char *entries[VARIABLES]; /* NULL: taken out */
    int count;
};

static void change(struct changes *changes, const char *name, char *entry) {
    changes->names[changes->count] = name;
    changes->entries[changes->count++] = entry;
}

static int is_of(const char *entry, const char *name) {
    return starts_with(entry, name) && entry[strlen(name)] == '=';
}

/* The entries with these changes: in their places, new ones at the end. */
static char **apply(const struct changes *changes, char *const *envp) {
    size_t count = 0;
    while (envp[count]) count++;
    char **const made = take((count + VARIABLES + 1) * sizeof *made), **at = made;
    int done[VARIABLES] = {0};
    for (; *envp; envp++) {
        int which = 0;
        while (which < changes->count && !is_of(*envp, changes->names[which])) which++;
        if (which == changes->count) *at++ = *envp;
        else if (!done[which]++ && changes->entries[which]) *at++ = changes->entries[which];
    }
    for (int i = 0; i < changes->count; i++)
        if (!done[i] && changes->entries[i]) *at++ = changes->entries[i];
    return made;
}

static int is_there(const char *path) {
    struct statx found;
    return sys_statx(path, &found) == 0;
}

/* The entries of a list but one, each with a colon before it. */
static char *without(const char *list, const char *entry) {
    char *const kept = take(strlen(list) + 2);
    const size_t size = strlen(entry);
    size_t at = 0;
    for (const char *end; list; list = *end ? end + 1 : NULL) {
        for (end = list; *end && *end != ':';) end++;
        const size_t length = (size_t)(end - list);
        if (length == size && !memcmp(list, entry, size)) continue;
        kept[at++] = ':';
        memcpy(kept + at, list, length);
        at += length;
    }
    return kept;
}

/* A path as bash reads it in BASH_ENV, which it expands; or, `back`, such a value as the path. */
static char *expanded(const char *path, int back) {
    char *const text = take(2 * strlen(path) + 1), *at = text;
    for (; *path; path++) {
        if (back && *path == '\\' && (path[1] == '$' || path[1] == '`' || path[1] == '\\')) path++;
        else if (!back && (*path == '$' || *path == '`' || *path == '\\')) *at++ = '\\';
        *at++ = *path;
    }
    return text;
}

/* Whether a start-up file is one that SafeShell wrote, for whatever home. */
static int is_ours(const char *file) {
    char text[64];
    return read_file(file, text, sizeof text) && starts_with(text, "# SafeShell: ");
}

/* Has a variable name our start-up files; the user's own, which `users` keeps, are read by ours. `named` is the file that
 * the value stands for, `own` the entry for ours. */
static void chain(struct changes *changes, char *const *envp, const char *own, const char *users, const char *named,
                  char *entry) {
    const char *const before = variable(envp, own);
    if (!before || !is_ours(named)) change(changes, users, before ? JOIN(users, "=", before) : NULL);
    change(changes, own, entry);
}

/* The environment for the real shell; as it is where the home has no shims. */
char **guard_environment(const struct client *client, const char *shell) {
    char *const *const envp = client->process->envp;
    char here[PATH_ROOM], *const home = take(client->home_length + 1);
    const char *const name = base_name(shell), *value;
    struct changes changes = {.count = 0};
    *here = 0;
    memcpy(home, client->address.sun_path, client->home_length);
    if (*home != '/' && sys_getcwd(here, sizeof here) < 0) return (char **)envp;
    const char *const root = *home == '/' ? home : JOIN(here, "/", home), *const shims = JOIN(root, "/shims");
    const char *const bash = JOIN(root, "/shell/bash_env"), *const zsh = JOIN(root, "/shell/zsh");
    const char *const fish = JOIN(root, "/shell/share");
    if (!is_there(shims)) return (char **)envp;
    value = variable(envp, "PATH");
    change(&changes, "PATH", JOIN("PATH=", shims, without(value ? value : "/bin:/usr/bin", shims)));
    value = variable(envp, "BASH_ENV");
    if (is_there(bash))
        chain(&changes, envp, "BASH_ENV", "SAFESHELL_BASH_ENV", expanded(value ? value : "", 1),
              JOIN("BASH_ENV=", expanded(bash, 0)));
    value = variable(envp, "ZDOTDIR");
    if (same(name, "zsh") && is_there(zsh))
        chain(&changes, envp, "ZDOTDIR", "SAFESHELL_ZDOTDIR", JOIN(value ? value : "", "/.zshenv"), JOIN("ZDOTDIR=", zsh));
    value = variable(envp, "XDG_DATA_DIRS");
    if (same(name, "fish") && is_there(fish))
        change(&changes, "XDG_DATA_DIRS",
               JOIN("XDG_DATA_DIRS=", without(value && *value ? value : "/usr/local/share:/usr/share", fish) + 1, ":", fish));
    return apply(&changes, envp);
}

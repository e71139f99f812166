/* What happens when the daemon can't be reached: HOME/client.conf says. */
#include "client.h"

#include "agents.h"

enum { DEADLINE_MS = 2000, RETRY_MS = 5, CONF_SIZE_MAX = 16384, CONF_LIST_MAX = 64 };

/* Repeated keys, as a list that ends with NULL. */
struct list {
    int count;
    char *items[CONF_LIST_MAX + 1];
};

struct conf {
    int is_whole, allow_ai, allow_human;
    struct list markers, start;
    char text[CONF_SIZE_MAX];
};

static void append(struct list *list, char *item) {
    if (list->count < CONF_LIST_MAX) list->items[list->count++] = item;
    list->items[list->count] = NULL;
}

static void set_key(struct conf *conf, char *line) {
    if (starts_with(line, "unreachable_ai=")) conf->is_whole = 1, conf->allow_ai = same(line + 15, "allow");
    if (starts_with(line, "unreachable_human=")) conf->allow_human = same(line + 18, "allow");
    if (starts_with(line, "marker=")) append(&conf->markers, line + 7);
    if (starts_with(line, "start=")) append(&conf->start, line + 6);
}

static void set_keys(struct conf *conf) {
    char *line = conf->text;
    for (char *at = line; *at; at++) {
        if (*at != '\n') continue;
        *at = 0;
        set_key(conf, line);
        line = at + 1;
    }
    set_key(conf, line);
}

/* Whether a file is this user's own and only theirs to write: what it starts runs as this user. */
static int is_own(const char *path, unsigned long euid) {
    struct statx found;
    return sys_statx(path, &found) == 0 && found.stx_uid == euid && !(found.stx_mode & (S_IWGRP | S_IWOTH));
}

static void read_conf(const struct client *client, const char *path, struct conf *conf) {
    conf->is_whole = conf->allow_ai = 0;
    conf->allow_human = 1;
    conf->markers.count = conf->start.count = 0;
    conf->markers.items[0] = conf->start.items[0] = NULL;
    if (read_file(path, conf->text, sizeof conf->text)) {
        set_keys(conf);
        if (conf->start.count && (*conf->start.items[0] != '/' || !is_own(path, client->process->euid)))
            conf->start.count = 0;
    }
    /* An agent is one without the file, too, and where that isn't whole: it begins with what agents may do. */
    if (!conf->is_whole)
        for (size_t i = 0; i < sizeof known_markers / sizeof *known_markers; i++) append(&conf->markers, known_markers[i]);
}

static int is_agent(const struct process *process, const struct conf *conf) {
    const char *context = variable(process->envp, "SAFESHELL_CONTEXT");
    if (context && same(context, "ai")) return 1;
    for (char *const *marker = conf->markers.items; *marker; marker++) {
        const char *value = variable(process->envp, *marker);
        if (value && *value) return 1;
    }
    return 0;
}

/* Connects until the deadline. With a `lock`, a client that gets it starts the daemon, once: the others wait for that
 * one's daemon, or for the lock of one that died. `start` NULL: only waits, for the queue may be full. */
static long retry(struct client *client, long failed, char *const *start, int lock, int64_t deadline) {
    while ((failed == -EAGAIN || failed == -ENOENT || failed == -ECONNREFUSED) && sys_now_ms() < deadline) {
        if (start && failed != -EAGAIN && (lock < 0 || sys_flock(lock, LOCK_EX | LOCK_NB) != -EAGAIN)) {
            failed = connect_daemon(client); /* whoever had the lock may have started it */
            if (failed == -ENOENT || failed == -ECONNREFUSED) start_daemon(client, start, deadline);
            start = NULL;
        } else {
            sys_poll(NULL, 0, RETRY_MS);
        }
        if (failed) failed = connect_daemon(client);
    }
    return failed;
}

static void name_conf(const struct client *client, char *path) {
    memcpy(path, client->address.sun_path, client->home_length);
    memcpy(path + client->home_length, "/client.conf", 13);
}

/* Reaches the daemon after all; returns 0, or why not. `failed` is why it could not be connected to. */
__attribute__((noinline)) /* its stack has pages that nobody else touches */
long reach_daemon(struct client *client, long failed) {
    struct conf conf;
    char path[sizeof client->address.sun_path];
    int64_t deadline = sys_now_ms() + DEADLINE_MS;
    if (failed != -EAGAIN && failed != -ECONNREFUSED && locate_beside(client)) failed = connect_daemon(client);
    if (!failed) return 0;
    name_conf(client, path);
    read_conf(client, path, &conf);
    int can_start = conf.start.count && !is_confined();
    long lock = can_start ? open_file(path, O_RDONLY) : -1;
    if (failed == -EAGAIN || can_start)
        failed = retry(client, failed, can_start ? conf.start.items : NULL, (int)lock, deadline);
    if (lock >= 0) sys_close((int)lock);
    return failed;
}

/* Whether what was asked for may run without an answer; `is_ai`: whether it is known that an agent asks. */
__attribute__((noinline)) /* as above */
int may_run_unguarded(const struct client *client, int is_ai) {
    struct conf conf;
    char path[sizeof client->address.sun_path];
    name_conf(client, path);
    read_conf(client, path, &conf);
    return is_ai || is_agent(client->process, &conf) ? conf.allow_ai : conf.allow_human;
}

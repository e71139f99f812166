/* What becomes of a request: answered here, its command run here, or passed on to Python. */
#include "front.h"

/* Leaves the connection to Python. */
int pass_on(struct front *front) {
    struct accepted *accepted = &front->shared.accepted;
    accepted->pidfd = open_pidfd(accepted);
    if (accepted->pidfd >= 0) return 1;
    close_connection(accepted); /* it has gone */
    return 0;
}

/* Runs the command; 0 where Python has to see to it. */
static int run(struct front *front, const struct entry *entry) {
    struct accepted *accepted = &front->shared.accepted;
    mode_t mask;
    if (front->running.count >= front->may_run || front->running.count == RUNNING_MAX || accepted->passed != 4) return 0;
    accepted->pidfd = open_pidfd(accepted);
    if (accepted->pidfd < 0) return 0;
    char *frame = entry->head ? malloc((size_t)accepted->size) : NULL; /* another than Python has: for its records */
    if (frame) memcpy(frame, front->room, (size_t)accepted->size);
    const int like = is_like_own(&front->own, accepted->pid, accepted->pidfd, &mask);
    accepted->inspected = stamp(front);
    const char *command = front->room + HEADER, *arguments = command + COMMAND + get32(command + 16);
    const struct program program = {entry->answer.at,
                                    entry->arguments.size ? entry->arguments : (struct bytes){arguments, get32(command + 8)},
                                    {arguments + get32(command + 8), get32(command + 12)},
                                    get32(command),
                                    get32(command + 4)};
    const pid_t child = like && !entry->head == !frame ? spawn(front, &program, accepted->descriptors, mask) : 0;
    if (child <= 0) {
        free(frame);
        close(accepted->pidfd);
        return 0;
    }
    accepted->child = child;
    accepted->spawned = now();
    accepted->size = frame ? accepted->size : 0;
    close_descriptors(accepted); /* its pipes must end when its own processes end */
    watch(front, &front->running, accepted->spawned + RUNNING_MS * MS, frame);
    return 1;
}

static int answer(struct front *front, const struct entry *entry) {
    struct accepted *accepted = &front->shared.accepted;
    send(accepted->fd, entry->answer.at, entry->answer.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    close_connection(accepted);
    report(front, accepted, NULL);
    return 1;
}

/* Whether an entry's answer may be given to who asks, and all that it hung on is as it was. */
static int holds(const struct front *front, const struct entry *entry) {
    const struct accepted *accepted = &front->shared.accepted;
    return (accepted->uid == 0 || (uid_t)accepted->uid == front->uid) && accepted->fd < front->descriptors_max &&
           (entry->runs || sees_the_same(&front->own, accepted->pid)) && is_unchanged(entry->reads);
}

/* What Python would read first about a command, found out here for less. */
static void find_out(struct front *front) {
    struct accepted *accepted = &front->shared.accepted;
    accepted->same_view = sees_the_same(&front->own, accepted->pid);
    if (!accepted->same_view || accepted->directory_size <= 0 || *front->shared.directory != '/') return;
    accepted->no_repository = has_no_repository(front);
    accepted->fresh = front->sources.size && is_unchanged(front->sources);
}

/* The kernel's name for an open directory. */
static int name_directory(int directory, char *room, size_t size) {
    char path[40];
    name_path(path, "/proc/self/fd/", directory, "");
    return (int)readlink(path, room, size);
}

/* Looks whether the request that was received can be answered here. */
int serve(struct front *front) {
    struct accepted *accepted = &front->shared.accepted;
    struct request request;
    accepted->received = stamp(front);
    if (accepted->truncated || !accepted->passed || !parse(front->room, (size_t)accepted->size, &request)) return pass_on(front);
    accepted->directory_size = name_directory(accepted->descriptors[accepted->passed - 1], front->shared.directory, PATH_MAX);
    if (front->mounts.size && is_distant(front)) return pass_on(front);
    uint64_t *recent = &front->recent[request.hash % RECENT];
    const int repeated = *recent == request.hash;
    int offer = 0;
    *recent = request.hash;
    int slot = find(front, &request);
    int answers = slot >= 0 && holds(front, front->slots[slot]);
    if (!answers && front->settles) {
        slot = find_head(front, &request, &offer);
        answers = slot >= 0 && holds(front, front->slots[slot]);
    }
    accepted->seen = repeated ? REPEATED : offer ? ALIKE : 0;
    if (answers) {
        accepted->recalled = stamp(front);
        accepted->slot = slot;
        if (front->slots[slot]->runs ? run(front, front->slots[slot]) : answer(front, front->slots[slot])) return 0;
    }
    find_out(front);
    return pass_on(front);
}

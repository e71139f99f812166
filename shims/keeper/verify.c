/* Between question and exec: what begins is compared, before its first instruction, with what was judged.
 *
 * A thread, or who shares the caller's memory, could have put another path or other arguments there. So the caller is
 * traced from the answer to the exec, and no longer. */
#include "keeper.h"

#ifndef PTRACE_SEIZE
#define PTRACE_SEIZE 0x4206
#endif
enum { INTERRUPT = 0x4207, GET_MESSAGE = 0x4201, TRACE_EXEC = 0x10, EVENT_EXEC = 4, EVENT_STOP = 128 };
enum { DETACH = 17, GO_ON = 7, ALL_KINDS = 0x40000000 /* __WALL */ };

static long trace(int request, long pid, long at, long data) { return call4(SYS_ptrace, request, pid, at, data); }

void seize(struct held *held) {
    held->state = BEGINNING;
    held->deadline = sys_now_ms() + EXEC_MS;
    if (held->is_traced || trace(PTRACE_SEIZE, held->thread, 0, TRACE_EXEC) == 0) return;
    held->state = ASKING; /* somebody else traces it, or it has gone */
}

static struct held *find_beginning(struct keeper *keeper, long pid) {
    struct held *found = NULL;
    for (struct held *held = keeper->held; held < keeper->held + HELD_MAX; held++) {
        if (held->state != BEGINNING) continue;
        if (held->thread == pid) return held;
        if (held->pid == pid) found = held;
    }
    return found;
}

/* Takes over what is left of the thread's last call: the kernel refused that one, or there would be no other. */
void take_over(struct keeper *keeper, struct held *held) {
    for (struct held *last = keeper->held; last < keeper->held + HELD_MAX; last++) {
        if (last == held || last->state != BEGINNING || last->thread != held->thread || last->is_chased) continue;
        release_caller(last);
        held->is_traced = 1;
    }
}

/* Whether a program's arguments are those that were judged. */
static int has_arguments(long pid, const struct strings *arguments) {
    char path[PROC_ROOM], room[4096];
    const long fd = open_file(proc_path(path, pid, "/cmdline"), O_RDONLY);
    size_t at = 0;
    int equal = fd >= 0;
    while (equal) {
        const long got = sys_read((int)fd, room, sizeof room);
        if (got <= 0) break;
        equal = at + (size_t)got <= arguments->size && !memcmp(room, arguments->at + at, (size_t)got);
        at += (size_t)got;
    }
    if (fd >= 0) sys_close((int)fd);
    return equal && at == arguments->size;
}

/* Whether a program is one that the machine runs files of other forms by (binfmt_misc). */
static int runs_other_forms(const struct identity *file) {
    static const char place[] = "/proc/sys/fs/binfmt_misc", word[] = "interpreter ";
    _Alignas(8) char room[4096];
    char path[512], text[1024];
    const long fd = open_file(place, O_RDONLY | O_DIRECTORY);
    int found = 0;
    for (long got; fd >= 0 && !found && (got = sys_getdents((int)fd, room, sizeof room)) > 0;)
        for (long at = 0; at < got && !found; at += ((struct kernel_dirent *)(room + at))->length) {
            const char *const name = ((struct kernel_dirent *)(room + at))->name;
            const size_t size = strlen(name);
            if (size > 255) continue;
            memcpy(path, place, sizeof place - 1);
            path[sizeof place - 1] = '/';
            memcpy(path + sizeof place, name, size + 1);
            if (!read_file(path, text, sizeof text)) continue;
            char *begin = text;
            while (*begin && !starts_with(begin, word)) begin++;
            char *const interpreter = *begin ? begin + sizeof word - 1 : begin, *end = interpreter;
            while (*end && *end != '\n') end++;
            *end = 0;
            struct identity its;
            found = *interpreter == '/' && !identify(interpreter, AT_FDCWD, &its) && its.device == file->device &&
                    its.inode == file->inode;
        }
    if (fd >= 0) sys_close((int)fd);
    return found;
}

static int is_as_judged(const struct held *held, long pid) {
    const struct stage *const last = &held->stages[held->run];
    struct identity began;
    char path[PROC_ROOM];
    const long failed = identify(proc_path(path, pid, "/exe"), AT_FDCWD, &began);
    if (held->is_foreign) return !failed && runs_other_forms(&began);
    if (failed) return failed == -EACCES && held->is_unread;
    return same_file(&began, &last->file) && has_arguments(pid, &last->arguments);
}

/* Lets a process go, from a stop. */
static void let_go(struct held *held, long pid) {
    const uint32_t limit = held->limit;
    trace(DETACH, pid, 0, 0);
    held->pid = pid;
    const long process = limit ? keep_clear(call3(SYS_pidfd_open, pid, 0, 0)) : -1;
    release_caller(held);
    if (process < 0) return;
    held->state = LIMITED;
    held->socket = (int)process;
    held->deadline = sys_now_ms() + limit;
    held->is_chased = 0;
}

static void hear_stop(struct held *held, long pid, int status) {
    const int event = status >> 16, number = WSTOPSIG(status);
    if (event == EVENT_EXEC) {
        if (!is_as_judged(held, pid)) {
            TELL(held, held->stages[0].path, ": what began is not what was asked for; it was killed");
            sys_kill(pid, SIGKILL);
        }
        let_go(held, pid);
    } else if (event == EVENT_STOP) {
        held->limit = 0; /* it didn't begin */
        let_go(held, pid);
    } else {
        trace(GO_ON, pid, 0, event ? 0 : number);
    }
}

/* The thread that an exec was called by; it has its process's number by now. */
static struct held *find_caller(struct keeper *keeper, long pid, int status) {
    unsigned long before = 0;
    if (status >> 16 == EVENT_EXEC && trace(GET_MESSAGE, pid, 0, (long)&before) == 0 && before) {
        struct held *const held = find_beginning(keeper, (long)before);
        if (held) return held;
    }
    return find_beginning(keeper, pid);
}

/* Takes what children and traced processes have come to. */
void hear_children(struct keeper *keeper) {
    int status;
    long pid;
    while ((pid = sys_wait(-1, &status, WNOHANG | WUNTRACED | ALL_KINDS)) > 0) {
        struct held *const held = WIFSTOPPED(status) ? find_caller(keeper, pid, status) : find_beginning(keeper, pid);
        if (WIFSTOPPED(status) && held) {
            hear_stop(held, pid, status);
        } else if (WIFSTOPPED(status)) {
            if (pid == keeper->command && !(status >> 16)) tell_runner(keeper, SAYS_STOPPED, WSTOPSIG(status));
            else if (status >> 16) trace(DETACH, pid, 0, 0);
        } else {
            if (held) release_caller(held);
            if (pid != keeper->command) continue;
            tell_runner(keeper, SAYS_ENDED, status);
            keeper->command = 0;
            if (keeper->listener < 0) sys_exit(0); /* another keeper keeps the tree */
        }
    }
}

/* Stops a process whose program didn't begin, to let it go: the kernel refused to run it. One whose program begins late,
 * from a slow file system, stops where that begins, however long it takes. */
void chase(struct held *held) {
    if (trace(INTERRUPT, held->thread, 0, 0) != 0) {
        release_caller(held);
        return;
    }
    held->is_chased = 1;
    held->deadline = 0;
}

/* Which shell is the real one: by this program's own name, SAFESHELL_SHELL, or the password file. */
#include "shell.h"

/* The shell in a line of the password file (passwd(5)), put into PATH_ROOM bytes; 0 where the line is another user's. */
static int take_line(const char *line, const char *end, unsigned long user, char *room) {
    const char *fields[7] = {line};
    size_t size = 0;
    for (int field = 1; field < 7; field++) {
        const char *at = fields[field - 1];
        while (at < end && *at != ':') at++;
        if (at == end) return 0;
        fields[field] = at + 1;
    }
    if (*fields[2] < '0' || *fields[2] > '9' || parse_decimal(fields[2]) != user) return 0;
    for (const char *at = fields[6]; at < end && *at != ':' && size < PATH_ROOM - 1; at++) room[size++] = *at;
    room[size] = 0;
    return 1;
}

/* The shell that the password file has for a user; NULL where none of its lines is theirs. */
static const char *account_shell(unsigned long user, char *room) {
    const char *const path = "/etc/passwd";
    struct statx found;
    const long fd = open_file(path, O_RDONLY);
    if (fd < 0 || sys_statx(path, &found) < 0 || !found.stx_size) return NULL;
    const char *const text = sys_map(found.stx_size, (int)fd), *const end = text + found.stx_size;
    if (!text) return NULL;
    for (const char *line = text, *next; line < end; line = next + 1) {
        for (next = line; next < end && *next != '\n';) next++;
        if (take_line(line, next, user, room)) return *room ? room : "/bin/sh";
    }
    return NULL;
}

/* The path of the real shell, for which there are PATH_ROOM bytes; ends the program where there is none but itself. */
const char *choose_shell(const struct process *process, char *room) {
    const char *const own = base_name(process->execfn), *const set = variable(process->envp, "SAFESHELL_SHELL");
    const int is_named = !same(own, "safeshell-sh"); /* a link: whoever runs it wants this very shell */
    const char *shell, *whence;
    char number[NUMBER_ROOM];
    if (set && *set && (!is_named || same(base_name(set), own))) {
        shell = set;
        whence = "SAFESHELL_SHELL";
        if (*set != '/') FAIL("SAFESHELL_SHELL has to be the path of a shell, and is ", set);
    } else if (is_named) {
        const char *path = variable(process->envp, "PATH"), *at = path ? path : "/bin:/usr/bin";
        if (!find_next(&at, own, room)) FAIL("PATH leads to no ", own, " but this one, which stands for it");
        return room;
    } else {
        shell = account_shell(process->euid, room);
        whence = "the password file";
        if (!shell)
            FAIL("the password file has no shell of user ", decimal(process->euid, number),
                 ": name one by its path in SAFESHELL_SHELL");
    }
    struct statx found;
    if (sys_statx(shell, &found) == 0 && is_shim(shell, &found))
        FAIL(whence, " names ", shell, ", which stands for a shell itself: name the real one by its path in SAFESHELL_SHELL");
    return shell;
}

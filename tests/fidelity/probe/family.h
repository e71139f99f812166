/* Its place among processes. Numbers differ each time; what a program relies on is how they relate. */
#ifndef PROBE_FAMILY_H
#define PROBE_FAMILY_H

#include "files.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>

static void show_terminal(void) {
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    json_open("terminal", '{');
    show_stat("number", 7);
    json_number("opens", fd >= 0);
    if (fd >= 0) {
        json_number("in_foreground", tcgetpgrp(fd) == getpgrp());
        json_number("of_own_session", tcgetsid(fd) == getsid(0));
        close(fd);
    }
    json_close('}');
}

static void show_family(void) {
    char path[64];
    int subreaper = -1;
    pid_t pid = getpid();
    json_open("family", '{');
    json_number("pid", pid);
    json_number("parent", getppid());
    snprintf(path, sizeof path, "/proc/%d/comm", getppid());
    show_file("parents_name", path);
    json_number("leads_group", getpgrp() == pid);
    json_number("leads_session", getsid(0) == pid);
    json_number("group_in_parents_session", getsid(0) == getsid(getppid()));
    json_number("has_children", waitpid(-1, NULL, WNOHANG) >= 0);
    prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
    json_number("is_subreaper", subreaper);
    show_terminal();
    json_close('}');
}

#endif

/* Signals and timers. */
#ifndef PROBE_SIGNALS_H
#define PROBE_SIGNALS_H

#include "files.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>

static void show_timer(const char *key, int which) {
    struct itimerval left;
    json_number(key, getitimer(which, &left) ? -1 : left.it_value.tv_sec || left.it_value.tv_usec);
}

static void show_signals(void) {
    stack_t stack;
    int death = -1;
    json_open("signals", '{');
    show_status("ignored", "SigIgn");
    show_status("caught", "SigCgt");
    show_status("blocked", "SigBlk");
    show_status("pending", "SigPnd");
    show_status("pending_for_all", "ShdPnd");
    json_number("stack", sigaltstack(NULL, &stack) ? -1 : stack.ss_flags);
    show_timer("real_timer", ITIMER_REAL);
    show_timer("virtual_timer", ITIMER_VIRTUAL);
    show_timer("profiling_timer", ITIMER_PROF);
    show_file("posix_timers", "/proc/self/timers");
    prctl(PR_GET_PDEATHSIG, &death);
    json_number("of_parents_death", death);
    show_stat("at_exit", 38);
    json_close('}');
}

#endif

/* How it is scheduled, what it may use, and what it has used. */
#ifndef PROBE_RESOURCES_H
#define PROBE_RESOURCES_H

#include "files.h"

#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#ifndef PR_GET_THP_DISABLE
#define PR_GET_THP_DISABLE 42
#endif
enum { GET_IO_FLUSHER = 58, GET_MEMORY_MERGE = 68, GET_MDWE = 66, IOPRIO_PROCESS = 1 };

static void show_scheduling(void) {
    struct sched_param parameters = {0};
    json_open("scheduling", '{');
    json_number("nice", 20 - syscall(SYS_getpriority, PRIO_PROCESS, 0));
    json_number("policy", sched_getscheduler(0));
    json_number("priority", sched_getparam(0, &parameters) ? -1 : parameters.sched_priority);
    show_status("cpus", "Cpus_allowed_list");
    show_status("memory_nodes", "Mems_allowed_list");
    json_number("input_output", syscall(SYS_ioprio_get, IOPRIO_PROCESS, 0));
    json_number("timer_slack", prctl(PR_GET_TIMERSLACK));
    show_file("autogroup", "/proc/self/autogroup");
    json_close('}');
}

static void show_limits(void) {
    static const char *const names[] = {"cpu", "file", "data", "stack", "core", "resident", "processes", "descriptors",
                                        "locked", "address", "locks", "pending", "queue", "nice", "realtime", "slice"};
    json_open("limits", '{');
    for (int i = 0; i < 16; i++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)i, &limit)) continue;
        json_format(names[i], "%lld %lld", (long long)limit.rlim_cur, (long long)limit.rlim_max);
    }
    json_close('}');
}

static void show_memory(void) {
    int policy;
    json_open("memory", '{');
    json_number("personality", personality(0xffffffff));
    show_file("core_filter", "/proc/self/coredump_filter");
    show_file("oom_score_adj", "/proc/self/oom_score_adj");
    json_number("huge_pages_disabled", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    json_number("merging", prctl(GET_MEMORY_MERGE, 0, 0, 0, 0));
    json_number("write_execute_denied", prctl(GET_MDWE, 0, 0, 0, 0));
    json_number("policy", syscall(SYS_get_mempolicy, &policy, NULL, 0, NULL, 0) ? -1 : policy);
    json_number("input_output_flusher", prctl(GET_IO_FLUSHER, 0, 0, 0, 0));
    show_status("store_bypass", "Speculation_Store_Bypass");
    show_status("indirect_branch", "SpeculationIndirectBranch");
    show_status("locked", "VmLck");
    show_status("threads", "Threads");
    json_close('}');
}

static void show_usage(void) {
    struct rusage own, children;
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    json_open("usage", '{');
    json_number("faults", own.ru_minflt);
    json_number("peak_kib", own.ru_maxrss);
    json_number("user_us", own.ru_utime.tv_sec * 1000000LL + own.ru_utime.tv_usec);
    json_number("system_us", own.ru_stime.tv_sec * 1000000LL + own.ru_stime.tv_usec);
    json_number("switches", own.ru_nvcsw + own.ru_nivcsw);
    json_number("childrens_faults", children.ru_minflt);
    json_number("childrens_peak_kib", children.ru_maxrss);
    show_file("input_output", "/proc/self/io");
    show_stat("start_time", 22);
    json_close('}');
}

#endif

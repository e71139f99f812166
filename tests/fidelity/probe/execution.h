/* What execve handed over. */
#ifndef PROBE_EXECUTION_H
#define PROBE_EXECUTION_H

#include "files.h"

#include <sys/auxv.h>

static const struct {
    const char *name;
    unsigned long type;
} auxiliary[] = {
    {"page_size", AT_PAGESZ},    {"clock_tick", AT_CLKTCK}, {"flags", AT_FLAGS}, {"uid", AT_UID},
    {"euid", AT_EUID},           {"gid", AT_GID},           {"egid", AT_EGID},   {"secure", AT_SECURE},
    {"signal_stack", 51},        {"hwcap", AT_HWCAP},       {"hwcap2", AT_HWCAP2},
};

static void show_strings(const char *key, char *const *strings) {
    json_open(key, '[');
    for (; *strings; strings++) json_text(NULL, *strings);
    json_close(']');
}

static void show_execution(char *const *argv, char *const *envp) {
    json_open("execution", '{');
    show_strings("argv", argv);
    show_strings("environ", envp);
    json_text("execfn", (const char *)getauxval(AT_EXECFN));
    json_text("platform", (const char *)getauxval(AT_PLATFORM));
    show_link("exe", "/proc/self/exe");
    show_file("comm", "/proc/self/comm");
    show_file("cmdline", "/proc/self/cmdline");
    show_file("proc_environ", "/proc/self/environ");
    json_open("auxiliary", '{');
    for (size_t i = 0; i < sizeof auxiliary / sizeof *auxiliary; i++)
        json_number(auxiliary[i].name, (long long)getauxval(auxiliary[i].type));
    json_close('}');
    json_close('}');
}

#endif

/* Who the process is and what it may. */
#ifndef PROBE_CREDENTIALS_H
#define PROBE_CREDENTIALS_H

#include "files.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Type, owner, permissions and name: its number is another one each time that it is made. */
static void show_keyring(const char *key, long which) {
    char text[256] = "";
    long serial = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, which, 0);
    if (serial >= 0) syscall(SYS_keyctl, KEYCTL_DESCRIBE, serial, text, sizeof text);
    json_text(key, text);
}

static void show_credentials(void) {
    json_open("credentials", '{');
    show_status("uids", "Uid");
    show_status("gids", "Gid");
    show_status("groups", "Groups");
    show_status("inheritable", "CapInh");
    show_status("permitted", "CapPrm");
    show_status("effective", "CapEff");
    show_status("bounding", "CapBnd");
    show_status("ambient", "CapAmb");
    show_status("no_new_privileges", "NoNewPrivs");
    show_status("seccomp", "Seccomp");
    show_status("seccomp_filters", "Seccomp_filters");
    show_status("tracer", "TracerPid");
    json_number("securebits", prctl(PR_GET_SECUREBITS));
    json_number("keep_capabilities", prctl(PR_GET_KEEPCAPS));
    json_number("dumpable", prctl(PR_GET_DUMPABLE));
    json_number("makes_pipes", mkfifo("pipe", 0600) && errno != EEXIST ? errno : 0);
    show_keyring("session_keyring", KEY_SPEC_SESSION_KEYRING);
    show_keyring("process_keyring", KEY_SPEC_PROCESS_KEYRING);
    show_keyring("thread_keyring", KEY_SPEC_THREAD_KEYRING);
    show_keyring("user_keyring", KEY_SPEC_USER_KEYRING);
    show_file("audit_login", "/proc/self/loginuid");
    show_file("audit_session", "/proc/self/sessionid");
    show_file("label", "/proc/self/attr/current");
    json_close('}');
}

#endif

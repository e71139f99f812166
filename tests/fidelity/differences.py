"""What a program may see differently behind SafeShell, each with its reason: everything that is not here is the same.

Keys are paths into what the probe prints. docs/architecture.md, "Fidelity", says the same in prose.
"""

from __future__ import annotations

from typing import Any

EACH_TIME = {
    "family/pid": "a process is a new one",
    "places/mounts": "mounts come and go; that it is the same namespace is compared",
    "usage/start_time": "a process begins when it begins",
    "usage/faults": "how often pages were missing varies; in place, the client's are counted in",
    "usage/peak_kib": "how much memory was resident varies",
    "usage/user_us": "time spent varies; in place, the client's is counted in",
    "usage/system_us": "time spent varies; in place, the client's is counted in",
    "usage/switches": "waiting for the daemon is a switch of the same process",
    "usage/input_output": "in place, what the client read and sent is counted in",
    "scheduling/autogroup": "a session is a new group; the daemon's children are in the daemon's",
}
"""Differs from run to run, in place too."""

IN_DAEMON = {
    "family/parent": "the daemon is the parent",
    "family/parents_name": "as family/parent",
    "family/leads_group": "its own group, so that signals and stops reach all of it; never the session's leader",
    "family/leads_session": "a caller's session can't be joined; without a terminal nothing hangs on it",
    "family/group_in_parents_session": "as family/leads_session",
    "signals/ignored": "glibc's posix_spawn leaves its own signals 32 and 33 ignored, which no program hears of; "
    "not so where the native front spawns",
    "credentials/audit_login": "the login that the daemon was started from",
    "credentials/audit_session": "as credentials/audit_login",
    "places/cgroup": "the daemon's control group; where a limit makes it matter, in place",
    "signals/of_parents_death": "set for the shim, whose end ends the command",
    "signals/real_timer": "runs in the shim, which forwards the signal",
}
"""A child of the daemon also differs in these, in `auto` too: nothing a command does depends on them."""

OF_CALLERS = {
    "usage/childrens_user_us": "the command is the daemon's child, so `time`, wait4(2) and a cgroup of the caller's "
    "own see the client's time alone; in place the command's is counted as ever",
    "usage/childrens_system_us": "as usage/childrens_user_us",
    "usage/childrens_peak_kib": "as usage/childrens_user_us",
}
"""What the caller of a child of the daemon sees differently: nothing of what that took is in its own account."""

NOT_SEEN = {
    "credentials/session_keyring": "the daemon's: a client would have to send its number, for there is no default",
    "memory/oom_score_adj": "the daemon's: reading the caller's costs 6 us a command",
    "memory/core_filter": "the daemon's: as memory/oom_score_adj, and only what a core dump holds depends on it",
}
"""A child of the daemon has the daemon's own, and `auto` does not notice that the caller's is another: a limit."""

FORCED = {
    "scheduling/nice",
    "scheduling/policy",
    "scheduling/cpus",
    "scheduling/input_output",
    "scheduling/timer_slack",
    "limits/descriptors",
    "signals/ignored",
    "signals/blocked",
    "signals/pending_for_all",
    "descriptors/above",
    "memory/personality",
    "memory/huge_pages_disabled",
    "memory/policy",
}
"""What `execution: daemon` gives up where `auto` would go in place: the setting says that it is wanted so."""


BY_BASH = {
    "execution/argv": "a script is not told its argv[0]: the program gets its basename",
    "execution/cmdline": "as execution/argv",
    "execution/environ": "bash has an order of its own, drops what is no variable's name, and sets a missing SHLVL",
    "execution/proc_environ": "as execution/environ",
    "credentials/securebits": "a script can't ask for it, so what the daemon runs for it has the daemon's",
    "credentials/makes_pipes": "as credentials/securebits: a Landlock domain that was entered without no_new_privs",
    "memory/write_execute_denied": "as credentials/securebits",
    "memory/policy": "as credentials/securebits",
    "memory/personality": "as credentials/securebits",
    "scheduling/timer_slack": "as credentials/securebits",
    "scheduling/input_output": "as credentials/securebits",
    "usage/childrens_faults": "it ran programs of its own before",
    "usage/childrens_peak_kib": "as usage/childrens_faults",
}
"""The fallback client, where nothing could be compiled."""

SHOWN = {"family/parent", "family/leads_session"}
"""Those of `IN_DAEMON` that depend on nothing else: not on how the daemon was started, say, or on its front."""


def flatten(value: Any, path: str = "") -> dict[str, Any]:
    """Every leaf of what the probe printed, by its path."""
    if not isinstance(value, dict):
        return {path: value}
    leaves: dict[str, Any] = {}
    for key, inner in value.items():
        leaves |= flatten(inner, f"{path}/{key}" if path else key)
    return leaves


def compare(native: dict[str, Any], guarded: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs: both values, by path; `descriptors/above` are those above 2 that only one has."""
    left, right = flatten(native), flatten(guarded)
    found = {}
    for path in left.keys() | right.keys():
        if left.get(path) != right.get(path):
            kind, _, rest = path.partition("/")
            lost = kind == "descriptors" and int(rest.split("/")[0]) > 2 and path not in left.keys() & right.keys()
            found["descriptors/above" if lost else path] = (left.get(path), right.get(path))
    return found

"""Which tests also run over the fallback client, and what bash itself changes so that a test of it can't pass."""

from __future__ import annotations

BASH_CONFIGS = {
    "bash": "shims: {client: bash}\n",
    "bash_in_place": "execution: in_place\nshims: {client: bash}\n",
}
"""The fallback's worlds: one in which its commands run in the daemon where they can, one in which none does."""

MODULES = frozenset(
    {"test_denied", "test_endings", "test_inheritance", "test_signals", "test_streams", "test_terminal"}
)
"""Modules of which all tests run over it; of the others those in `MORE` do."""

MORE = frozenset({"test_fish", "test_bash_has_more", "test_script", "test_a_limit_on_processes_is_kept"})

IN_PLACE = frozenset(
    {
        *("test_exit_statuses", "test_death_by_each_signal", "test_timeout_of_a_rule", "test_scripts", "test_umask"),
        *("test_closed_descriptors", "test_broken_pipe", "test_working_directory", "test_signals_reach_the_program"),
        *("test_no_descriptor_leaks_into_the_program", "test_stop_and_continue", "test_sockets"),
    }
)
"""Tests whose subject hangs on who runs the command: run in the second world too."""

CHANGED_BY_BASH = {
    "test_environment_is_the_same_bytes_in_order": "bash gives its own order, one of each name, and no entry without =",
    "test_empty_environment": "bash exports SHLVL to what it executes, whether it was there or not",
    "test_arguments_and_argv0": "the kernel tells a script the path that it was executed by, not argv[0]",
    "test_deleted_working_directory": "bash says at its start that it can't find out where it is",
    "test_unreadable_working_directory": "as for a deleted one",
    "test_interpreter_that_is_missing": "bash words the failure of execve itself",
    "test_killed_daemon": "it doesn't start the daemon anew",
}
"""Tests that it fails by what bash is, each with the reason."""

UNDYING = frozenset({"SIGQUIT"})
"""Signals that bash ignores and can't be told to die of: the status is 128 and the signal, as a shell has it anyway."""


def worlds(module: str, test: str) -> list[str]:
    """The fallback's worlds that a test runs in."""
    if test in CHANGED_BY_BASH or not (module in MODULES or test in MORE):
        return []
    return list(BASH_CONFIGS) if test in IN_PLACE else ["bash"]

"""The table of wrappers: one row a program that runs the command it is given.

As the programs have it: GNU coreutils 9, findutils 4.9, util-linux 2.38, time 1.9, sudo 1.9, OpenDoas 6.8, BusyBox
1.35, with what later versions added; and bash for `command` and `exec`. `tests/spellings/` holds the rows against them.
"""

from __future__ import annotations

from typing import NamedTuple

from safeshell.command.getopt import Grammar, grammar

_GNU = ("help", "version")
_NONE = frozenset[str]()


class Wrapper(NamedTuple):
    """A program that runs the command in its operands. Options are named as `getopt.Option` names them.

    Attributes:
        options: what it takes before the command.
        nothing: options with which it runs no command.
        skipped: operands before the command.
        numeric: those operands are left out where the first is no number.
        number_options: a word `-N`, `--N` or `-+N` with a number is an option too.
        assignments: `NAME=VALUE` operands before the command go into its environment.
        options_after_assignments: options may follow them.
        clears: options that empty the environment; a single `-` too where there are any.
        unsets: options whose value is a variable to take out.
        enters: options whose value is the directory to run in.
        leaves: options after which the directory can't be told.
        splits: options whose value is split into arguments that stand in its place.
        default: what runs where no command is given.
    """

    options: Grammar
    nothing: frozenset[str] = _NONE
    skipped: int = 0
    numeric: bool = False
    number_options: bool = False
    assignments: bool = False
    options_after_assignments: bool = False
    clears: frozenset[str] = _NONE
    unsets: frozenset[str] = _NONE
    enters: frozenset[str] = _NONE
    leaves: frozenset[str] = _NONE
    splits: frozenset[str] = _NONE
    default: tuple[bytes, ...] = ()


_HELP = frozenset(_GNU)

WRAPPERS: dict[str, Wrapper] = {
    "env": Wrapper(
        grammar(
            "iC:S:u:v0a:",
            (
                *("ignore-environment i", "null 0", "unset: u", "chdir: C", "split-string: S", "debug v", "argv0: a"),
                *("default-signal::", "ignore-signal::", "block-signal::", "list-signal-handling"),
                *_GNU,
            ),
        ),
        nothing=_HELP,
        assignments=True,
        clears=frozenset("i"),
        unsets=frozenset("u"),
        enters=frozenset("C"),
        splits=frozenset("S"),
    ),
    "nice": Wrapper(grammar("n:", ("adjustment: n", *_GNU)), nothing=_HELP, number_options=True),
    "nohup": Wrapper(grammar("", _GNU), nothing=_HELP),
    "timeout": Wrapper(
        grammar("k:s:vfp", ("kill-after: k", "signal: s", "verbose v", "foreground f", "preserve-status p", *_GNU)),
        nothing=_HELP,
        skipped=1,
    ),
    "stdbuf": Wrapper(grammar("i:o:e:", ("input: i", "output: o", "error: e", *_GNU)), nothing=_HELP),
    "setsid": Wrapper(grammar("cfwhV", ("ctty c", "fork f", "wait w", "help h", "version V")), nothing=frozenset("hV")),
    "ionice": Wrapper(
        grammar(
            "c:n:p:P:u:thV",
            ("class: c", "classdata: n", "pid: p", "pgid: P", "uid: u", "ignore t", "help h", "version V"),
        ),
        nothing=frozenset("pPuhV"),
    ),
    "chrt": Wrapper(
        grammar(
            "abdefioprRmvhVD:P:T:",
            (
                *("all-tasks a", "batch b", "deadline d", "ext e", "fifo f", "idle i", "other o", "pid p", "rr r"),
                *("reset-on-fork R", "max m", "verbose v", "help h", "version V"),
                *("sched-deadline: D", "sched-period: P", "sched-runtime: T"),
            ),
        ),
        nothing=frozenset("pmhV"),
        skipped=1,
        numeric=True,
    ),
    "time": Wrapper(
        grammar(
            "af:ho:pqvV",
            ("append a", "format: f", "output: o", "portability p", "quiet q", "verbose v", "help h", "version V"),
        ),
        nothing=frozenset("hV"),
    ),
    "command": Wrapper(grammar("pvV", ()), nothing=frozenset("vV")),
    "exec": Wrapper(grammar("cla:", ()), clears=frozenset("c")),
    "sudo": Wrapper(
        grammar(
            "Aa:BbC:c:D:Eeg:HhiKklNnPp:R:r:SsT:t:U:u:Vv",
            (
                *("askpass A", "auth-type: a", "background b", "bell B", "close-from: C", "login-class: c"),
                *("chdir: D", "preserve-env:: E", "edit e", "group: g", "set-home H", "help h", "host:", "login i"),
                *("remove-timestamp K", "reset-timestamp k", "list l", "no-update N", "non-interactive n"),
                *("preserve-groups P", "prompt: p", "chroot: R", "role: r", "stdin S", "shell s", "type: t"),
                *("command-timeout: T", "other-user: U", "user: u", "version V", "validate v"),
            ),
        ),
        nothing=frozenset("ehKlVv"),
        assignments=True,
        options_after_assignments=True,
        enters=frozenset("D"),
        leaves=frozenset("iR"),
    ),
    "doas": Wrapper(grammar("C:Lnsu:", ()), nothing=frozenset("CL")),
    "xargs": Wrapper(
        grammar(
            "0a:E:e::i::I:l::L:n:oprs:txP:d:",
            (
                *("null 0", "arg-file: a", "delimiter: d", "eof:: e", "replace:: i", "max-lines:: l", "max-args: n"),
                *("open-tty o", "interactive p", "no-run-if-empty r", "max-chars: s", "verbose t", "exit x"),
                *("max-procs: P", "process-slot-var:", "show-limits"),
                *_GNU,
            ),
        ),
        nothing=_HELP,
        default=(b"echo",),
    ),
    "busybox": Wrapper(
        grammar("", ("help", "list", "list-full", "install", "show:")),
        nothing=frozenset({"help", "list", "list-full", "install", "show"}),
    ),
}
"""By basename."""

"""`python -m safeshell_compiler KIND HOME RULES [GUARD [DESCRIPTOR]]`: compiles for a daemon, into a memory file."""

from __future__ import annotations

import os
import stat
import sys

from safeshell.bug_report import failure_of_machine
from safeshell.home.paths import Home
from safeshell.policy.store.memory import fill
from safeshell_compiler.edits import inherited
from safeshell_compiler.publish import compile_for_daemon


def main() -> None:
    """Compiles, publishes and hands the table over.

    Raises:
        SystemExit: stdout is a pipe, as a daemon of an older version has it, which would misread the answer: having
            none, it says so and keeps the rules in force until it is restarted.
    """
    kind, root, rules, *more = sys.argv[1:]
    if stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode):
        raise SystemExit("safeshell: the daemon is of an older version: run `safeshell daemon restart`")
    before = inherited(int(more[1])) if len(more) > 1 else None
    try:
        fill(sys.stdout.fileno(), *compile_for_daemon(Home(root), kind, rules, more[0] if more else "", before))
    except OSError as error:  # which asks again, having no answer
        raise SystemExit(f"safeshell: {failure_of_machine(error) or error}") from error


if __name__ == "__main__":
    main()

"""`python -m safeshell_compiler system|user|repository HOME RULES`: compiles for a daemon; stdout is a memory file."""

from __future__ import annotations

import sys

from safeshell.home.paths import Home
from safeshell.policy.store.memory import fill
from safeshell_compiler.publish import compile_for_daemon


def main() -> None:
    """Compiles, publishes and hands the table over."""
    kind, root, rules = sys.argv[1:]
    fill(sys.stdout.fileno(), *compile_for_daemon(Home(root), kind, rules))


if __name__ == "__main__":
    main()

"""`python -m safeshell_compiler user|repository HOME RULES`: compiles for a daemon, which reads stdout."""

from __future__ import annotations

import sys

from safeshell.home.paths import Home
from safeshell_compiler.publish import compile_home, compile_repository, for_daemon


def main() -> None:
    """Compiles, publishes and hands the tables over."""
    kind, root, rules = sys.argv[1:]
    home = Home(root)
    repository = kind == "repository"
    compiled = compile_repository(rules) if repository else compile_home(home)
    sys.stdout.buffer.write(for_daemon(home, compiled, repository=repository))


if __name__ == "__main__":
    main()

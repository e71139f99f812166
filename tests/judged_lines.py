"""Shell lines judged in a test: tables of rules, whose lines they are, what is decided."""

from __future__ import annotations

import os

from harness import make_home, temporary_directory
from safeshell_compiler.publish import compile_home

from safeshell.cli.checkline import caller_of
from safeshell.home.settings import Settings
from safeshell.policy.table import Table
from safeshell.shell.caller import LineCaller
from safeshell.shell.judge import LineJudgement, judge_line

PACKS = "version: 1\ninclude: [{}]\nrules: []\n".format(
    ", ".join(f"pack:{name}" for name in ("cloud", "database", "disks", "docker", "files", "git", "packages"))
)
"""Rules that include every pack."""


def table(rules: str) -> list[Table]:
    """The table of some rules."""
    with temporary_directory() as root:
        current, sections = compile_home(make_home(os.path.join(root, "h"), rules)).current()
        return [Table(sections, current.root)]


def caller(tables: list[Table], *, shims: bool = False, who: str = "ai") -> LineCaller:
    """Whose line it is: of an agent with nothing but a HOME, in a directory of the system's."""
    environment = {"HOME": "/home/ann", "SAFESHELL_CONTEXT": who}
    return caller_of(tables, Settings(), environment, b"/usr", None, shims=shims)


def decided(tables: list[Table], line: str, *, shims: bool = False, who: str = "ai") -> LineJudgement:
    """What is decided for a line."""
    return judge_line(line, caller(tables, shims=shims, who=who))

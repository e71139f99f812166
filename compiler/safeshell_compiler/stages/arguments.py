"""What a rule's conditions about arguments name: options as getopt spells them, and paths."""

from __future__ import annotations

from collections.abc import Sequence

from safeshell.command.options import names_problem
from safeshell.command.programs.grammars import grammar
from safeshell.host.places import NAMES
from safeshell_compiler.findings.report import Report, suggest
from safeshell_compiler.reading.tree import Node, locate


def check_names(
    names: Sequence[str], node: Node, file: str, commands: Sequence[str] | None, report: Report, rule: str
) -> bool:
    """Reports what can't name an option; whether all can.

    Args:
        names: as the rule has them.
        node: of the list.
        file: that it stands in.
        commands: the rule's, to tell a cluster from a word; None where that is not known.
        report: takes the findings.
        rule: the rule's name.
    """
    before = report.errors
    for index, name in enumerate(names):
        problem = names_problem(name)
        remedy = _remedy(name) if problem else ""
        if not problem and _is_cluster(name, commands):
            problem = "these are several options, of one letter each"
            remedy = f"any of them is [{', '.join(f'-{letter}' for letter in name[1:])}]; all of them, an item each"
        if problem:
            place = locate(node, (index,)).place(file)
            report.add("SS216", place, rule, value=name, problem=problem, remedy=remedy)
    return report.errors == before


def _remedy(name: str) -> str:
    bare = name.strip().lstrip("-").partition("=")[0].partition(" ")[0]
    if not bare:
        return "an option is written `-f` or `--force`"
    return f"write {'-' if len(bare) == 1 else '--'}{bare}"


def _is_cluster(name: str, commands: Sequence[str] | None) -> bool:
    """Whether a word behind one dash can only be letters: all commands are known, and none takes such words."""
    if name.startswith("--") or len(name) == 2 or not commands:
        return False
    records = [grammar(command) for command in commands]
    return all(record is not None and not record.get("words") for record in records)


def check_paths(
    paths: Sequence[str], node: Node, file: str, report: Report, rule: str, *, absolute: bool = False
) -> bool:
    """Reports what names no place; whether all do.

    Args:
        paths: as the rule has them.
        node: of the list.
        file: that it stands in.
        report: takes the findings.
        rule: the rule's name.
        absolute: whether a path from the working directory on is none.
    """
    before = report.errors
    for index, path in enumerate(paths):
        place = locate(node, (index,)).place(file)
        if path.startswith("~") and path != "~" and not path.startswith("~/"):
            report.add("SS217", place, rule, value=path)
        elif path.startswith("@") and path not in NAMES:
            otherwise = f"there are {', '.join(NAMES)}" + ("" if absolute else f"; a file of that name is `./{path}`")
            report.add(
                "SS219",
                place,
                rule,
                value=path,
                problem="there is none of that name",
                remedy=suggest(path, NAMES, otherwise),
            )
        elif absolute and path[0] not in "/~@":
            remedy = f"start it with /, or use one of ~, {', '.join(NAMES)}"
            report.add("SS219", place, rule, value=path, problem="it is no absolute path", remedy=remedy)
    return report.errors == before

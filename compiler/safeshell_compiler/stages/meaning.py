"""What a rule says beyond its conditions: commands, timeout, redirect, tests. Checked one rule at a time."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from safeshell.command.names import is_glob
from safeshell_compiler.atoms import KINDS
from safeshell_compiler.findings.report import Report
from safeshell_compiler.reading.duration import parse_duration
from safeshell_compiler.reading.rule_model import Case
from safeshell_compiler.reading.tree import key_place, locate
from safeshell_compiler.reading.words import split_words
from safeshell_compiler.stages.resolve import PolicyRule

TIMEOUT_MS = (1 << 32) - 1
"""The protocol carries a timeout in 32 bits, 49 days."""

ARGUMENTS = "$ARGS"


@dataclass(frozen=True, slots=True)
class Effects:
    """What a rule does, as the table has it.

    Attributes:
        commands: exact names and globs, each once; None: every command.
        timeout_ms: milliseconds, or None.
        redirect_to: words, one of which may be `$ARGS`; None without a redirect.
        outside: whether its approval never comes from the agent's own prompt.
    """

    commands: tuple[str, ...] | None
    timeout_ms: int | None
    redirect_to: tuple[str, ...] | None
    outside: bool


def check_meaning(source: PolicyRule, report: Report) -> Effects | None:
    """Reads what is text in the model, or None with findings."""
    before = report.errors
    effects = Effects(
        _commands(source, report), _timeout(source, report), _redirect(source, report), _outside(source, report)
    )
    _check_tests(source, report)
    return effects if report.errors == before else None


def _commands(source: PolicyRule, report: Report) -> tuple[str, ...] | None:
    if source.rule.commands is None:
        return None
    names: dict[str, None] = {}
    for index, name in enumerate(source.rule.commands):
        problem, remedy = _command_problem(name)
        if problem:
            place = locate(source.node, ("commands", index)).place(source.file)
            report.add("SS311", place, source.rule.name, value=name, problem=problem, remedy=remedy)
        # The shell's [^a] is fnmatch's [!a].
        names[name.replace("[^", "[!") if is_glob(name) else name] = None
    return tuple(names)


def _command_problem(name: str) -> tuple[str, str]:
    if "/" in name:
        return "it has a slash", f"write {name.rpartition('/')[2]!r}; rules go by the name, wherever the file is"
    if "\\" in name:
        return "it has a backslash", "write a character that stands for itself as [*]"
    if name != name.strip() or any(char.isspace() for char in name):
        return "it has a space", "arguments go into `conditions`"
    return "", ""


def _timeout(source: PolicyRule, report: Report) -> int | None:
    text = source.rule.timeout
    if text is None:
        return None
    milliseconds = parse_duration(text)
    if milliseconds is None:
        problem = "it is not a number with a unit"
    elif 1 <= milliseconds <= TIMEOUT_MS:
        return milliseconds
    else:
        problem = "too short" if milliseconds < 1 else "over 49 days"
    place = locate(source.node, ("timeout",)).place(source.file)
    report.add("SS310", place, source.rule.name, value=text, problem=problem)
    return None


def _redirect(source: PolicyRule, report: Report) -> tuple[str, ...] | None:
    rule = source.rule
    if rule.redirect_to is None:
        if rule.action == "redirect":
            report.add("SS307", key_place(source.node, "action", source.file), rule.name)
        return None
    if rule.action != "redirect" and "action" not in source.replaced:
        report.add("SS308", key_place(source.node, "redirect_to", source.file), rule.name, action=rule.action)
        return None
    words, problem, remedy = _redirect_words(rule.redirect_to)
    if problem:
        place = locate(source.node, ("redirect_to",)).place(source.file)
        report.add("SS309", place, rule.name, problem=problem, remedy=remedy)
    return words if rule.action == "redirect" else None


def _outside(source: PolicyRule, report: Report) -> bool:
    rule = source.rule
    asks = rule.action == "require_approval"
    if rule.approval == "outside" and not asks and "action" not in source.replaced:
        place = source.place if "approval" in source.replaced else key_place(source.node, "approval", source.file)
        report.add("SS335", place, rule.name, name=rule.name, action=rule.action)
    return asks and rule.approval == "outside"


def _redirect_words(text: str) -> tuple[tuple[str, ...], str, str]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        return (), f"the shell could not split this: {str(error).lower()}", "close the quote"
    if not words or words[0] in ("", ARGUMENTS):
        return (), "this names no program", "write the program first: `program $ARGS`"
    for word in words:
        if word != ARGUMENTS and (ARGUMENTS in word or "${ARGS}" in word):
            return (), f"$ARGS is part of the word {word!r}", "make $ARGS a word of its own"
    return words, "", ""


def _check_tests(source: PolicyRule, report: Report) -> None:
    rule = source.rule
    for key, index, case in _cases(source):
        problem, remedy = _case_problem(case)
        if problem:
            place = locate(source.node, ("tests", key, index)).place(source.file)
            report.add("SS312", place, rule.name, problem=problem, remedy=remedy)
    if source.restricts and not rule.tests.match:
        report.add("SS313", locate(source.node, ("name",)).place(source.file), rule.name, name=rule.name)


def _cases(source: PolicyRule) -> Iterator[tuple[str, int, Case]]:
    for key, cases in (("match", source.rule.tests.match), ("no_match", source.rule.tests.no_match)):
        for index, case in enumerate(cases):
            yield key, index, case


def _case_problem(case: Case) -> tuple[str, str]:
    if case.command is None and not case.shown:
        return "this test names no command and no files", "it takes `command`, or `writes` or `reads`"
    try:
        words = ["file tool"] if case.command is None else split_words(case.command, "/")
    except ValueError as error:
        return f"the shell could not split this command: {error}", "close the quote"
    if not words or not words[0]:
        return "this test names no command", ""
    for name in case.env:
        if not name or "=" in name:
            return f"{name!r} can't be a variable's name", ""
    problems = [kind.case_problem(case) for kind in KINDS.values()]
    return next((problem for problem in problems if problem[0]), ("", ""))

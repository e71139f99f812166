"""Words that make conditions about arguments hold, for situations made to measure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from safeshell.command.options import Grammar, Parsed, grammar_for, parse
from safeshell.command.programs.grammars import grammars_for
from safeshell.policy.patterns import quote
from safeshell_compiler.stages.lower import ARGUMENT_KINDS, Atom
from safeshell_compiler.witnesses.generate import Budget, generate
from safeshell_compiler.witnesses.languages import Operands

HOME = "/home/ann"
"""What `~` stands for where nothing else is said."""


def read(argv: Sequence[str], taken: Iterable[str]) -> Parsed:
    """A command's arguments as the evaluator reads them."""
    return parse(argv[1:], _grammar(argv[0], taken))


def _grammar(name: str, taken: Iterable[str]) -> Grammar:
    return grammar_for(grammars_for([name]), name, taken)


def line_patterns(
    literals: Iterable[tuple[Atom, bool]], name: str, home: str, budget: Budget
) -> tuple[list[str], list[str]] | None:
    """What a command line has to have, and not to have, so that literals about its arguments may hold.

    Args:
        literals: atoms, and whether they are to hold; others than those about arguments are left aside.
        name: the command's, "" where it is not known.
        home: the home directory.
        budget: is drawn on; `exact` is cleared where anything is asked, as words are only tried.

    Returns:
        Patterns to be found and patterns not to be, or None where no operand could be made.
    """
    asked = sorted((one for one in literals if one[0][0] in ARGUMENT_KINDS), key=repr)
    required: list[str] = []
    forbidden: list[str] = []
    unwanted = [atom[1] for atom, wanted in asked if atom[0] == "operand" and not wanted]
    start = "^[^ ]+ [a-z][^ ]*(?: .*)?" if _grammar(name, ()).subcommands is not None else ""
    for atom, wanted in asked:
        kind, argument, taken = atom
        if kind == "option":
            (required if wanted else forbidden).append(_option(argument, _grammar(name, taken), wanted=wanted))
        elif wanted:
            word = _operand(kind, argument, unwanted, home, budget)
            if word is None:
                return None
            required.append(f"{start}{quote(f' {shlex.quote(word)}')}(?: |$)")
    return required, forbidden


def _option(names: Sequence[str], grammar: Grammar, *, wanted: bool) -> str:
    if not wanted:
        return "|".join(
            f" -[0-9A-Za-z]*{quote(name[1:])}" if len(name) == 2 else f"{quote(' ' + name)}(?:[ =]|$)" for name in names
        )
    return f" (?:{'|'.join(_spelled(name, grammar) for name in names)})(?: |$)"


def _spelled(name: str, grammar: Grammar) -> str:
    inner = [grammar, *(grammar.subcommands or {}).values()]
    if len(name) == 2:
        return quote(name) + ("1" if any(one.short.get(name[1:]) for one in inner) else "")
    return quote(name) + ("=1" if any(one.long.get(name.lstrip("-")) for one in inner) else "")


def _operand(kind: str, argument: Any, unwanted: list[str], home: str, budget: Budget) -> str | None:
    if kind == "operand":
        return generate(Operands(), [argument], unwanted, budget)
    path: str = argument[0]
    return home + path[1:] if path == "~" or path.startswith("~/") else path

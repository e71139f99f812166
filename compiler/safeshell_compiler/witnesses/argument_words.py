"""Words that make conditions about arguments hold, for situations made to measure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from safeshell.command.getopt import Grammar
from safeshell.command.options import Parsed, grammar_for, parse
from safeshell.command.programs.grammars import grammars_for
from safeshell.policy.atoms import ATOMS
from safeshell.policy.patterns import quote
from safeshell_compiler.atoms import KINDS
from safeshell_compiler.stages.lower import Atom
from safeshell_compiler.witnesses.generate import Budget, generate
from safeshell_compiler.witnesses.languages import Operands

HOME = "/home/ann"
"""What `~` stands for where nothing else is said."""


def is_of_arguments(atom: Atom) -> bool:
    """Whether an atom is about the arguments one by one."""
    return atom[0] != "command" and ATOMS[atom[0]].of_arguments


def read(argv: Sequence[str], taken: Iterable[str], valued: Iterable[str] = ()) -> Parsed:
    """A command's arguments as the evaluator reads them."""
    return parse(argv[1:], _grammar(argv[0], taken, valued))


def _grammar(name: str, taken: Iterable[str], valued: Iterable[str] = ()) -> Grammar:
    return grammar_for(grammars_for([name]), name, taken, valued)


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
    asked = sorted((one for one in literals if is_of_arguments(one[0])), key=repr)
    making = Words(asked, name, home, budget)
    for (kind, *arguments), wanted in asked:
        KINDS[kind].words(making, arguments, wanted=wanted)
    return None if making.failed else (making.required, making.forbidden)


class Words:
    """The words of a command line in the making.

    Attributes:
        required, forbidden: patterns of the line.
        failed: whether a word was asked for that there isn't.
        home: the home directory.
    """

    def __init__(self, asked: Sequence[tuple[Atom, bool]], name: str, home: str, budget: Budget) -> None:
        self._asked = asked
        self._name = name
        self._budget = budget
        self._start = "^[^ ]+ [a-z][^ ]*(?: .*)?" if _grammar(name, ()).subcommands is not None else ""
        self.home = home
        self.required: list[str] = []
        self.forbidden: list[str] = []
        self.failed = False

    def require(self, pattern: str) -> None:
        """Asks for a pattern in the line."""
        self.required.append(pattern)

    def require_operand(self, word: str | None) -> None:
        """Asks for an operand; None: there is none."""
        if word is None:
            self.failed = True
        else:
            self.require(f"{self._start}{quote(f' {shlex.quote(word)}')}(?: |$)")

    def forbid_options(self, names: Sequence[str]) -> None:
        """Asks for a line without these options."""
        self.forbidden.append(
            "|".join(
                f" -[0-9A-Za-z]*{quote(name[1:])}" if len(name) == 2 else f"{quote(' ' + name)}(?:[ =]|$)"
                for name in names
            )
        )

    def spelled(self, name: str, taken: Iterable[str]) -> str:
        """The pattern of an option, with an argument where it takes one."""
        grammar = _grammar(self._name, taken)
        inner = [grammar, *(grammar.subcommands or {}).values()]
        if len(name) == 2:
            return quote(name) + ("1" if any(one.short.get(name[1:]) for one in inner) else "")
        return quote(name) + ("=1" if any(one.long.get(name.lstrip("-")) for one in inner) else "")

    def patterns(self, kind: str, *, wanted: bool) -> list[str]:
        """The first arguments of the atoms of a kind that must hold, or that must not."""
        return [atom[1] for atom, side in self._asked if atom[0] == kind and side is wanted]

    def text(self, required: Sequence[str], forbidden: Sequence[str]) -> str | None:
        """A word in which these patterns are found, and those not."""
        return generate(Operands(), required, forbidden, self._budget)

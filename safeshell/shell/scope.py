"""Scope of a shell while a line runs: where it stands, what its variables hold, which aliases and functions there are.

What only the run can tell is as much a value as a text is. Where the run decides which way is taken, a variable may
hold the one or the other, and the shell stand here or there: `joined` keeps both.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from safeshell.errors import UndecidedError
from safeshell.host.path_resolution import Resolver
from safeshell.shell.encoding import encode
from safeshell.shell.limits import NEST_MAX, OverrunError
from safeshell.shell.nested_commands import Input
from safeshell.shell.syntax.tree import Dialect, Function, Script
from safeshell.shell.words import Unknown, Word, plain

CHOICES_MAX = 8
"""Values that a variable may have by the ways that a line may take; more are left for the run."""

PLACES_MAX = 4
"""Directories that a shell may stand in by the ways that a line may take; more are left for the run."""


@dataclass(frozen=True, slots=True)
class Variable:
    """What a variable holds.

    Attributes:
        choices: what it may hold, each as the elements of an array, one word where it is none, or no word where it is
            unset; without any only the run can tell.
        array: whether it is one.
        open: whether it may hold something else, too.
    """

    choices: tuple[tuple[Word, ...], ...]
    array: bool = False
    open: bool = False

    @property
    def only(self) -> tuple[Word, ...] | None:
        """What it certainly holds; None where that isn't one thing."""
        return self.choices[0] if len(self.choices) == 1 and not self.open else None


Held = tuple[list[tuple[str, Variable | None, bool, Word | None, bool]], tuple[bool, str]]
"""Of some variables: name, value, whether commands get it, what, whether it is exported; and whether shims look."""

OPEN = Variable(())
"""A variable of which only the run can tell anything."""

UNSET = Variable(((),))

_BLANKS = Variable(((plain(" \t\n"),),))
"""IFS, unless the line sets it: shells don't take it from their environment."""


def scalar(word: Word) -> Variable:
    """A variable that holds a word."""
    return Variable(((word,),))


@dataclass(slots=True)
class Scope:
    """A shell, or a subshell of it.

    Attributes:
        environment: the variables that it was given.
        directories: where it may stand, each absolute; None where only the run can tell.
        dialect: which shell it is.
        variables: those that the line assigns; the others are the environment's.
        changes: what commands get of those; None removes one, a word not known as text is the run's.
        exported: names that commands get once they are assigned, beside the environment's own.
        aliases: by name.
        functions: by name; what each may be: the text that its definition stands in, and that.
        name: `$0`, None where it is not known.
        positional: `$1` and so on, None where they are not known.
        argless: whether there are most likely none, where they are not known: a line has none.
        stdin: what commands read; None for the caller's own input.
        descriptors: what other descriptors read that the shell has opened, by number as it is written.
        locals: in a function, its own variables by name, with what they hid; None outside.
        shims: whether commands are looked up along a PATH that the line left alone, or only added to at its end.
        away: why they aren't, as a clause about "it", or "".
        splits: whether zsh splits what it expands, as the others do.
        remote: whether it runs on another machine.
        apart: whether it sees other files than the line does.
        guess: whether what runs here is only guessed to be a command.
        depth: how many shells are around it.
    """

    environment: Mapping[str, str]
    directories: tuple[str | None, ...]
    dialect: Dialect = Dialect.BASH
    variables: dict[str, Variable] = field(default_factory=dict)
    changes: dict[str, Word | None] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    functions: dict[str, tuple[tuple[Script, Function], ...]] = field(default_factory=dict)
    name: Word | None = None
    positional: tuple[Word, ...] | None = None
    argless: bool = False
    stdin: Input | None = None
    descriptors: dict[bytes, Input | None] = field(default_factory=dict)
    locals: dict[str, Variable | None] | None = None
    shims: bool = True
    away: str = ""
    splits: bool = False
    remote: bool = False
    apart: bool = False
    guess: bool = False
    depth: int = 0

    # Copies

    def child(self) -> Scope:
        """The shell that a text is given to: another process, which has of the variables what is exported."""
        inner = self.fork()
        exported = {name: variable for name, variable in self.variables.items() if name in self.changes}
        inner.variables = {name: OPEN if variable.array else variable for name, variable in exported.items()}
        inner.variables.update({name: UNSET for name in self.variables if name not in self.changes})
        inner.functions = {}
        inner.aliases = {}
        return inner

    def fork(self, *, stdin: Input | None = None) -> Scope:
        """A subshell: what it changes stays in it.

        Args:
            stdin: what it reads; None: what this one does.

        Raises:
            OverrunError: it is nested too deep.
        """
        made = self.deeper()
        _own(made)
        if stdin is not None:
            made.stdin = stdin
        return made

    def deeper(self) -> Scope:
        """The same shell one level further in; it shares what commands change but for directory and positionals.

        Raises:
            OverrunError: it is nested too deep.
        """
        if self.depth >= NEST_MAX:
            raise OverrunError(f"it nests more than {NEST_MAX} deep")
        made = self.alike()
        made.depth += 1
        return made

    def copy(self) -> Scope:
        """The same shell, on one of the ways that the run may take."""
        made = self.alike()
        _own(made)
        return made

    def alike(self) -> Scope:
        """The same shell; it shares its tables."""
        return Scope(
            self.environment,
            self.directories,
            self.dialect,
            self.variables,
            self.changes,
            self.exported,
            self.aliases,
            self.functions,
            self.name,
            self.positional,
            self.argless,
            self.stdin,
            self.descriptors,
            self.locals,
            self.shims,
            self.away,
            self.splits,
            self.remote,
            self.apart,
            self.guess,
            self.depth,
        )

    def become(self, other: Scope) -> None:
        """Takes over where another shell stands and what it holds."""
        self.directories = other.directories
        self.variables, self.changes, self.exported = other.variables, other.changes, other.exported
        self.aliases, self.functions = other.aliases, other.functions
        self.positional = other.positional
        self.splits = other.splits
        self.shims, self.away = other.shims, other.away

    def join(self, other: Scope) -> None:
        """Takes over what another way of the run may have come to."""
        for name in self.variables.keys() | other.variables.keys():
            mine, theirs = self.lookup(name), other.lookup(name)
            if mine != theirs:
                self.variables[name] = _either(mine, theirs)
        for name in self.changes.keys() | other.changes.keys():
            if name not in self.changes or name not in other.changes or self.changes[name] != other.changes[name]:
                self.changes[name] = Word((Unknown(f"${name}", quoted=True, several=False),))
        self.exported |= other.exported
        for alias, text in other.aliases.items():
            self.aliases.setdefault(alias, text)
        for function, bodies in other.functions.items():
            mine_too = self.functions.get(function, ())
            self.functions[function] = (*mine_too, *[body for body in bodies if body not in mine_too])
        self.splits = self.splits or other.splits
        if self.positional != other.positional:
            self.positional = None
        if not other.shims:
            self.leave(other.away)
        self.directories = tuple(dict.fromkeys((*self.directories, *other.directories)))
        if len(self.directories) > PLACES_MAX:
            self.directories = (None,)

    # Variables

    def lookup(self, name: str) -> Variable:
        """What a variable holds."""
        found = self.variables.get(name)
        if found is not None:
            return found
        if name == "IFS":
            return _BLANKS
        if self.remote:
            return OPEN
        if name == "PWD" and len(self.directories) == 1 and self.directories[0] is not None:
            return scalar(plain(self.directories[0]))
        value = self.environment.get(name)
        return OPEN if value is None else scalar(plain(value))

    def value(self, name: str) -> str | None:
        """A variable's text; None where it is none, or only the run can tell."""
        only = self.lookup(name).only
        return only[0].literal if only is not None and len(only) == 1 else None

    def assign(self, name: str, variable: Variable, *, exported: bool = False, adds: bool = False) -> None:
        """Sets a variable.

        Args:
            name: its name.
            variable: what it holds.
            exported: whether commands get it from now on.
            adds: whether it is PATH with more behind what was there.
        """
        self.variables[name] = variable
        if exported:
            self.exported.add(name)
        if name in self.exported or name in self.environment or name in self.changes:
            self.changes[name] = as_given(name, variable)
            if name == "PATH" and not adds:
                self.leave("the line sets another PATH")

    def export(self, name: str) -> None:
        """Has commands get a variable."""
        self.exported.add(name)
        if name in self.variables:
            self.changes[name] = as_given(name, self.variables[name])

    def unset(self, name: str) -> None:
        """Removes a variable."""
        self.variables[name] = UNSET
        self.changes[name] = None
        self.exported.discard(name)
        if name == "PATH":
            self.leave("the line takes PATH away")

    def enter(self, positional: tuple[Word, ...]) -> None:
        """Begins a function's call."""
        self.positional, self.locals = positional, {}

    def own(self, name: str) -> None:
        """Makes a variable the function's own, where this is one."""
        if self.locals is not None:
            self.locals.setdefault(name, self.variables.get(name))

    def leave_function(self) -> None:
        """Ends a function's call: its own variables are gone."""
        for name, variable in (self.locals or {}).items():
            if variable is None:
                self.variables.pop(name, None)
                self.changes.pop(name, None)
            else:
                self.assign(name, variable, adds=True)

    def held(self, names: Iterable[str]) -> Held:
        """All that is known of variables, to be put back."""
        rows = [
            (name, self.variables.get(name), name in self.changes, self.changes.get(name), name in self.exported)
            for name in names
        ]
        return rows, (self.shims, self.away)

    def put_back(self, held: Held) -> None:
        """Undoes what became of variables since."""
        rows, path = held
        for name, variable, changes, change, exported in rows:
            if variable is None:
                self.variables.pop(name, None)
            else:
                self.variables[name] = variable
            self.changes.pop(name, None)
            if changes:
                self.changes[name] = change
            self.exported.discard(name)
            if exported:
                self.exported.add(name)
            if name == "PATH":
                self.shims, self.away = path

    # Places

    def leave(self, why: str) -> None:
        """No shim looks from here on; the first reason stays."""
        self.shims, self.away = False, self.away or why

    @property
    def home(self) -> str | None:
        """What an unquoted `~` stands for."""
        return self.value("HOME")

    def move(self, target: Word | None) -> None:
        """Goes to a directory, as `cd` does."""
        self.directories = self.at(target)

    def at(self, target: Word | None) -> tuple[str | None, ...]:
        """The directories that a word names from here; without one, the home."""
        text = self.home if target is None else target.literal
        if text is None or text == "-" or "\0" in text or self.remote:
            return (None,)
        return tuple(dict.fromkeys([_entered(one, text) for one in self.directories]))


def _own(scope: Scope) -> None:
    """Gives a shell tables of its own."""
    scope.variables = dict(scope.variables)
    scope.changes = dict(scope.changes)
    scope.exported = set(scope.exported)
    scope.aliases = dict(scope.aliases)
    scope.functions = dict(scope.functions)


def as_given(name: str, variable: Variable) -> Word | None:
    """A variable as a command gets it."""
    only = variable.only
    if only is not None and not variable.array:
        return only[0] if only else None
    return Word((Unknown(f"${name}", quoted=True, several=False),))


def _either(one: Variable, other: Variable) -> Variable:
    choices = tuple(dict.fromkeys((*one.choices, *other.choices)))
    if not choices or len(choices) > CHOICES_MAX or (one.choices and other.choices and one.array != other.array):
        return OPEN
    is_open = one.open or other.open or not (one.choices and other.choices)
    return Variable(choices, one.array or other.array, is_open)


def _entered(directory: str | None, text: str) -> str | None:
    if not text.startswith("/") and directory is None:
        return None
    try:
        return os.fsdecode(Resolver().resolve(encode(os.path.join(directory or "/", text))))
    except UndecidedError:
        return None

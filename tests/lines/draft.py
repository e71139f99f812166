"""Draft of a shell line: templates filled in, each time another way, until a command stands in it.

A row's template is shell text with holes, `§` and a letter; `lines.holes` says what each becomes. A hole that takes the
line's command further is one of the positions in which a command can stand:

    §L  a list                 `a; b && c`
    §C  a command              any of the below, or one behind `!`, `time`, `coproc`
    §K  a compound command     `{ …; }`, `if …`
    §S  a simple command       assignments and redirections included
    §B  a simple command that begins with its name, as a wrapper takes it
    §$  a word that runs it    `$(…)`, backticks, `${x:-$(…)}`
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lines.quoting import spelled

SHELLS = ("bash", "sh", "zsh")
"""The shells whose lines are made; `sh` is dash."""


@dataclass(frozen=True)
class Document:
    """The body of a here-document, its delimiter's line included: it comes after the next newline."""

    body: str


Item = str | Document
"""A piece of a line. The string of one newline alone is a token; in any other a newline is part of a word."""

NEWLINE = "\n"


@dataclass(frozen=True)
class Row:
    """A way to write what stands in a position.

    Attributes:
        template: with holes.
        kinds: what it exercises, as names apart by blanks: `L1` to `L12` of the findings, and others.
        shells: those that read it, apart by blanks.
        weight: how often it is taken, 1 being usual.
        into: the shell that reads what stands in its holes, where that is another one.
        open: whether it holds a word that only the run can tell.
    """

    template: str
    kinds: str = ""
    shells: str = "bash sh zsh"
    weight: float = 1.0
    into: str = ""
    open: bool = False


def finish(items: Iterable[Item]) -> str:
    """The text of a line's pieces, the bodies of here-documents where the shell reads them."""
    out: list[str] = []
    waiting: list[str] = []
    for item in items:
        if isinstance(item, Document):
            waiting.append(item.body)
        elif item == NEWLINE:
            out += [NEWLINE, *waiting]
            waiting.clear()
        else:
            out.append(item)
    if waiting:
        out += [NEWLINE, *waiting]
    return "".join(out)


Hole = Callable[["Draft", "Frame"], Sequence[Item]]


@dataclass
class Frame:
    """One filling of a template: its names are the same wherever they stand in it."""

    row: Row
    names: dict[str, str] = field(default_factory=dict)


@dataclass
class Draft:
    """A line that is being written.

    Attributes:
        random: what chooses.
        shell: the shell that reads the place that is written now.
        depth: how many more rows may be opened one in another.
        rows: the grammar, by position.
        holes: what a letter stands for.
        command: what the line is to run: its name and its words.
        kinds: what the rows that were taken exercise.
        open: whether one of them holds a word that only the run can tell.
        count: of names that have been made up.
    """

    random: random.Random
    shell: str
    depth: int
    rows: Mapping[str, Sequence[Row]]
    holes: Mapping[str, Hole]
    command: tuple[str, ...]
    kinds: set[str] = field(default_factory=set)
    open: bool = False
    count: int = 0

    def chance(self, share: float) -> bool:
        """True in such a share of calls."""
        return self.random.random() < share

    def fresh(self, names: Sequence[str]) -> str:
        """A name that nothing else in the line has."""
        self.count += 1
        return f"{self.random.choice(names)}{self.count}"

    def fill(self, position: str) -> list[Item]:
        """Takes a row for a position and fills it in."""
        rows = [row for row in self.rows[position] if self.shell in row.shells.split()]
        row = self.random.choices(rows, [row.weight for row in rows])[0]
        if position == "B":
            row = self._respelled(row)
        return self.write(row)

    def _respelled(self, row: Row) -> Row:
        """A row whose program is written another way, now and then."""
        name = _PROGRAM.match(row.template)
        if name is None or not self.chance(0.08):
            return row
        return replace(row, template=spelled(self.random, name[0], self.shell) + row.template[name.end() :])

    def write(self, row: Row) -> list[Item]:
        """Fills a row in."""
        self.kinds.update(row.kinds.split())
        self.open |= row.open
        return self.expand(row.template, Frame(row))

    def expand(self, template: str, frame: Frame) -> list[Item]:
        """Fills a template in."""
        items: list[Item] = []
        for text, hole in _parts(template):
            items += _split(self._loosened(text))
            if hole:
                items += self.holes[hole](self, frame)
        return items

    def _loosened(self, text: str) -> str:
        """With other blanks where one stands between words that have no quotes."""
        if " " not in text or set(text) & set("'\"\\") or not self.chance(0.06):
            return text
        return text.replace(" ", self.random.choice(["  ", "\t", " \\\n", " \\\n\t"]), 1)


_PROGRAM = re.compile(r"[a-z][a-z0-9]+(?= )")
_HOLE = re.compile("§(.)", re.DOTALL)
_PARTS: dict[str, list[tuple[str, str]]] = {}


def _parts(template: str) -> list[tuple[str, str]]:
    if template not in _PARTS:
        pieces = [*_HOLE.split(template), ""]
        _PARTS[template] = list(zip(pieces[::2], pieces[1::2], strict=True))
    return _PARTS[template]


def _split(text: str) -> list[Item]:
    """A template's own newlines are tokens, but for those behind a backslash."""
    return [piece for piece in re.split(r"(?<!\\)(\n)", text) if piece]

"""Tree of a shell text: its commands, their words, and where in the bytes each stands.

Offsets are of the text that was parsed, in bytes, from the first byte of a node up to the one after its last. What
stands in quotes keeps what it means, not how it was quoted; the bytes themselves are `Script.data[start:end]`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Dialect(enum.Enum):
    """A shell whose text can be read."""

    BASH = "bash"
    SH = "sh"
    ZSH = "zsh"

    __hash__ = object.__hash__  # each is one object; an enumeration's own is a call, and each command looks tables up


# Words


@dataclass(slots=True, eq=False)
class Text:
    """Characters that stand for themselves.

    Attributes:
        data: without their quotes, escapes of `$'…'` resolved, a backslash-newline left out.
        quoted: whether they were quoted, and so are no pattern, brace or tilde. An empty quoted text is kept: `''`.
    """

    data: bytes
    quoted: bool


@dataclass(slots=True, eq=False)
class Parameter:
    """An expansion of a variable or parameter: `$NAME`, `${NAME…}`.

    Attributes:
        name: the variable's name, the digits of a positional one, or a special one like `@`; b"" for forms that are
            not read further, as zsh's nested `${${…}}`.
        operation: what stands behind the name inside the braces and says what is done: b"" for plain `$X` and `${X}`,
            b":-", b"-", b":=", b"=", b":+", b"+", b":?", b"?"; else all that follows the name as written (`#pattern`,
            `/a/b`, `[@]`, `^^`), or what stands before it (`!`, `#`, zsh's `(flags)`).
        argument: what follows one of those operators, or all else in the braces that may hold substitutions; a word
            that becomes no words of its own.
        quoted: whether it stands in double quotes.
    """

    name: bytes
    operation: bytes
    argument: Word | None
    quoted: bool
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Substitution:
    """Commands whose output, or a file with it, stands in a word.

    Attributes:
        kind: `$(`, `` ` ``, `<(`, `>(`, zsh's `=(`; `${` of bash's `${ COMMANDS; }`; `(e` and `(+` of code in zsh's
            glob qualifiers, which puts nothing into the word.
        script: the commands; in a here-document, whose parts the shell reads when it expands them, a `$(` that can't
            be read is just these two bytes, with the commands behind it that run first. Where the text had to be
            unescaped first (backticks, quoted code of a glob qualifier) it has bytes of its own, and offsets into
            them.
        quoted: whether it stands in double quotes.
    """

    kind: str
    script: Script
    quoted: bool
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Arithmetic:
    """`$((…))` or `$[…]`: a number; `inside` holds the substitutions and expansions in it."""

    inside: Word
    quoted: bool
    start: int
    end: int


Part = Text | Parameter | Substitution | Arithmetic


@dataclass(slots=True, eq=False)
class Word:
    """A word: parts that touch."""

    parts: tuple[Part, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Array:
    """The value of an array's assignment, `(…)`; elements like `[key]=value` are words too."""

    words: tuple[Word, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Assignment:
    """`NAME=VALUE` before a command, or as an argument of `export` and its kin.

    Attributes:
        name: the variable.
        subscript: what stands in `NAME[…]=`.
        append: whether it is `+=`.
        value: the value; nothing behind `=` is a word without parts.
    """

    name: bytes
    subscript: Word | None
    append: bool
    value: Word | Array
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Redirect:
    """A redirection.

    Attributes:
        operator: as written, without what stands before it: b"<", b">>", b"&>", b"<<-", b"<<<", b"<&" …
        descriptor: the digits or `{name}` before the operator, or b"".
        target: the file, the number, or a here-document's delimiter.
        document: the text of a here-document: its expansions where the delimiter was not quoted, tabs of `<<-` taken
            off; for all other redirections None.
        unfinished: whether the text ended before the delimiter came.
    """

    operator: bytes
    descriptor: bytes
    target: Word
    document: Word | None
    start: int
    end: int
    unfinished: bool = False


# Commands


@dataclass(slots=True, eq=False)
class Simple:
    """A simple command.

    Attributes:
        assignments: those before its first word.
        words: the command's name and arguments. An argument of `declare`, `export`, `local`, `readonly`, `typeset` and
            zsh's `integer`, `float`, `private` that is an assignment is an Assignment.
    """

    assignments: tuple[Assignment, ...]
    words: tuple[Word | Assignment, ...]
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Subshell:
    """`( … )`."""

    body: Sequence
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Group:
    """`{ … }`; of zsh with `always { … }` behind it."""

    body: Sequence
    always: Sequence | None
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class If:
    """`if … then … elif … else … fi`: conditions with their bodies, and what runs otherwise."""

    arms: tuple[tuple[Sequence, Sequence], ...]
    otherwise: Sequence | None
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class While:
    """`while` or `until` (`until` set)."""

    until: bool
    condition: Sequence
    body: Sequence
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class For:
    """`for NAME… in WORDS` and `select`; `words` is None without `in`: the positional parameters."""

    names: tuple[bytes, ...]
    words: tuple[Word, ...] | None
    body: Sequence
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Repeat:
    """A body that runs many times, with a word that holds what is expanded for it.

    `for ((…; …; …))` of bash and zsh, `repeat COUNT` of zsh.
    """

    head: Word
    body: Sequence
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class CaseItem:
    """A branch of `case`; `then` is how it ends: b";;", b";&" (and on), b";;&" or b";|" (the next that fits)."""

    patterns: tuple[Word, ...]
    body: Sequence
    then: bytes
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Case:
    """`case WORD in …`."""

    word: Word
    items: tuple[CaseItem, ...]
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Test:
    """`[[ … ]]` or `((…))`: nothing but its expansions and substitutions runs."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Function:
    """A function's definition; zsh's anonymous one has no names and runs at once, with `words`."""

    names: tuple[Word, ...]
    body: Command
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Coproc:
    """`coproc [NAME] COMMAND`; zsh's pipeline of several is a Group."""

    name: bytes
    body: Command
    start: int
    end: int


Command = Simple | Subshell | Group | If | While | For | Repeat | Case | Test | Function | Coproc


@dataclass(slots=True, eq=False)
class Pipeline:
    """Commands with `|` or `|&` between them. `!` and `time` before it are noted, their options not kept."""

    commands: tuple[Command, ...]
    start: int
    end: int
    negated: bool = False
    timed: bool = False


@dataclass(slots=True, eq=False)
class AndOr:
    """Pipelines with `&&` or `||` between them: one operator less than pipelines."""

    pipelines: tuple[Pipeline, ...]
    operators: tuple[bytes, ...]
    background: bool
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Sequence:
    """Lists of a body, one after another."""

    items: tuple[AndOr, ...]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Broken:
    """Where a text can't be read any further.

    Attributes:
        at: the offset of what is wrong.
        start: from where on nothing of the text is in the tree: the complete command that holds it begins here. What
            stands before runs, as the shell reads one complete command after another.
        why: a clause about "it".
    """

    at: int
    start: int
    why: str


@dataclass(slots=True, eq=False)
class Script:
    """A shell text, parsed.

    Attributes:
        data: its bytes.
        body: all that can be read of it.
        broken: None where that is all of it.
        dialect: whose grammar it was read by.
    """

    data: bytes
    body: Sequence
    broken: Broken | None = None
    dialect: Dialect = field(default=Dialect.BASH)

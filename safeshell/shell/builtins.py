"""Builtins of the shells: which there are, for no shim sees them, and what they change for the commands behind them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence

from safeshell.shell.outputs import output
from safeshell.shell.program_names import known_name
from safeshell.shell.scope import CHOICES_MAX, OPEN, Scope, Variable, scalar
from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.words import Literal, Word, plain

_NAMES = """
. : [ alias bg bind break builtin caller cd command compgen complete continue declare dirs disown echo enable eval exec
exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read
readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias unset
wait
"""

BUILTINS = frozenset(_NAMES.split())
"""The names of bash's builtins."""

_SYSTEMS = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
_LET = re.compile(r"([A-Za-z_]\w*)\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)|([A-Za-z_]\w*)(?:\+\+|--)|(?:\+\+|--)([A-Za-z_]\w*)")


def take_effect(words: Sequence[Word], scope: Scope) -> None:
    """What a builtin changes for the commands that follow it.

    Args:
        words: a command's, expanded.
        scope: the shell's; it is changed.
    """
    name = words[0].literal if words else None
    while name in ("builtin", "command") and len(words) > 1:
        words = words[1:]
        name = words[0].literal
    effect = _EFFECTS.get(name or "")
    if effect is not None:
        effect(list(words[1:]), scope)


def _operands(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if not (word.prefix.startswith("-") and len(word.prefix) > 1)]


def _cd(words: list[Word], scope: Scope) -> None:
    rest = _operands(words)
    scope.move(rest[0] if rest else None)


def _popd(_words: list[Word], scope: Scope) -> None:
    scope.directories = (None,)


def _alias(words: list[Word], scope: Scope) -> None:
    for word in _operands(words):
        key, equals, value = word.written.partition("=")
        if equals:
            scope.aliases[key] = value


def _unalias(words: list[Word], scope: Scope) -> None:
    for word in words:
        scope.aliases.pop(word.written, None)


def _hash(words: list[Word], scope: Scope) -> None:
    """Of `hash -p PATH NAME`, and zsh's `hash NAME=PATH`: the name runs that program from now on."""
    if len(words) > 2 and words[0].literal == "-p":
        scope.aliases.update({word.written: shlex.quote(words[1].written) for word in words[2:]})
    elif scope.dialect is Dialect.ZSH:
        for word in _operands(words):
            name, equals, path = word.written.partition("=")
            if equals:
                scope.aliases[name] = shlex.quote(path)


def _copy(words: list[Word], scope: Scope) -> None:
    """Of cp, ln and their kin, which are no builtins: another name for a program of the system's runs that program."""
    operands = _operands(words)
    if len(operands) != 2:
        return
    source, name = known_name(operands[0]), operands[1].literal
    by_output = operands[0].literal is None and len(operands[0].parts) == 1
    if source and name and (by_output or operands[0].prefix.startswith(_SYSTEMS)):
        scope.aliases[name if "/" in name else f"./{name}"] = shlex.quote(operands[0].literal or source)


def _read(words: list[Word], scope: Scope) -> None:
    """Of read and its kin: what they assign is left for the run, but a line that is known."""
    names = [word.written for word in _operands(words) if word.written.isidentifier()]
    for name in (*names, "REPLY"):
        scope.assign(name, OPEN)
    options = {word.written for word in words} - set(names)
    stdin = scope.stdin
    text = None if stdin is None or not stdin.whole else stdin.text
    blanks = scope.value("IFS") == " \t\n"
    if text is None or not (blanks or scope.value("IFS") == "") or not options <= {"-r"}:
        return
    lines = text.removesuffix("\n").split("\n")
    if not names or len(lines) > CHOICES_MAX or "\0" in text or ("\\" in text and "-r" not in options):
        return
    # Of several lines a loop reads each.
    rows = [line.strip(" \t").split(None, len(names) - 1) if blanks else [line] for line in lines]
    for at, name in enumerate(names):
        values = dict.fromkeys([(plain(row[at] if at < len(row) else ""),) for row in rows])
        scope.assign(name, Variable(tuple(values)))


def _mapfile(words: list[Word], scope: Scope) -> None:
    """Of mapfile: the lines that are known."""
    names = [word.written for word in _operands(words) if word.written.isidentifier()] or ["MAPFILE"]
    stdin = scope.stdin
    known = stdin is not None and stdin.whole and stdin.text is not None and "\0" not in stdin.text
    lines = (stdin.text or "").removesuffix("\n").split("\n") if stdin is not None and known else []
    if known and {word.written for word in words} - set(names) == {"-t"}:
        scope.assign(names[0], Variable((tuple(map(plain, lines)),), array=True))
    else:
        scope.assign(names[0], OPEN)


def _printf(words: list[Word], scope: Scope) -> None:
    if len(words) > 2 and words[0].literal == "-v" and words[1].literal is not None:
        made = output([plain("printf"), *words[2:]], None, Dialect.BASH)
        known = made.text is not None and made.whole
        scope.assign(words[1].literal, scalar(plain(made.text.replace("\0", ""))) if known and made.text else OPEN)


def _declare(words: list[Word], scope: Scope) -> None:
    """Of export and its kin, where a word becomes an assignment only by its expansion, or has none."""
    for word in _operands(words):
        found = _ASSIGNMENT.match(word.prefix)
        if _ASSIGNMENT.match(word.source):
            continue  # it is one in the line already
        if found is not None:
            scope.own(found[1])
            value = _behind(word, found.end())
            scope.assign(found[1], scalar(value))
        elif word.literal is not None and word.literal.isidentifier():
            scope.export(word.literal)


def _behind(word: Word, position: int) -> Word:
    parts = list(word.parts)
    while parts and position and isinstance(parts[0], Literal):
        rest = parts[0].text[position:]
        position -= len(parts[0].text) - len(rest)
        parts[:1] = [Literal(rest, quoted=True)] if rest else []
    return Word(tuple(parts))


def _unset(words: list[Word], scope: Scope) -> None:
    for word in words:
        if word.literal in ("-f", "-v", "-n"):
            continue
        scope.unset(word.written)
        scope.functions.pop(word.written, None) if words[0].literal == "-f" else None


def _set(words: list[Word], scope: Scope) -> None:
    at = 0
    while at < len(words):
        text = words[at].literal
        if text == "--":
            scope.positional = tuple(words[at + 1 :])
            return
        if text is None or text[:1] not in ("-", "+") or len(text) < 2:
            break
        _setopt([plain(f"-{letter}") for letter in text[1:]] if text[0] == "-" else [], scope)
        if text == "-o":
            _setopt(words[at + 1 : at + 2], scope)
        at += 2 if text[-1] in "oA" else 1
    if at < len(words):
        scope.positional = tuple(words[at:])


def _shift(words: list[Word], scope: Scope) -> None:
    count = words[0].literal if words else "1"
    if scope.positional is not None and count is not None and count.isdigit():
        scope.positional = scope.positional[int(count) :]
    else:
        scope.positional = None


def _setopt(words: list[Word], scope: Scope) -> None:
    """Of zsh's setopt, emulate and set: whether it splits what variables hold, as the others do anyway."""
    if scope.dialect is Dialect.ZSH and any(
        _option(word.written) in ("shwordsplit", "sh", "ksh", "y") for word in words
    ):
        scope.splits = True


def _option(text: str) -> str:
    return text.lower().replace("_", "").lstrip("-")


def _let(words: list[Word], scope: Scope) -> None:
    for word in words:
        for found in _LET.finditer(word.written):
            scope.assign(found[1] or found[2] or found[3], OPEN)


_EFFECTS: dict[str, Callable[[list[Word], Scope], None]] = {
    "cd": _cd,
    "chdir": _cd,
    "pushd": _cd,
    "popd": _popd,
    "alias": _alias,
    "unalias": _unalias,
    "hash": _hash,
    **dict.fromkeys(("cp", "ln", "install", "mv"), _copy),
    **dict.fromkeys(("read", "getopts", "vared", "zparseopts", "print"), _read),
    **dict.fromkeys(("mapfile", "readarray"), _mapfile),
    "printf": _printf,
    **dict.fromkeys(("export", "declare", "typeset", "local", "readonly", "integer", "float"), _declare),
    "unset": _unset,
    "set": _set,
    "setopt": _setopt,
    "emulate": _setopt,
    "shift": _shift,
    "let": _let,
}

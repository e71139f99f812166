"""Outputs of commands, where the line alone tells them: so `echo … | base64 -d | sh` is read as what it runs.

A text is exact, byte for byte, or it isn't given: what locales, versions or files decide is left to the run, and so is
what would say an error, for `|&` takes that along. It holds its last newline and its NUL bytes, as a pipe has them; a
command substitution drops both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from safeshell.shell.columns import cut
from safeshell.shell.decoders import run_base64, run_openssl, run_xxd
from safeshell.shell.echo import echo, read_options
from safeshell.shell.filters import cat, head, rev, tac, tail, tee
from safeshell.shell.flavours import BUILTIN, MAYBE, Flavour
from safeshell.shell.nested_commands import Input
from safeshell.shell.printf import printf
from safeshell.shell.sequence import seq
from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.translate import tr
from safeshell.shell.untold import UntoldError, Written, held
from safeshell.shell.words import Literal, Word, literals

_DIRECTORIES = ("", "/bin", "/usr/bin")
_MAKERS: dict[str, Callable[[Sequence[bytes], Flavour], bytes]] = {
    "echo": echo,
    "printf": printf,
    "seq": lambda arguments, _flavour: seq(arguments),
    "dirname": lambda arguments, _flavour: dirname(arguments),
    **dict.fromkeys((":", "true", "false"), lambda _arguments, _flavour: b""),
}
"""Programs whose output hangs on their arguments alone."""

_FILTERS: dict[str, Callable[[Sequence[bytes], bytes], bytes]] = {
    "base64": run_base64,
    "cat": cat,
    "cut": cut,
    "head": head,
    "openssl": run_openssl,
    "rev": rev,
    "tac": tac,
    "tail": tail,
    "tee": tee,
    "tr": tr,
    "xxd": run_xxd,
}
"""Programs that read their standard input and write of it."""

TOLD = frozenset({*_MAKERS, *_FILTERS, "command", "builtin", "env"})
"""Names of programs whose output, or that of what they run, may be told."""

_COPYING = ("cat", "tee")
_WRAPPERS_MAX = 8


def output(words: Sequence[Word], stdin: Input | None, dialect: Dialect = Dialect.BASH) -> Input:
    """What a command writes to its standard output.

    The caller sees to what changes the names' meaning: functions, aliases, `enable -n`, `shopt -s xpg_echo`,
    `setopt bsdecho`, POSIXLY_CORRECT.

    Args:
        words: the command, as the shell would run it.
        stdin: what it reads, None where it is the caller's own input.
        dialect: the shell that runs it.

    Returns:
        The text; not whole where it holds parts as they are written; None where only the run can tell.
    """
    found = _told(words, stdin, BUILTIN[dialect])
    if found.text is not None or (dialect is not Dialect.SH and (stdin is None or not stdin.maybe)):
        return found
    inputs = (None,) if stdin is None else stdin.ways
    ways = [_told(words, way, flavour) for way in inputs for flavour in MAYBE[dialect]]
    return Input(None, maybe=tuple(dict.fromkeys([way.text for way in ways if way.text is not None and way.whole])))


def _told(words: Sequence[Word], stdin: Input | None, flavour: Flavour) -> Input:
    """The same, of one flavour."""
    try:
        for at, word in enumerate(words[:_WRAPPERS_MAX]):
            directory, name = os.path.split(word.literal or "")
            if directory not in _DIRECTORIES:
                break  # it may be any program
            flavour = Flavour.COREUTILS if directory or name == "env" else flavour
            if name in ("command", "builtin"):
                flavour = _under(name, flavour)
            elif name != "env":
                return _output(name, words[at + 1 :], stdin, flavour)
    except UntoldError:
        pass
    return Input(None)


def _under(wrapper: str, flavour: Flavour) -> Flavour:
    """Whose command `command` and `builtin` run; as programs they are scripts of some other shell, if there are any."""
    if flavour is Flavour.COREUTILS or (wrapper == "builtin" and flavour in (Flavour.SH, Flavour.DASH)):
        raise UntoldError
    return Flavour.COREUTILS if wrapper == "command" and flavour is Flavour.ZSH else flavour


def _output(name: str, words: Sequence[Word], stdin: Input | None, flavour: Flavour) -> Input:
    texts = literals(words)
    if texts is None:
        return Input(_partly_known(name, words, flavour), whole=False)
    arguments = [_bytes(text) for text in texts]
    if name in _MAKERS:
        return Input(_text(_MAKERS[name](arguments, flavour)))
    if name not in _FILTERS or stdin is None or stdin.text is None or not (stdin.whole or name in _COPYING):
        raise UntoldError
    return Input(_text(_FILTERS[name](arguments, _bytes(stdin.text))), stdin.whole)


def _partly_known(name: str, words: Sequence[Word], flavour: Flavour) -> str:
    """What echo and printf write of words that aren't all known."""
    if name == "echo":
        return _partly_echoed(words, flavour)
    if name != "printf" or any(word.several for word in words):
        raise UntoldError
    return _text(
        printf([(bytes if word.literal is not None else Written)(_bytes(word.written)) for word in words], flavour)
    )


def _partly_echoed(words: Sequence[Word], flavour: Flavour) -> str:
    """What echo writes of words that aren't all known: those parts as they are written."""
    known = [word.literal for word in words]
    leading = known.index(None)
    settings, count = read_options([_bytes(text) for text in known[:leading] if text is not None], flavour)
    made = []
    for word in words[count:]:
        pieces = []
        for part in word.parts:
            piece = _bytes(part.source)
            if isinstance(part, Literal) and settings.escapes is not None:
                piece, _ = settings.escapes.replaced(piece)
            pieces.append(piece)
        made.append(b"".join(pieces))
    return _text(b" ".join(made) + (b"\n" if settings.newline else b""))


def dirname(arguments: Sequence[bytes]) -> bytes:
    """What dirname writes of one path.

    Raises:
        UntoldError: there are options, or not one path.
    """
    rest = list(arguments[1:] if arguments[:1] == [b"--"] else arguments)
    if len(rest) != 1 or (len(arguments) == 1 and rest[0].startswith(b"-")):
        raise UntoldError
    directory, slash, _ = rest[0].rstrip(b"/").rpartition(b"/")
    root = rest[0].startswith(b"/")
    return (directory.rstrip(b"/") or (b"/" if root or slash else b".")) + b"\n"


def _bytes(text: str) -> bytes:
    try:
        return held(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise UntoldError from None  # a surrogate that stands for no byte


def _text(data: bytes) -> str:
    return held(data).decode("utf-8", "surrogateescape")

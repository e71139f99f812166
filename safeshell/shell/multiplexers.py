"""Terminal multiplexers: what tmux and screen run in their windows, and what they type there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace

from safeshell.command.programs.record import Wrapper
from safeshell.shell.nested_commands import Nested, NestedCommand, NestedText, joined
from safeshell.shell.words import Word, plain
from safeshell.shell.wrapped import WordReading

_WINDOW = Wrapper("AabBCc:dDe:EF:f:hIkl:n:NPp:s:St:T:vw:x:XZy:")
_COMMANDS: dict[str, tuple[str, Wrapper]] = {
    **dict.fromkeys(("new-session", "new", "new-window", "neww"), ("window", _WINDOW)),
    **dict.fromkeys(("split-window", "splitw"), ("window", _WINDOW)),
    **dict.fromkeys(("respawn-pane", "respawnp", "respawn-window", "respawnw"), ("window", _WINDOW)),
    **dict.fromkeys(("display-popup", "popup"), ("window", Wrapper("BCEkNb:c:d:e:h:s:S:t:T:w:x:y:"))),
    **dict.fromkeys(("run-shell", "run"), ("text", Wrapper("bd:CEt:c:"))),
    **dict.fromkeys(("pipe-pane", "pipep"), ("text", Wrapper("IOot:"))),
    **dict.fromkeys(("if-shell", "if"), ("if", Wrapper("bFt:"))),
    **dict.fromkeys(("send-keys", "send"), ("keys", Wrapper("FHKlMN:Rt:Xc:"))),
}
_ENTER = ("Enter", "C-m", "KPEnter", "C-j")


def run_by_tmux(row: Wrapper, words: list[Word], depth: int = 0) -> Iterator[Nested]:
    """The commands of a tmux line: one in a window of its own, a text for a shell, or keys that are typed.

    Its server was started by somebody else, with a PATH that nobody knows here.
    """
    reading = WordReading(words, row)
    if not reading.read():
        return
    yield from [_unseen(joined([text])) for text in reading.values(("-c",))]
    command: list[Word] = []
    for word in [*reading.words[reading.at :], plain(";")]:
        text = word.literal
        if text is not None and text.endswith(";") and not text.endswith("\\;"):
            command += [plain(text[:-1])] if text != ";" else []
            yield from _tmux_command(row, command, depth)
            command = []
        else:
            command.append(word)


def _tmux_command(tmux: Wrapper, words: list[Word], depth: int) -> Iterator[Nested]:
    found = _COMMANDS.get(words[0].literal or "") if words else None
    if found is None:
        return
    kind, row = found
    reading = WordReading(words, row)
    reading.read()
    rest = reading.words[reading.at :]
    if not rest:
        return
    where = reading.values(("-c",)) if kind == "window" else []
    if kind == "keys":
        yield from _typed(rest)
    elif kind == "if":
        if not reading.has("-F"):
            yield _unseen(joined(rest[:1]))
        yield from [one for text in rest[1:3] for one in _tmux_text(tmux, text, depth)]
    elif kind == "text" and reading.has("-C"):
        yield from _tmux_text(tmux, rest[0], depth)
    elif kind == "text" or len(rest) == 1:
        yield _unseen(joined(rest[:1]))
    else:
        yield NestedCommand(tuple(rest), where[-1] if where else None, shims=False)


_DEEP = 4
"""Texts of tmux commands in one another; nobody has more."""


def _tmux_text(tmux: Wrapper, text: Word, depth: int) -> Iterator[Nested]:
    """What a text of tmux commands runs."""
    if text.literal is not None and depth < _DEEP:
        try:
            words = shlex.split(text.literal)
        except ValueError:
            return
        yield from run_by_tmux(tmux, [plain("tmux"), *map(plain, words)], depth + 1)


def _typed(keys: Sequence[Word]) -> Iterator[NestedText]:
    """What keys type: a text up to each Enter, for the shell in the pane."""
    typed: list[str] = []
    whole = True
    for key in keys:
        text = key.written
        whole = whole and key.literal is not None
        typed.append("\n" if text in _ENTER else " " if text == "Space" else text)
    yield NestedText("".join(typed), whole, shims=False)


def _unseen(text: NestedText) -> NestedText:
    return replace(text, shims=False)


def run_by_screen(row: Wrapper, words: list[Word]) -> Iterator[Nested]:
    """The command of a new screen, or what `-X` has an old one run or type."""
    reading = WordReading(words, row)
    if not reading.read():
        return
    rest = reading.words[reading.at :]
    if not reading.has("-X"):
        if reading.unclear is not None or rest:
            yield NestedCommand(tuple(rest))
        return
    verb = rest[0].literal if rest else None
    if verb in ("stuff", "paste"):
        yield from [_unseen(replace(joined([word]), text=_keys(word.written))) for word in rest[1:2]]
    elif verb in ("exec", "screen", "backtick"):
        inner = WordReading(rest, Wrapper("t:h:T:fclLapP"))
        inner.read()
        if inner.words[inner.at :]:
            yield NestedCommand(tuple(inner.words[inner.at :]), shims=False)


def _keys(text: str) -> str:
    """What `stuff` types; it has several ways to write Enter."""
    return text.replace("^M", "\n").replace("^J", "\n").replace("\\n", "\n").replace("\\015", "\n").replace("\r", "\n")

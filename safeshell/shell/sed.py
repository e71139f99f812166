"""Scripts of sed: the shell texts of its command `e` and of substitutions with the flag `e`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safeshell.command.programs.record import Wrapper
from safeshell.shell.nested_commands import Input, Nested, NestedText
from safeshell.shell.words import Word
from safeshell.shell.wrapped import WordReading

_SH = "sh"
_ADDRESS = re.compile(
    r"[\s;{}]*(?:(?:\d+|\$|/(?:\\.|[^/\\\n])*/|\\(?P<end>[^\n\\])(?:\\.|(?!(?P=end))[^\n])*(?P=end))[IM]*\s*|[,~+!]\s*)*"
)
_LINES = "aicrRwW"
"""Commands that take the rest of their line."""

_LABELS = ":btTv}"
"""Commands that take a word, up to a `;` or the end of the line."""


def sed_text(row: Wrapper, words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """What a call of sed has a shell run."""
    reading = WordReading(words, row)
    if not reading.read():
        return
    scripts = reading.values(("-e", "--expression"))
    if not scripts and not reading.has("-f", "--file"):
        scripts = [*reading.operands, *reading.words[reading.at :]][:1]
    for script in scripts:
        for text, whole in _texts(script.written):
            if text is None and stdin is not None and stdin.text is not None:
                yield NestedText(stdin.text, stdin.whole, shell=_SH, read=True)
            else:
                yield NestedText(text, whole and script.literal is not None, shell=_SH)


def _texts(script: str) -> Iterator[tuple[str | None, bool]]:
    """The shell texts of a script, and whether all of each is known."""
    at = 0
    while at < len(script):
        address = _ADDRESS.match(script, at)
        at = at if address is None else address.end()
        command = script[at : at + 1]
        line = script.find("\n", at)
        end = len(script) if line < 0 else line
        if command == "e":
            text = script[at + 1 : end].strip()
            yield text or None, bool(text)
            at = end
        elif command in ("s", "y"):
            at, pattern, replacement, flags = _substitution(script, at + 1)
            if command == "s" and "e" in flags.partition("w")[0]:
                known = re.search(r"(?<!\\)&|\\\d", replacement) is None and pattern.strip("^$") == ".*"
                yield re.sub(r"\\(.)", r"\1", replacement, flags=re.DOTALL), known
        elif command in _LINES:
            at = end + 1
        elif command and command in _LABELS:
            stop = script.find(";", at, end)
            at = (end if stop < 0 else stop) + 1
        else:
            at += 1


_FLAGS = re.compile(r"[gpiIemM0-9]*(?:w[^\n]*)?")


def _substitution(script: str, at: int) -> tuple[int, str, str, str]:
    """Where `s` and `y` end, their two parts, and the flags."""
    ending = script[at : at + 1]
    parts = ["", ""]
    at += 1
    for number in range(2):
        start = at
        while at < len(script) and script[at] != ending:
            at += 2 if script[at] == "\\" else 1
        parts[number] = script[start:at].replace(f"\\{ending}", ending)
        at += 1
    flags = _FLAGS.match(script, at)
    return (at, *parts, "") if flags is None else (flags.end(), *parts, flags[0])  # type: ignore[return-value]

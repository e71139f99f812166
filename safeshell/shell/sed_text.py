"""Commands that GNU sed runs: those of its `e` command, and what a substitution with the flag `e` makes of a line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safeshell.command.programs.record import Wrapper
from safeshell.shell.nested_commands import Input, Nested, NestedText
from safeshell.shell.words import Word
from safeshell.shell.wrapped import WordReading

_SED = Wrapper(
    "bsnrzuEe:f:l:i::V:",
    "regexp-extended expression= file= in-place line-length= null-data zero-terminated quiet silent posix separate "
    "sandbox debug unbuffered binary follow-symlinks version help",
    ("--version", "--help", "--sandbox"),
    permutes=True,
)
_PLACE = r"(?:\d+|\$|/(?:\\.|[^/\\])*/[IM]*)"
_ADDRESS = rf"(?:{_PLACE}(?:[,~](?:[+~]?\d+|{_PLACE}))?\s*)?!?\s*"
_RUN = re.compile(rf"(?:^|[;{{}}\n])\s*{_ADDRESS}e(?:[ \t]+([^\n]+)|[ \t]*(?=$|[;}}\n]))", re.DOTALL)
_SUBSTITUTE = re.compile(
    r"s(?P<mark>[^\w\s\\])(?:\\.|(?!(?P=mark))[^\\])*(?P=mark)((?:\\.|(?!(?P=mark))[^\\])*)(?P=mark)(\w*)", re.DOTALL
)


def run_by_sed(words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """Of sed; lines of files that it edits are not known here, nor are commands made of them.

    Args:
        words: its arguments.
        stdin: what it reads, None for the caller's own input.
    """
    reading = WordReading(words, _SED)
    if not reading.read():
        return
    operands = [*reading.operands, *reading.words[reading.at :]]
    scripts = reading.values(("-e", "--expression"))
    if not scripts and not reading.has("-f", "--file"):
        scripts = operands[:1]
    for script in scripts:
        for text in _texts(script.code):
            if text:
                yield NestedText(text, script.literal is not None)
            elif stdin is not None and stdin.text is not None:
                yield NestedText(stdin.text, stdin.whole)


def _texts(script: str) -> Iterator[str]:
    """The commands of a script; "" for what is a line of the input."""
    for found in _RUN.finditer(script):
        yield found[1] or ""
    for found in _SUBSTITUTE.finditer(script):
        if "e" in found[3]:
            yield re.sub(r"\\(.)", r"\1", found[2])
            yield ""

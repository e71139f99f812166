"""A test's command split as a shell would: quotes, backslashes and `~`, nothing else expanded."""

from __future__ import annotations

_BLANK = " \t\r\n"
_ESCAPABLE = '$`"\\'
"""What a backslash takes the meaning of inside double quotes (POSIX, "Double-Quotes")."""
_UNCLOSED = "no closing quotation"


def split_words(command: str, home: str) -> list[str]:
    """The words of a command.

    Args:
        command: quoted as for a shell.
        home: what a `~` stands for that is a word of its own or is followed by a slash, unquoted.

    Raises:
        ValueError: a quote does not close, or nothing follows a backslash; the message says which.
    """
    words: list[str] = []
    word: list[str] | None = None
    position = 0
    while position < len(command):
        char = command[position]
        if char in _BLANK:
            if word is not None:
                words.append("".join(word))
            word, taken = None, 1
        elif command.startswith("\\\n", position):
            taken = 2  # a line goes on: nothing, and no word either
        elif word is None and char == "~" and command[position + 1 : position + 2] in ("", "/", *_BLANK):
            word, taken = [home], 1
        else:
            word = [] if word is None else word
            text, taken = _piece(command, position)
            word.append(text)
        position += taken
    return words if word is None else [*words, "".join(word)]


def _piece(command: str, start: int) -> tuple[str, int]:
    """What a character inside a word means: text, and how many characters that took."""
    match command[start]:
        case "'":
            end = command.find("'", start + 1)
            if end < 0:
                raise ValueError(_UNCLOSED)
            return command[start + 1 : end], end + 1 - start
        case '"':
            return _double_quoted(command, start)
        case "\\":
            if start + 1 == len(command):
                raise ValueError("a backslash with nothing after it")
            return command[start + 1], 2
    return command[start], 1


def _double_quoted(command: str, start: int) -> tuple[str, int]:
    text: list[str] = []
    position = start + 1
    while not command.startswith('"', position):
        if position >= len(command):
            raise ValueError(_UNCLOSED)
        if command[position] == "\\" and command[position + 1 : position + 2] in (*_ESCAPABLE, "\n"):
            position += 1
            text.append("" if command[position] == "\n" else command[position])
        else:
            text.append(command[position])
        position += 1
    return "".join(text), position + 1 - start

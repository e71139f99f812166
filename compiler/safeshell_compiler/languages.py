"""What subjects look like: command lines as they are quoted, directories, branches."""

from __future__ import annotations

from typing import ClassVar

from safeshell_compiler.charset import CharSet, chars

_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"
"""What `shlex.quote` leaves alone."""


class CommandLines:
    """Command lines as `safeshell.subject.command_line` writes them.

    Args:
        name: the program's name, quoted; "": any plain word without a slash.
    """

    sets: tuple[CharSet, ...]

    # The states, and where each character leads: " ", "'", '"', a plain one, any other.
    _STATES: ClassVar[dict[str, tuple[str | None, str | None, str | None, str | None, str | None]]] = {
        "named": ("gap", None, None, None, None),
        "gap": (None, "opened", None, "word", None),
        "word": ("gap", None, None, "word", None),
        "opened": ("quoted", "empty", "quoted", "needless", "quoted"),
        "needless": ("quoted", "broken off", "quoted", "needless", "quoted"),
        "quoted": ("quoted", "closed", "quoted", "quoted", "quoted"),
        "empty": ("gap", None, "escape", None, None),
        "closed": ("gap", None, "escape", None, None),
        "broken off": (None, None, "escape", None, None),  # quotes around a word that needs none
        # A quote inside of quotes is written '"'"'.
        "escape": (None, "escape'", None, None, None),
        "escape'": (None, None, "escaped", None, None),
        "escaped": (None, "quoted", None, None, None),
    }

    def __init__(self, name: str = "") -> None:
        self._name = name
        self.start = "name 0" if name else "free"
        self.sets = (*(chars(char) for char in {*" '\"/-", *name}), chars(_PLAIN), chars("\0"))

    def follow(self, state: str, char: str) -> str | None:
        """The state after one more character, or None where it can't stand here."""
        if state.startswith("name "):
            at = int(state[5:])
            if char != self._name[at]:
                return None
            return f"name {at + 1}" if at + 1 < len(self._name) else "named"
        if state in ("free", "free name"):
            if char in _PLAIN and char not in "/=" and (state == "free name" or char != "-"):
                return "free name"
            return "gap" if char == " " and state == "free name" else None
        if char == "\0":
            return None
        kind = " '\"".find(char) if char in " '\"" else 3 if char in _PLAIN else 4
        return self._STATES[state][kind]

    def accepts(self, state: str) -> bool:
        """Whether a text may end here."""
        return state in ("free name", "named", "word", "empty", "closed")


class Directories:
    """Absolute paths as the kernel writes them: no empty name, no `.` and no `..`."""

    start = "nothing"
    sets = (chars("/"), chars("."), tuple([(0, 31), (127, 159)]))

    _STATES: ClassVar[dict[str, tuple[str | None, str | None, str | None]]] = {
        # after a slash, a dot, any other
        "nothing": ("root", None, None),
        "root": (None, "dot", "name"),
        "slash": (None, "dot", "name"),
        "dot": (None, "dots", "name"),
        "dots": (None, "name", "name"),
        "name": ("slash", "name", "name"),
    }

    def follow(self, state: str, char: str) -> str | None:
        """The state after one more character, or None where it can't stand here."""
        if not char.isprintable():
            return None
        return self._STATES[state][0 if char == "/" else 1 if char == "." else 2]

    def accepts(self, state: str) -> bool:
        """Whether a text may end here."""
        return state in ("root", "name")


class Branches:
    """Names that git takes for a branch, but for its rarest rules (git-check-ref-format(1))."""

    start = "start"
    sets = (chars("/"), chars("."), chars("-"), chars(" ~^:?*[\\@{"), tuple([(0, 31), (127, 159)]))

    def follow(self, state: str, char: str) -> str | None:
        """The state after one more character, or None where it can't stand here."""
        if not char.isprintable() or char in " ~^:?*[\\@{" or (state == "start" and char == "-"):
            return None
        if char == "/":
            return "slash" if state == "name" else None
        if char == ".":
            return "dot" if state == "name" else None
        return "name"

    def accepts(self, state: str) -> bool:
        """Whether a text may end here."""
        return state == "name"

"""What subjects look like: command lines as they are quoted, directories, branches."""

from __future__ import annotations

from typing import ClassVar

from safeshell.policy.regex.character_sets import CharSet, chars

_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"
"""What `shlex.quote` leaves alone."""

_UNFIT = " ~^:?*[\\"
"""What no branch's name has."""

_CONTROL: CharSet = ((0, 31), (127, 159))


class CommandLines:
    """Command lines as `safeshell.command.command_line.command_line` writes them.

    Args:
        name: the program's name, quoted; "": any.
        plain: whether a name that is not given is a word as programs are commonly called.
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

    def __init__(self, name: str = "", *, plain: bool = True) -> None:
        self._name = name
        self.start = "name 0" if name else "common" if plain else "first gap"
        self.sets = (*(chars(char) for char in {*" '\"/-", *name}), chars(_PLAIN), chars("\0"))

    def follow(self, state: str, char: str) -> str | None:
        """The state after one more character, or None where it can't stand here."""
        if state.startswith("name "):
            at = int(state[5:])
            if char != self._name[at]:
                return None
            return f"name {at + 1}" if at + 1 < len(self._name) else "named"
        if state in ("common", "common name"):
            if char in _PLAIN and char not in "/=" and (state == "common name" or char != "-"):
                return "common name"
            return "gap" if char == " " and state == "common name" else None
        first = state.startswith("first ")
        if char == "\0" or (first and char == "/"):
            return None
        kind = " '\"".find(char) if char in " '\"" else 3 if char in _PLAIN else 4
        following = self._STATES[state.removeprefix("first ")][kind]
        if not first or following in (None, "gap"):
            return following
        # An empty name is no program's, and a quote in one is not worth the trouble.
        return None if following in ("empty", "broken off") else f"first {following}"

    def accepts(self, state: str) -> bool:
        """Whether a text may end here."""
        return state.removeprefix("first ") in ("common name", "named", "word", "empty", "closed")


class Directories:
    """Absolute paths as the kernel writes them: no empty name, no `.` and no `..`."""

    start: str = "nothing"
    sets: tuple[CharSet, ...] = (chars("/"), chars("."), chars("\0"))

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
        if char == "\0":
            return None
        return self._STATES[state][0 if char == "/" else 1 if char == "." else 2]

    def accepts(self, state: str) -> bool:
        """Whether a text may end here."""
        return state in ("root", "name")


class Branches:
    """Names that git takes for a branch, but for `@` alone and `.lock` (git-check-ref-format(1))."""

    start: str = "start"
    sets: tuple[CharSet, ...] = (chars("/"), chars("."), chars("-"), chars("@"), chars("{"), chars(_UNFIT), _CONTROL)

    def follow(self, state: str, char: str) -> str | None:
        """The state after one more character, or None where it can't stand here."""
        if not char.isprintable() or char in _UNFIT or (state == "start" and char == "-"):
            return None
        if char in "/.":
            return {"/": "slash", ".": "dot"}[char] if state in ("name", "at") else None
        if state == "at" and char == "{":
            return None
        return "at" if char == "@" else "name"

    def accepts(self, state: str) -> bool:
        """Whether a text may end here."""
        return state in ("name", "at")


class Operands:
    """Arguments that no command takes for an option."""

    start: str = "start"
    sets: tuple[CharSet, ...] = (chars("-"), chars("\0"))

    def follow(self, state: str, char: str) -> str | None:
        """The state after one more character, or None where it can't stand here."""
        return None if char == "\0" or (state == "start" and char == "-") else "word"

    def accepts(self, state: str) -> bool:
        """Whether a text may end here."""
        return state == "word"

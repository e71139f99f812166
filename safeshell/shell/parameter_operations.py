"""Operations of `${NAME…}` on a text: what each makes of it, where the line alone tells that."""

from __future__ import annotations

import re

OPERATIONS = {
    b":-": ":-",
    b"-": "-",
    b":=": ":=",
    b"=": "=",
    b":+": ":+",
    b"+": "+",
    b":?": ":?",
    b"?": "?",
}
"""Those that take another word in its place, by how they are written."""

_SLICE = re.compile(r":\s*(\d{1,9}|\s-\d{1,9}|\(\s*-\d{1,9}\s*\))(?::\s*(\d{1,9}))?\s*")
_LITERAL = re.compile(r"[\w./:,@%+ -]*")
_TRIM = re.compile(r"(##?|%%?)([\w./:,@+ -]*)")
_REPLACE = re.compile(r"/(/?)([\w.:,@%+ -]+)(?:/([\w.:,@%+ -]*))?")


def transformed(text: str, operation: str) -> str | None:
    """What an operation makes of a text, None where only the run can tell.

    Args:
        text: the variable's.
        operation: as written behind the name, or before it (`#`).
    """
    if not text.isascii():
        return None  # characters are bytes in some locales
    if operation == "#":
        return str(len(text))
    if operation in ("^^", ",,"):
        return text.upper() if operation == "^^" else text.lower()
    if operation in ("^", ","):
        return (text[:1].upper() if operation == "^" else text[:1].lower()) + text[1:]
    found = _SLICE.fullmatch(operation)
    if found is not None:
        return _sliced(text, int(found[1].strip(" ()")), found[2])
    found = _TRIM.fullmatch(operation)
    if found is not None:
        cut = found[2]
        return text.removeprefix(cut) if found[1][0] == "#" else text.removesuffix(cut)
    found = _REPLACE.fullmatch(operation)
    if found is not None and found[2][0] not in "%#":
        return text.replace(found[2], found[3] or "", -1 if found[1] else 1)
    return None


def _sliced(text: str, offset: int, length: str | None) -> str | None:
    start = offset if offset >= 0 else len(text) + offset
    if start < 0 or start > len(text):
        return ""
    return text[start:] if length is None else text[start : start + int(length)]

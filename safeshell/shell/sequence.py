"""What seq writes of whole numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from safeshell.shell.untold import MOST, UntoldError

_NUMBER = re.compile(rb"0|-?[1-9][0-9]{0,14}")


def seq(arguments: Sequence[bytes]) -> bytes:
    """What seq writes.

    Raises:
        UntoldError: its numbers aren't plain whole ones, or there are too many.
    """
    rest = list(arguments)
    separator = b"\n"
    equal = rest[:1] == [b"-w"]
    if equal:
        rest.pop(0)
    if len(rest) > 2 and rest[0] == b"-s":
        separator, rest = rest[1], rest[2:]
    elif rest and rest[0].startswith(b"-s") and len(rest[0]) > 2:
        separator, rest = rest[0][2:], rest[1:]
    if b"\\" in separator or not 1 <= len(rest) <= 3 or not all(_NUMBER.fullmatch(one) for one in rest):
        raise UntoldError
    numbers = [int(one) for one in rest]
    first = numbers[0] if len(numbers) > 1 else 1
    step = numbers[1] if len(numbers) == 3 else 1
    if not step:
        raise UntoldError
    found = range(first, numbers[-1] + (1 if step > 0 else -1), step)
    longest = max(len(one) for one in rest) + len(separator)
    if (found.stop - found.start) // step * longest > MOST:
        raise UntoldError
    if equal and min(numbers) < 0:
        raise UntoldError
    width = max(len(rest[0]) if len(rest) > 1 else 1, len(rest[-1])) if equal else 1
    return separator.join([b"%0*d" % (width, one) for one in found]) + b"\n" if found else b""

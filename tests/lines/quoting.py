"""Quoting: one text, written in each of the ways in which a shell reads it back."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+:,./-")


def single(text: str) -> str:
    """In single quotes."""
    return "'" + text.replace("'", "'\\''") + "'"


def double(text: str) -> str:
    """In double quotes."""
    return '"' + "".join("\\" + char if char in '\\"$`' else char for char in text) + '"'


def escaped(text: str) -> str:
    """Each special character behind a backslash; a newline in quotes, for a backslash takes it away."""
    return "".join("'\n'" if char == "\n" else char if char in _SAFE else "\\" + char for char in text) or "''"


def ansi(random: random.Random, text: str) -> str:
    r"""As `$'…'`, some characters by number."""
    return "$'" + "".join(_ansi(random, char) for char in text) + "'"


def _ansi(random: random.Random, char: str) -> str:
    code = ord(char)
    if char == "\n":
        return random.choice(["\\n", "\\012"])
    if char in "\\'":
        return "\\" + char
    if code < 128 and random.random() < 0.2:
        return random.choice([f"\\x{code:02x}", f"\\{code:03o}", f"\\u{code:04x}"])
    return char


def word(random: random.Random, text: str, shell: str) -> str:
    """A word that stands for a text, in any quoting of the shell."""
    ways: list[Callable[[], str]] = [lambda: single(text), lambda: double(text), lambda: escaped(text)]
    weights = [5, 4, 1]
    if shell != "sh":
        ways.append(lambda: ansi(random, text))
        weights.append(1)
    cut = random.randrange(1, len(text)) if len(text) > 1 else 0
    if cut and random.random() < 0.15:
        return word(random, text[:cut], shell) + word(random, text[cut:], shell)
    return random.choices(ways, weights)[0]()


def spelled(random: random.Random, name: str, shell: str) -> str:
    """A name with quotes in it that change nothing."""
    cut = random.randrange(1, len(name))
    before, after = name[:cut], name[cut:]
    ways = [
        f"{before}'{after}'",
        f'{before}"{after}"',
        f"'{before}'{after}",
        f'"{before}"{after}',
        f"\\{name}",
        f"{before}\\{after}",
        f"''{name}",
        f'{name}""',
        f'"{name}"',
        f"'{name}'",
        f"{before}\\\n{after}",
        f"{before}''{after}",
    ]
    if shell != "sh":
        ways += [ansi(random, name), f"{before}{ansi(random, after)}"]
    if shell == "bash":
        ways.append(f'$"{name}"')
    return random.choice(ways)


def in_backticks(text: str) -> str:
    """A text as it stands between backticks."""
    return text.replace("\\", "\\\\").replace("`", "\\`")


def in_document(text: str) -> str:
    """A text as it stands in a here-document that is expanded."""
    return "".join("\\" + char if char in "\\$`" else char for char in text)


def in_base64(text: str) -> str:
    """Encoded."""
    return base64.b64encode(os.fsencode(text)).decode()


def for_printf(random: random.Random, text: str) -> str:
    r"""As the format of `printf`, in single quotes, some characters as `\xHH` or `\NNN`."""
    return single("".join(_for_printf(random, char, "%") for char in text))


def for_echo(random: random.Random, text: str) -> str:
    r"""As the text of `echo -e`, in single quotes, some characters as `\xHH` or `\0NNN`."""
    return single("".join(_for_printf(random, char, "") for char in text))


def _for_printf(random: random.Random, char: str, percent: str) -> str:
    code = ord(char)
    octal = f"\\{code:03o}" if percent else f"\\0{code:03o}"
    if char == "\n":
        return random.choice(["\\n", octal])
    if char == "\\":
        return "\\\\"
    if percent and char == "%":
        return "%%"
    if code < 128 and random.random() < 0.15:
        return random.choice([f"\\x{code:02x}", octal])
    return char

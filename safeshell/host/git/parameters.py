"""Parameters of git in the environment: settings as `git -c` carries them, and their quotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_PAIRS_MAX = 4096

Variable = Callable[[bytes], bytes | None]
"""The value of a variable, None where it isn't set."""


def environment_settings(variable: Variable) -> Iterator[tuple[bytes, bytes | None]]:
    """The settings that the environment carries: GIT_CONFIG_COUNT, then GIT_CONFIG_PARAMETERS."""
    text = variable(b"GIT_CONFIG_COUNT") or b""
    count = int(text) if text.isdigit() and len(text) < 6 else 0
    for index in range(min(count, _PAIRS_MAX)):
        key = variable(b"GIT_CONFIG_KEY_%d" % index)
        value = variable(b"GIT_CONFIG_VALUE_%d" % index)
        if key is not None and value is not None:
            yield key, value
    yield from parse_parameters(variable(b"GIT_CONFIG_PARAMETERS") or b"")


def parse_parameters(text: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    """The settings in GIT_CONFIG_PARAMETERS, up to where it makes no sense."""
    at = 0
    while (token := _PARAMETER.match(text, at)) is not None:
        at = token.end()
        key = _dequote(token["key"])
        if token["equals"] is None:
            key, equals, value = key.partition(b"=")
            yield key, value if equals else None
        else:
            yield key, None if token["value"] is None else _dequote(token["value"])


def quote(text: bytes) -> bytes:
    """As git quotes for a shell."""
    return b"'" + re.sub(rb"['!]", rb"'\\\g<0>'", text) + b"'"


_QUOTED = rb"""(?:'[^']*'(?:\\['!](?='))?)+"""
_PARAMETER = re.compile(
    rb"[ \t\n\r]*(?P<key>" + _QUOTED + rb")(?:(?P<equals>=)(?P<value>" + _QUOTED + rb")?)?(?=[ \t\n\r]|\Z)"
)


def _dequote(text: bytes) -> bytes:
    return re.sub(rb"'([^']*)'(?:\\(.))?", rb"\1\2", text)

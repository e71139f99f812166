r"""Quotes that hold nothing but text: `'…'`, `$'…'`, and the escapes of the latter."""

from __future__ import annotations

import re

from safeshell.shell.syntax.state import BrokenError, State

_ESCAPES = {
    b"n": b"\n",
    b"t": b"\t",
    b"r": b"\r",
    b"a": b"\a",
    b"b": b"\b",
    b"e": b"\x1b",
    b"E": b"\x1b",
    b"f": b"\f",
    b"v": b"\v",
}
_BASH = re.compile(
    rb"\\(?:([0-7]{1,3})|x(?:\{([0-9a-fA-F]*)\}?|([0-9a-fA-F]{1,2}))|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})"
    rb"|c(\\\\|.)|(.))",
    re.DOTALL,
)
_ZSH = re.compile(
    rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{0,2})|[uU]((?<=u)[0-9a-fA-F]{0,4}|(?<=U)[0-9a-fA-F]{0,8})"
    rb"|((?:[CM]-?\\)*[CM]-?)(.)|(.))",
    re.DOTALL,
)
_DOLLAR_QUOTED = re.compile(rb"'([^'\\]*(?:\\.[^'\\]*)*)'", re.DOTALL)


def read_single(state: State) -> bytes:
    """`'…'`: what stands between the quotes."""
    close = state.data.find(b"'", state.at + 1, state.end)
    if close < 0:
        raise BrokenError(state.at, "it ends within '…'")
    text = state.data[state.at + 1 : close]
    if b"\n" in text:
        state.quoted_newline = state.data.rindex(b"\n", 0, close)
    state.at = close + 1
    return text


def read_dollar_single(state: State) -> bytes:
    """`'…'` of `$'…'`, its escapes resolved."""
    found = _DOLLAR_QUOTED.match(state.data, state.at, state.end)
    if not found:
        raise BrokenError(state.at, "it ends within $'…'")
    state.at = found.end()
    text = found[1]
    if b"\n" in text:
        state.quoted_newline = state.data.rindex(b"\n", 0, state.at)
    if b"\\" not in text:
        return text
    if state.zsh:
        return _ZSH.sub(_zsh_escape, text)
    return _BASH.sub(_bash_escape, text).split(b"\0")[0]  # bash ends it at a NUL


def _bash_escape(found: re.Match[bytes]) -> bytes:
    octal, braces, hexadecimal, short, long, control, char = found.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal is not None or braces is not None:
        return bytes([int(hexadecimal or braces or b"0", 16) & 0xFF])
    if short is not None or long is not None:
        return _utf8(int(short or long, 16))
    if control is not None:
        return b"\x7f" if control == b"?" else bytes([control[-1] & 0x1F])
    if char in _ESCAPES:
        return _ESCAPES[char]
    return bytes(char) if char in b"\\'\"?" else b"\\" + char


def _zsh_escape(found: re.Match[bytes]) -> bytes:
    octal, hexadecimal, code, keys, key, char = found.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal is not None:
        return bytes([int(hexadecimal or b"0", 16)])
    if code is not None:
        return _utf8(int(code or b"0", 16))
    if keys is not None:
        byte = key[0]
        if b"C" in keys:
            byte = 0x7F if byte == 0x3F else byte & 0x9F
        return bytes([byte | 0x80 if b"M" in keys else byte])
    return _ESCAPES.get(char, char)


def _utf8(code: int) -> bytes:
    return chr(code).encode("utf-8", "surrogatepass") if code <= 0x10FFFF else b""

"""What base64, openssl and xxd write of what they read, both ways."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence

from safeshell.shell.untold import UntoldError

_ALPHABET = re.compile(rb"[^A-Za-z0-9+/=]")
_HEXADECIMAL = re.compile(rb"(?:[ \t\r\n]*[0-9a-fA-F]{2})*[ \t\r\n]*")
_WRAP = re.compile(rb"(?:-w|--wrap=)([0-9]{1,9})")
_OPENSSL_LINE = 64


def run_base64(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What coreutils' base64 writes.

    Raises:
        UntoldError: it reads files, or what it reads isn't quite base64: it would say an error after some of it.
    """
    rest = list(arguments)
    wrap = 76
    letters = b""
    while rest:
        word = rest.pop(0)
        if word in (b"-w", b"--wrap") and rest:
            word = b"-w" + rest.pop(0)
        if found := _WRAP.fullmatch(word):
            wrap = int(found[1])
        elif re.fullmatch(rb"-[di]+", word):
            letters += word[1:]
        elif word in (b"--decode", b"--ignore-garbage"):
            letters += word[2:3]
        elif word != b"-" or rest:
            raise UntoldError
    if b"d" not in letters:
        return _wrapped(base64.b64encode(data), wrap)
    return _decoded(_ALPHABET.sub(b"", data) if b"i" in letters else data.replace(b"\n", b""))


def run_openssl(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What `openssl base64` and `openssl enc -base64` write.

    Raises:
        UntoldError: it does something else, or what it reads isn't laid out as it writes it itself: versions differ.
    """
    if arguments[:1] == [b"base64"] or (arguments[:1] == [b"enc"] and {b"-base64", b"-a"} & set(arguments)):
        options = set(arguments[1:])
    else:
        raise UntoldError
    if not options <= {b"-d", b"-A", b"-base64", b"-a"}:
        raise UntoldError
    whole = b"-A" in options
    if b"-d" not in options:
        encoded = base64.b64encode(data)
        return encoded if whole else _wrapped(encoded, _OPENSSL_LINE)
    *lines, last = data.split(b"\n")
    if not whole and (last or any(len(line) != _OPENSSL_LINE for line in lines[:-1])):
        raise UntoldError
    if whole and b"\n" in data[:-1]:
        raise UntoldError
    if any(len(line) > _OPENSSL_LINE for line in [*lines[-1:], last]):
        raise UntoldError
    return _decoded(data.replace(b"\n", b""))


def run_xxd(arguments: Sequence[bytes], data: bytes) -> bytes:
    """What `xxd -p` and `xxd -r -p` write.

    Raises:
        UntoldError: it reads files, or something else than pairs of digits.
    """
    if not {b"-p", b"-ps"} & set(arguments) or not set(arguments) <= {b"-p", b"-ps", b"-r", b"-"}:
        raise UntoldError
    if b"-r" not in arguments:
        return _wrapped(data.hex().encode(), 60)
    if _HEXADECIMAL.fullmatch(data) is None:
        raise UntoldError
    return bytes.fromhex(data.decode())


def _decoded(text: bytes) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UntoldError from None
    if base64.b64encode(data) != text:
        raise UntoldError  # bits that are left over, or padding in the middle: versions differ
    return data


def _wrapped(text: bytes, width: int) -> bytes:
    if not width:
        return text
    return b"".join([text[at : at + width] + b"\n" for at in range(0, len(text), width)])

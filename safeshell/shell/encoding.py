"""Text and bytes of shell lines: what isn't UTF-8 is kept, as surrogates."""

from __future__ import annotations


def decode(data: bytes) -> str:
    """Bytes as text, those that are not UTF-8 as surrogates."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Text as the bytes that it came from; lone surrogates that stand for no byte in three bytes of their own."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")

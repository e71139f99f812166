"""What a model's API has to be able to do for a scripted session; one module of `apis` for each, as agents speak it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

Json = dict[str, Any]


class Call(NamedTuple):
    """A tool call that the model makes.

    Attributes:
        id: comes back with the result, so that a request tells by itself how far the session is.
        tool: the tool's name.
        arguments: its arguments.
    """

    id: str
    tool: str
    arguments: Json


class Api(Protocol):
    """One API.

    Attributes:
        content_type: of an answer that streams.
    """

    content_type: str

    def takes(self, path: str) -> bool:
        """Whether a POST to this path, without its query, is a request for an answer."""

    def tools(self, request: Json) -> list[str]:
        """The names of the tools that a request offers; what asks for a title or a summary offers none."""

    def results(self, request: Json) -> list[tuple[str, str]]:
        """The (call's id, result) that a request brings back, in order: what the model is told."""

    def call(self, call: Call) -> bytes:
        """An answer that is this call."""

    def text(self, text: str) -> bytes:
        """An answer that is this text, and ends the session."""


def events(found: Iterable[Json], *, named: bool) -> bytes:
    """Server-sent events, each with its `type` as its name where they are named."""
    return b"".join(
        (f"event: {event['type']}\n" if named else "").encode() + b"data: " + json.dumps(event).encode() + b"\n\n"
        for event in found
    )


def plain(content: Any) -> str:
    """The text of what is a string, or a list of parts of which some have text."""
    if isinstance(content, list):
        return "\n".join(plain(part) for part in content)
    if isinstance(content, dict):
        return str(content.get("text", ""))
    return str(content)

"""Reader of envelopes: the bytes that an agent sends become a call, or the reason why they can't."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable
from typing import Any, NamedTuple

from safeshell.hooks.agent import Agent, Path, Shape
from safeshell.hooks.file_tools import files_of, files_of_line
from safeshell.policy.world import FileUse

ENVELOPE_MAX = 16 << 20
"""Bytes of an envelope: what an agent writes into a file stands in it."""

LINE_MAX = 256 << 10
"""Bytes of a line; a longer one would not be judged within its time."""

_NAME_MAX = 200
_BOM = b"\xef\xbb\xbf"


class EnvelopeError(Exception):
    """An envelope that isn't understood.

    Attributes:
        reason: a clause about "it".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LongLineError(Exception):
    """A line that is too long to be judged.

    Attributes:
        reason: a clause about "it".
    """

    reason = f"it is longer than {LINE_MAX >> 10} KiB. Put what is long into a file."


class Call(NamedTuple):
    """What an agent is about to do.

    Attributes:
        tool: the tool, as the agent names it.
        line: the shell line; None where the tool runs none.
        files: what it writes and reads; None where it is no file tool. Of a line what it patches.
        directory: where, as far as the envelope says; "" where it doesn't.
        base: where the agent itself is, whatever the tool's input says; "" where the envelope doesn't.
        session: the agent's session, "" where it isn't told.
        shape: which of the agent's forms it has.
        field: where in `input` the line stands; "" where no other line can be put there.
        input: what the tool is given.
    """

    tool: str
    line: str | None
    files: FileUse | None
    directory: str
    base: str
    session: str
    shape: int
    field: str = ""
    input: dict[str, Any] | None = None


def read_call(agent: Agent, data: bytes) -> Call:
    """The call in an envelope.

    Raises:
        EnvelopeError: it isn't understood. Then nobody knows what would run.
        LongLineError: the line is too long.
    """
    value = _decode(data)
    for number, shape in enumerate(agent.shapes):
        if _fits(shape, value):
            return _call(agent, number, shape if len(data) <= LINE_MAX else shape._replace(rewrite=None), value)
    raise EnvelopeError(f"it is none that is known of {agent.name}: {_outline(value)}")


def _decode(data: bytes) -> dict[str, Any]:
    if len(data) > ENVELOPE_MAX:
        raise EnvelopeError(f"it is longer than {ENVELOPE_MAX >> 20} MiB")
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise EnvelopeError("it is no UTF-8") from error
    except RecursionError as error:
        raise EnvelopeError("it is nested too deep") from error
    except ValueError as error:  # a number of thousands of digits, too
        raise EnvelopeError("it is no JSON") from error
    if not isinstance(value, dict):
        raise EnvelopeError("it is no JSON object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Of two values of one key, who runs the line may take the other."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise EnvelopeError("a key stands in it twice")
    return found


def _constant(name: str) -> None:
    raise EnvelopeError(f"{name} is no JSON")


def _object_of(value: Any) -> Any:
    """An object that may stand as the text of its JSON."""
    is_text = isinstance(value, str) and value.lstrip().startswith("{")
    return _decode(value.encode("utf-8", "surrogatepass")) if is_text else value


def _at(value: Any, path: Path) -> Any:
    """The value there; None where there is none. A text on the way that is an object's JSON counts as the object."""
    for key in path:
        value = _object_of(value)
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _fits(shape: Shape, value: dict[str, Any]) -> bool:
    where, names = shape.event
    if names and _at(value, where) not in tuple(names):
        return False
    return not shape.tool or _is_name(_at(value, shape.tool))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _NAME_MAX


def _call(agent: Agent, number: int, shape: Shape, value: dict[str, Any]) -> Call:
    tool = _at(value, shape.tool) if shape.tool else _at(value, shape.event[0])
    session = _at(value, shape.session) if shape.session else ""
    line = files = given = None
    field = ""
    named = tool.lower()
    if not shape.tool or named in agent.shell_tools:
        line = _line(tool, [_at(value, path) for path in shape.lines], flattened=shape.flattened)
        field, given = _input(shape, value) if shape.rewrite is not None else ("", None)
        if agent.patches_in_lines:
            files = files_of_line(line)
    elif named in agent.file_tools:
        files = files_of(agent.file_tools[named], _at(value, shape.given))
    if files is not None:
        files = FileUse(*[tuple(map(_whole, part)) for part in files])
    directories = [_at(value, path) for path in shape.directories]
    tools = [bool(shape.tool) and path[: len(shape.given)] == shape.given for path in shape.directories]
    base = _directory([found for found, by_tool in zip(directories, tools, strict=True) if not by_tool])
    directory = _directory(directories)
    named_session = _whole(session) if _is_name(session) else ""
    return Call(_whole(tool), line, files, directory, base, named_session, number, field, given)


def _line(tool: str, found: Iterable[Any], *, flattened: bool) -> str:
    """The line, where it is one; of several each is a shell's of its own."""
    value = next((each for each in found if each is not None), None)
    if flattened and isinstance(value, str) and value.startswith("["):
        value = _listed(value)
    given = value if isinstance(value, list) else [value]
    lines = [line for line in given if isinstance(line, str)]
    if not lines or len(lines) < len(given):
        raise EnvelopeError(f"it doesn't say what {_whole(tool)} is to run")
    line = _whole(lines[0] if len(lines) == 1 else "\n".join([f"bash -c {shlex.quote(line)}" for line in lines]))
    if "\0" in line:
        raise EnvelopeError("its line holds a NUL")
    if len(line.encode()) > LINE_MAX:
        raise LongLineError
    return line


def _input(shape: Shape, value: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """Where in what the tool is given its one line stands, and all of that; nothing where there are several."""
    path = next(path for path in shape.lines if _at(value, path) is not None)
    given, line = _at(value, path[:-1]), _at(value, path)
    if isinstance(line, list) and len(line) > 1:
        return "", None
    return path[-1], _object_of(given)


def _listed(text: str) -> Any:
    """The list that a text is the JSON of, where it is one; else the text, a line that begins with a bracket."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, list) and value and all(isinstance(each, str) for each in value) else text


def _directory(found: Iterable[Any]) -> str:
    directory = ""
    for value in found:
        first = value[0] if isinstance(value, list) and value else value
        if first is None or first in ("", []):
            continue
        if not isinstance(first, str) or "\0" in first:
            raise EnvelopeError("its directory is no path")
        directory = os.path.join(directory, _whole(first))
    if directory and not directory.startswith("/"):
        raise EnvelopeError("its directory is relative, and doesn't say to what")
    return directory


def _whole(text: str) -> str:
    """A text as programs are given it: an unpaired surrogate is no character, and written as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _outline(value: dict[str, Any]) -> str:
    """The keys of an envelope, for who tells us of a form that isn't known."""
    keys = ", ".join(sorted(_whole(key) for key in value if _is_name(key))[:12])
    event = next((value[key] for key in ("hook_event_name", "hookName", "event") if _is_name(value.get(key))), "")
    return f"its keys are {keys or 'none'}" + (f", its event {_whole(event)}" if event else "")

"""Byte formats that are read in Python, from whole and damaged bytes: what is wrong is said by the reader's own errors.

A format that a program of ours reads and another process, an older version or a disk wrote has a row in `FORMATS`.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from fuzz.mutate import damage, pieces, request
from hooks.envelopes import SAMPLES
from shell.syntax.texts import text

from safeshell.audit.chain import Head, head_of, seal, unseal
from safeshell.audit.verify import verify
from safeshell.daemon.listen.handover import start_command
from safeshell.errors import SafeShellError, TableError
from safeshell.home.client_conf import client_conf
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.hooks.agent import NAMES, agent_of
from safeshell.hooks.envelope import EnvelopeError, LongLineError, read_call
from safeshell.policy.store.memory import SEALS, SealedSections, create, fill
from safeshell.policy.store.reading import Inherited
from safeshell.policy.table import SECTIONS, Table, pack_records
from safeshell.policy.units import LoadedTable
from safeshell.protocol import Receiver
from safeshell.shell.frames import frame, read, take
from safeshell.shell.limits import OverrunError
from safeshell.shell.syntax.accounting import unaccounted
from safeshell.shell.syntax.reader import parse
from safeshell.shell.syntax.tree import Dialect
from safeshell.trash.limits import TrashLimits
from safeshell.trash.record import TrashRecord
from safeshell.trash.record import read as read_record

_JSON: tuple[Any, ...] = (None, True, 0, -1, 2.5, 1 << 70, "", "x", "\0", [], ["a"], {}, {"a": []}, [[]])
_DEEP = b"[" * 50_000
"""Deeper than Python's own stack."""


class Format(NamedTuple):
    """A format.

    Attributes:
        make: bytes as they are written, more or less.
        read: reads them as the product does.
        errors: what reading may raise, for whoever called it to say.
    """

    make: Callable[[random.Random], bytes]
    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...] = ()


def _odd(source: random.Random, value: Any) -> Any:
    """The same JSON with something else in a place or two."""
    if source.random() < 0.1:
        return source.choice(_JSON)
    if isinstance(value, dict):
        kept = {key: _odd(source, each) for key, each in value.items() if source.random() > 0.03}
        return {**kept, **({source.choice(("x", *value)): source.choice(_JSON)} if source.random() < 0.05 else {})}
    if isinstance(value, list):
        return [_odd(source, each) for each in value]
    return value


# Sealed memory: a header, then sections


def _sealed(source: random.Random) -> bytes:
    settings = Settings().to_json()
    header = {
        "rules": "/h/rules.yaml",
        "digest": "0" * 64,
        "root": "/h",
        "error": "",
        "notice": "",
        "last_good": False,
        "watch": {"/h/rules.yaml": [1] * 7, "/h/config.yaml": None},
        "settings": settings,
        "said": None,
    }
    meta = {"format": 1, "kind": "user", "sources": [], "counts": {}}
    dispatch = {"exact": {"rm": 0}, "globs": [["mkfs.*", 0]], "any": None, "grammars": {}, "splits": [[0, 1]]}
    sections = {name: pack_records([]) for name in SECTIONS}
    sections |= {
        "meta": json.dumps(_odd(source, meta)).encode(),
        "dispatch": json.dumps(_odd(source, dispatch)).encode(),
    }
    descriptor = create()
    try:
        fill(descriptor, _odd(source, header) if source.random() < 0.8 else header, sections)
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    except TypeError:  # the header is no object
        return b"\x02\0\0\0[]"
    finally:
        os.close(descriptor)


def _memory(data: bytes) -> int:
    descriptor = create()
    os.write(descriptor, data)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)
    return descriptor


def _inherit(data: bytes) -> None:
    """As an heir takes over what the daemon before it had."""
    found, settings = Inherited([_memory(data)]).result()
    Settings.from_json(settings)
    for current, sections in found.values():
        LoadedTable(Table(sections, current.root, current.digest))


def _compiled(data: bytes) -> None:
    """As a daemon takes up what was compiled for it: `Policies._take`."""
    sections = SealedSections(_memory(data))
    header = sections.header
    Table(sections, header["root"], header["digest"])


# Text files of a home


@contextmanager
def _home(name: str, data: bytes) -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="ss") as root:
        with open(os.path.join(root, name), "wb") as stream:
            stream.write(data)
        yield Home(root)


def _start(data: bytes) -> None:
    with _home("client.conf", data) as home:
        start_command(home)
        TrashLimits.read(os.fsencode(home.client_conf))


def _conf(source: random.Random) -> bytes:
    return client_conf(Settings()._replace(markers=("A", "B", "x" * source.randrange(100))))


def _trash_record(source: random.Random) -> bytes:
    path = b"/" + source.randbytes(source.randrange(30)).replace(b"\0", b"x")
    return TrashRecord(path, time.time_ns(), source.randrange(1 << 40), b"/h").write()


def _log(source: random.Random) -> bytes:
    head, lines = Head(), b""
    for number in range(source.randrange(1, 6)):
        line, head = seal({"ts": 1.5, "argv": ["x" * number], "decision": "deny"}, head)
        lines += line
    return lines


def _verify(data: bytes) -> None:
    stream = io.BytesIO(data)
    stream.name = "audit.jsonl"
    verify([stream], {"seq": 3, "hash": "0" * 64})
    for line in data.split(b"\n"):
        head_of(line)
        unseal(line)


# Frames between processes


def _helper_frames(source: random.Random) -> bytes:
    answer = {"decision": "deny", "rule": "x", "matched": [{"rule": "x"}], "begun": True}
    return b"".join(frame(_odd(source, answer) if source.random() < 0.5 else answer) for _ in range(3))


def _take(data: bytes) -> None:
    whole, buffer = bytearray(data), bytearray()
    expected = _all(whole)
    found: list[object] = []
    for piece in pieces(random.Random(len(data)), data):
        buffer += piece
        found += _all(buffer)
    assert found == expected


def _all(buffer: bytearray) -> list[object]:
    found: list[object] = []
    while (value := take(buffer)) is not None:
        found.append("error" in value)  # it is an object
    return found


# Shell texts


def _shell_text(source: random.Random) -> bytes:
    seed = source.randrange(1 << 30)
    return source.choice(tuple(Dialect)).value.encode() + b"\n" + text(seed, source.choice(tuple(Dialect))).encode()


def _parse(data: bytes) -> None:
    first, _, rest = data.partition(b"\n")
    dialect = {each.value.encode(): each for each in Dialect}.get(first, Dialect.BASH)
    script = parse(rest, dialect)
    assert unaccounted(script) == []


def _line_form(source: random.Random) -> bytes:
    strings = b"".join(b"%b\0" % source.randbytes(source.randrange(9)).replace(b"\0", b"x") for _ in range(4))
    head = source.choice((b"execute 2 1", b"ask 2 1", b"spawn 2 1 0 1 2", b"execute 4 0", b"spawn 1 3 9 99999999999 1"))
    return b"safeshell/1 %b\n" % head + b"x\0" + strings + source.choice((b"", b"signal TERM\n", b"signal RTMIN+3\n"))


def _receive(data: bytes) -> None:
    Receiver(1 << 16).feed(data)


# What agents send their hooks


def _envelope(source: random.Random) -> bytes:
    sample = source.choice(SAMPLES)
    envelope = sample.make(source.choice(("ls", "rm -rf \ud800 \0", '["ls"]', "x" * 50)), source.choice(("/", "", "a")))
    value = _odd(source, envelope) if source.random() < 0.7 else envelope
    written = json.dumps(value, ensure_ascii=source.random() < 0.5).encode("utf-8", "surrogatepass")
    if source.random() < 0.1:  # a key twice
        key = json.dumps(source.choice(list(envelope))).encode()
        written = written.replace(b"{", b"{" + key + b": " + source.choice((b"1", b'"ls"', b"{}")) + b", ", 1)
    if source.random() < 0.002:
        written = written.replace(b"{", b'{"padding": "' + b"x" * (10 << 20) + b'", ', 1)
    if source.random() < 0.05:
        written = b'{"a": ' * 5000 + written + b"}" * 5000
    return source.choice((b"", b"", b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf", b"\xff\xfe")) + written


def _read_envelope(data: bytes) -> None:
    for agent in map(agent_of, NAMES):
        assert agent is not None
        try:
            call = read_call(agent, data)
        except (EnvelopeError, LongLineError):
            continue
        assert call.line is None or "\0" not in call.line
        for said in (call.line or "", call.directory, call.session, call.tool):
            said.encode()
        assert not call.directory or call.directory.startswith("/")


FORMATS = {
    "requests of every kind": Format(lambda source: request(source, "/nowhere"), _receive, (SafeShellError,)),
    "the line form": Format(_line_form, _receive, (SafeShellError,)),
    "frames of the line judge, to the daemon": Format(_helper_frames, _take, (ValueError,)),
    "frames of the line judge, from it": Format(_helper_frames, lambda data: read(io.BytesIO(data)), (ValueError,)),
    "a table handed over to an heir": Format(_sealed, _inherit, (TableError,)),
    "a table compiled for a daemon": Format(_sealed, _compiled, (TableError, LookupError, TypeError, ValueError)),
    "client.conf": Format(_conf, _start, (SafeShellError,)),
    "records of the trash": Format(_trash_record, lambda data: read_record(data, 5)),
    "shell texts": Format(_shell_text, _parse, (OverrunError,)),
    "the audit log": Format(_log, _verify),
    "envelopes of agents' hooks": Format(_envelope, _read_envelope),
}
"""Each with the errors that its callers catch."""


def fuzz_format(name: str, seconds: float, seed: int) -> int:
    """Reads such bytes for so long, whole and damaged; returns how many.

    Raises:
        AssertionError: reading raised something else than its errors; the message has the seed.
    """
    form = FORMATS[name]
    deadline = time.monotonic() + seconds
    count = 0
    while time.monotonic() < deadline or not count:
        source = random.Random(seed + count)
        data = form.make(source)
        if source.random() < 0.8:
            data = damage(source, data)
        if source.random() < 0.02:
            at = source.randrange(len(data) + 1)
            data = data[:at] + _DEEP + data[at:]
        try:
            form.read(data)
        except form.errors:
            pass
        except Exception as error:
            raise AssertionError(f"{name}, seed {seed + count}: {error!r} of {data[:300]!r}") from error
        count += 1
    return count

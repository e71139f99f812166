"""The protocol: whole, byte by byte, in random pieces and with rubbish; only `ProtocolError` ever comes out."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from safeshell.command.command_line import block
from safeshell.errors import ProtocolError
from safeshell.protocol import (
    LAST_REPLIES,
    MAGIC,
    TIMED_OUT,
    VERSION,
    Command,
    ControlRequest,
    Event,
    Flag,
    Frame,
    Held,
    Hooked,
    Receiver,
    Reply,
    ReplyReceiver,
    Signal,
    Type,
    decode_whole,
    encode_answer,
    encode_command,
    encode_control,
    encode_exec,
    encode_exited,
    encode_held,
    encode_hook,
    encode_refused,
    encode_reply,
    encode_signal,
    line_field,
)


def words(least: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=least, max_size=12).map(lambda data: data.replace(b"\0", b"x"))


WORDS = words(0)
NAMES = words(1)
COMMANDS = st.builds(
    Command,
    st.sampled_from([Type.EXECUTE, Type.EVALUATE]),
    st.integers(0, 31),
    NAMES,
    st.lists(WORDS, min_size=1, max_size=4).map(block),
    st.lists(WORDS, max_size=4).map(lambda entries: b"\0" + block(entries)),
    st.integers(-20, 19),
    st.integers(0, 2**64 - 1),
)
HOOKS = st.builds(
    Hooked,
    st.sampled_from(["codex", "", "\N{SNOWMAN}"]),
    st.lists(WORDS, max_size=4).map(lambda entries: b"\0" + block(entries)),
    st.none() | st.binary(max_size=40),
)
HELD = st.builds(
    Held,
    st.integers(1, 2**31 - 1),
    st.integers(0, 2**32 - 1),
    COMMANDS.map(
        lambda one: Command(
            Type.EXECUTE,
            Flag.IN_PLACE,
            one.name,
            one.arguments,
            one.environment,
            one.nice,
            one.blocked,
        )
    ),
)
FIRST = st.one_of(
    HELD.map(lambda held: (encode_held(held), held)),
    HOOKS.map(lambda hook: (encode_hook(hook), hook)),
    COMMANDS.map(lambda command: (encode_command(command), command)),
    st.sampled_from([Type.STATUS, Type.RELOAD]).map(lambda kind: (encode_control(kind), ControlRequest(kind))),
    st.builds(
        lambda kind, step: (encode_control(kind, step), ControlRequest(kind, step)),
        st.sampled_from([Type.STOP, Type.HANDOVER]),
        st.integers(0, 2**32 - 1),
    ),
)
NAMED = {int(number): number.name.removeprefix("SIG").encode() for number in signal.Signals}
SIGNALS = st.lists(st.integers(1, 64), max_size=3)


def header(kind: int, length: int, *, magic: bytes = MAGIC, version: int = VERSION, flags: int = 0) -> bytes:
    return struct.pack("<4sBBHI", magic, version, kind, flags, length)


def line_form(
    name: bytes, arguments: list[bytes], environment: list[bytes], verb: bytes = b"execute", copies: bytes = b""
) -> bytes:
    first = b"safeshell/1 %s %d %d%s\n" % (verb, len(arguments), len(environment), copies)
    return first + block([name, *arguments, *environment])


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


def feed_all(pieces: list[bytes], cap: int = 1 << 16) -> list[Event]:
    receiver = Receiver(cap)
    return [event for piece in pieces for event in receiver.feed(piece)]


@given(FIRST, SIGNALS, st.lists(st.integers(0, 1000), max_size=6))
def test_requests_come_out_as_they_went_in_however_they_are_cut(
    first: tuple[bytes, Event], signals: list[int], cuts: list[int]
) -> None:
    data = first[0] + b"".join(map(encode_signal, signals))
    expected = [first[1], *map(Signal, signals)]
    assert feed_all([data]) == expected
    assert feed_all([data[at : at + 1] for at in range(len(data))]) == expected
    assert feed_all(in_pieces(data, cuts)) == expected


@given(
    st.one_of(FIRST.map(lambda first: first[0]), st.binary(max_size=60)),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=2),
    SIGNALS,
    st.sampled_from([1 << 16, 60]),
)
def test_what_comes_whole_is_read_as_a_receiver_reads_it(
    data: bytes, changes: list[tuple[int, int]], signals: list[int], cap: int
) -> None:
    changed = bytearray(data)
    for at, byte in changes:
        if at < len(changed):
            changed[at] = byte
    data = bytes(changed)
    try:
        whole = decode_whole(data, cap)
    except ProtocolError as error:
        with pytest.raises(ProtocolError, match=re.escape(error.message)):
            Receiver(cap).feed(data)
        return
    behind = b"".join(map(encode_signal, signals))
    if whole is not None:
        assert Receiver(cap).feed(data + behind) == [whole, *Receiver(cap, whole.kind).feed(behind)]
        return
    with contextlib.suppress(ProtocolError):
        assert not [event for event in Receiver(cap).feed(data) if isinstance(event, Command) and not event.lines]


@given(NAMES, st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, max_size=4), st.lists(st.integers(0, 500)))
def test_the_line_form_says_the_same(
    name: bytes, arguments: list[bytes], environment: list[bytes], cuts: list[int]
) -> None:
    data = line_form(name, arguments, environment)
    expected = Command(
        Type.EXECUTE, Flag.IN_PLACE, name, block(arguments), b"\0" + block(environment), 0, 0, lines=True
    )
    assert feed_all([data]) == [expected]
    assert feed_all([data[at : at + 1] for at in range(len(data))]) == [expected]
    assert feed_all(in_pieces(data, cuts)) == [expected]


@given(
    NAMES,
    st.lists(WORDS, min_size=1, max_size=4),
    st.lists(WORDS, max_size=4),
    st.sampled_from(["ask", "spawn"]),
    SIGNALS.map(lambda numbers: [number for number in numbers if number in NAMED]),
    st.lists(st.integers(0, 500)),
)
def test_the_line_forms_other_verbs(
    name: bytes, arguments: list[bytes], environment: list[bytes], verb: str, signals: list[int], cuts: list[int]
) -> None:
    spawn = verb == "spawn"
    command = Command(
        Type.EXECUTE if spawn else Type.EVALUATE,
        0 if spawn else Flag.IN_PLACE,
        name,
        block(arguments),
        b"\0" + block(environment),
        0,
        0,
        lines=True,
        borrow=(10, 11, 12) if spawn else (),
    )
    data = line_form(name, arguments, environment, verb.encode(), b" 10 11 12" if spawn else b"")
    if spawn:
        data += b"".join(b"signal %s\n" % NAMED[number] for number in signals)
    expected: list[Event] = [command, *(map(Signal, signals) if spawn else ())]
    assert feed_all([data]) == expected
    assert feed_all([data[at : at + 1] for at in range(len(data))]) == expected
    assert feed_all(in_pieces(data, cuts)) == expected


@given(st.lists(st.binary(max_size=64), max_size=8), st.sampled_from([b"", MAGIC, MAGIC + b"\1", b"safeshell/1 "]))
@example([b"SfSh\1\3\0\0\4\0\0\0\1\0\0\0"], b"")
def test_rubbish_ends_in_an_event_or_a_protocol_error(pieces: list[bytes], start: bytes) -> None:
    receiver = Receiver(256)
    with contextlib.suppress(ProtocolError):
        for piece in [start, *pieces]:
            receiver.feed(piece)
            assert len(receiver._buffer) <= 12 + 256 + 64


@given(FIRST, st.integers(0, 10_000), st.integers(1, 255))
def test_one_wrong_byte_ends_in_an_event_or_a_protocol_error(
    first: tuple[bytes, Event], place: int, change: int
) -> None:
    data = bytearray(first[0])
    data[place % len(data)] ^= change
    with contextlib.suppress(ProtocolError):
        feed_all([bytes(data)])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"GET / HTTP/1.1\r\n", "this is not a request"),
        (header(4, 0, magic=b"SfSx"), "this is not a request"),
        (header(4, 0, version=2), "version 2"),
        (header(1, 257), "the request has 257 bytes, the limit is 256"),
        (header(3, 4) + b"\1\0\0\0", "has no place here"),
        (header(99, 0), "there is no request of type 99"),
        (encode_command(Command(Type.EVALUATE_LINE, 0, b"sh", b"a\0b\0", b"\0", 0, 0)), "a shell line is one argument"),
        (header(6, 2) + b"ab", "expected a number of 4 bytes, got 2"),
        (header(1, 31) + b"\0" * 31, "has 31 bytes, a command takes at least 32"),
        (encode_control(Type.STATUS) + encode_control(Type.STATUS), "has no place here"),
        (encode_control(Type.STATUS) + encode_signal(65), "there is no signal 65"),
        (encode_control(Type.STATUS) + header(3, 4) + b"\0" * 4, "there is no signal 0"),
        (encode_control(Type.STATUS) + header(3, 1) + b"\1", "expected a number of 4 bytes, got 1"),
        (encode_control(Type.STATUS) + line_form(b"a", [b"a"], []), "this is not a request"),
        (b"safeshell/1 evaluate 1 1\n", "the first line is not"),
        (b"safeshell/1 execute 1\n", "the first line is not"),
        (b"safeshell/1 execute 1 -1\n", "the first line is not"),
        (b"safeshell/1 spawn 1 1\n", "the first line is not"),
        (b"safeshell/1 spawn 1 1 0 1\n", "the first line is not"),
        (b"safeshell/1 ask 1 1 0 1 2\n", "the first line is not"),
        (b"safeshell/1 spawn 1 0 0 1 2147483648\n", "no descriptor of that number"),
        (line_form(b"a", [b"b"], [], b"spawn", b" 0 1 2") + b"signal KILLALL\n", "the line is not `signal NAME`"),
        (line_form(b"a", [b"b"], [], b"spawn", b" 0 1 2") + b"signal \xff\n", "the line is not `signal NAME`"),
        (line_form(b"a", [b"b"], [], b"spawn", b" 0 1 2") + b"more TERM\n", "the line is not `signal NAME`"),
        (line_form(b"a", [b"b"], [], b"spawn", b" 0 1 2") + b"x" * 257, "over 256 bytes|the line is not"),
        (b"safeshell/1 execute 0 1\na\0b\0", "no arguments"),
        (b"safeshell/1 execute 200 57\n", "the request has over 256 bytes"),
        (b"safeshell/1 execute " + b"1" * 230 + b" 1\n", "the request has over 256 bytes"),
        (b"safeshell/1 " + b"x" * 244, "the first line does not end"),
        (b"safeshell/1 execute 1 1\n" + b"x" * 250, "the request has over 256 bytes"),
        (line_form(b"a", [b"b"], []) + b"more", "the request goes on after its end"),
        (line_form(b"a", [b"b"], []) + b"more\0", "the request goes on after its end"),
        (b"safeshell/2 execute 1 1\n", "this is not a request"),
    ],
)
def test_what_breaks_the_protocol_is_said(data: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        feed_all([data], cap=256)


def command_body(argc: int, envc: int, arguments: bytes, environment: bytes, name: bytes = b"x") -> bytes:
    fixed = struct.pack("<IIIIIiQ", argc, envc, len(arguments), len(environment), len(name), 0, 0)
    body = fixed + name + arguments + environment
    return header(1, len(body)) + body


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (command_body(1, 0, b"a", b""), "counts"),
        (command_body(2, 0, b"a\0", b""), "counts"),
        (command_body(1, 1, b"a\0", b""), "counts"),
        (command_body(1, 1, b"a\0b", b"c\0d\0"), "do not end in NUL"),
        (command_body(1, 1, b"a\0", b"c\0d"), "do not end in NUL"),
        (command_body(0, 0, b"", b""), "counts|no arguments"),
        (command_body(0, 1, b"", b"A=1\0"), "counts|no arguments"),
        (command_body(1, 0, b"a\0", b"", name=b""), "names no program"),
        (command_body(1, 0, b"a\0", b"", name=b"a\0b"), "names no program"),
        (command_body(1, 0, b"a\0", b"")[:-1] + b"\0\0", "its blocks say|counts"),
        (header(1, 40) + struct.pack("<IIIIIiQ", 1, 1, 2**32 - 1, 2**32 - 1, 2**32 - 1, 0, 0) + b"x" * 8, "blocks"),
    ],
)
def test_blocks_and_counts_have_to_agree(data: bytes, message: str) -> None:
    length = struct.pack("<I", len(data) - 12)
    with pytest.raises(ProtocolError, match=message):
        feed_all([data[:8] + length + data[12:]])


@given(st.lists(st.tuples(st.sampled_from(Reply), st.binary(max_size=40), st.integers(0, 65535)), max_size=5))
def test_frames_come_out_as_they_went_in(frames: list[tuple[Reply, bytes, int]]) -> None:
    data = b"".join(encode_reply(kind, payload, flags) for kind, payload, flags in frames)
    expected = [Frame(kind, flags, payload) for kind, payload, flags in frames]
    assert ReplyReceiver().feed(data) == expected
    receiver = ReplyReceiver()
    assert [frame for at in range(len(data)) for frame in receiver.feed(data[at : at + 1])] == expected


@given(st.binary(max_size=64))
def test_an_answer_of_rubbish_is_a_protocol_error(data: bytes) -> None:
    try:
        frames = ReplyReceiver().feed(data)
    except ProtocolError:
        return
    assert sum(8 + len(frame.payload) for frame in frames) <= len(data)


def test_the_last_frames_carry_what_the_protocol_says() -> None:
    (executed,) = ReplyReceiver().feed(encode_exec(b"/bin/ls", 250, b"ls\0-l\0"))
    assert executed.payload == struct.pack("<II", 250, 2) + b"/bin/ls\0ls\0-l\0"
    (refused,) = ReplyReceiver().feed(encode_refused(126, "no\udc80 é"))
    assert refused.payload == struct.pack("<i", 126) + "no\\x80 é\n".encode()
    (exited,) = ReplyReceiver().feed(encode_exited(0x0F, timed_out=True))
    assert (exited.payload, exited.flags) == (struct.pack("<I", 15), TIMED_OUT)
    (answered,) = ReplyReceiver().feed(encode_answer(2, b"out", b"err"))
    assert answered.payload == struct.pack("<iI", 2, 3) + b"outerr"
    assert {executed.kind, refused.kind, exited.kind, answered.kind, Reply.RESULT} == LAST_REPLIES


@settings(max_examples=30)
@given(st.binary(max_size=30).filter(lambda data: b"\0" not in data))
def test_a_field_of_the_line_form_is_one_line_that_printf_turns_back(data: bytes) -> None:
    import subprocess

    field = line_field(data)
    assert b"\n" not in field
    script = 'IFS= read -r field; printf "%b" "$field"'
    found = subprocess.run(["bash", "-c", script], input=field + b"\n", capture_output=True, check=True, env=_C)
    assert found.stdout == data


_C = {"LC_ALL": "C", "PATH": os.defpath}

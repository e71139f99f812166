"""`safeshell-trash` says, returns and leaves what the real rm does, for whatever arguments and trees."""

from __future__ import annotations

import os
import socket

import pytest
from budget import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from trash.twins import Build, Caller, Outcome, run_ours, run_rm, two

NAMES = ["a", "b", "d", "e", "it's", "-x", "é", "x y"]

OPTIONS = [
    b"-r",
    b"-R",
    b"-f",
    b"-i",
    b"-I",
    b"-v",
    b"-d",
    b"-rf",
    b"-rv",
    b"-dv",
    b"-ri",
    b"-rIv",
    b"-x",
    b"-rq",
    b"--recursive",
    b"--force",
    b"--dir",
    b"--verbose",
    b"--rec",
    b"--f",
    b"--ver",
    b"--verb",
    b"--no",
    b"--interactive",
    b"--interactive=never",
    b"--interactive=once",
    b"--interactive=al",
    b"--interactive=n",
    b"--interactive=",
    b"--interactive=x'\xc3\xa9",
    b"--int=yes",
    b"--one-file-system",
    b"--one",
    b"--preserve-root",
    b"--preserve-root=all",
    b"--preserve-root=some",
    b"--preserve-root=a'b",
    b"--no-preserve-root",
    b"--nonsense",
    b"--nonsense=5",
    b"--force=5",
    b"---presume-input-tty",
    b"--",
    b"-",
]

OPERANDS = [
    b"a",
    b"b",
    b"d",
    b"e",
    b"d/",
    b"d//",
    b"d/a",
    b"d/e",
    b"d/e/b",
    b"./d",
    b"d/../a",
    b"d/.",
    b"d/..",
    b"d/../",
    b".",
    b"..",
    b"./",
    b"a/",
    b"e/",
    b"l",
    b"l/",
    b"l/.",
    b"l/a",
    b"dangling",
    b"dangling/",
    b"missing",
    b"missing/x",
    b"",
    b"it's",
    b"\xc3\xa9",
    b"\xff",
    b"x y",
    b"-x",
    b"--",
    b"fifo",
    b"socket",
    b"n" * 256,
]

leaf = st.sampled_from(["file", "empty", "locked", "fifo", "socket", "link", "dangling"])
trees = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), leaf, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), leaf | inner, max_size=4),
    max_leaves=12,
)
answers = st.lists(st.sampled_from([b"y", b"n", b"", b"Y", b"yes", b"no", b"+"]), max_size=8).map(
    lambda lines: b"".join(line + b"\n" for line in lines)
)


def plant(tree: object, path: str) -> None:
    if isinstance(tree, dict):
        os.mkdir(path)
        for name, inner in tree.items():
            plant(inner, os.path.join(path, name))
    elif tree == "fifo":
        os.mkfifo(path)
    elif tree == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            descriptor = os.open(os.path.dirname(path), os.O_RDONLY)
            listener.bind(f"/proc/self/fd/{descriptor}/{os.path.basename(path)}")
            os.close(descriptor)
    elif tree in ("link", "dangling"):
        # Never to anything outside: the real rm follows a link that is named with a slash behind it.
        os.symlink("b" if tree == "link" else "nowhere", path)
    else:
        with open(path, "wb") as stream:
            stream.write(b"" if tree == "empty" else b"content")
        if tree == "locked":
            os.chmod(path, 0o400)


def planter(tree: dict[str, object]) -> Build:
    def build(root: str) -> None:
        for name, inner in {"d": {"a": "file", "e": {}}, **tree}.items():
            plant(inner, os.path.join(root, name))
        for name, target in (("l", "d"), ("dangling", "nowhere")):
            os.symlink(target, os.path.join(root, name))
        for raw in (b"\xff", b"n" * 255):
            with open(os.path.join(os.fsencode(root), raw), "wb"):
                pass

    return build


NOBODY = 65534
slowly = settings(examples(20), suppress_health_check=[HealthCheck.too_slow])
needs_root = pytest.mark.needs("root")


def both(build: Build, arguments: list[bytes], caller: Caller) -> tuple[Outcome, Outcome]:
    with two(build, caller.user) as (one, other, home):
        return run_ours(other, home, arguments, caller), run_rm(one, arguments, caller)


@slowly
@given(
    tree=trees,
    options=st.lists(st.sampled_from(OPTIONS), max_size=4),
    operands=st.lists(st.sampled_from(OPERANDS), max_size=5),
    stdin=answers,
)
@example(tree={}, options=[b"-r", b"-i"], operands=[b"d"], stdin=b"y\nn\ny\ny\n")
@example(tree={}, options=[b"-r", b"-i"], operands=[b"d"], stdin=b"y\ny\nn\ny\n")
@example(tree={}, options=[b"-r", b"-i"], operands=[b"d"], stdin=b"n\n")
def test_the_same_as_rm(tree: dict[str, object], options: list[bytes], operands: list[bytes], stdin: bytes) -> None:
    ours, rms = both(planter(tree), options + operands, Caller(stdin))
    assert ours == rms


@slowly
@given(arguments=st.permutations(OPTIONS + OPERANDS), count=st.integers(0, 6), posix=st.booleans(), stdin=answers)
def test_the_same_in_any_order(arguments: list[bytes], count: int, posix: bool, stdin: bytes) -> None:
    env = {"POSIXLY_CORRECT": "1"} if posix else {}
    ours, rms = both(planter({}), arguments[:count], Caller(stdin, env))
    assert ours == rms


@slowly
@given(
    tree=trees,
    options=st.lists(st.sampled_from([b"-r", b"-d", b"-v", b"-f", b"-i", b"-I"]), max_size=3),
    operands=st.lists(st.sampled_from(OPERANDS), max_size=4),
    stdin=answers,
)
def test_the_same_on_a_terminal(
    tree: dict[str, object], options: list[bytes], operands: list[bytes], stdin: bytes
) -> None:
    ours, rms = both(planter(tree), options + operands, Caller(stdin, terminal=True))
    assert ours == rms


@needs_root
@slowly
@given(
    tree=trees,
    modes=st.lists(
        st.sampled_from([0o700, 0o755, 0o555, 0o333, 0o444, 0o111, 0, 0o1777, 0o777]), min_size=1, max_size=8
    ),
    owners=st.lists(st.sampled_from([0, NOBODY, NOBODY]), min_size=1, max_size=8),
    options=st.lists(st.sampled_from([b"-r", b"-r", b"-d", b"-v", b"-f", b"-i"]), max_size=4),
    operands=st.lists(st.sampled_from(OPERANDS), max_size=4),
    stdin=answers,
    terminal=st.booleans(),
)
@example({}, [0o700], [0], [b"-r"], [b"l/", b"d"], b"", False)
@example({}, [0o700], [0], [b"-rf"], [b"l/", b"d"], b"", False)
@example({"d": {"e": {}}}, [0o700, 0o333], [NOBODY], [b"-rv"], [b"d"], b"", False)
@example({"d": {"a": "file"}}, [0o555], [NOBODY], [b"-rv"], [b"d"], b"y\ny\nn\n", True)
def test_the_same_where_permissions_are_missing(
    tree: dict[str, object],
    modes: list[int],
    owners: list[int],
    options: list[bytes],
    operands: list[bytes],
    stdin: bytes,
    terminal: bool,
) -> None:
    def build(root: str) -> None:
        planter(tree)(root)
        os.chmod(root, 0o777)
        paths = [os.path.join(at, name) for at, inner, files in os.walk(root) for name in inner + files]
        for number, path in enumerate(sorted(paths)):
            os.chown(path, owners[number % len(owners)], -1, follow_symlinks=False)
            if not os.path.islink(path):
                os.chmod(path, modes[number % len(modes)])

    ours, rms = both(build, options + operands, Caller(stdin, user=NOBODY, terminal=terminal))
    assert ours == rms

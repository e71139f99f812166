"""Which reader a program comes to, guesses about programs that nobody knows, and that any words are taken."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needs import found, need
from shell.nesting import answers

from safeshell.command.programs.grammars import programs
from safeshell.command.programs.plain import PLAIN
from safeshell.command.programs.shells import READERS
from safeshell.command.programs.wrappers import TAKEN_OFF
from safeshell.shell.builtins import BUILTINS
from safeshell.shell.nested_commands import Input, NestedCommand, NestedText
from safeshell.shell.programs import nested, program
from safeshell.shell.words import Literal, Unknown, Word, plain


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/usr/bin/python3.11", "python"),
        ("python3", "python"),
        ("bash-5.2", "bash"),
        ("lua5.4", "lua"),
        ("gtimeout", "timeout"),
        ("gfind", "find"),
        ("gdb", "gdb"),
        ("git", "git"),
        ("/lib64/ld-linux-x86-64.so.2", "ld.so"),
        ("ld-2.31.so", "ld.so"),
        ("i386", "i386"),
        ("md5sum", "md5sum"),
        ("x86_64", "x86_64"),
    ],
)
def test_names(path: str, name: str) -> None:
    assert program(path) == name


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("frobnicate rm -rf /", ["~rm -rf /"]),
        ("frobnicate -v rm -rf /", ["~rm -rf /", "~/"]),
        ("frobnicate -u ann rm -rf /", ["~ann rm -rf /", "~rm -rf /"]),
        ("frobnicate run -- rm -rf /", ["~run -- rm -rf /", "~rm -rf /"]),
        ("frobnicate -- rm -rf /", ["~rm -rf /"]),
        ("./run.sh rm -rf /", ["~rm -rf /"]),
        ("frobnicate --help", []),
        ("frobnicate", []),
        ("echo rm -rf /", []),
        ("grep -r rm -rf", []),
        ("man rm", []),
        ("which rm", []),
        ("type -a rm", []),
        ("apt-get install git", []),
        ("command -v rm", []),
        ("git rm -rf x", []),
        ("docker rm x", []),
        ("export rm", []),
        ("kubectl get rm", []),
    ],
)
def test_l9_guesses(line: str, found: list[str]) -> None:
    assert list(answers(line)) == found


ROWS = {name: known.row for name, known in programs().items() if known.row is not None}
RUNS = [known.runs for known in programs().values() if known.runs is not None]


def test_what_is_not_taken_off_says_why() -> None:
    assert {name for name, row in ROWS.items() if not row.kept} == TAKEN_OFF


def test_plain_programs_are_those_that_nothing_else_is_known_of() -> None:
    assert not PLAIN & {*programs(), *BUILTINS, *READERS}


NAMES = sorted({*programs(), *READERS, "eval", "trap", "at", "sed", "tmux", "frobnicate"})
VERBS = sorted(
    {verb for known in RUNS for verb in known.verbs} | {verb for row in ROWS.values() for verb in row.verbs} - {""}
)
WORDS = st.one_of(
    st.sampled_from(
        [
            "-c",
            "-e",
            "--",
            "-",
            "-u",
            "-i",
            "-s",
            "-o",
            "-n1",
            "-I{}",
            "--replace=",
            "-x",
            "-lc",
            "A=1",
            "x",
            "rm",
            "{}",
            ";",
            "+",
            ":::",
            "::::",
            "5",
            "-S",
            "--exec=a",
            "-oProxyCommand=a",
            "exec:a",
            "os.system('x')",
            "s/a/b/e",
            "+!x",
            ".shell x",
            "--checkpoint-action=exec=a",
            "",
            "\0",
            "\udcff",
            "$(",
            "'",
            "`",
        ]
    ),
    st.sampled_from(VERBS),
    st.sampled_from(NAMES),
    st.text(max_size=8),
).map(plain)
OPEN = st.builds(
    lambda text, quoted: Word((Literal(text, quoted=True), Unknown("$x", quoted=quoted, several=not quoted))),
    st.sampled_from(["", "-", "--", "-c", "a", "-o", "A="]),
    st.booleans(),
)


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.lists(WORDS | OPEN, max_size=8),
    st.none() | st.builds(Input, st.none() | st.text(max_size=30), st.booleans()),
    st.dictionaries(
        st.sampled_from(
            ["PATH", "PAGER", "EDITOR", "BASH_ENV", "PS4", "TAR_OPTIONS", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0"]
        ),
        st.none() | WORDS | OPEN,
        max_size=3,
    ),
)
def test_any_words_are_taken(name: str, rest: list[Word], stdin: Input | None, changes: dict[str, Word | None]) -> None:
    for answer in nested([plain(name), *rest], stdin, changes=changes):
        assert isinstance(answer, NestedCommand | NestedText)


HARMLESS = [
    "setarch x86_64 -R", "linux64", "x86_64", "prlimit --nofile=99", "choom -n 5 --", "fakeroot",
    "fakeroot --", "faketime 2020-01-01", "chronic", "strace -o /dev/null -f", "ltrace -o /dev/null",
    "valgrind -q --tool=none", "busybox env", "busybox sh -c", "stdbuf -oL", "flock -n lock",
    "flock lock -c", "sg root -c", "script -qec", "su -c", "su - -c", "runuser -u root --", "runuser -l root -c",
    "chroot /", "unshare -f", "nsenter -t self -m --", "setpriv --nnp", "env -S", "npm exec -c", "npx -c",
    "sem --fg", "rlwrap -n", "perf stat -o /dev/null --", "perf record -q -o perf.data --",
    "gdb -q -batch -ex run --args", "/lib64/ld-linux-x86-64.so.2", "find . -maxdepth 0 -exec", "fdfind -1 -x",
    "pee", "ifne", "hyperfine -r1", "catchsegv", "numactl -l", "cpulimit -l 50 -f --", "dbus-run-session --",
    "xvfb-run -a", "taskset 1", "sshpass -p x", "bwrap --bind / / --dev /dev",
]  # fmt: skip
TEXTS = ("-c", "-S", "-qec", "--fg", "pee", "hyperfine -r1")


@pytest.mark.parametrize("before", HARMLESS)
def test_l9_the_program_runs_what_is_said(before: str, tmp_path: Path) -> None:
    name = before.partition(" ")[0]
    need(name)
    mark, canary = tmp_path / "mark", tmp_path / "canary"
    canary.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" >{mark}\n")
    canary.chmod(0o755)
    binary = before.startswith("/lib64")
    command = ["/usr/bin/touch", str(mark)] if binary else [str(canary), "-x", "a", "-c"]
    tail = [" ".join(command)] if before.endswith(TEXTS) else [*command]
    if before.startswith("find"):
        tail.append(";")
    argv = [*before.split(), *tail]
    subprocess.run(
        argv,
        input=b"x\n",
        capture_output=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
        executable=found(name),
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(tmp_path), "TERM": "dumb", "SHELL": "/bin/sh"},
    )
    if not mark.exists():
        pytest.skip(f"{name} can't run a command here")
    said = _leaves([plain(word) for word in argv], 0)
    assert [word.literal for word in said[: len(command)]] == command


def _leaves(words: list[Word], depth: int) -> list[Word]:
    """The innermost command that is said to run."""
    for answer in nested(words, Input("x\n")):
        if isinstance(answer, NestedText):
            inner = [plain(word) for word in (answer.text or "").split()]
        elif answer.guess:
            continue
        else:
            inner = list(answer.words)
        return _leaves(inner, depth + 1) if depth < DEEP else inner
    return words


DEEP = 4
"""Programs in one another that a test has."""

"""Commands that are run with words from elsewhere: what xargs, parallel and find make of them."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from harness import temporary_directory
from hypothesis import given, settings
from hypothesis import strategies as st
from needs import need
from shell.nesting import answers

from safeshell.shell.nested_commands import Input, NestedCommand, NestedText
from safeshell.shell.programs import nested
from safeshell.shell.words import literals, plain


@pytest.mark.parametrize(
    ("line", "stdin", "found"),
    [
        ("xargs rm -rf", "/ x", ["rm -rf / x"]),
        ("xargs -0 rm -rf", "/\0a b\0", ["rm -rf / a b"]),
        ("xargs -d , rm -rf", "/,x", ["rm -rf / x"]),
        ("xargs -n 1 rm -rf", "/ x", ["rm -rf /", "rm -rf x"]),
        ("xargs -I{} rm -rf {}", "/\nx", ["rm -rf /", "rm -rf x"]),
        ("xargs -i rm -rf {}{}", "/\n", ["rm -rf //"]),
        ("xargs --replace=% rm -rf %", "/\n", ["rm -rf /"]),
        ("xargs --replace bash -c 'rm -rf {}'", "/\n", ["bash -c rm -rf /"]),
        ("xargs --replace= rm x", "a", ["rm x a"]),
        ("xargs -a f rm -rf", "/", ["rm -rf ?…"]),
        ("xargs rm -rf", "'/", ["rm -rf ?…"]),
        ("xargs", "x", ["echo x"]),
        ("xargs -L 1 rm", "-r x\ny \nz\n\nw", ["rm -r x", "rm y z", "rm w"]),
        ("xargs -l rm", "a b\nc", ["rm a b", "rm c"]),
        ("xargs -L 1 -n 1 rm", "a b", ["rm a", "rm b"]),
        ("xargs -n 1 -L 1 rm", "a b", ["rm a b"]),
    ],
)
def test_l8_xargs(line: str, stdin: str, found: list[str]) -> None:
    assert list(answers(line, stdin)) == found


@pytest.mark.parametrize(
    ("line", "stdin", "found"),
    [
        ("parallel --results D rm -rf ::: /", None, ["|rm -rf /"]),
        ("parallel -j 4 rm -rf {} ::: / x", None, ["|rm -rf /", "|rm -rf x"]),
        ("parallel 'rm -rf {2}{1}' ::: a ::: b c", None, ["|rm -rf ba", "|rm -rf ca"]),
        ("parallel ::: 'rm -rf /' b", None, ["|rm -rf /", "|b"]),
        ("parallel rm -rf", "/\nx y\n", ["|rm -rf /", "|rm -rf 'x y'"]),
        ("parallel", "rm -rf /\n", ["|rm -rf /"]),
        ("parallel rm -rf {.}", "/x", ['|rm -rf "$1"']),
        ("parallel rm -rf :::: f", None, ['|rm -rf "$1"']),
        ("parallel", None, ["|?"]),
        ("parallel --pipe rm -rf /", "x", ["|rm -rf /"]),
        ("parallel -S h rm -rf ::: /", None, ["!@|rm -rf /"]),
        ("sem -j 2 'rm -rf /'", None, ["|rm -rf /"]),
    ],
)
def test_l8_parallel(line: str, stdin: str | None, found: list[str]) -> None:
    assert list(answers(line, stdin)) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("find . -exec rm -rf {} + -ok b ';'", ["rm -rf ?{}", "b"]),
        ("find . -exec sh -c 'rm -rf {}' ';'", ["sh -c ?rm -rf {}"]),
        ("find . -execdir a ';' -exec b ';'", ["a", "b"]),
        ("fd -x rm -rf", ["rm -rf ?{}"]),
        ("fd x --exec=rm -rf {/.}", ["rm -rf ?{/.}"]),
        ("fdfind -X rm {} ';' -x b", ["rm ?{}", "b ?{}"]),
        ("gfind . -exec rm {} ';'", ["rm ?{}"]),
    ],
)
def test_l8_find_and_fd(line: str, found: list[str]) -> None:
    assert list(answers(line)) == found


PRINTER = "printf '%s\\0' . \"$@\""


@settings(max_examples=60, deadline=None)
@given(
    st.text("ab '\"\\\n\t,", max_size=12),
    st.sampled_from(
        [[], ["-n", "1"], ["-I", "{}"], ["-d", ","], ["-0"], ["-n2"], ["-i"], ["-L1"], ["-L", "2"], ["-l"]]
    ),
)
def test_l8_xargs_makes_the_same_items(text: str, options: list[str]) -> None:
    tail = ["x{}y", "{}"] if options[:1] in (["-I"], ["-i"]) else []
    argv = ["xargs", "-r", *options, "sh", "-c", PRINTER, "sh", *tail]
    done = subprocess.run(argv, input=text.encode(), capture_output=True, check=False, timeout=20)
    found = list(nested([plain(word) for word in argv], Input(text)))
    if done.returncode:
        return
    runs: list[list[str]] = []
    for item in done.stdout.decode().split("\0")[:-1]:
        if item == ".":
            runs.append([])
        else:
            runs[-1].append(item)
    said = []
    for answer in found:
        assert isinstance(answer, NestedCommand)
        known = literals(answer.words)
        if known is None:  # no word of them is said wrongly
            return
        said.append(known[4:])
    assert said == (runs or said), "where there are no items, nothing runs"


@settings(max_examples=12, deadline=None)
@given(
    st.lists(  # a process says its own number
        st.text("ab '\"$;", min_size=1, max_size=4).filter(lambda text: "$$" not in text), min_size=1, max_size=3
    ),
    st.sampled_from([["echo", "x"], ["echo", "{}", "{}y"], ["echo", "{1}"], ["echo 'a b' {}"], []]),
)
def test_l8_parallel_makes_the_same_texts(arguments: list[str], command: list[str]) -> None:
    program = need("parallel")
    if b"GNU" not in subprocess.run([program, "--version"], capture_output=True, check=False).stdout:
        pytest.skip("needs GNU parallel")
    bash = shutil.which("bash")
    tail = [*command, ":::", *arguments]
    with temporary_directory() as home:  # where it keeps things
        done = subprocess.run(
            [program, "-k", "--dry-run", *tail],
            capture_output=True,
            check=True,
            timeout=60,
            env={"SHELL": bash or "sh", "PATH": "/usr/bin:/bin", "HOME": home},
        )
    said = [
        answer.text
        for answer in nested([plain(word) for word in ["parallel", *tail]], None)
        if isinstance(answer, NestedText)
    ]
    runs = done.stdout.decode().splitlines()
    assert [split(text) for text in said] == [split(text) for text in runs]


def split(text: str | None) -> bytes:
    """The words that bash makes of a text, which has no command of its own to run."""
    script = f"set -f; PATH=; printf '%s|' {text}" if text else ""
    return subprocess.run(["bash", "-c", script], capture_output=True, check=False).stdout

"""Shells' arguments: which text each shell is given, and whether it is read, run, or reads the input."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from needs import need
from shell.nesting import answers, words

from safeshell.shell.nested_commands import Input, NestedText
from safeshell.shell.programs import nested
from safeshell.shell.words import plain

RUNS = "|rm -rf /"


@pytest.mark.parametrize(
    "line",
    [
        "bash -euo pipefail -c 'rm -rf /'",
        "bash -ic 'rm -rf /'",
        "bash +e -c 'rm -rf /'",
        "bash -o errexit -c 'rm -rf /'",
        "bash -O extglob -c 'rm -rf /'",
        "bash -eO extglob -oc pipefail 'rm -rf /'",
        "bash --rcfile f -c 'rm -rf /'",
        "bash --norc --posix -c 'rm -rf /' a b",
        "sh -c -- 'rm -rf /'",
        "sh -c - 'rm -rf /'",
        "zsh -f -c 'rm -rf /'",
        "zsh -oerrexit -c 'rm -rf /'",
        "ksh -c 'rm -rf /'",
        "csh -c 'rm -rf /'",
        "fish -c 'rm -rf /'",
        "fish --command='rm -rf /'",
        "fish -N -C 'rm -rf /'",
        "nu -c 'rm -rf /'",
        "pwsh -NoProfile -Command 'rm -rf /'",
        "pwsh -c rm -rf /",
        "powershell 'rm -rf /'",
        "pwsh -enc cgBtACAALQByAGYAIAAvAA==",
        "cmd /c rm -rf /",
    ],
)
def test_l6_a_text_behind_options(line: str) -> None:
    assert list(answers(line)) == [RUNS]


@pytest.mark.parametrize(
    "line",
    [
        "bash",
        "bash -",
        "bash -s",
        "bash -s a b",
        "bash -euo pipefail",
        "bash /dev/stdin a",
        "sh -s -- a",
        "zsh -f",
        "fish",
        "fish -",
        "pwsh -Command -",
        ". /dev/stdin",
        "source /dev/fd/0",
        "source -- /dev/stdin",
    ],
)
def test_l6_the_input_is_the_text(line: str) -> None:
    assert list(answers(line, "rm -rf /")) == [RUNS]


@pytest.mark.parametrize(
    "line",
    ["bash -n -c 'rm -rf /'", "bash -nc 'rm -rf /'", "sh -o noexec -c 'rm -rf /'",
     "bash --version", "zsh -nf x", "fish -n x", "fish --no-execute -c x", "bash -c", "pwsh -File x"],
)  # fmt: skip
def test_l6_nothing_runs(line: str) -> None:
    assert list(answers(line, "rm -rf /")) == []


def test_a_script_counts_where_a_rule_names_it() -> None:
    assert list(answers("bash -e x -rf /", "rm y")) == ["~!x -rf /"]
    assert list(answers("bash - x")) == ["~!x"]


@pytest.mark.parametrize("line", ["bash -l -c", "bash -lc", "bash --login -c", "bash -eilc", "zsh -lc", "fish -lc"])
def test_l11_behind_a_login_shell_no_shim_looks(line: str) -> None:
    assert list(answers(f"{line} 'rm -rf /'")) == ["!|rm -rf /"]


def test_l11_a_login_shell_of_the_input() -> None:
    assert list(answers("bash -l", "rm -rf /")) == ["!|rm -rf /"]
    assert list(answers("bash -l x", "rm -rf /")) == ["~!x"]


@pytest.mark.parametrize(
    ("line", "shell"),
    [
        ("bash -c x", "bash"),
        ("/bin/sh -c x", "sh"),
        ("zsh -c x", "zsh"),
        ("bash-5.2 -c x", "bash"),
        ("fish -c x", "fish"),
        ("pwsh -c x", "pwsh"),
        ("powershell.exe -c x", "powershell"),
        ("eval x", ""),
        ("watch x", "sh"),
        ("su -s /bin/zsh -c x", "zsh"),
        ("ssh h x", ""),
        ("git rebase -x x", "sh"),
    ],
)
def test_l6_who_reads_the_text(line: str, shell: str) -> None:
    (text,) = nested(words(line), None)
    assert isinstance(text, NestedText)
    assert text.shell == shell


def test_l6_the_positional_parameters() -> None:
    (text,) = nested(words("bash -c 'a $1' zero one"), None)
    assert isinstance(text, NestedText)
    assert text.positional == (plain("one"),)
    (text,) = nested(words("bash -s one"), Input("a $1"))
    assert isinstance(text, NestedText)
    assert text.positional == (plain("one"),)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("eval rm '-rf /'", [RUNS]),
        ("eval -- 'rm -rf /'", [RUNS]),
        ("trap 'rm -rf /' EXIT", [RUNS]),
        ("trap -- 'rm -rf /' EXIT", [RUNS]),
        ("trap - EXIT", []),
        ("mapfile -C 'rm -rf /' -c 1 x", [RUNS]),
        ("emulate sh -c 'rm -rf /'", [RUNS]),
        ("busybox sh -c 'rm -rf /'", ["sh -c rm -rf /"]),
        ("busybox ash -c 'rm -rf /'", ["ash -c rm -rf /"]),
        ("exec -a -bash bash -c x", ["bash -c x"]),
        ("exec -l bash -c x", ["!bash -c x"]),
    ],
)
def test_l6_builtins_that_run_text(line: str, found: list[str]) -> None:
    assert list(answers(line)) == found


OPTIONS = [
    "-e",
    "-u",
    "+e",
    "-x",
    "-eu",
    "-o",
    "errexit",
    "pipefail",
    "-c",
    "--",
    "-",
    "-s",
    "-n",
    "-ec",
    "-eo",
    "-ce",
    "-oc",
    "TEXT",
    "arg",
]


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "busybox sh"])
@settings(max_examples=25, deadline=None)
@given(options=st.lists(st.sampled_from(OPTIONS), min_size=1, max_size=5))
def test_l6_the_shell_runs_what_is_said(
    tmp_path_factory: pytest.TempPathFactory, shell: str, options: list[str]
) -> None:
    program = need(shell.partition(" ")[0])
    directory = tmp_path_factory.getbasetemp()
    given_words = [program, *shell.split()[1:], *["echo given >&3" if one == "TEXT" else one for one in options]]
    mark = Path(directory, "mark")
    mark.write_bytes(b"")
    with mark.open("wb") as stream:
        subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" 3>&1 >/dev/null 2>&1', "sh", *given_words],
            input=b"echo read >&3\n",
            stdout=stream,
            check=False,
            timeout=20,
            cwd=directory,
            env={"PATH": "/usr/bin:/bin", "HOME": str(directory)},
        )
    ran = {"given", "read"} & set(mark.read_text().split())
    named = shell.split()[-1:] + given_words[1 + len(shell.split()[1:]) :]
    said = [
        one.text or ""
        for one in nested([plain(word) for word in named], Input("echo read >&3\n"))
        if isinstance(one, NestedText)
    ]
    for line in ran:
        assert any(f"echo {line}" in text for text in said), (named, ran)

"""Files that a line runs are judged with it: scripts, makefiles, package.json, justfiles."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import pytest
from harness import PATH
from judged_lines import caller, table

from safeshell.policy.table import Table
from safeshell.shell.judge import LineJudgement, judge_line
from safeshell.shell.limits import RULE as OVERRUN

RULES = """\
version: 1
rules:
  - {name: fire, commands: [canary], conditions: [{command_contains: fire}], action: deny, message: No.}
  - {name: maybe, commands: [canary], conditions: [{command_contains: maybe}], action: require_approval, message: Ask.}
  - {name: here, commands: [canary], conditions: [{path_matches: /sub$}], action: deny, message: Not there.}
  - name: instead
    commands: [canary]
    conditions: [{command_contains: old}]
    action: redirect
    redirect_to: new $ARGS
    message: Now it is new.
"""
FIRE = "canary fire\n"


@pytest.fixture(scope="module")
def tables() -> list[Table]:
    return table(RULES)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Where the line runs; `put` writes files there."""
    return tmp_path


def put(work: Path, **files: str) -> None:
    """Writes files; `_` in a name is a dot, `__` a slash."""
    for name, text in files.items():
        path = work / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def judged(tables: list[Table], work: Path, line: str, *, shims: bool = False, path: str = "") -> LineJudgement:
    """What is decided for a line that runs there."""
    asks = caller(tables, shims=shims)
    environment = {**asks.environment, **({"PATH": path} if path else {})}
    return judge_line(line, dataclasses.replace(asks, environment=environment, directory=str(work), reads_files=True))


def decision(tables: list[Table], work: Path, line: str, *, path: str = "") -> str:
    """Its action and, of a file's command, where that stands."""
    found = judged(tables, work, line, path=path)
    first = next((one for one in found.commands if one.decision.action is found.decision.action), None)
    place = "" if first is None or first.command is None else first.command.file
    word = found.decision.action.word
    if word == "allow":
        return word
    assert not place or found.decision.message.startswith(f"{place}: `{first.decision.subject}`: " if first else "")
    return f"{word} {place}".rstrip()


@pytest.mark.parametrize(
    "line",
    [
        "bash x.sh",
        "sh -e x.sh one",
        "zsh ./x.sh",
        "bash -x -o pipefail -- x.sh",
        "./x.sh",
        "chmod +x x.sh && ./x.sh",
        ". ./x.sh",
        "source x.sh",
        "sudo bash x.sh",
        "nohup ./x.sh &",
        "env A=1 timeout 5 ./x.sh",
        "cd sub && cd .. && bash x.sh",
        "(cd sub; ../x.sh)",
        "bash -c 'bash x.sh'",
        "xargs ./x.sh </dev/null",
        "find . -exec bash x.sh {} +",
        "echo $(bash x.sh)",
        "d=.; bash $d/x.sh",
    ],
)
def test_a_script_that_is_run_is_judged(tables: list[Table], work: Path, line: str) -> None:
    put(work, x_sh=f"#!/bin/bash\nset -e\n{FIRE}", sub__y="")
    assert decision(tables, work, line) == ("deny x.sh:3" if line != "(cd sub; ../x.sh)" else "deny sub/../x.sh:3")


@pytest.mark.parametrize(
    "line",
    [
        "bash -n x.sh",
        "cat x.sh",
        "bash --version x.sh",
        "bash -c : x.sh",
        "bash -s x.sh",
        "python3 x.sh",
        "x.sh",
        "ssh host bash x.sh",
        "docker run image bash x.sh",
        "docker run image sh -c 'cd /srv; ./x.sh'",
        "cd $SOMEWHERE; bash x.sh",
        "bash missing.sh",
        "fish x.sh",
        "echo 'bash x.sh'",
    ],
)
def test_one_that_is_not_run_here_is_not(tables: list[Table], work: Path, line: str) -> None:
    put(work, x_sh=FIRE)
    assert decision(tables, work, line) == "allow"


@pytest.mark.parametrize(
    ("begins", "found"),
    [
        ("#!/bin/sh", "deny"),
        ("#! /usr/bin/env bash", "deny"),
        ("#!/usr/bin/env -S bash -eu", "deny"),
        ("#!/usr/bin/zsh", "deny"),
        ("#", "deny"),
        ("", "deny"),
        ("#!/usr/bin/env python3", "allow"),
        ("#!/usr/bin/fish", "allow"),
        ("\x7fELF", "allow"),
        ("a\0b", "allow"),
    ],
)
def test_who_reads_a_program_is_told_by_its_first_line(
    tables: list[Table], work: Path, begins: str, found: str
) -> None:
    put(work, x=f"{begins}\n{FIRE}")
    assert judged(tables, work, "./x").decision.action.word == found


def test_a_name_is_looked_up_along_path(tables: list[Table], work: Path) -> None:
    put(work, bin__deploy=FIRE, other__deploy="true\n")
    path = f"{work}/bin:{work}/other:{PATH}"
    assert decision(tables, work, "deploy now", path=path) == "deny bin/deploy:1"
    assert decision(tables, work, "bash deploy", path=path) == "deny bin/deploy:1"
    assert decision(tables, work, ". deploy", path=path) == "deny bin/deploy:1"
    assert decision(tables, work, "deploy", path=f"{work}/other:{work}/bin") == "allow"


def test_it_runs_where_it_is_started_with_what_it_is_given(tables: list[Table], work: Path) -> None:
    put(work, sub__x_sh='canary\nA=$1\ncanary "$A" "$2"\nshift; canary $1', y_sh='exec ./sub/x.sh "$@"\n')
    assert decision(tables, work, "cd sub; bash x.sh") == "deny sub/x.sh:1"
    assert decision(tables, work, "bash sub/x.sh fire") == "deny sub/x.sh:3"
    assert decision(tables, work, "bash sub/x.sh a fire") == "deny sub/x.sh:3"
    assert decision(tables, work, "bash y.sh maybe") == "require_approval sub/x.sh:3"
    assert decision(tables, work, "bash sub/x.sh a b c fire") == "allow"


def test_it_may_go_to_where_it_is_itself(tables: list[Table], work: Path) -> None:
    put(work, sub__x_sh='cd "$(dirname "$0")"\ncanary x\n')
    assert decision(tables, work, "bash sub/x.sh") == "deny sub/x.sh:2"
    assert decision(tables, work, "cd /; bash " + str(work / "sub/x.sh")) == "deny sub/x.sh:2"


def test_it_has_what_is_exported_and_a_sourced_one_all(tables: list[Table], work: Path) -> None:
    put(work, x_sh="canary $A\n", y_sh="B=fire\nf() { canary $1; }\ng() { canary fire; }\n")
    assert decision(tables, work, "A=fire; bash x.sh") == "allow"
    assert decision(tables, work, "export A=fire; bash x.sh") == "deny x.sh:1"
    assert decision(tables, work, "A=fire bash x.sh") == "deny x.sh:1"
    assert decision(tables, work, "A=fire; . ./x.sh") == "deny x.sh:1"
    assert decision(tables, work, ". ./y.sh; canary $B") == "deny"
    assert decision(tables, work, ". ./y.sh; f fire") == "deny y.sh:2"
    assert decision(tables, work, "bash y.sh; canary $B") == "require_approval"
    assert decision(tables, work, ". ./y.sh; f x") == "allow"  # g isn't called


def test_what_only_the_run_can_tell_in_a_file_is_not_asked_about(tables: list[Table], work: Path) -> None:
    put(work, x_sh='canary "$WHATEVER"\n"$@"\ncurl x | sh\ncd "$THERE"; canary x\n')
    assert judged(tables, work, 'canary "$WHATEVER"').decision.rule == "only-the-run-can-tell"
    assert decision(tables, work, "bash x.sh") == "allow"
    behind = judged(tables, work, "bash x.sh", shims=True)
    assert behind.decision.action.word == "allow"
    assert any(command.deferred for command in behind.commands)


def test_what_follows_an_activation_is_still_left_to_shims(tables: list[Table], work: Path) -> None:
    text = 'deactivate() { PATH=$OLD; export PATH; }\ndeactivate\nOLD=$PATH\nPATH="$PWD/venv:$PATH"\nexport PATH\n'
    put(work, venv__activate=text)
    found = judged(tables, work, '. venv/activate && canary "$X"', shims=True)
    assert found.decision.action.word == "allow"
    assert [one.decision.subject for one in found.commands if one.deferred] == ["canary '$X'"]


def test_of_a_case_only_what_may_fit_runs(tables: list[Table], work: Path) -> None:
    put(
        work,
        x_sh='case "$1" in\n  build|make) canary x ;;\n  clean) canary fire ;;\n  *) canary maybe ;;\nesac\n',
        y_sh='case "$1" in a) ;& b) canary fire ;; esac\n',
    )
    assert decision(tables, work, "bash x.sh clean") == "deny x.sh:3"
    assert decision(tables, work, "bash x.sh CLEAN") == "deny x.sh:3"
    assert decision(tables, work, "bash x.sh build") == "require_approval x.sh:4"
    assert decision(tables, work, 'bash x.sh "$X"') == "deny x.sh:3"
    assert decision(tables, work, "bash y.sh a") == "deny y.sh:1"
    assert decision(tables, work, "bash y.sh c") == "allow"


def test_a_file_that_runs_itself_comes_to_an_end(tables: list[Table], work: Path) -> None:
    put(work, x_sh='[ "$1" = in ] && canary fire\n./x.sh in\n./y.sh\n', y_sh="./x.sh\n. ./y.sh\n")
    found = judged(tables, work, "./x.sh")
    assert found.decision.rule == "fire"
    put(work, **{f"n{at}": f"./n{at + 1}\n" for at in range(20)})
    assert list(judged(tables, work, "./n0").unread) == ["n8"]


def test_20_000_harmless_lines_are_not_refused(tables: list[Table], work: Path) -> None:
    put(work, x_sh=FIRE + "".join([f'echo "$HOME/{at}" && cp a{at} "$B"\n' for at in range(20_000)]))
    found = judged(tables, work, "bash x.sh; canary maybe")
    assert found.decision.rule == "fire"
    assert list(found.unread) == ["x.sh"]
    put(work, x_sh="".join([f'echo "$HOME/{at}" && cp a{at} "$B"\n' for at in range(20_000)]))
    assert judged(tables, work, "bash x.sh; canary maybe").decision.rule == "maybe"
    assert judged(tables, work, "bash x.sh").decision.action.word == "allow"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        (
            "Makefile",
            "V = $(V1)$(V1)\n" + "".join([f"V{at}=$(V{at + 1})$(V{at + 1})\n" for at in range(1, 16)]),
            "make",
        ),
        ("Makefile", "a: " + "$(" * 100_000, "make"),
        ("Makefile", "all: x" + " " * 100_000 + "=\n" + "export " * 50_000, "make"),
        ("Makefile", "".join([f"t{at}: t{at + 1}\n\techo {at}\n" for at in range(20_000)]), "make"),
        ("justfile", "a" + " " * 100_000 + "b\n", "just"),
        ("justfile", "a: " + "(x" * 100_000 + "\n  echo " + "{{ " * 100_000, "just"),
        ("justfile", "a '\n" * 50_000, "just"),
        ("package.json", '{"scripts": {"test": "' + "(" * 100_000 + '"}}', "npm test"),
        ("x.sh", "case $1 in " + "a) x;; " * 50_000 + "esac\n", "bash x.sh"),
        ("x.sh", "x=$(cat <<EOF\n" * 5000, "bash x.sh"),
        ("x.sh", "a=x\n" + "a=$a$a\n" * 40 + "echo $a\n", "bash x.sh"),
    ],
    ids=range(11),
)
def test_what_is_made_to_take_long_is_left(tables: list[Table], work: Path, name: str, text: str, line: str) -> None:
    (work / name).write_text(text)
    start = time.thread_time()
    found = judged(tables, work, f"{line}; canary maybe")
    assert found.decision.rule == "maybe"
    assert time.thread_time() - start < 0.5  # it would take seconds, or for ever


def test_what_cannot_be_read_is_said_and_what_stands_before_counts(tables: list[Table], work: Path) -> None:
    put(work, x_sh=f"{FIRE}if then fi\ncanary maybe\n", y_sh="true\nif then fi\ncanary fire\n")
    assert decision(tables, work, "bash x.sh") == "deny x.sh:1"
    found = judged(tables, work, "bash y.sh")
    assert found.decision.action.word == "allow"
    assert found.unread == {"y.sh": "it can't be read as bash from line 2 on"}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("printf 'true\\ncanary fire\\n' >n.sh; bash n.sh", "deny n.sh:2"),
        ("cat >n.sh <<'EOF'\n#!/bin/sh\ncanary fire\nEOF\nchmod +x n.sh && ./n.sh", "deny n.sh:2"),
        ("echo 'canary fire' >>x.sh && bash x.sh", "deny x.sh:2"),
        ("echo 'canary fire' >>n.sh && bash n.sh", "deny n.sh:1"),
        ("bash x.sh; echo 'canary fire' >x.sh; bash x.sh", "deny x.sh:1"),
        ("f=n.sh; echo 'canary fire' >$f; sh ./$f", "deny n.sh:1"),
        ("cd sub && echo 'canary fire' >y && . ./y", "deny sub/y:1"),
        ("echo 'all: ; canary fire' >Makefile && make", "deny Makefile:1"),
        ("echo true >fire.sh; bash fire.sh", "allow"),
        ("echo 'canary fire' >n.sh; echo true >n.sh; bash n.sh", "allow"),
        ("echo 'canary fire' >n.sh; cat n.sh", "allow"),
        ("ssh host 'echo canary fire >n.sh'; bash n.sh", "allow"),
        ("date >fire.sh; bash fire.sh", "allow"),
        ("date >n.sh; echo 'canary fire' >>n.sh; bash n.sh", "allow"),
    ],
)
def test_a_file_is_what_the_line_writes_before(tables: list[Table], work: Path, line: str, found: str) -> None:
    put(work, x_sh="true\n", fire_sh=FIRE, sub__z="")
    assert decision(tables, work, line) == found
    unread = judged(tables, work, line).unread
    assert list(unread.values()) == (
        ["the line writes it first, and only the run can tell what"] if line.startswith("date") else []
    )
    assert (work / "x.sh").read_text() == "true\n"


def test_a_nul_hides_nothing(tables: list[Table], work: Path) -> None:
    put(work, x_sh=f"true\n\0\n{FIRE}")
    assert judged(tables, work, "bash x.sh").decision.rule == "fire"


def test_nothing_is_named_that_could_run_in_the_place_of_a_file_s_command(tables: list[Table], work: Path) -> None:
    from safeshell.shell.hook_line import told_to_hook  # of this test alone

    put(work, x_sh="canary old\n")
    asks = caller(tables)
    for line, instead in (("bash x.sh", None), ("canary old", "new old")):
        found = judged(tables, work, line)
        assert found.decision.action.word == "redirect"
        assert told_to_hook(line, found, asks)["instead"] == instead


LINES = [
    "canary fire",
    "canary maybe",
    "canary x",
    "A=fire; canary $A",
    "for a in x fire; do canary $a; done",
    "f() { canary fire; }; f",
    "cd sub && canary x",
    "(cd sub); canary x",
    "bash -c 'canary fire'",
    "canary <<EOF\nfire\nEOF",
    "echo canary fire",
    "eval 'canary fire'",
    "echo canary fire | sh",
    "true || canary fire",
    "trap 'canary fire' EXIT",
    "sudo canary fire",
    "if x; then canary maybe; fi",
    "canary old",
]


@pytest.mark.parametrize(
    ("run", "text", "found"),
    [
        ("bash x.sh", "f() { canary fire; }\n", "allow"),
        ("bash x.sh", "f() { canary fire; }\nexport -f f\nbash -c f\n", "deny x.sh:1"),
        ("bash x.sh", "f() { canary fire; }\ndeclare -fx f; make\n", "deny x.sh:1"),
        ("bash x.sh", "env 'BASH_FUNC_f%%=() { canary fire; }' bash -c f\n", "deny x.sh:1"),
        ("bash x.sh", "f() { canary fire; }\ntrap f EXIT\n", "deny x.sh:1"),
        ("zsh x.sh", "TRAPEXIT() { canary fire; }\n", "deny x.sh:1"),
        ("zsh x.sh", "chpwd() { canary fire }\ncd /\n", "deny x.sh:1"),
        ("zsh x.sh", "f() { canary fire }\n", "allow"),
    ],
)
def test_of_functions_those_run_that_something_calls(
    tables: list[Table], work: Path, run: str, text: str, found: str
) -> None:
    put(work, x_sh=text)
    assert decision(tables, work, run) == found


def test_a_script_is_read_once_and_by_its_own_shell(tables: list[Table], work: Path) -> None:
    put(work, x_sh="f() { canary x }\nf\n")
    found = judged(tables, work, "zsh ./x.sh")
    assert found.unread == {}
    assert [one.decision.subject for one in found.commands] == ["zsh ./x.sh", "f", "canary x"]


@pytest.mark.parametrize("line", LINES)
def test_a_line_in_a_script_is_decided_as_the_line(tables: list[Table], work: Path, line: str) -> None:
    put(work, x_sh=f"{line}\n", sub__y="", justfile="", Makefile="")
    bare = judged(tables, work, line).decision
    for run in ("bash x.sh", "./x.sh", ". ./x.sh"):
        found = judged(tables, work, run).decision
        assert (found.action, found.rule) == (bare.action, bare.rule)
        assert found.rule != OVERRUN


def test_none_is_read_where_that_is_not_asked(tables: list[Table], work: Path) -> None:
    put(work, x_sh=FIRE)
    asks = dataclasses.replace(caller(tables), directory=str(work))
    assert judge_line("bash x.sh", asks).decision.action.word == "allow"
    assert os.listdir(work) == ["x.sh"]

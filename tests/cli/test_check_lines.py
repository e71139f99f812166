"""`safeshell check -c`, and what commands run in turn: judged apart, so that the command line outlives every line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest
from harness import SAFESHELL, Cli, environment, safeshell, write

from safeshell.cli import checkline
from safeshell.home.paths import Home
from safeshell.shell.isolated import judge_apart
from safeshell.shell.judge import LineCaller, LineJudgement
from safeshell.shell.walked import LineCommand, WalkedLine
from safeshell.shell.words import Unknown, Word, plain

RULES = """\
version: 1
rules:
  - {name: precious, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: No.}
  - {name: ask, commands: [touch], action: require_approval, message: Ask.}
  - {name: trash, commands: [unlink], action: redirect, redirect_to: trash $ARGS, message: Moved.}
  - {name: main, commands: [git], conditions: [{git_branch_in: [main]}], action: deny, message: Main.}
  - {name: ci, commands: [make], conditions: [{env_equals: {variable: CI, value: '1'}}], action: deny, message: CI.}
"""
DEEP = "$(" * 80 + ")" * 80

pytestmark = pytest.mark.rules(RULES)


@pytest.mark.parametrize(
    ("line", "status", "word"),
    [
        ("ls; rm precious", 3, "deny"),
        ("ls | touch x", 4, "require_approval"),
        ("unlink a && ls", 5, "redirect"),
        ("echo 'rm precious'", 0, "allow"),
        ("rm $A", 3, "deny"),
        ("rm $B", 0, "allow"),
        ("", 0, "allow"),
    ],
)
def test_the_most_restrictive_is_printed(cli: Cli, line: str, status: int, word: str) -> None:
    done = cli("check", "--env", "A=precious", "-c", line)
    assert (done.status, done.err) == (status, "")
    assert done.out.startswith(f"{word}  ")
    assert json.loads(cli("check", "--env", "A=precious", "--json", "-c", line).out)["decision"] == word


def test_what_is_stated_counts(cli: Cli, tmp_path: Path) -> None:
    write(
        str(tmp_path / "rules.yaml"), "version: 1\nrules:\n  - {name: x, commands: [ls], action: deny, message: N.}\n"
    )
    table = str(tmp_path / "t")
    assert cli("compile", str(tmp_path / "rules.yaml"), "-o", table).status == 0
    asked = {
        ("--branch", "main", "-c", "cd . && git x"): 3,
        ("--branch", "topic", "-c", "git x"): 0,
        ("--env", "CI=1", "-c", "make"): 3,
        ("--env", "CI=1", "-c", "CI=0 make"): 0,
        ("--table", table, "-c", "ls"): 3,
        ("--table", table, "-c", "rm precious"): 0,
        ("-c", "rm $B"): 0,
        ("--no-shims", "-c", "rm $B"): 4,
        ("--cwd", "/", "-c", "cd etc; rm precious"): 3,
    }
    assert {words: cli("check", *words).status for words in asked} == asked


def test_a_line_that_overruns_is_denied_for_agents_and_warned_of_for_people(cli: Cli) -> None:
    message = "This line can't be judged: it nests more than 64 deep. Split it into several."
    denied = cli("check", "--context", "ai", "-c", DEEP)
    assert (denied.status, denied.err) == (3, "")
    assert denied.out.endswith(f"\n  rule line-overrun\n  {message}\ncontext  ai (--context)\n")
    allowed = cli("check", "--json", "-c", DEEP)
    assert (allowed.status, allowed.err) == (0, f"safeshell: {message} Let through, for no agent asks.\n")
    assert (json.loads(allowed.out)["decision"], json.loads(allowed.out)["rule"]) == ("allow", "line-overrun")
    in_turn = cli("check", "--context", "ai", "--", "sh", "-c", DEEP)
    assert (in_turn.status, in_turn.out.splitlines()[1:]) == (
        3,
        ["  rule line-overrun", f"  {message}", "context  ai (--context)"],
    )
    assert cli("check", "--", "sh", "-c", DEEP).err == allowed.err
    assert cli("check", "--", "sh", "-c", f"rm precious; {DEEP}").status == 3


def crash(line: str, caller: LineCaller) -> LineJudgement:
    del line, caller
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def hang(line: str, caller: LineCaller) -> LineJudgement:
    while line and caller:
        pass
    raise AssertionError


def fail(line: str, caller: LineCaller) -> LineJudgement:
    raise ValueError(line, caller)


def test_a_crash_of_the_parser_is_no_crash_of_the_command_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkline, "judge_line", crash)
    for who, status in (("ai", 3), ("human", 0)):
        done = cli("check", "--context", who, "-c", "ls")
        assert done.status == status
        assert "line-overrun\n  This line can't be judged: its parser crashed. Split it" in done.out
        assert done.err.count("its parser crashed") == (who == "human")


def test_a_judging_that_never_ends_is_ended(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkline, "judge_line", hang)
    monkeypatch.setattr(checkline, "judge_apart", partial(judge_apart, limit_s=0.01))
    done = cli("check", "--context", "ai", "-c", "ls")
    assert done.status == 3
    assert "it takes more than 0.01 s" in done.out


def test_a_bug_in_the_judging_is_reported_as_one(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkline, "judge_line", fail)
    assert cli("check", "--context", "ai", "-c", "ls").status == 70


@pytest.mark.parametrize(
    ("argv", "status", "subject"),
    [
        (["sh", "-c", "ls; rm precious"], 3, "rm precious"),
        (["/bin/bash", "-lc", "/bin/rm precious"], 3, "rm precious"),
        (["env", "A=precious", "sh", "-c", 'rm "$A"'], 3, "rm precious"),
        (["nice", "sh", "-c", 'touch "$@"', "x", "a"], 4, "touch a"),
        (["find", ".", "-exec", "rm", "precious", ";"], 3, "rm precious"),
        (["sh", "-c", "unlink a"], 5, "unlink a"),
        (["sh", "-c", "rm $B"], 0, "sh -c 'rm $B'"),
        (["sh", "-c", "echo 'rm precious'"], 0, """sh -c 'echo '"'"'rm precious'"'"''"""),
        (["sh", "x", "-c", "rm precious"], 0, "sh x -c 'rm precious'"),
        (["echo", "sh", "-c", "rm precious"], 0, "echo sh -c 'rm precious'"),
        (["xargs", "rm"], 0, "xargs rm"),
    ],
)
def test_what_a_command_runs_in_turn_is_judged(cli: Cli, argv: list[str], status: int, subject: str) -> None:
    done = cli("check", "--json", "--", *argv)
    found = json.loads(done.out)
    assert (done.status, done.err, found["subject"]) == (status, "", subject)
    subjects = [one["subject"] for one in found["spellings"]]
    assert len(set(subjects)) == len(subjects)
    assert subject in subjects


def test_what_decides_is_named_and_listed(cli: Cli, home: Home) -> None:
    found = json.loads(cli("check", "--json", "--", "sh", "-c", "ls; rm precious").out)
    assert (found["rule"], found["source"], found["message"]) == ("precious", f"{home.rules}:3", "No.")
    assert [one["rule"] for one in found["matched"]] == ["precious"]
    assert [one["subject"] for one in found["spellings"]] == ["sh -c 'ls; rm precious'", "ls", "rm precious"]
    explained = cli("check", "--explain", "--", "sh", "-c", "rm precious").out
    assert explained.endswith("\njudged as\nallow            sh -c 'rm precious'\ndeny   precious  rm precious\n")
    assert "dispatch" not in explained


def test_a_shell_line_behind_gits_alias_is_judged(cli: Cli, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    alias = 'f() { cd / && /bin/rm "$@"; }; f'
    subprocess.run(["git", "-C", tmp_path, "config", "alias.zap", f"!{alias}"], check=True)
    for argv in (["git", "zap", "precious"], ["nice", "git", "zap", "-f", "precious"]):
        assert cli("check", "--cwd", str(tmp_path), "--", *argv).status == 3
    assert cli("check", "--cwd", str(tmp_path), "-c", "git zap precious").status == 3
    assert cli("check", "--cwd", "/", "--", "git", "zap", "precious").status == 0


def test_what_could_drive_a_terminal_is_escaped(cli: Cli) -> None:
    assert cli("check", "-c", "ls '\x1b[2J\n'").out == "allow  ls '\\x1b[2J\\n'\ncontext  human\n"


def test_the_installed_command_judges_apart_too(home: Home) -> None:
    done = safeshell(home, "check", "--context", "ai", "--json", "-c", "git $A; rm a$B;" * 100)
    assert (done.returncode, len(json.loads(done.stdout)["commands"])) == (0, 200)
    long = subprocess.run(
        [SAFESHELL, "check", "--context", "ai", "-c", "'" + "a" * 120_000 + "' ((( rm"],
        env=environment(home),
        capture_output=True,
        check=False,
    )
    assert long.returncode == 3


def test_the_shell_of_a_line_is_named_or_an_error(cli: Cli) -> None:
    for shell in ("bash", "sh"):
        assert cli("check", "--shell", shell, "-c", "rm precious").status == 3
    done = cli("check", "--shell", "fish", "-c", "ls")
    assert (done.status, done.out) == (2, "")
    assert "'fish' is not one of 'bash', 'sh', 'zsh'" in done.err
    assert cli("check", "--shell", "bash", "--", "ls").status == 2


def test_what_only_the_run_can_tell_is_asked_about(cli: Cli, home: Home) -> None:
    done = cli("check", "--no-shims", "-c", 'rm "$B"')
    assert (done.status, done.out.splitlines()[1]) == (4, "  rule only-the-run-can-tell")
    message = done.out.splitlines()[2]
    assert message.startswith("  Only the run can tell `$B`")
    assert message.endswith(
        f", and with it `rm` could be what rule precious ({home.rules}:3) denies. Write the value itself."
    )
    found = json.loads(cli("check", "--no-shims", "--json", "-c", 'rm "$B"').out)
    assert (found["rule"], found["could_be"]) == ("only-the-run-can-tell", "precious")
    found = json.loads(cli("check", "--json", "--", "sh", "-c", '/bin/rm "$B"').out)
    assert (found["rule"], found["could_be"]) == ("only-the-run-can-tell", "precious")


TREE = """\
deny              precious               rm precious
    in /, a shim looks at what it comes to
allow                                    sh
    in /, no shim looks: it has no shim
require_approval  ask                      touch x
      where only the run can tell, no shim looks: it is far away
require_approval  only-the-run-can-tell      rm '$F'
        where only the run can tell, no shim looks: it isn't looked up along the caller's PATH
        could be what rule precious is about
        $F: the environment given doesn't have it
        A=$F: the environment given doesn't have it
deferred                                 rm '$F'
    in /, a shim looks at what it comes to
    $F: the environment given doesn't have it
"""


def test_a_line_is_explained_as_a_tree(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    inner, outer = plain("sh"), (plain("rm"), plain("precious"))
    unknown = Word((Unknown("$F", quoted=True, several=False, why="the environment given doesn't have it"),))
    walked = WalkedLine(
        [
            LineCommand(outer, outer, {}, "/", (0, 2), shims=True),
            LineCommand((inner,), (inner,), {}, "/", (0, 2), shims=True),
            LineCommand(
                (plain("touch"), plain("x")), (), {}, None, (0, 2), shims=False, parent=1, away="it is far away"
            ),
            LineCommand((plain("rm"), unknown), (), {"A": unknown}, None, (0, 2), shims=False, parent=2),
            LineCommand((plain("rm"), unknown), (), {}, "/", (0, 2), shims=True),
            LineCommand((plain("touch"), plain("x")), (), {}, None, (0, 2), shims=True, parent=1),  # once more
        ]
    )
    monkeypatch.setattr("safeshell.shell.judge.commands_of", lambda *_, **__: walked)
    done = cli("check", "--explain", "-c", "as above")
    assert done.status == 3
    assert done.out.split("context  human\n\n")[1] == TREE
    found = json.loads(cli("check", "--explain", "--json", "-c", "as above").out)["commands"]
    assert [one["parent"] for one in found] == [None, None, 1, 2, None, 1]
    assert [one["directory"] for one in found] == ["/", "/", None, None, "/", None]
    assert found[2]["unseen"] == "it is far away"
    assert found[3]["unknown"][0] == {"what": "$F", "why": "the environment given doesn't have it"}
    plainly = json.loads(cli("check", "--json", "-c", "as above").out)["commands"]
    assert "parent" not in plainly[0]


def test_the_files_that_a_line_runs_are_judged_with_it(cli: Cli, tmp_path: Path) -> None:
    write(str(tmp_path / "x.sh"), "#!/bin/sh\nls\nrm precious\n")
    write(str(tmp_path / "y.sh"), "if then fi\n")
    done = cli("check", "--cwd", str(tmp_path), "--explain", "-c", "bash x.sh; bash y.sh")
    assert done.status == 3
    assert "  x.sh:3: `rm precious`: No.\n" in done.out
    assert "deny   precious    x.sh:3: rm precious\n" in done.out
    assert done.out.endswith("not read: y.sh: it can't be read as bash from line 1 on\n")
    found = json.loads(cli("check", "--cwd", str(tmp_path), "--json", "-c", "bash x.sh; bash y.sh").out)
    assert [one["file"] for one in found["commands"] if one["decision"] == "deny"] == ["x.sh:3"]
    assert found["unread"] == {"y.sh": "it can't be read as bash from line 1 on"}


def test_no_file_is_read_for_a_command_as_a_shim_asks_about_it(cli: Cli, tmp_path: Path) -> None:
    write(str(tmp_path / "x.sh"), "rm precious\n")
    assert cli("check", "--cwd", str(tmp_path), "--", "bash", "x.sh").status == 0

"""`safeshell check`: the daemon's decision without a daemon."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from harness import MARKER, SAFESHELL, Cli, Daemon, environment, write

from safeshell.client import evaluate
from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - {name: no-precious, commands: [rm], conditions: [{command_contains: precious}], action: deny, message: Precious.}
  - {name: also, commands: ['r*'], action: deny, message: Also., conditions: [{command_contains: precious}]}
  - {name: ask, commands: [touch], action: require_approval, message: Ask.}
  - {name: trash, commands: [unlink], action: redirect, redirect_to: trash $ARGS, message: Trashed.}
  - {name: main, commands: [git], conditions: [{git_branch_in: [main]}], action: deny, message: Main.}
  - {name: agents, commands: [ssh], context: ai_only, action: deny, message: Agents.}
  - {name: ci, commands: [make], conditions: [{env_equals: {variable: CI, value: a=b}}], action: deny, message: CI.}
  - {name: home, commands: [cp], action: deny, message: H, conditions: [{env_equals: {variable: HOME, value: /x}}]}
  - {name: here, commands: [mv], directory: /tmp/ss, action: deny, message: Here.}
"""

pytestmark = pytest.mark.rules(RULES)


@pytest.mark.parametrize(
    ("argv", "status", "word"),
    [
        (["ls"], 0, "allow"),
        (["rm", "precious"], 3, "deny"),
        (["/usr/bin/rm", "precious"], 3, "deny"),
        (["touch", "x"], 4, "require_approval"),
        (["unlink", "x"], 5, "redirect"),
        (["no-such-command"], 0, "allow"),
    ],
)
def test_the_exit_status_is_the_decision(cli: Cli, argv: list[str], status: int, word: str) -> None:
    done = cli("check", "--", *argv)
    assert (done.status, done.err) == (status, "")
    assert done.out.startswith(f"{word}  ")
    done = cli("check", "--json", "--", *argv)
    assert (done.status, done.err, json.loads(done.out)["decision"]) == (status, "", word)


def test_for_people_it_says_which_rule_and_why(cli: Cli, home: Home) -> None:
    assert cli("check", "--", "rm", "-r", "precious things").out == (
        f"deny  rm -r 'precious things'\n  rule no-precious ({home.rules}:3)\n  Precious.\ncontext  human\n"
    )
    assert cli("check", "--", "ls").out == "allow  ls\ncontext  human\n"


def test_the_object_is_the_contracts(cli: Cli, home: Home) -> None:
    found = json.loads(cli("check", "--json", "--branch", "main", "--", "git", "push").out)
    expected = {
        "decision": "deny",
        "rule": "main",
        "message": "Main.",
        "source": f"{home.rules}:7",
        "matched": [{"rule": "main", "action": "deny", "source": f"{home.rules}:7"}],
        "subject": "git push",
        "facts": {"branch": "main"},
        "cached": False,
    }
    assert {key: found[key] for key in expected} == expected
    assert len(found["table"]) == 64
    every = json.loads(cli("check", "--json", "--", "rm", "precious").out)
    assert [match["rule"] for match in every["matched"]] == ["no-precious", "also"]
    nothing = json.loads(cli("check", "--json", "--", "ls").out)
    assert (nothing["rule"], nothing["message"], nothing["source"], nothing["matched"]) == (None, None, None, [])


def test_where_an_approval_may_come_from_is_said(cli: Cli, tmp_path: Path) -> None:
    rules, table = tmp_path / "r.yaml", str(tmp_path / "t")
    head = (
        "version: 1\nrules: [{name: a, commands: [mail], action: require_approval, message: m, tests: {match: [mail]}"
    )
    rules.write_text(f"{head}, approval: outside}}]\n")
    assert cli("compile", str(rules), "-o", table).status == 0
    assert "approval outside: never by the agent's own prompt" in cli("check", "--table", table, "--", "mail").out
    of_line = cli("check", "--table", table, "--json", "--", "sh", "-c", "mail a").out
    assert json.loads(of_line)["approval"] == "outside"
    rules.write_text(f"{head}}}]\n")
    assert cli("compile", str(rules), "-o", table).status == 0
    assert "approval" not in cli("check", "--table", table, "--", "mail").out.partition("\n")[2]
    assert json.loads(cli("check", "--table", table, "--json", "--", "mail").out)["approval"] == "any"


def test_what_is_stated_counts(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "a=b")
    monkeypatch.setenv("HOME", "/x")
    asked = {
        ("--branch", "main", "--", "git"): 3,
        ("--branch", "topic", "--", "git"): 0,
        ("--", "ssh"): 0,
        ("--context", "ai", "--", "ssh"): 3,
        ("--context", "human", "--", "ssh"): 0,
        ("--env", f"{MARKER}=1", "--", "ssh"): 3,
        ("--env", f"{MARKER}=", "--", "ssh"): 0,
        ("--", "make"): 0,
        ("--env", "CI=a=b", "--", "make"): 3,
        ("--", "cp"): 3,
        ("--env", "HOME=/home/y", "--", "cp"): 0,
        ("--", "mv"): 3,
        ("--cwd", "/", "--", "mv"): 0,
    }
    assert {words: cli("check", *words).status for words in asked} == asked


@pytest.mark.parametrize(
    ("environment", "options", "words"),
    [
        ({}, (), "human"),
        ({MARKER: "1"}, (), f"ai ({MARKER})"),
        ({MARKER: ""}, (), "human"),
        ({"SAFESHELL_CONTEXT": "ai"}, (), "ai (SAFESHELL_CONTEXT)"),
        ({"SAFESHELL_CONTEXT": "human", MARKER: "1"}, (), f"ai ({MARKER})"),
        ({MARKER: "1"}, ("--context", "human"), "human (--context)"),
        ({MARKER: "1"}, ("--env", f"{MARKER}="), "human"),
        ({}, ("--env", f"{MARKER}=1"), f"ai ({MARKER})"),
        ({}, ("--context", "ai"), "ai (--context)"),
    ],
)
def test_u5_who_asks_is_whoever_runs_it_and_is_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], options: tuple[str, ...], words: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    status = 3 if words.startswith("ai") else 0
    for asked in (("--", "ssh"), ("-c", "ssh"), ("--", "sh", "-c", "ssh")):
        done = cli("check", *options, *asked)
        assert (done.status, done.out.splitlines()[-1]) == (status, f"context  {words}")
        found = json.loads(cli("check", *options, "--json", *asked).out)
        who, _, by = words.partition(" (")
        assert (found["context"], found["context_by"]) == (who, by.rstrip(")") or None)


def test_u5_one_word_with_blanks_is_a_line(cli: Cli, tmp_path: Path) -> None:
    done = cli("check", "rm -rf 'a b'")
    assert (done.status, done.out) == (2, "")
    assert done.err.endswith("Did you mean a line? safeshell check -c 'rm -rf '\"'\"'a b'\"'\"''\n")
    assert cli("check", "--", "rm -rf").status == 2
    program = tmp_path / "my program"
    program.write_text("")
    assert cli("check", str(program)).status == 2
    program.chmod(0o755)
    assert cli("check", str(program)).out.startswith("allow  'my program'\n")
    assert cli("check", "rm", "a b").status == 0


def test_a_directory_that_is_not_there_is_said(cli: Cli) -> None:
    assert cli("check", "--cwd", "/no/such", "--", "ls") == (1, "", "safeshell: /no/such is not a directory\n")


def test_options_after_the_command_are_the_commands(cli: Cli) -> None:
    assert cli("check", "--", "rm", "--json", "--help", "precious").out.startswith("deny  rm --json --help precious\n")


def test_it_agrees_with_the_daemon(daemon: Daemon, cli: Cli) -> None:
    for argv in (["rm", "precious"], ["ls"], ["touch", "é"], ["unlink", "a b"]):
        ours = json.loads(cli("check", "--json", "--env", "PATH=/bin", "--", *argv).out)
        theirs = evaluate(argv, env={"PATH": "/bin"}, home=daemon.home)
        for key in ("decision", "rule", "message", "source", "subject", "table"):
            assert ours[key] == theirs[key]


def test_an_edit_is_compiled_and_a_broken_one_is_said(cli: Cli, home: Home) -> None:
    write(home.rules, RULES.replace("commands: [rm]", "commands: [ls]"))
    assert cli("check", "--", "ls", "precious").status == 3
    write(home.rules, "version: 1\nrules: [{}]\n")
    status, out, err = cli("check", "--", "ls", "precious")
    assert status == 3
    assert out.startswith("deny")
    assert err.startswith(f"safeshell: {home.rules}:2:")
    assert err.endswith("; the last good rules stay in force\n")


def test_without_rules_it_says_what_to_do(cli: Cli, home: Home) -> None:
    os.unlink(home.rules)
    assert cli("check", "--", "ls") == (
        1,
        "",
        f"safeshell: {home.rules} does not exist\n  hint: run `safeshell init`\n",
    )


def test_a_table_of_its_own(cli: Cli, tmp_path: Path) -> None:
    rules, table = tmp_path / "other.yaml", tmp_path / "other.table"
    write(str(rules), "version: 1\nrules:\n  - {name: no-ls, commands: [ls], action: deny, message: No.}\n")
    digest = cli("compile", str(rules), "-o", str(table)).out.split()[0]
    found = json.loads(cli("check", "--table", str(table), "--json", "--", "ls").out)
    assert (found["rule"], found["source"], found["table"]) == ("no-ls", "other.yaml:3", digest)
    assert cli("check", "--table", str(table), "--", "rm", "precious").status == 0
    assert cli("check", "--table", str(rules), "--", "ls") == (
        1,
        "",
        f"safeshell: {rules} is not a table file\n  hint: run `safeshell compile`\n",
    )


def test_a_repositorys_rules_count_and_broken_ones_are_skipped(cli: Cli, tmp_path: Path) -> None:
    rules = tmp_path / ".safeshell/rules.yaml"
    write(str(rules), "version: 1\nrules:\n  - {name: no-ls, commands: [ls], action: deny, message: No.}\n")
    rules.parent.chmod(0o700)
    (tmp_path / "below").mkdir()
    assert cli("check", "--cwd", str(tmp_path / "below"), "--", "ls").status == 3
    assert cli("check", "--", "ls").status == 0
    write(str(rules), "version: 1\nrules:\n  - {name: x, commands: [ls], action: allow, message: No.}\n")
    status, out, err = cli("check", "--cwd", str(tmp_path), "--", "ls")
    assert (status, out) == (0, "allow  ls\ncontext  human\n")
    assert err.endswith("this repository's rules are skipped\n")


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_only_where_it_is_wanted(home: Home, variables: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    env = {**environment(home), "TERM": "xterm", **variables}
    done = subprocess.run([SAFESHELL, "check", "--", "rm", "precious"], env=env, stdout=theirs, check=False)
    os.close(theirs)
    text = os.read(ours, 4096)
    os.close(ours)
    assert done.returncode == 3
    assert (b"\x1b[" in text) is coloured


def test_a_command_is_judged_as_what_it_runs(cli: Cli, home: Home) -> None:
    done = cli("check", "--json", "--", "nice", "-n5", "env", "A=1", "rm", "precious")
    found = json.loads(done.out)
    assert (done.status, found["decision"], found["rule"]) == (3, "deny", "no-precious")
    assert found["subject"] == "rm precious"
    assert [match["rule"] for match in found["matched"]] == ["no-precious", "also"]
    assert found["spellings"] == [
        {"subject": "nice -n5 env A=1 rm precious", "decision": "allow", "rule": None, "source": None},
        {"subject": "env A=1 rm precious", "decision": "allow", "rule": None, "source": None},
        {"subject": "rm precious", "decision": "deny", "rule": "no-precious", "source": f"{home.rules}:3"},
    ]
    assert cli("check", "--", "env", "CI=a=b", "make").status == 3
    assert cli("check", "--env", "CI=a=b", "--", "env", "-u", "CI", "make").status == 0
    assert cli("check", "--", "sudo", "unlink", "x").status == 3
    assert cli("check", "--context", "ai", "--", "env", "-i", "ssh").status == 3


def test_the_spelling_that_decides_is_explained_and_the_others_listed(cli: Cli) -> None:
    done = cli("check", "--explain", "--", "env", "rm", "precious")
    assert "subject    rm precious" in done.out
    assert "exact rm: 1 of 1 rows left open" in done.out
    assert done.out.endswith("judged as\nallow               env rm precious\ndeny   no-precious  rm precious\n")
    assert "judged as" not in cli("check", "--explain", "--", "rm", "precious").out
    deep = cli("check", "--explain", "--json", "--", *["env"] * 70, "ls")
    assert (deep.status, json.loads(deep.out)["rule"]) == (3, "nested-too-deep")


def test_wrapped_commands_are_decided_as_the_daemon_does(daemon: Daemon, cli: Cli) -> None:
    for argv in (
        ["env", "rm", "precious"],
        ["nice", "touch", "x"],
        ["env", "unlink", "a"],
        ["env", "-C", "/tmp", "ls"],
    ):
        ours = json.loads(cli("check", "--json", "--env", "PATH=/bin", "--", *argv).out)
        theirs = evaluate(argv, env={"PATH": "/bin"}, home=daemon.home)
        for key in ("decision", "rule", "message", "source", "subject"):
            assert ours[key] == theirs[key], argv


FILE_RULES = """\
version: 1
rules:
  - name: stay
    context: ai_only
    conditions: [{writes_outside: ['@project']}]
    action: deny
    message: Write inside of the project.
    tests: {match: [{writes: [/etc/hosts], cwd: /w}]}
  - name: ask-first
    conditions: [{reads_matches: 'secret$'}]
    action: require_approval
    message: Say why.
    tests: {match: [{reads: [/a/secret]}]}
"""


def test_a_file_tools_call_is_judged_in_place_of_a_command(cli: Cli, home: Home, tmp_path: Path) -> None:
    Path(home.rules).write_text(FILE_RULES, encoding="utf-8")
    asked = ("check", "--context", "ai", "--cwd", str(tmp_path))
    assert cli(*asked, "--writes", "x").status == 0
    status, out, _ = cli(*asked, "--writes", "x", "--writes", "/etc/two words")
    assert status == 3
    assert out.startswith("deny  writes x '/etc/two words'\n  rule stay (")
    assert cli(*asked, "--reads", "a/secret").status == 4
    assert cli("check", "--context", "human", "--writes", "/etc/x").status == 0
    found = json.loads(cli(*asked, "--writes", "/etc/x", "--json", "--explain").out)
    assert (found["decision"], found["rule"]) == ("deny", "stay")
    assert found["facts"]["writes"] == ["/etc/x"]
    assert found["explain"]["candidates"][0]["rule"] == "stay"
    assert "outside of @project" in cli(*asked, "--writes", "/etc/x", "--explain").out


def test_a_file_is_judged_by_the_rules_of_its_own_repository(cli: Cli, home: Home, tmp_path: Path) -> None:
    Path(home.rules).write_text("version: 1\nrules: []\n", encoding="utf-8")
    inside = tmp_path / "other" / ".safeshell"
    inside.mkdir(parents=True, mode=0o700)
    rules = FILE_RULES.replace("    context: ai_only\n", "").replace("'@project'", "/nowhere")
    (inside / "rules.yaml").write_text(rules, encoding="utf-8")
    (inside / "rules.yaml").chmod(0o600)
    (tmp_path / "here").mkdir()
    asked = ("check", "--cwd", str(tmp_path / "here"), "--writes")
    assert cli(*asked, "x").status == 0
    assert cli(*asked, str(tmp_path / "other" / "new" / "x")).status == 3


def test_files_go_with_no_command(cli: Cli) -> None:
    for more in (("--", "ls"), ("-c", "ls")):
        status, _, err = cli("check", "--writes", "x", *more)
        assert status == 2
        assert "--writes and --reads take no COMMAND and no -c LINE" in err
    assert "an empty PATH names no file" in cli("check", "--reads", "").err

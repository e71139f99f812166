"""Broken rules of a repository: said to everybody until they are mended; agents are asked where they could restrict."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from harness import MARKER, PATH, Cli, Daemon, run, running_daemon, safeshell, sync_shims, write

from safeshell.cli.probes.configuration import probe_repositories
from safeshell.client import evaluate, execute
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.sources import policy_source
from safeshell.daemon.sources.origin import Origin
from safeshell.daemon.sources.policy_source import Policies
from safeshell.home.paths import Home
from safeshell.policy.store.reading import Inherited


def reap_children() -> None:
    """Takes what compilers, which have ended, left behind."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # not for the daemon that other tests share
            pass


AGENT = {"PATH": PATH, MARKER: "1"}
PERSON = {"PATH": PATH}

DENY = """\
version: 1
rules:
  - {name: no-push, commands: [git], conditions: [{command_contains: push}], action: deny, message: No.}
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the rules of the repository that commands run in are to be."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".safeshell").mkdir(mode=0o755)
    return str(tmp_path / ".safeshell/rules.yaml")


def asks(home: Home, *words: str, env: dict[str, str] = AGENT) -> bool:
    """Whether these words need approval; whatever else is decided is an allow."""
    decision = evaluate(words, env=env, home=home)["decision"]
    assert decision in ("allow", "require_approval"), decision
    return bool(decision == "require_approval")


def test_u6_each_command_is_told_until_the_rules_are_mended(daemon: Daemon, rules: str) -> None:
    sync_shims(daemon.home)
    cwd = os.path.dirname(os.path.dirname(rules))
    write(rules, DENY.replace("action", "actoin"), 0o644)
    for env in ({}, {MARKER: "1"}, {}, {}, {}):
        done = run(daemon.home, "cat", env=env, cwd=cwd)
        assert done.returncode == 0
        (line,) = done.stderr.decode().splitlines()
        assert line.startswith(f"safeshell: {rules}:3:5: SS203 'action' is missing")
        assert line.endswith("this repository's rules are skipped")
    shown = safeshell(daemon.home, "daemon", "status").stdout
    assert f"{rules}:3:5: SS203" in shown
    write(rules, DENY, 0o644)
    for _ in range(3):
        assert run(daemon.home, "cat", cwd=cwd).stderr == b""


def test_u6_each_command_is_told_of_last_good_rules_that_stay(daemon: Daemon, rules: str) -> None:
    write(rules, DENY, 0o644)
    assert evaluate(["git", "push"], env=PERSON, home=daemon.home)["decision"] == "deny"
    write(rules, "rules: [", 0o644)
    for _ in range(3):
        done = execute(["git", "push"], env=PERSON, home=daemon.home)
        assert done.returncode == 126
        told, denied = done.message.splitlines()
        assert told.endswith("the last good rules stay in force")
        assert "denied by rule no-push" in denied
    assert not asks(daemon.home, "git", "status")


def test_u6_the_next_daemon_tells_it_too(home: Home, rules: str) -> None:
    write(rules, DENY.replace("action", "actoin"), 0o644)
    for _ in range(2):
        with running_daemon(home):
            assert asks(home, "git", "push")
            assert "SS203" in execute(["cat"], env=PERSON, home=home).message


def test_u6_an_heir_finds_it_out_again(home: Home, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a daemon was told of broken rules isn't handed over with the tables: neither is that they are known."""
    monkeypatch.setattr(policy_source, "WAIT_S", 20.0)
    loop, path = Loop(), (os.fsencode(rules),)
    for text, stands_in in ((DENY, False), ("rules: [", False), (DENY.replace("action", "actoin"), True)):
        write(rules, text, 0o644)
        if stands_in:
            os.unlink(home.tables)  # no last good ones
        policies = Policies(home, loop)
        policies.load()
        policies.compile(policies.stale(path), lambda _ended: loop.stop())
        loop.run()
        reap_children()
        heir = Policies(home, loop)
        heir.load(Inherited([os.dup(each) for each in policies.descriptors()]))
        assert bool(heir.stale(path)) is (text != DENY)
        kept = [layer["rules"] for layer in heir.describe()["layers"] if layer["table"]]
        assert (rules in kept) is not stands_in
    loop.close()


ONE = DENY.replace("no-push", "one")
TWO = "{name: two, commands: [make], action: deny, message: m}"
ASKED: dict[str, tuple[str, list[str], list[str]]] = {
    # rules; what of them is asked about; what isn't
    "one rule of two": (f"{ONE}  - {TWO.replace('action', 'actoin')}\n", ["git push", "make"], ["git log"]),
    "a pattern": (
        f"{ONE}  - {TWO[:-1]}, conditions: [{{command_matches: '(?=x)'}}]}}\n",
        ["git push", "make x"],
        ["git log"],
    ),
    "a redirect": (ONE.replace("action: deny", "action: redirect, redirect_to: 'true'"), ["git push"], ["git log"]),
    "an allow": (f"{ONE}  - {TWO.replace('deny', 'allow')}\n", ["git push"], ["make"]),
    "a timeout": (ONE.replace("message", "timeout: 1s, message"), ["git push"], ["git log"]),
    "people's": (ONE.replace("action: deny", "context: human_only, actoin: deny"), [], ["git push"]),
    "no YAML": (
        "version: 1\nrules:\n  - name: one\n    commands: [git, make\n    action: deny\n",
        ["git", "make"],
        ["ls"],
    ),
    "no YAML, as a list": ("rules:\n - commands:\n   - 'git'  # all\n   - make\n - ]\n", ["git", "make"], ["ls"]),
    "another version": (ONE.replace("1", "9", 1), ["git push"], ["git log"]),
    "a name for a list": (ONE.replace("[git]", "git"), ["git"], ["ls"]),
    "another key": (ONE.replace("commands", "command"), ["git"], ["ls"]),
    "an override": (f"{ONE}overrides: [{{name: x, disabled: true}}]\n", ["git push"], ["git log"]),
    "an include": (f"include: [/etc/passwd, pack:git]\n{ONE}", ["git push", "git reset --hard"], ["git log"]),
    "nothing that could be told": ("rules: [", [], ["git push"]),
}


@pytest.mark.shared
@pytest.mark.parametrize("case", ASKED)
def test_u6_agents_are_asked_where_a_broken_rule_could_restrict(daemon: Daemon, rules: str, case: str) -> None:
    text, asked, free = ASKED[case]
    write(rules, text, 0o644)
    for line in asked:
        assert asks(daemon.home, *line.split()), line
        assert not asks(daemon.home, *line.split(), env=PERSON)
    for line in free:
        assert not asks(daemon.home, *line.split()), line


def test_u6_agents_are_asked_of_rules_that_others_may_write(daemon: Daemon, rules: str) -> None:
    write(rules, DENY, 0o666)
    assert asks(daemon.home, "git", "push")
    assert not asks(daemon.home, "git", "log")
    assert not asks(daemon.home, "git", "push", env=PERSON)


def test_u6_what_stands_in_goes_with_the_next_edit(daemon: Daemon, rules: str) -> None:
    write(rules, ONE.replace("action", "actoin"), 0o644)
    assert (asks(daemon.home, "git"), asks(daemon.home, "make")) == (True, False)
    write(rules, ONE.replace("action", "actoin").replace("git", "make"), 0o644)
    assert (asks(daemon.home, "git"), asks(daemon.home, "make")) == (False, True)
    write(rules, "version: 1\nrules:\n  - {name: x, commands: [ls], action: deny, message: m}\n", 0o644)
    assert (asks(daemon.home, "git"), asks(daemon.home, "make")) == (False, False)


def test_u6_doctor_says_it(daemon: Daemon, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert probe_repositories(daemon.home) is None
    write(rules, ONE.replace("action", "actoin"), 0o644)
    found = probe_repositories(daemon.home)  # of the repository around
    assert found is not None
    assert (found.ok, f"{rules}:3:5" in found.found) == (False, True)
    assert asks(daemon.home, "git", "push")
    monkeypatch.chdir("/")
    found = probe_repositories(daemon.home)  # of one that the daemon has met
    assert found is not None
    assert (found.ok, f"{rules}:3:5" in found.found) == (False, True)
    write(rules, ONE, 0o644)
    monkeypatch.chdir(os.path.dirname(os.path.dirname(rules)))
    assert evaluate(["git", "log"], env=PERSON, home=daemon.home)["decision"] == "allow"
    found = probe_repositories(daemon.home)
    assert found is not None
    assert (found.ok, found.found) == (True, "1 with rules that compile")


def test_u6_check_says_the_same(cli: Cli, rules: str) -> None:
    write(rules, ONE.replace("action", "actoin"), 0o644)
    cwd = os.path.dirname(os.path.dirname(rules))
    done = cli("check", "--cwd", cwd, "--context", "ai", "--", "git", "push")
    assert done.status == 4
    assert "agents are asked for approval" in done.err
    assert cli("check", "--cwd", cwd, "--context", "human", "--", "git", "push").status == 0


def test_u6_a_terminal_is_told_once_a_minute_of_the_users_own_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("safeshell.daemon.sources.origin.time.monotonic", lambda: now)
    origin = Origin("user", "/rules.yaml")
    assert not origin.is_due(lambda: True)
    origin.answered({"/": None}, "an error", "safeshell: an error")
    told = []
    for terminal in (True, False, True, True):
        now += 40
        told.append(origin.is_due(lambda shown=terminal: shown))  # type: ignore[misc]
    assert told == [False, False, True, False]
    assert not origin.persists
    assert Origin("repository", "/r").persists is False
    of_others = Origin("repository", "/r")
    of_others.answered({"/": None}, "an error", "safeshell: an error")
    assert all(of_others.is_due(lambda: False) for _ in range(3))

"""Edits: the next command sees them; what is broken leaves the last good rules in force, and says so."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from harness import MARKERS, PATH, PATIENCE_S, RULES, Daemon, run, running_daemon, safeshell, sync_shims, write
from needs import need

from safeshell.client import Result, execute
from safeshell.command.command_line import block
from safeshell.daemon.core.loop import Loop
from safeshell.daemon.sources.policy_source import Policies
from safeshell.errors import TableError
from safeshell.home.paths import Home
from safeshell.policy.context import Context
from safeshell.policy.decision import Action
from safeshell.policy.facts import RequestFacts
from safeshell.policy.store.reading import read_current

DENY_ECHO = """\
version: 1
rules:
  - {name: no-echo, commands: [echo], action: deny, message: Quiet.}
"""
DENY_LS = DENY_ECHO.replace("echo", "ls")
BROKEN = "version: 1\nrules:\n  - {name: x, actoin: deny}\n"


def echo(home: Home, *words: str, **env: str) -> Result:
    return execute(["echo", *words], env={"PATH": PATH, **env}, home=home)


# The user's rules


def test_the_next_command_sees_an_edit(daemon: Daemon) -> None:
    assert echo(daemon.home).returncode == 0
    write(daemon.home.rules, DENY_ECHO)
    done = echo(daemon.home)
    assert (done.returncode, done.message) == (
        126,
        f"safeshell: denied by rule no-echo ({daemon.home.rules}:3): Quiet.\n",
    )
    write(daemon.home.rules, RULES)
    assert echo(daemon.home).returncode == 0
    assert daemon.status()["reloads"] == 2


def test_an_edit_in_place_of_the_same_size_is_seen(daemon: Daemon) -> None:
    with open(daemon.home.rules, "r+", encoding="utf-8") as stream:
        text = stream.read()
        stream.seek(0)
        stream.write(text.replace("commands: [rm]", "commands: [ls]"))
    assert execute(["ls", "precious"], env={"PATH": PATH}, home=daemon.home).returncode == 126


def test_a_broken_edit_keeps_the_last_good_rules_and_says_so_once(daemon: Daemon) -> None:
    write(daemon.home.rules, DENY_ECHO)
    assert echo(daemon.home).returncode == 126
    write(daemon.home.rules, BROKEN)
    first, second = echo(daemon.home), echo(daemon.home)
    assert (first.returncode, second.returncode) == (126, 126)
    notice, denial = first.message.splitlines()
    assert notice.startswith(f"safeshell: {daemon.home.rules}:3:")
    assert notice.endswith("; the last good rules stay in force")
    assert second.message.splitlines() == [denial]
    assert daemon.status()["error"] in notice
    write(daemon.home.rules, RULES)
    assert echo(daemon.home).message == ""
    assert daemon.status()["error"] is None


def test_rules_that_are_taken_away_stay_in_force(daemon: Daemon) -> None:
    os.unlink(daemon.home.rules)
    done = execute(["rm", "precious"], env={"PATH": PATH}, home=daemon.home)
    assert done.returncode == 126
    assert "the last good rules stay in force" in done.message
    assert daemon.home.rules in daemon.status()["error"]


def test_an_included_files_edit_is_seen_and_a_new_file_of_an_included_directory_is(daemon: Daemon) -> None:
    team, more = os.path.join(daemon.home.root, "team.yaml"), os.path.join(daemon.home.root, "rules.d")
    write(team, DENY_LS)
    write(os.path.join(more, "a.yaml"), DENY_LS.replace("no-ls", "no-cat").replace("ls", "cat"))
    write(daemon.home.rules, "version: 1\ninclude: [./team.yaml, ./rules.d]\nrules: []\n")
    assert echo(daemon.home).returncode == 0
    write(team, DENY_ECHO)
    assert echo(daemon.home).returncode == 126
    write(team, DENY_LS)
    assert echo(daemon.home).returncode == 0
    write(os.path.join(more, "b.yaml"), DENY_ECHO)
    done = echo(daemon.home)
    assert (done.returncode, f"({more}/b.yaml:3)" in done.message) == (126, True)
    os.unlink(os.path.join(more, "b.yaml"))
    assert echo(daemon.home).returncode == 0


def test_commands_that_wait_for_one_edit_share_its_compilation(daemon: Daemon) -> None:
    from concurrent.futures import ThreadPoolExecutor

    write(daemon.home.rules, DENY_ECHO)
    with ThreadPoolExecutor(12) as threads:
        found = [done.returncode for done in threads.map(lambda _: echo(daemon.home), range(12))]
    assert found == [126] * 12
    assert daemon.status()["reloads"] == 1


def test_settings_take_effect(daemon: Daemon) -> None:
    sync_shims(daemon.home)
    assert run(daemon.home, "echo").returncode == 0
    assert "in_place" not in daemon.status()["placement"]
    write(daemon.home.config, MARKERS + "execution: in_place\n")
    assert run(daemon.home, "echo").returncode == 0
    assert daemon.status()["placement"]["in_place"]["reasons"] == {"execution: in_place": 1}
    write(daemon.home.rules, DENY_ECHO.replace("action", "context: ai_only, action"))
    write(daemon.home.config, "agents: {markers: [MY_AGENT]}\nlimits: {request_bytes: 64KiB}\n")
    assert echo(daemon.home).returncode == 0
    assert echo(daemon.home, CLAUDECODE="1").returncode == 0
    assert echo(daemon.home, MY_AGENT="1").returncode == 126
    assert echo(daemon.home, "x" * 70_000).returncode == 125


def test_broken_settings_leave_everything_as_it_is(daemon: Daemon) -> None:
    write(daemon.home.config, "execution: somewhere\n")
    done = echo(daemon.home)
    assert done.returncode == 0
    assert daemon.home.config in done.message
    assert daemon.home.config in daemon.status()["error"]


# What was published


def test_a_damaged_table_file_is_compiled_again(home: Home) -> None:
    with open(home.tables, "r+b") as stream:
        stream.truncate(5000)
    with running_daemon(home) as daemon:
        assert "cut short" in daemon.status()["error"]
        assert execute(["rm", "precious"], env={"PATH": PATH}, home=home).returncode == 126
        assert daemon.status()["error"] is None
    assert read_current(home.tables, [home.rules])[0]
    assert os.path.exists(f"{home.tables}.damaged")


def test_a_table_file_damaged_under_a_running_daemon_changes_nothing(daemon: Daemon) -> None:
    size = os.path.getsize(daemon.home.tables)
    for damage in (0, size // 2, size):
        os.truncate(daemon.home.tables, damage)
        assert execute(["rm", "precious"], env={"PATH": PATH}, home=daemon.home).returncode == 126
    Path(daemon.home.tables).write_bytes(os.urandom(size))
    assert echo(daemon.home).returncode == 0
    write(daemon.home.rules, DENY_ECHO)
    assert echo(daemon.home).returncode == 126
    assert daemon.status()["error"] is None
    assert read_current(daemon.home.tables, [daemon.home.rules])[0]


def test_a_table_file_that_cannot_be_written_leaves_the_rules_in_force(daemon: Daemon) -> None:
    lock = f"{daemon.home.tables}-lock"
    os.unlink(lock)
    os.mkdir(lock)
    write(daemon.home.rules, DENY_ECHO)
    done = echo(daemon.home)
    assert done.returncode == 126
    assert "the rules are in force until the daemon ends" in done.message
    assert "can't write" in daemon.status()["error"]


def test_rules_that_never_compiled_run_nothing(home: Home) -> None:
    os.unlink(home.tables)
    write(home.rules, BROKEN)
    with running_daemon(home):
        done = echo(home)
        assert (done.returncode, done.ran) == (125, False)
        assert "no rules are in force: " in done.message
        assert f"{home.rules}:3:" in done.message
        write(home.rules, RULES)
        assert echo(home).returncode == 0


def test_the_daemon_takes_up_what_was_published_without_compiling(home: Home) -> None:
    with running_daemon(home) as daemon:
        assert echo(home).returncode == 0
        assert daemon.status()["reloads"] == 0


# A repository's rules


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory where commands run; its rules are to be written by the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_rules(repository: Path, text: str) -> Path:
    path = repository / ".safeshell/rules.yaml"
    write(str(path), text)
    path.parent.chmod(0o700)
    return path


def test_a_repositorys_rules_tighten_the_users(daemon: Daemon, repository: Path) -> None:
    assert echo(daemon.home).returncode == 0
    path = write_rules(repository, DENY_ECHO)
    done = echo(daemon.home)
    assert (done.returncode, done.message) == (126, f"safeshell: denied by rule no-echo ({path}:3): Quiet.\n")
    assert execute(["rm", "precious"], env={"PATH": PATH}, home=daemon.home).returncode == 126
    write_rules(repository, DENY_LS)
    assert echo(daemon.home).returncode == 0
    path.unlink()
    assert execute(["ls"], env={"PATH": PATH}, home=daemon.home).returncode == 0


def test_all_rules_files_above_a_directory_are_in_force_together(
    daemon: Daemon, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rules(repository, DENY_ECHO)
    inner = write_rules(repository / "sub", DENY_LS)
    monkeypatch.chdir(repository / "sub")
    assert (echo(daemon.home).returncode, _ls(daemon.home)) == (126, 126)
    write(str(inner), BROKEN)
    assert (echo(daemon.home).returncode, _ls(daemon.home)) == (126, 126)
    inner.unlink()
    assert (echo(daemon.home).returncode, _ls(daemon.home)) == (126, 0)


def test_a_broken_rules_file_lifts_no_other(daemon: Daemon, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rules(repository, DENY_ECHO)
    inner = write_rules(repository / "sub", BROKEN)
    monkeypatch.chdir(repository / "sub")
    done = echo(daemon.home)
    assert done.returncode == 126
    assert str(inner) in done.message
    assert "this repository's rules are skipped" in done.message


def test_a_repositorys_last_good_rules_outlive_the_daemon(home: Home, repository: Path) -> None:
    path = write_rules(repository, DENY_ECHO)
    with running_daemon(home):
        assert echo(home).returncode == 126
    write(str(path), BROKEN)
    with running_daemon(home):
        done = echo(home)
    assert done.returncode == 126
    assert "the last good rules stay in force" in done.message


def test_one_repositorys_rules_are_not_anothers(
    daemon: Daemon, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, rules in (("one", DENY_ECHO), ("two", DENY_LS)):
        write_rules(repository / name, rules)
    for _ in range(2):
        monkeypatch.chdir(repository / "one")
        assert (echo(daemon.home).returncode, _ls(daemon.home)) == (126, 0)
        monkeypatch.chdir(repository / "two")
        assert (echo(daemon.home).returncode, _ls(daemon.home)) == (0, 126)
        monkeypatch.chdir(repository)
        assert (echo(daemon.home).returncode, _ls(daemon.home)) == (0, 0)


def _ls(home: Home) -> int:
    return execute(["ls"], env={"PATH": PATH}, home=home).returncode


def skipped(daemon: Daemon, path: Path) -> str:
    """The one line that says why a repository's rules are skipped, to each command; commands go on."""
    first, *others = [echo(daemon.home) for _ in range(4)]
    assert first.returncode == 0
    assert others == [first] * 3
    (line,) = first.message.splitlines()
    assert line.endswith("this repository's rules are skipped")
    (entry,) = daemon.status()["repositories"]
    assert entry["rules"] == str(path)
    assert entry["error"] in line
    assert daemon.status()["error"] is None
    return line


LOOSENING = [
    "{name: x, commands: [echo], action: allow, message: m}",
    "{name: x, commands: [echo], action: redirect, redirect_to: 'true', message: m}",
    "{name: x, commands: [echo], action: deny, message: m, timeout: 1s}",
    "{name: x, commands: [echo], action: deny, message: m, execution: in_place}",
]


@pytest.mark.parametrize("rule", LOOSENING)
def test_a_repository_that_loosens_is_skipped(daemon: Daemon, repository: Path, rule: str) -> None:
    path = write_rules(repository, f"version: 1\nrules:\n  - {rule}\n")
    assert str(path) in skipped(daemon, path)


@pytest.mark.parametrize(
    "text",
    [
        BROKEN,
        "rules: [",
        "",
        "version: 1\ninclude: [/etc/passwd]\nrules: []\n",
        "version: 1\nrules: []\noverrides: [{name: no-rm-of-precious, disabled: true}]\n",
    ],
)
def test_a_repository_that_does_not_compile_is_skipped(daemon: Daemon, repository: Path, text: str) -> None:
    path = write_rules(repository, text)
    assert str(path) in skipped(daemon, path)
    write_rules(repository, DENY_ECHO)
    assert echo(daemon.home).returncode == 126


def test_what_others_may_write_is_skipped(daemon: Daemon, repository: Path) -> None:
    path = write_rules(repository, DENY_ECHO)
    path.chmod(0o666)
    assert "is writable by others" in skipped(daemon, path)


def test_a_directory_that_others_may_write_is_skipped(daemon: Daemon, repository: Path) -> None:
    path = write_rules(repository, DENY_ECHO)
    path.parent.chmod(0o777)
    assert "is writable by others" in skipped(daemon, path)


@pytest.mark.needs("root")
@pytest.mark.parametrize("what", ["file", "directory"])
def test_another_users_rules_are_skipped(daemon: Daemon, repository: Path, what: str) -> None:
    path = write_rules(repository, DENY_ECHO)
    os.chown(path if what == "file" else path.parent, 12345, -1)
    assert "belongs to uid 12345" in skipped(daemon, path)


def test_a_repositorys_rules_count_from_the_first_command_after_a_start(homes: object, repository: Path) -> None:
    assert callable(homes)
    home = homes()
    write_rules(repository, DENY_ECHO)
    for _ in range(2):
        with running_daemon(home):
            assert echo(home).returncode == 126


def test_s12_an_error_in_the_settings_holds_no_rules_back(daemon: Daemon) -> None:
    write(daemon.home.config, "execution: somewhere\n")
    write(daemon.home.rules, DENY_ECHO)
    done = echo(daemon.home)
    assert done.returncode == 126
    assert "the last good settings stay in force" in done.message
    write(daemon.home.config, "execution: in_place\n")
    assert echo(daemon.home).message.count("\n") == 1
    assert daemon.status()["error"] is None


# In process: what a test cannot bring a whole machine to


class Waiting:
    """A waiter that ends the loop."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.told: list[bool] = []

    def __call__(self, ended: bool) -> None:
        self.told.append(ended)
        self._loop.stop()


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    monkeypatch.setattr("safeshell.daemon.sources.policy_source.WAIT_S", PATIENCE_S)
    return Loop()


def test_a_compiler_that_dies_leaves_what_is_in_force(home: Home, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    policies = Policies(home, loop)
    policies.load()
    before = policies.policy(())
    monkeypatch.setattr("safeshell.daemon.sources.policy_source.sys.executable", "/bin/false")
    waiting = Waiting(loop)
    policies.compile(None, waiting)
    loop.run()
    os.wait()
    assert waiting.told == [True]
    assert policies.policy(()) is before
    assert policies.error == f"{home.rules}: the compiler ended without an answer: the other process ended early"
    assert policies.stale(())  # at once, for it may have been killed
    loop.close()


@pytest.mark.parametrize(
    "program",
    [
        "print('rubbish')",
        "from safeshell.policy.store.memory import fill; fill(1, {}, {})",
        "from safeshell.policy.store.memory import fill; fill(1, {'digest': 1, 'root': ''}, {})",
        "from safeshell.policy.store.memory import fill; fill(1, {'digest': '', 'watch': {'/': 1}}, {})",
    ],
)
def test_a_compiler_that_answers_rubbish_leaves_what_is_in_force(
    home: Home, loop: Loop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str
) -> None:
    write(str(tmp_path / "it"), f"#!/bin/sh\nexec {shlex.join([sys.executable, '-c', program])}\n", mode=0o755)
    monkeypatch.setattr("safeshell.daemon.sources.policy_source.sys.executable", str(tmp_path / "it"))
    policies = Policies(home, loop)
    policies.load()
    before, opened = policies.policy(()), len(os.listdir("/proc/self/fd"))
    waiting = Waiting(loop)
    policies.compile(None, waiting)
    loop.run()
    os.wait()
    assert waiting.told == [True]
    assert policies.policy(()) is before
    assert "the compiler ended without an answer" in policies.error
    assert len(os.listdir("/proc/self/fd")) == opened
    loop.close()


def test_tables_that_are_no_longer_in_force_are_given_back(home: Home, loop: Loop) -> None:
    policies = Policies(home, loop)
    policies.load()
    opened = len(os.listdir("/proc/self/fd"))
    for rules in (DENY_ECHO, DENY_LS, DENY_ECHO):
        assert policies.policy(()) is not None
        write(home.rules, rules)
        compile_stale(policies, loop)
    assert len(os.listdir("/proc/self/fd")) == opened
    assert denies(policies, "echo")
    loop.close()


def test_the_layers_are_described_with_their_sizes(daemon: Daemon, repository: Path) -> None:
    path = write_rules(repository, DENY_LS)
    assert echo(daemon.home).returncode == 0
    layers = daemon.status()["layers"]
    assert [(layer["kind"], layer["rules"]) for layer in layers] == [
        ("user", daemon.home.rules),
        ("repository", str(path)),
    ]
    assert all(layer["bytes"] > 100 and layer["error"] is None and len(layer["table"]) == 64 for layer in layers)
    shown = safeshell(daemon.home, "daemon", "status").stdout
    assert all(f"{layer['kind']} {layer['rules']}" in shown for layer in layers)


def test_a_compiler_that_takes_long_is_not_waited_for(
    home: Home, loop: Loop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    write(str(tmp_path / "slow"), f"#!/bin/sh\nread line < {tmp_path}/pipe\n", mode=0o755)
    monkeypatch.setattr("safeshell.daemon.sources.policy_source.sys.executable", str(tmp_path / "slow"))
    monkeypatch.setattr("safeshell.daemon.sources.policy_source.WAIT_S", 0.05)
    policies = Policies(home, loop)
    policies.load()
    first, second = Waiting(loop), Waiting(loop)
    policies.compile(None, first)
    loop.run()
    assert first.told == [False]
    monkeypatch.setattr("safeshell.daemon.sources.policy_source.WAIT_S", PATIENCE_S)
    policies.compile(None, second)  # joins the one under way
    (tmp_path / "pipe").write_text("go on\n")
    loop.run()
    os.wait()
    assert (first.told, second.told, policies.reloads) == ([False], [True], 1)
    loop.close()


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Where the machine's rules are, for this process and the daemon's compiler."""
    need("root")
    directory = tmp_path / "rules.d"
    for module in ("safeshell_compiler.publish", "safeshell.home.in_force", "safeshell.daemon.sources.policy_source"):
        monkeypatch.setattr(f"{module}.SYSTEM_RULES", str(directory))
    program = (
        "import sys; from safeshell_compiler import __main__, publish;"
        f"publish.SYSTEM_RULES = {str(directory)!r}; sys.argv = sys.argv[3:]; __main__.main()"
    )
    compiler = tmp_path / "compiler"
    write(str(compiler), f'#!/bin/sh\nexec {shlex.join([sys.executable, "-c", program])} "$@"\n', mode=0o755)
    monkeypatch.setattr("safeshell.daemon.sources.policy_source.sys.executable", str(compiler))
    monkeypatch.setattr("safeshell.daemon.sources.policy_source.WAIT_S", PATIENCE_S)
    return str(directory)


def compile_stale(policies: Policies, loop: Loop, repository: tuple[bytes, ...] = ()) -> list[str]:
    """Has everything compiled that has changed, as a command would; returns what was said."""
    notices = []
    while origins := policies.stale(repository):
        policies.compile(origins, Waiting(loop))
        loop.run()
        for origin in origins:
            os.wait()
            notices.append(origin.notice)
    return notices


def kinds(policies: Policies) -> list[str]:
    policy = policies.policy(())
    assert policy is not None
    return [loaded.table.meta["kind"] for loaded in policy.tables]


def denies(policies: Policies, *words: str, repository: tuple[bytes, ...] = ()) -> bool:
    policy = policies.policy(repository)
    assert policy is not None
    facts = RequestFacts(b"\0", b"/", Context())
    return policy.decide(words[0], block([word.encode() for word in words]), facts).action is Action.DENY


def test_the_machines_rules_are_in_force_under_the_users(home: Home, loop: Loop, system: str) -> None:
    policies = Policies(home, loop)
    policies.load()
    assert not policies.stale(())
    write(f"{system}/a.yaml", DENY_ECHO, mode=0o644)
    assert compile_stale(policies, loop) == [""]
    assert kinds(policies) == ["system", "user"]
    assert denies(policies, "echo")
    again = Policies(home, loop)
    again.load()
    assert kinds(again) == ["system", "user"]
    assert not again.stale(())
    shutil.rmtree(system)
    compile_stale(policies, loop)
    assert kinds(policies) == ["user"]
    loop.close()


def test_s12_an_error_in_the_users_rules_leaves_the_machines_current(home: Home, loop: Loop, system: str) -> None:
    policies = Policies(home, loop)
    policies.load()
    write(f"{system}/a.yaml", DENY_LS, mode=0o644)
    compile_stale(policies, loop)
    write(home.rules, BROKEN)
    write(f"{system}/b.yaml", DENY_ECHO, mode=0o644)
    notices = compile_stale(policies, loop)
    assert [notice.endswith("the last good rules stay in force") for notice in notices if notice] == [True]
    again = Policies(home, loop)
    again.load()
    compile_stale(again, loop)
    for each in (policies, again):
        assert denies(each, "echo")
        assert denies(each, "rm", "precious")
        assert home.rules in each.error
    loop.close()


def test_s12_an_error_in_the_machines_rules_leaves_the_users_current(home: Home, loop: Loop, system: str) -> None:
    policies = Policies(home, loop)
    policies.load()
    write(f"{system}/a.yaml", DENY_LS, mode=0o644)
    compile_stale(policies, loop)
    write(f"{system}/a.yaml", BROKEN, mode=0o644)
    write(home.rules, DENY_ECHO)
    compile_stale(policies, loop)
    assert denies(policies, "echo")
    assert denies(policies, "ls")
    assert f"{system}/a.yaml" in policies.error
    loop.close()


def test_machines_rules_that_never_compiled_are_skipped_and_said(home: Home, loop: Loop, system: str) -> None:
    policies = Policies(home, loop)
    policies.load()
    write(f"{system}/a.yaml", BROKEN, mode=0o644)
    (notice,) = compile_stale(policies, loop)
    assert notice.endswith("; the machine's rules are skipped")
    assert kinds(policies) == ["user"]
    assert [(layer["kind"], bool(layer["error"])) for layer in policies.describe()["layers"]] == [
        ("system", True),
        ("user", False),
    ]
    loop.close()


def test_a_reload_compiles_the_machines_rules_too(home: Home, loop: Loop, system: str) -> None:
    policies = Policies(home, loop)
    policies.load()
    write(f"{system}/a.yaml", DENY_LS, mode=0o644)
    policies.compile(None, Waiting(loop))
    loop.run()
    os.wait()
    os.wait()
    assert (kinds(policies), policies.reloads) == (["system", "user"], 2)
    loop.close()


@pytest.mark.needs("root")
def test_the_machines_rules_cannot_be_overridden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Home) -> None:
    from safeshell_compiler.publish import compile_home

    system = tmp_path / "rules.d"
    write(str(system / "a.yaml"), DENY_ECHO, mode=0o644)
    monkeypatch.setattr("safeshell_compiler.publish.SYSTEM_RULES", str(system))
    write(home.rules, RULES + "overrides: [{name: no-echo, disabled: true}]\n")
    assert [finding.file for finding in compile_home(home).errors] == [home.rules]


def test_a_table_of_another_format_is_compiled_again(home: Home, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safeshell.policy.table.FORMAT", 2)
    policies = Policies(home, loop)
    policies.load()
    assert policies.policy(()) is None
    assert "format 1, this version reads 2" in policies.error
    assert policies.stale(())
    loop.close()


def test_s16_of_many_repositories_none_is_dropped_while_it_is_asked_about(
    home: Home, loop: Loop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("safeshell.daemon.sources.policy_source.POLICIES_MAX", 3)
    policies = Policies(home, loop)
    policies.load()
    outer = os.fsencode(write_rules(tmp_path, DENY_ECHO))
    compile_stale(policies, loop, (outer,))
    for name in "abcd":
        inner = os.fsencode(tmp_path / name / ".safeshell/rules.yaml")
        assert policies.stale((outer, inner))
        assert denies(policies, "echo", repository=(outer, inner))
    loop.close()


def test_s5_a_waiter_that_raises_keeps_no_other_waiting(home: Home, loop: Loop) -> None:
    policies = Policies(home, loop)
    policies.load()
    heard: list[Exception] = []
    loop.on_error = heard.append
    write(home.rules, DENY_ECHO)

    def fail(_ended: bool) -> None:
        raise LookupError

    policies.compile(policies.stale(()), fail)
    waiting = Waiting(loop)
    policies.compile(policies.stale(()), waiting)
    loop.run()
    os.wait()
    assert (waiting.told, [type(error) for error in heard]) == ([True], [LookupError])
    loop.close()


def test_the_number_of_repositories_kept_is_bounded(
    home: Home, loop: Loop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("safeshell.daemon.sources.policy_source.POLICIES_MAX", 3)
    policies = Policies(home, loop)
    policies.load()
    for number in range(10):
        assert policies.stale((os.fsencode(tmp_path / str(number) / ".safeshell/rules.yaml"),))
    assert len(policies.describe()["repositories"]) <= 3
    loop.close()


def test_settings_that_were_damaged_are_refused(home: Home) -> None:
    data = Path(home.tables).read_bytes()
    at = data.index(b'"execution"')
    Path(home.tables).write_bytes(data[: at + 2] + b"X" + data[at + 3 :])
    with pytest.raises(TableError, match="damaged"):
        read_current(home.tables, [home.rules])

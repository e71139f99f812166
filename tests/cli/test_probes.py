from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ccode import build, hooks, refusing_compiler
from fidelity.callers import CALLERS
from harness import PATH, Daemon, safeshell, write

from safeshell.cli.probes import configuration, confinement
from safeshell.cli.probes.examine import examine
from safeshell.cli.probes.model import Probe
from safeshell.cli.shims import say_fallback
from safeshell.home.paths import Home
from safeshell.install import native
from safeshell.install.shims import list_shims, sync

RULES = """\
version: 1
rules:
  - name: no-list-all
    commands: [ls]
    conditions: [{command_contains: --all}]
    action: deny
    message: No.
    tests: {match: [ls --all]}
"""

pytestmark = pytest.mark.rules(RULES)


def examined(home: Home, path: str | None = None) -> tuple[dict[str, dict[str, object]], int]:
    env = {"PATH": path or f"{home.shims}:{PATH}", "TMUX_TMPDIR": home.root, "TMPDIR": os.path.dirname(home.root)}
    done = safeshell(home, "doctor", "--json", env=env, timeout=90)
    assert done.stdout, done.stderr
    return {probe["name"]: probe for probe in json.loads(done.stdout)["probes"]}, done.returncode


def test_all_is_well_and_nothing_of_it_is_counted(shims: Home, daemon: Daemon) -> None:
    before = daemon.status()
    probes, status = examined(shims)
    assert status == 0, probes
    assert probes["canary"]["ok"]
    assert "`ls --all` is denied" in str(probes["canary"]["found"])
    assert probes["shim"]["found"] == f"{shims.shims}/env asks the daemon"
    assert probes["tables"]["found"] == "as their sources"
    assert str(probes["confinement"]["found"]).startswith("told here: Landlock")
    assert {"cost, in the daemon", "cost, in place", "cost, denied"} <= probes.keys()
    after = daemon.status()
    assert {name: after[name] for name in ("requests", "placement", "audit", "agents", "cache")} == {
        name: before[name] for name in ("requests", "placement", "audit", "agents", "cache")
    }
    assert not os.path.exists(shims.audit) or not os.path.getsize(shims.audit)


@pytest.mark.parametrize(
    ("errors", "found", "hint"),
    [
        ({"Landlock": 0, "MDWE": 0}, "told here: Landlock, MDWE", ""),
        ({"Landlock": 0, "MDWE": errno.EINVAL}, "told here: Landlock; not in this kernel: MDWE", ""),
        (
            {"Landlock": errno.EACCES, "MDWE": 0},
            "told here: MDWE; can't be told: Landlock (Permission denied)",
            "clients may not look at the daemon, so every command runs in place: is one of the two in a sandbox?",
        ),
        (
            {"Landlock": 0, "memory policy": errno.EPERM},
            "told here: Landlock; can't be told: memory policy (Operation not permitted)",
            "a sandbox forbids the looks: what they would see is not noticed",
        ),
    ],
)
def test_s11_what_can_be_told_of_a_callers_confinement(errors: dict[str, int], found: str, hint: str) -> None:
    assert confinement._describe(errors) == Probe("confinement", True, found, hint)


@pytest.mark.needs("root")
def test_s11_a_client_that_may_not_look_at_the_daemon_is_named(daemon: Daemon) -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        CALLERS["landlock"]()
        found = confinement._look_at(ctypes.CDLL(None, use_errno=True), daemon.pid)
        os.write(writer, str(found).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writer)
    with open(reader, encoding="ascii") as stream:
        assert int(stream.read()) == errno.EACCES
    assert confinement.probe_confinement(daemon.home).hint == ""


ONLY_HERE = """\
  - name: only-here
    commands: [ls]
    conditions: [{path_matches: ^/tmp/}]
    action: deny
    message: Not here.
    tests: {match: [{command: ls --here, cwd: /tmp/x}]}
"""


@pytest.mark.rules(RULES.replace("rules:\n", f"rules:\n{ONLY_HERE}", 1))
def test_the_canary_is_denied_where_it_runs(shims: Home, daemon: Daemon) -> None:
    assert daemon.status()["pid"]
    done = safeshell(shims, "doctor", "--json", env={"PATH": f"{shims.shims}:{PATH}"}, cwd=shims.root, timeout=90)
    (canary,) = [probe for probe in json.loads(done.stdout)["probes"] if probe["name"] == "canary"]
    assert "`ls --all` is denied" in canary["found"]


def test_a_daemon_is_started_where_none_runs(shims: Home) -> None:
    probes, _ = examined(shims)
    assert probes["daemon"]["ok"]
    assert safeshell(shims, "daemon", "stop", "--now").returncode == 0


def test_a_daemon_that_cant_be_started_is_a_failure(shims: Home) -> None:
    os.mkdir(shims.socket)
    probes, status = examined(shims)
    assert (status, probes["daemon"]["ok"]) == (1, False)


def test_a_daemon_of_another_version_is_a_failure(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "__version__", "9.9")
    found = configuration.probe_daemon(daemon.home)
    assert (found.ok, found.hint) == (False, "run `safeshell daemon restart`")
    assert found.found.endswith(", this is 9.9")


def test_tables_older_than_their_sources_are_a_failure(daemon: Daemon) -> None:
    assert configuration.probe_tables(daemon.home).ok
    write(daemon.home.rules, RULES)
    found = configuration.probe_tables(daemon.home)
    assert (found.ok, found.found) == (False, f"what is in force is older than {daemon.home.rules}")


def test_rules_that_do_not_compile_are_a_failure(shims: Home, daemon: Daemon) -> None:
    Path(shims.rules).write_text("version: 1\nrules: nonsense\n", encoding="utf-8")
    probes, status = examined(shims)
    assert status == 1
    assert probes["rules"]["ok"] is False
    assert "rules.yaml:2:8" in str(probes["rules"]["found"])
    assert daemon.status()["pid"]


def test_a_shim_of_another_version_is_a_failure(shims: Home, daemon: Daemon) -> None:
    shim = os.path.join(shims.shims, "ls")
    content = Path(shim).read_bytes()
    os.unlink(shim)
    Path(shim).write_bytes(content + b"\n")
    Path(shim).chmod(0o755)
    probes, status = examined(shims)
    assert status == 1
    assert probes["shims"]["hint"] == "run `safeshell shims sync`"
    assert daemon.status()["pid"]


def test_a_program_in_the_place_of_a_shim_is_never_run(shims: Home, daemon: Daemon, tmp_path: Path) -> None:
    shim = os.path.join(shims.shims, "ls")
    os.unlink(shim)
    trace = tmp_path / "ran"
    Path(shim).write_text(f"#!/bin/sh\ntouch {trace}\n", encoding="utf-8")
    Path(shim).chmod(0o755)
    assert shutil.which("ls", path=shims.shims)
    probes, status = examined(shims)
    assert status == 1
    assert probes["shims"]["found"] == "the rules are about commands without a shim: ls"
    assert not trace.exists()
    assert daemon.status()["pid"]


def test_a_damaged_table_file_is_a_failure(shims: Home, daemon: Daemon) -> None:
    os.truncate(shims.tables, 4096)
    probes, status = examined(shims)
    assert status == 1
    assert "is cut short" in str(probes["shims"]["found"])
    assert probes["canary"]["ok"]
    assert daemon.status()["pid"]


def test_people_get_lines(shims: Home, daemon: Daemon) -> None:
    env = {"PATH": f"{shims.shims}:{PATH}", "TMUX_TMPDIR": shims.root}
    done = safeshell(shims, "doctor", env=env, timeout=90)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[0].startswith("ok")
    assert daemon.status()["pid"]


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has what is native of this installation be what a compiler makes of it."""

    def install(words: str) -> None:
        monkeypatch.setenv("CC", words)
        monkeypatch.setattr(hooks(), "compile_front", lambda *_: "")  # nothing asks for it here, and it takes a second
        shutil.copy(native.bash_client(), tmp_path)
        directory = build(str(tmp_path)).native
        shutil.copy(tmp_path / "safeshell-check", directory)
        monkeypatch.setattr(native, "_HERE", directory)

    return install


def probed(home: Home, client: str | None = None) -> Probe:
    """What is said of the shims, made by this installation."""
    sync(home, client)
    return next(probe for probe in examine(home) if probe.name == "shims")


@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="no static client for this architecture")
def test_the_static_client_is_named(shims: Home, daemon: Daemon, installation: Callable[[str], None]) -> None:
    assert daemon.status()["pid"]
    installation("cc")
    assert probed(shims) == Probe("shims", True, f"{len(list_shims(shims))}, the static client")
    found = probed(shims, "bash")
    assert found.found.endswith(", the bash fallback")
    assert found.hint == "a native client is installed: run `safeshell shims sync`"


def test_a_client_linked_against_libc_is_named_and_why(
    shims: Home, daemon: Daemon, installation: Callable[[str], None], tmp_path: Path
) -> None:
    assert daemon.status()["pid"]
    installation(refusing_compiler(str(tmp_path)))
    found = probed(shims)
    assert found.ok
    assert found.found.endswith(", the client linked against libc: refusing-cc: error: no libc, no program")
    assert found.hint.startswith("a command costs more: install again ")


def test_the_bash_fallback_is_named_and_why(shims: Home, daemon: Daemon, installation: Callable[[str], None]) -> None:
    assert daemon.status()["pid"]
    installation("/nonexistent/cc")
    found = probed(shims)
    assert found.ok
    assert found.found.endswith(
        ", the bash fallback: no native client could be built here (/nonexistent/cc: No such file or directory)"
    )
    assert found.hint.startswith("install again where there is a C compiler")


@pytest.mark.config("shims: {client: bash}\n")
def test_the_bash_client_may_have_been_asked_for(
    shims: Home, daemon: Daemon, installation: Callable[[str], None]
) -> None:
    assert daemon.status()["pid"]
    installation("cc")
    found = probed(shims)
    assert found.found.endswith(", the bash fallback: the settings ask for it")
    assert found.hint == ""


@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="no static client for this architecture")
def test_shims_of_two_kinds_are_said(shims: Home, daemon: Daemon, installation: Callable[[str], None]) -> None:
    assert daemon.status()["pid"]
    installation("cc")
    probed(shims)
    shim = os.path.join(shims.shims, "ls")
    os.unlink(shim)
    shutil.copy(native.bash_client(), shim)
    found = next(probe for probe in examine(shims) if probe.name == "shims")
    assert found.found.endswith(", some are the static client and some the bash fallback")
    assert found.hint == "run `safeshell shims sync`"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (None, "safeshell: the shims are linked against libc, a command costs more: refusing-cc: error: no libc"),
        ("/nonexistent/cc", "no native client is installed (/nonexistent/cc: No such file or directory)"),
    ],
)
def test_whoever_makes_the_shims_is_told_why_they_are_slower(
    home: Home,
    installation: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: str | None,
    said: str,
) -> None:
    installation(words or refusing_compiler(str(tmp_path)))
    say_fallback(sync(home))
    assert said in capsys.readouterr().err

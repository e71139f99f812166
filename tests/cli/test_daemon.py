"""`safeshell daemon`."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading

import pytest
from harness import PATH, RULES, Cli, Daemon, reap, wait_for, write

from safeshell.client import control, execute
from safeshell.errors import UnreachableError
from safeshell.home.paths import Home
from safeshell.protocol import Type, encode_refused


def pid_of(home: Home) -> int:
    return int(control(Type.STATUS, home=home)["pid"])


def test_it_is_started_once_restarted_and_stopped(cli: Cli, home: Home) -> None:
    assert cli("daemon", "status") == (1, f"not running ({home.root})\n", "")
    assert cli("daemon", "stop") == (0, "", "not running\n")
    started = cli("daemon", "start")
    first = pid_of(home)
    assert started == (0, "", f"started, pid {first}\n")
    assert cli("daemon", "start") == (0, "", f"running already, pid {first}\n")
    restarted = cli("daemon", "restart")
    second = pid_of(home)
    assert restarted == (0, "", f"started, pid {second}\n")
    assert first != second
    assert reap(first) == 0
    assert cli("daemon", "stop", "--now") == (0, "", "stopped\n")
    with contextlib.suppress(ProcessLookupError):  # the first one's child, not this process's
        assert wait_for(second)
    with pytest.raises(UnreachableError):
        pid_of(home)


@pytest.mark.parametrize("words", ["status", "start", "stop", "stop --now", "restart"])
def test_one_that_refuses_is_not_said_not_to_run(cli: Cli, home: Home, words: str) -> None:
    """As a daemon does to whom a busy machine lets wait before it has sent its request."""

    def refuse() -> None:
        with listener.accept()[0] as client:
            client.recv(1 << 16)
            client.sendall(encode_refused(125, "safeshell: the request did not come in time"))

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(home.socket)
        listener.listen()
        thread = threading.Thread(target=refuse)
        thread.start()
        done = cli("daemon", *words.split())
        thread.join()
    assert done == (125, "", "safeshell: the request did not come in time\n")


def test_status_is_for_people_and_for_programs(cli: Cli, daemon: Daemon) -> None:
    execute(["rm", "precious"], env={"PATH": PATH}, home=daemon.home)
    done = cli("daemon", "status")
    assert (done.status, done.err) == (0, "")
    rows = {line.split()[0]: line for line in done.out.splitlines()}
    assert f"pid {daemon.pid}" in rows["daemon"]
    assert rows["requests"].endswith("total 1, deny 1")
    done = cli("daemon", "status", "--json")
    assert (done.status, done.err) == (0, "")
    found = json.loads(done.out)
    assert (found["pid"], found["requests"]["deny"], found["error"]) == (daemon.pid, 1, None)


def test_status_says_where_none_runs(cli: Cli, home: Home) -> None:
    status, out, err = cli("daemon", "status", "--json")
    assert (status, json.loads(out), err) == (1, {"home": home.root, "pid": None}, "")


def test_status_says_what_is_wrong_with_the_rules(cli: Cli, daemon: Daemon) -> None:
    write(daemon.home.rules, "version: 1\nrules: [{}]\n")
    execute(["ls"], env={"PATH": PATH}, home=daemon.home)
    done = cli("daemon", "status")
    assert (done.status, done.err) == (1, "")
    assert f"{daemon.home.rules}:2:" in next(line for line in done.out.splitlines() if line.startswith("error"))


def test_reload_compiles_again(cli: Cli, daemon: Daemon) -> None:
    assert cli("daemon", "reload") == (0, f"{daemon.status()['table']}\n", "")
    assert daemon.status()["reloads"] == 1
    write(daemon.home.rules, RULES.replace("precious", "dear"))
    before = daemon.status()["table"]
    assert cli("daemon", "reload").out != f"{before}\n"
    write(daemon.home.rules, "version: 1\nrules: [{}]\n")
    status, out, err = cli("daemon", "reload")
    assert (status, out) == (1, "")
    assert err.endswith("; the last good rules stay in force\n")


def test_reload_without_a_daemon_is_125(cli: Cli, home: Home) -> None:
    status, out, err = cli("daemon", "reload")
    assert (status, out) == (125, "")
    assert err.startswith(f"safeshell: can't reach the daemon at {home.socket}: ")


def test_a_second_one_in_the_foreground_says_so(cli: Cli, daemon: Daemon) -> None:
    assert cli("daemon", "run") == (1, "", f"safeshell: a daemon serves {daemon.home.root} already\n")


@pytest.mark.parametrize("words", [("start",), ("restart",), ("run",)])
def test_a_home_that_cannot_be_used_is_said(cli: Cli, home: Home, words: tuple[str, ...]) -> None:
    os.chmod(home.root, 0o777)
    status, out, err = cli("daemon", *words)
    assert (status, out) == (1, "")
    assert err.startswith(f"safeshell: {home.root} is writable by others\n")


def test_a_socket_path_that_does_not_fit_is_said(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    long = Home(os.path.join(home.root, "x" * 100))
    long.create()
    monkeypatch.setenv("SAFESHELL_HOME", long.root)
    for words in (["start"], ["status"], ["stop"]):
        status, out, err = cli("daemon", *words)
        assert (status, out) == (1, "")
        assert "a Unix socket takes 107" in err
        assert "hint: set SAFESHELL_HOME to a shorter path" in err


def test_install_writes_units_and_says_what_to_run(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", os.path.join(home.root, "x y%z"))
    directory = os.path.join(home.root, "x y%z", "systemd", "user")
    paths = [os.path.join(directory, f"safeshell.{kind}") for kind in ("socket", "service")]
    for _ in range(2):  # again is no error
        done = cli("daemon", "install")
        assert (done.status, done.out.splitlines()) == (0, paths)
        assert "systemctl --user enable --now safeshell.socket" in done.err
    with open(paths[0], encoding="utf-8") as stream:
        assert f"ListenStream={home.socket}\n" in stream.read()
    if shutil.which("systemd-analyze"):
        checked = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *paths],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": PATH, "SYSTEMD_LOG_LEVEL": "warning"},
        )
        assert "safeshell" not in checked.stderr, checked.stderr


def test_install_leaves_a_foreign_unit_alone(cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", home.root)
    foreign = os.path.join(home.root, "systemd", "user", "safeshell.service")
    write(foreign, "[Service]\n")
    status, _, err = cli("daemon", "install")
    assert status == 1
    assert f"{foreign} was not written by SafeShell" in err
    assert os.listdir(os.path.dirname(foreign)) == ["safeshell.service"]

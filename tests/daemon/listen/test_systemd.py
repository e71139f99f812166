"""What a service manager passes and hears (sd_listen_fds(3), sd_notify(3)); where there is none, nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from safeshell.daemon.listen import systemd
from safeshell.errors import SafeShellError


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@safeshell-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind("\0" + address[1:] if address.startswith("@") else address)
        made.settimeout(5)
        monkeypatch.setattr(systemd, "ADDRESS", address)
        yield made


def test_it_hears_a_state(manager: socket.socket) -> None:
    systemd.tell("READY=1")
    assert manager.recv(100) == b"READY=1"


def test_one_that_has_gone_or_does_not_listen_is_no_reason_not_to_serve(manager: socket.socket) -> None:
    for _ in range(1000):
        systemd.tell("x" * 1000)  # its queue is full long before
    manager.close()
    systemd.tell("STOPPING=1")


def test_without_one_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "ADDRESS", "")
    monkeypatch.setattr(socket, "socket", None)
    systemd.tell("READY=1")


def test_a_socket_that_was_passed_is_the_third_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LISTEN_PID", str(os.getpid())), ("LISTEN_FDS", "1"), ("LISTEN_FDNAMES", "x")):
        monkeypatch.setenv(name, value)
    assert systemd.take_activated() == 3
    assert not {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} & os.environ.keys(), "children would take it for theirs"
    assert systemd.take_activated() is None


@pytest.mark.parametrize(("pid", "count"), [("1", "1"), ("", "1"), (None, "0"), (None, "x"), (None, "")])
def test_what_was_passed_to_another_is_not_taken(monkeypatch: pytest.MonkeyPatch, pid: str | None, count: str) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()) if pid is None else pid)
    monkeypatch.setenv("LISTEN_FDS", count)
    assert systemd.take_activated() is None


def test_several_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "2")
    with pytest.raises(SafeShellError, match="2 sockets were passed, the daemon has one"):
        systemd.take_activated()

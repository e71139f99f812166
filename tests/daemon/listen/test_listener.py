"""One daemon a home, with a socket that is there whole or not at all."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import temporary_directory

from safeshell.daemon.listen.listener import Listener
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home


@pytest.fixture
def place() -> Iterator[Home]:
    with temporary_directory() as root:
        yield Home(root)


def test_the_socket_is_there_when_the_post_is_taken_and_gone_when_it_is_left(place: Home) -> None:
    mask = os.umask(0)
    try:
        listener = Listener(place)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(os.stat(place.socket).st_mode) == 0o600
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(place.socket)
    assert not os.get_inheritable(listener.socket.fileno())
    listener.leave()
    listener.leave()
    assert os.listdir(place.root) == []


def test_a_second_one_is_refused_until_the_first_leaves(place: Home) -> None:
    first = Listener(place)
    with pytest.raises(SafeShellError, match=f"a daemon serves {place.root} already"):
        Listener(place)
    assert os.listdir(place.root) == ["daemon.sock"]
    first.leave()
    Listener(place).leave()


def test_who_left_does_not_take_the_next_ones_socket_away(place: Home) -> None:
    first = Listener(place)
    first.leave()
    second = Listener(place)
    first.leave()
    assert os.listdir(place.root) == ["daemon.sock"]
    second.leave()


@pytest.mark.parametrize("stale", ["socket", "file", "link"])
def test_what_a_dead_daemon_left_is_replaced(place: Home, stale: str) -> None:
    if stale == "socket":
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(place.socket)
    elif stale == "file":
        Path(place.socket).touch()
    else:
        os.symlink("nothing", place.socket)
    Path(place.root, f".s{os.getpid()}").touch()  # of one that died while it was at it
    listener = Listener(place)
    assert stat.S_ISSOCK(os.lstat(place.socket).st_mode)
    listener.leave()


def test_what_can_not_be_replaced_is_said_and_nothing_is_kept(place: Home) -> None:
    os.makedirs(os.path.join(place.root, "daemon.sock", "x"))
    for _ in range(2):  # the lock was given back
        with pytest.raises(SafeShellError, match=f"can't listen at {place.root}/daemon.sock: "):
            Listener(place)
    assert os.listdir(place.root) == ["daemon.sock"]

"""Programs that own the terminal, behind shims: they can't be told from native ones."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest
from e2e.guard import Guard
from e2e.terminal import Terminal
from harness import temporary_directory, until
from needs import need

OWN_MACHINE = """\
mount -t tmpfs none /run && mkdir /run/sshd &&
mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/shadow" /etc/shadow && exec "$@"
"""
"""What of a machine an sshd hangs on: a directory in /run, and an account with a home, a shell and no lock on it."""

PROMPT = r"ready\$ "


def open_terminal(guard: Guard, *argv: str) -> Terminal:
    return Terminal(*argv, env=guard.environment({"PS1": "ready$ ", "HISTFILE": ""}), cwd=guard.work)


@pytest.fixture
def shell(faithful: Guard) -> Iterator[Terminal]:
    """An interactive bash, its prompt shown."""
    with open_terminal(faithful, "/bin/bash", "--norc", "--noprofile", "--noediting", "-i") as terminal:
        terminal.expect(PROMPT)
        yield terminal
        terminal.type("exit\r")
        assert terminal.finish() == 0


@pytest.mark.needs("vim")
def test_vim(faithful: Guard) -> None:
    path = os.path.join(faithful.work, "text")
    with open_terminal(faithful, "vim", "-u", "NONE", "-N", "-i", "NONE", path) as terminal:
        terminal.expect("text")
        terminal.type("ihello there\x1b:wq\r")
        assert terminal.finish() == 0
    with open(path, encoding="utf-8") as stream:
        assert stream.read() == "hello there\n"


@pytest.mark.needs("less")
def test_less(faithful: Guard) -> None:
    with open(os.path.join(faithful.work, "long"), "w", encoding="utf-8") as stream:
        stream.writelines(f"line {number}\n" for number in range(1000))
    with open_terminal(faithful, "less", "long") as terminal:
        assert b"line 5\r" in terminal.expect("long")
        terminal.type("G")
        terminal.expect(r"line 999\r[^:]*\(END\)")
        terminal.type("q")
        assert terminal.finish() == 0


@pytest.mark.needs("less")
def test_a_pager_in_a_pipe_still_reads_the_terminal(shell: Terminal) -> None:
    shell.type("echo only | cat | less -X; echo status $?\r")
    shell.expect(r"\(END\)")
    shell.type("q")
    shell.expect("status 0\r")


def test_python(faithful: Guard) -> None:
    with open_terminal(faithful, "python3", "-i", "-q") as terminal:
        terminal.expect(">>> ")
        terminal.type("print(6 * 7, input('name? '))\r")
        terminal.expect(r"name\? ")
        terminal.type("Ann\r")
        terminal.expect("42 Ann\r\n>>> ")
        terminal.type("print('bu' + 'sy'); [None for _ in iter(int, 1)]\r")
        terminal.expect("busy")
        terminal.type("\x03")
        terminal.expect("KeyboardInterrupt\r\n>>> ")
        terminal.type("raise SystemExit(3)\r")
        assert terminal.finish() == 3


@pytest.mark.needs("ssh-keygen")
def test_passphrase_is_asked_for_on_the_terminal(faithful: Guard) -> None:
    key = os.path.join(faithful.work, "key")
    make_key(key, "secret")
    with open(f"{key}.pub", encoding="utf-8") as stream:
        public = " ".join(stream.read().split()[:2])
    with open_terminal(faithful, "ssh-keygen", "-y", "-f", key) as terminal:
        terminal.expect("passphrase: ")
        terminal.type("secret\r")
        assert public.encode() in terminal.expect(r"ssh-ed25519 \S+")
        assert terminal.finish() == 0


def make_key(path: str, passphrase: str) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path], check=True)


def write_accounts(root: str) -> None:
    """The machine's accounts, but for root's: many systems lock it, give it another shell, or greet it."""
    for name, own in (("passwd", f"root:x:0:0:root:{root}:/bin/sh"), ("shadow", "root:*:20000:0:99999:7:::")):
        with open(f"/etc/{name}", encoding="utf-8") as stream:
            others = [line for line in stream.read().splitlines() if not line.startswith("root:")]
        with open(f"{root}/{name}", "w", encoding="utf-8") as stream:
            stream.write("\n".join([own, *others, ""]))


@pytest.fixture(scope="module")
def ssh_command() -> Iterator[list[str]]:
    """How to reach an sshd of this test's own, with a key that has the passphrase "secret"."""
    sshd = need("sshd", "root")
    with temporary_directory() as root:
        make_key(f"{root}/host", "")
        make_key(f"{root}/user", "secret")
        shutil.copy(f"{root}/user.pub", f"{root}/authorized")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = {
            "ListenAddress": f"127.0.0.1:{port}",
            "HostKey": f"{root}/host",
            "AuthorizedKeysFile": f"{root}/authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PermitRootLogin": "yes",
        }
        with open(f"{root}/sshd_config", "w", encoding="utf-8") as stream:
            stream.writelines(f"{name} {value}\n" for name, value in options.items())
        write_accounts(root)
        own_machine = ["unshare", "-m", "sh", "-c", OWN_MACHINE, root]
        with open(f"{root}/log", "wb") as log:
            server = subprocess.Popen([*own_machine, sshd, "-D", "-e", "-f", f"{root}/sshd_config"], stderr=log)
        try:
            until(lambda: server.poll() is not None or _answers(port), "sshd")
            if server.poll() is not None:
                with open(f"{root}/log", encoding="utf-8") as text:
                    pytest.skip(f"sshd does not start here: {text.read().strip()}")
            known = ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={root}/known", "-o", "LogLevel=ERROR"]
            yield ["ssh", "-F", "none", "-p", str(port), *known, "-i", f"{root}/user", "root@127.0.0.1"]
        finally:
            server.terminate()
            server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0 and probe.recv(4) == b"SSH-"


@pytest.mark.needs("ssh", "ssh-keygen")
def test_ssh_login(faithful: Guard, ssh_command: list[str]) -> None:
    *options, target = ssh_command
    with open_terminal(faithful, *options, "-o", "IdentitiesOnly=yes", target, "echo there; exit 9") as terminal:
        terminal.expect("passphrase for key .*: ")
        terminal.type("secret\r")
        terminal.expect("there\r?\n")
        assert terminal.finish() == 9


@pytest.mark.needs("ssh", "ssh-keygen")
def test_ssh_password_prompt(faithful: Guard, ssh_command: list[str]) -> None:
    *options, target = ssh_command
    only = ["-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"]
    with open_terminal(faithful, *options, *only, target, "true") as terminal:
        terminal.expect("password: ")
        terminal.type("wrong\r")
        assert b"wrong" not in terminal.expect("Permission denied")
        assert terminal.finish() == 255


def test_interrupt(shell: Terminal) -> None:
    shell.type("cat | sed -u s/^/got:/\r")
    shell.expect(r"/\r\n")
    shell.type("one\r")
    shell.expect("got:one")
    shell.type("\x03")
    shell.expect(PROMPT)
    shell.type("echo status $?\r")
    shell.expect("status 130\r")


def test_stop_and_foreground(shell: Terminal) -> None:
    shell.type("cat\r")
    shell.expect(r"cat\r\n")
    shell.type("one\r")
    shell.expect("one\r\none\r\n")
    shell.type("\x1a")
    shell.expect("Stopped +cat")
    shell.expect(PROMPT)
    shell.type("jobs; fg; echo status $?\r")
    shell.expect(r"Stopped +cat\r\ncat\r\n")
    shell.type("two\r")
    shell.expect("two\r\ntwo\r\n")
    shell.type("\x04")
    shell.expect("status 0\r")


def test_background_job_stops_for_the_terminal(shell: Terminal) -> None:
    shell.type("cat &\r")
    shell.expect(PROMPT)
    shell.type("wait; jobs\r")
    shell.expect(r"Stopped.* cat")
    # `fg`, or `wait %1`, would find it stopped, running or gone, as the signal has reached it or not.
    shell.type("kill %1; while kill -0 $!; do :; done 2>/dev/null; wait $!; echo status $?\r")
    shell.expect("status 143\r")


def test_hang_up(faithful: Guard) -> None:
    with open_terminal(faithful, "listener", "mortal") as terminal:
        assert int(terminal.expect(r"\d+\r\n")) == terminal.process.pid
        assert terminal.hang_up() == -signal.SIGHUP


def test_a_terminal_means_in_place(auto: Guard) -> None:
    before = auto.placed("in_place").get("terminal", 0)
    with open_terminal(auto, "cat", "/dev/null") as terminal:
        assert terminal.finish() == 0
    assert auto.placed("in_place")["terminal"] == before + 1

#!/usr/bin/env python3
"""Runs a command as a newcomer: on a file system that holds only what the README asks for, as a fresh ordinary user.

    .ci/bare.py [--root] [--view DIRECTORY] [--wheels DIRECTORY] -- COMMAND [ARGUMENT ...]

The command starts in a fresh clone of this repository. The file system is made of the files of the installed Debian
packages that README names and of those that they depend on. Processes, mounts and the network are apart; there is
nothing on the network but the machine itself, so wheels come from a directory. Nobody sets `no_new_privs`, as sandboxes
do: commands must be able to run in the daemon.

Needs root, and a Debian or Ubuntu where those packages are installed.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator

ASKED_FOR = ("python3", "python3-venv", "gcc", "libc6-dev", "make", "git")
"""README, "Two commands": python3 with venv, a C compiler, make and git."""

USER, UID = "newcomer", 23456

CLONE = "Säfe Shell"
"""A blank and a letter beyond ASCII: paths are quoted and encoded, or the run fails."""

UMASK = 0o002
"""What many systems give users who have a group of their own."""

MNT_DETACH = 2
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def main() -> int:
    """Makes the view, enters it and runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", action="store_true", help="as root rather than as an ordinary user")
    parser.add_argument(
        "--view", help="a file system that is there already (debootstrap's, say) instead of one made here"
    )
    parser.add_argument("--wheels", help="a directory with what pip may install")
    parser.add_argument("--entered", help=argparse.SUPPRESS)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("bare: needs root, for a file system and a user of its own")
    if options.entered:
        return _inside(options)
    with tempfile.TemporaryDirectory(prefix="safeshell-bare-", dir="/var/tmp") as aside:
        view = options.view or os.path.join(aside, "view")
        if not options.view:
            _make_view(view)
        home = os.path.join(aside, "home")
        _make_home(home, 0 if options.root else UID)
        own = ["--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child", "--propagation", "private"]
        entered = [sys.executable, os.path.abspath(__file__), f"--view={view}", f"--entered={home}"]
        entered += [f"--wheels={os.path.abspath(options.wheels)}"] if options.wheels else []
        entered += ["--root"] if options.root else []
        return subprocess.run(["unshare", *own, *entered, "--", *options.command], check=False).returncode


def _make_view(view: str) -> None:
    packages = _closure(ASKED_FOR)
    for link in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):  # where /usr is merged, packages name either
        if os.path.islink(f"/{link}"):
            os.makedirs(os.path.join(view, os.readlink(f"/{link}").lstrip("/")))
            os.symlink(os.readlink(f"/{link}"), os.path.join(view, link))
    for directory in ("dev", "proc", "sys", "tmp", "var/tmp", "run", "root", "home", "etc"):
        os.makedirs(os.path.join(view, directory), exist_ok=True)
    files = set(_files(packages))
    files |= set(_alternatives(files)) | set(_compiled(files))
    command = ["tar", "-C", "/", "--no-recursion", "--null", "-T", "-", "-c"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as packing:
        unpack = ["tar", "-C", view, "--keep-directory-symlink", "-x"]
        with subprocess.Popen(unpack, stdin=packing.stdout) as unpacking:
            assert packing.stdin is not None
            packing.stdin.write(b"\0".join(os.fsencode(name.lstrip("/")) for name in sorted(files)))
            packing.stdin.close()
    if packing.returncode or unpacking.returncode:
        sys.exit("bare: the packages' files can't be copied")
    subprocess.run(["ldconfig", "-r", view], check=True)


def _closure(names: tuple[str, ...]) -> list[str]:
    """The installed packages among these, the essential ones, and all that they depend on."""
    shown = (
        "${binary:Package}\t${Package}\t${db:Status-Status}\t${Essential}\t${Pre-Depends}, ${Depends}\t${Provides}\n"
    )
    listed = subprocess.run(["dpkg-query", "-W", "-f", shown], check=True, capture_output=True, text=True).stdout
    depends: dict[str, str] = {}
    providers: dict[str, list[str]] = {}
    waiting: list[str] = []
    for line in listed.splitlines():
        package, name, status, essential, needed, provided = line.split("\t")
        if status != "installed":
            continue
        depends[package] = needed
        for alias in (name, *_names(provided)):
            providers.setdefault(alias, []).append(package)
        if essential == "yes":
            waiting.append(package)
    for name in names:
        if name not in providers:
            sys.exit(f"bare: the package {name} isn't installed")
        waiting.append(providers[name][0])
    found: set[str] = set()
    while waiting:
        package = waiting.pop()
        if package in found:
            continue
        found.add(package)
        for group in depends[package].split(","):
            present = [provider for name in _names(group.replace("|", ",")) for provider in providers.get(name, ())]
            waiting += present[:1]
    return sorted(found)


def _names(relation: str) -> Iterator[str]:
    """The packages that a relation names, without versions and architectures."""
    for part in relation.split(","):
        name = re.match(r"\s*([a-z0-9][a-z0-9+.-]*)", part)
        if name:
            yield name[1]


def _files(packages: list[str]) -> Iterator[str]:
    listed = subprocess.run(["dpkg-query", "-L", *packages], check=True, capture_output=True, text=True).stdout
    for path in listed.splitlines():
        if path.startswith("/") and (os.path.islink(path) or os.path.isfile(path)):
            yield path


def _alternatives(files: set[str]) -> Iterator[str]:
    """Links such as /usr/bin/cc, which no package lists, where what they lead to is there."""
    real = {os.path.realpath(path) for path in files}
    for name in os.listdir("/etc/alternatives"):
        chosen = f"/etc/alternatives/{name}"
        if os.path.realpath(chosen) in real:
            yield chosen
            yield from (path for path in (f"/usr/bin/{name}", f"/usr/sbin/{name}") if os.path.islink(path))


def _compiled(files: set[str]) -> Iterator[str]:
    """Python's compiled modules, which a package makes when it is installed and so doesn't list."""
    for directory in {os.path.dirname(path) for path in files if path.endswith(".py")}:
        kept = os.path.join(directory, "__pycache__")
        if os.path.isdir(kept):
            yield from (os.path.join(kept, name) for name in os.listdir(kept))


def _make_home(home: str, uid: int) -> None:
    """The user's home, with a clone in it, as the user's own `git clone` under that umask would leave it."""
    os.mkdir(home)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    before = os.umask(UMASK)
    command = ["git", "-c", "safe.directory=*", "clone", "--quiet", "--no-local", here, os.path.join(home, CLONE)]
    subprocess.run(command, check=True)
    os.umask(before)
    for directory, _, names in os.walk(home):
        for path in (directory, *(os.path.join(directory, name) for name in names)):
            os.lchown(path, uid, uid)


def _inside(options: argparse.Namespace) -> int:
    """In namespaces of its own: mounts, then the change of root and user; stays as the process that reaps orphans."""
    view, home = options.view, options.entered
    name, uid = ("root", 0) if options.root else (USER, UID)
    at = "/root" if options.root else f"/home/{USER}"
    subprocess.run(["mount", "--bind", view, view], check=True)  # a mount of its own can become the root
    for kind, target in (("proc", "proc"), ("tmpfs", "tmp"), ("tmpfs", "run")):
        subprocess.run(["mount", "-t", kind, kind, os.path.join(view, target)], check=True)
    for source in ("dev", "sys"):
        subprocess.run(["mount", "--rbind", f"/{source}", os.path.join(view, source)], check=True)
    os.makedirs(view + at, exist_ok=True)
    # /tmp is in memory and /var/tmp on a disk, as many systems have them.
    temporary = f"{home}.temporary"
    os.mkdir(temporary)
    for directory, target in ((home, at), (temporary, "/var/tmp")):
        subprocess.run(["mount", "--bind", directory, view + target], check=True)
    if options.wheels:
        os.mkdir(f"{view}/run/wheels")
        subprocess.run(["mount", "--bind", "-o", "ro", options.wheels, f"{view}/run/wheels"], check=True)
    for target in ("tmp", "var/tmp"):
        os.chmod(os.path.join(view, target), 0o1777)
    for file, text in (
        (
            "passwd",
            f"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n{USER}:x:{UID}:{UID}::/home/{USER}:/bin/sh\n",
        ),
        ("group", f"root:x:0:\ntty:x:5:\nnogroup:x:65534:\n{USER}:x:{UID}:\n"),
        ("hosts", "127.0.0.1 localhost\n::1 localhost\n"),
    ):
        aside = os.path.join(view, "run", file)
        with open(aside, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(aside, 0o644)
        there = os.path.join(view, "etc", file)
        if not os.path.exists(there):
            open(there, "w", encoding="utf-8").close()
        subprocess.run(["mount", "--bind", aside, there], check=True)
    _raise_loopback()
    _change_root(view)
    os.chdir(os.path.join(at, CLONE))
    os.setgroups([])
    os.setgid(uid)
    os.umask(UMASK)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": at, "USER": name, "LOGNAME": name, "TERM": "dumb"}
    environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/run/wheels"} if options.wheels else {}
    # An agent's marker: the tests are run by agents, too.
    environment["CLAUDECODE"] = "1"
    child = os.fork()
    if child == 0:
        os.setsid()
        os.setuid(uid)
        nothing = os.open("/dev/null", os.O_RDONLY)
        os.dup2(nothing, 0)
        os.execvpe(options.command[0], options.command, environment)
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status) % 256


def _change_root(view: str) -> None:
    """Not by chroot: inside of one nobody may make a user namespace, and sandboxes would go untested."""
    os.chdir(view)
    os.mkdir("run/before")
    subprocess.run(["pivot_root", ".", "run/before"], check=True)
    os.chdir("/")
    if ctypes.CDLL(None, use_errno=True).umount2(b"/run/before", MNT_DETACH):
        raise OSError(ctypes.get_errno(), "umount2")
    os.rmdir("/run/before")


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


if __name__ == "__main__":
    sys.exit(main())

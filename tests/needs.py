"""What tests need that a machine may not have, and what is skipped for want of it.

    @pytest.mark.needs("bwrap")             # a program on PATH
    @pytest.mark.needs("nc|socat", "root")  # either of two; to be root
    @pytest.mark.needs("commit:1a2b3c4")    # a clone that goes back so far
    @pytest.mark.needs("/dev/fuse")         # a device that can be opened
    @pytest.mark.needs("agent:codex")       # an agent, in the version that is tested
    need("sshd")                            # the same in the middle of a test or a fixture

The last lines of a run tell, program by program, how many tests were skipped and which package brings it.
`--skips=FILE` holds a run to a list of skips; `--write-skips=FILE` writes one, to which a person adds why.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest
from agents import agent

ROOT = "root"
COMMIT = "commit:"
AGENT = "agent:"

PACKAGES = {
    "/lib64/ld-linux-x86-64.so.2": "libc6",
    "ar": "binutils",
    "awk": "mawk",
    "aws": "awscli",
    "apt-get": "apt",
    "badblocks": "e2fsprogs",
    "bash": "bash",
    "blkdiscard": "util-linux",
    "busybox": "busybox",
    "bwrap": "bubblewrap",
    "bzip2": "bzip2",
    "catchsegv": "libc-bin",
    "cc": "gcc",
    "choom": "util-linux",
    "chronic": "moreutils",
    "chroot": "coreutils",
    "clang": "clang",
    "codex": "",
    "cpulimit": "cpulimit",
    "crontab": "cron",
    "curl": "curl",
    "dash": "dash",
    "dbus-run-session": "dbus-daemon",
    "doas": "doas",
    "docker": "docker.io",
    "docker-compose": "docker-compose",
    "dropdb": "postgresql-client",
    "dropuser": "postgresql-client",
    "ed": "ed",
    "env": "coreutils",
    "expect": "expect",
    "fakeroot": "fakeroot",
    "faketime": "faketime",
    "fdfind": "fd-find",
    "fdisk": "fdisk",
    "find": "findutils",
    "fish": "fish",
    "flock": "util-linux",
    "gcov": "gcc",
    "gdb": "gdb",
    "gh": "gh",
    "git": "git",
    "groff": "groff",
    "gzip": "gzip",
    "hyperfine": "hyperfine",
    "ifne": "moreutils",
    "kubectl": "kubernetes-client",
    "ldd": "libc-bin",
    "less": "less",
    "linux64": "util-linux",
    "ltrace": "ltrace",
    "lua5.4": "lua5.4",
    "make": "make",
    "mkfs.btrfs": "btrfs-progs",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.vfat": "dosfstools",
    "mkfs.xfs": "xfsprogs",
    "mkswap": "util-linux",
    "mount": "mount",
    "nc": "netcat-openbsd",
    "node": "nodejs",
    "npm": "npm",
    "openssl": "openssl",
    "parallel": "parallel",
    "parted": "parted",
    "perl": "perl",
    "npx": "npm",
    "nsenter": "util-linux",
    "numactl": "numactl",
    "pee": "moreutils",
    "perf": "linux-perf",
    "php": "php-cli",
    "podman": "podman",
    "pre-commit": "pre-commit",
    "prlimit": "util-linux",
    "psql": "postgresql-client",
    "python3": "python3",
    "readelf": "binutils",
    "redis-cli": "redis-tools",
    "rev": "util-linux",
    "rg": "ripgrep",
    "rlwrap": "rlwrap",
    "rsync": "rsync",
    "ruby": "ruby",
    "runuser": "util-linux",
    "script": "bsdutils",
    "sem": "parallel",
    "setarch": "util-linux",
    "setpriv": "util-linux",
    "sfdisk": "fdisk",
    "sg": "login",
    "sgdisk": "gdisk",
    "shellcheck": "shellcheck",
    "socat": "socat",
    "split": "coreutils",
    "sqlite3": "sqlite3",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "sshpass": "sshpass",
    "stdbuf": "coreutils",
    "strace": "strace",
    "su": "util-linux",
    "sudo": "sudo",
    "systemd-socket-activate": "systemd",
    "tar": "tar",
    "taskset": "util-linux",
    "tclsh": "tcl",
    "terraform": "",
    "time": "time",
    "tmux": "tmux",
    "unshare": "util-linux",
    "valgrind": "valgrind",
    "vim": "vim",
    "wipefs": "util-linux",
    "xxd": "xxd",
    "x86_64": "util-linux",
    "xvfb-run": "xvfb",
    "xz": "xz-utils",
    "zsh": "zsh",
}
"""Debian's package of each program that tests run; "" where it has none."""

_MAYBE = "? "
"""Stands in a list before what is skipped on some machines only: where no package that is installed brings it."""

_MISSING = re.compile(r"needs (\S+)(?: and \S+)*$")


def why_not(*needs: str) -> str:
    """What of these is not here, as the reason of a skip, or ""."""
    missing = [need for need in needs if not _is_here(need)]
    for need in missing:
        known = need == ROOT or need.startswith((COMMIT, AGENT, "/dev/")) or need.partition("|")[0] in PACKAGES
        assert known, f"PACKAGES doesn't say what brings {need}"
    return f"needs {' and '.join(missing)}" if missing else ""


def _is_here(need: str) -> bool:
    if need.startswith(COMMIT):
        return _is_known(need.removeprefix(COMMIT))
    if need.startswith(AGENT):
        return os.access(agent.load(need.removeprefix(AGENT), agent.version()).path, os.X_OK)
    if need.startswith("/dev/"):
        return os.access(need, os.R_OK | os.W_OK)
    return os.geteuid() == 0 if need == ROOT else found(need) is not None


def _is_known(commit: str) -> bool:
    """Whether this is a clone that has a commit."""
    git = found("git")
    look = ["-C", os.path.dirname(os.path.abspath(__file__)), "cat-file", "-e", f"{commit}^{{commit}}"]
    return git is not None and not subprocess.run([git, *look], stderr=subprocess.DEVNULL, check=False).returncode


def found(programs: str) -> str | None:
    """Where the first of these is that is here; those for administrators aren't on everybody's PATH."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    return next(filter(None, (shutil.which(name, path=path) for name in programs.split("|"))), None)


def need(*needs: str) -> str:
    """Skips the test where one of these isn't here; returns where the first program is."""
    reason = why_not(*needs)
    if reason:
        raise pytest.skip.Exception(reason, _use_item_location=True)
    return found(needs[0]) or ""


def remedy(need: str) -> str:
    """What a person does to have what a test needs."""
    if need == ROOT:
        return "run as root"
    if need.startswith(COMMIT):
        return "git fetch --unshallow"
    if need.startswith(AGENT):
        return "make agents"
    if need.startswith("/dev/"):
        return "modprobe"
    package = PACKAGES[need.partition("|")[0]]
    return f"apt-get install {package}" if package else "no package of Debian's brings it"


def add_options(parser: pytest.Parser) -> None:
    """The options that hold a run to a list."""
    parser.addoption("--skips", metavar="FILE", help="fail unless just these tests are skipped, for these reasons")
    parser.addoption("--write-skips", metavar="FILE", help="write what --skips compares with")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a marked test before its fixtures are made, which may need the program themselves."""
    for mark in item.iter_markers("needs"):
        need(*mark.args)


class Skips:
    """The skips of a run: a pytest plugin of the process that reports.

    Attributes:
        found: how often each (reason, test function) was skipped.
    """

    def __init__(self, expected: str | None, written: str | None) -> None:
        self._expected = expected
        self._written = written
        self.found: Counter[tuple[str, str]] = Counter()
        self._differences: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps a skip's reason."""
        if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            self.found[reason, report.nodeid.partition("[")[0]] += 1

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Compares with the list; a difference fails the run."""
        lines = _listed(self.found)
        if self._written:
            with open(self._written, "w", encoding="utf-8") as stream:
                stream.writelines(f"{line}\n" for line in lines)
        if self._expected:
            with open(self._expected, encoding="utf-8") as stream:
                listed = [line for line in stream.read().splitlines() if line and not line.startswith("#")]
            expected = [line for line in listed if not line.startswith(_MAYBE)]
            allowed = {line.removeprefix(_MAYBE) for line in listed}
            self._differences = [
                *(f"+ {line}" for line in lines if line not in allowed),
                *(f"- {line}" for line in expected if line not in lines),
            ]
            if self._differences and session.exitstatus == 0:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
        """Says, last of all, what a machine with more on it would have tested."""
        yield
        terminalreporter.ensure_newline()
        say = terminalreporter.line
        if self._differences:
            terminalreporter.section(f"the skips are not those of {self._expected}")
            for line in self._differences:
                say(line)
        wanting: Counter[str] = Counter()
        others: Counter[str] = Counter()
        for (reason, _), count in self.found.items():
            missing = _MISSING.match(reason)
            if missing:
                wanting[missing[1]] += count
            else:
                others[reason] += count
        if wanting:
            terminalreporter.section("skipped for want of")
            width = max(map(len, wanting))
            for name, count in sorted(wanting.items()):
                say(f"{name:{width}}  {_tests(count)}  ({remedy(name)})")
        if others:
            terminalreporter.section("skipped for other reasons")
            for reason, count in sorted(others.items()):
                say(f"{_tests(count)}  {reason}")


def _tests(count: int) -> str:
    return f"{count:4} {'test ' if count == 1 else 'tests'}"


def _listed(found: Counter[tuple[str, str]]) -> list[str]:
    return sorted(f"{reason}: {test} x{count}" for (reason, test), count in found.items())

"""A machine of one's own as far as `/etc` and `/var/lib` go: a mount namespace, for tests of a machine's rules.

Its root is whoever runs the tests, so that an ordinary user can, where the kernel lets users make namespaces.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest
from harness import PATH, PATIENT, SAFESHELL, environment, until
from needs import need

from safeshell.client import control
from safeshell.errors import SafeShellError
from safeshell.home.paths import SYSTEM_RULES, Home
from safeshell.protocol import Type

SET_UP = """
set -e
mount --make-rprivate /
mkdir "$0/etc"
mount --rbind /etc "$0/etc"
mount -t tmpfs -o mode=755 none /etc
for each in "$0"/etc/* "$0"/etc/.[!.]*; do [ ! -e "$each" ] || ln -s "$each" /etc/; done
mount -t tmpfs -o mode=755 none /var/lib
mkdir -m 755 /etc/safeshell
echo ready
exec cat
"""


class Machine:
    """The namespace, entered by each command that is run."""

    def __init__(self, pid: int, enter: list[str]) -> None:
        self._root = f"/proc/{pid}/root"
        self._enter = enter

    def path(self, path: str) -> str:
        """A file of that machine's, from here."""
        return self._root + path

    def write(self, name: str, text: str) -> None:
        """Writes a file of the machine's rules, as an editor would."""
        directory = self.path(SYSTEM_RULES)
        if not os.path.isdir(directory):
            os.mkdir(directory, 0o755)
        with open(f"{directory}/.{name}", "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(f"{directory}/.{name}", 0o644)
        os.replace(f"{directory}/.{name}", f"{directory}/{name}")

    def run(
        self, home: Home, *argv: str, shims: bool = True, more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command there, behind the home's shims."""
        env = environment(home, more)
        return subprocess.run(
            [*self._enter, "sh", "-c", 'cd "$0" && exec "$@"', home.root, *argv],
            env=env if shims else {**env, "PATH": PATH},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=60,
            check=False,
        )

    def safeshell(
        self, home: Home, *argv: str, more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs the `safeshell` command there."""
        return self.run(home, SAFESHELL, *argv, shims=False, more=more)

    @contextlib.contextmanager
    def daemon(self, home: Home) -> Iterator[None]:
        """A daemon of a home there, for as long as the block."""
        env = {"PATH": PATH, "SAFESHELL_HOME": home.root, "HOME": home.root}
        with subprocess.Popen([*self._enter, sys.executable, "-I", "-c", PATIENT], env=env) as process:
            try:

                def serves() -> bool:
                    with contextlib.suppress(SafeShellError):
                        return bool(control(Type.STATUS, home=home))
                    assert process.poll() is None, "the daemon ended"
                    return False

                until(serves, "the daemon to serve")
                yield
            finally:
                with contextlib.suppress(SafeShellError):
                    control(Type.STOP, 2, home=home)


@contextlib.contextmanager
def a_machine(root: str) -> Iterator[Machine]:
    """A machine, for as long as the block.

    Args:
        root: a directory for what it needs.
    """
    need("unshare")
    need("nsenter")
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    unshare = ["unshare", *user, "--mount", "sh", "-c", SET_UP, root]
    with subprocess.Popen(unshare, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        try:
            if holder.stdout.readline() != b"ready\n":
                pytest.skip("needs to be let make a mount namespace")
            entered = ["--user", "--preserve-credentials"] if user else []
            yield Machine(holder.pid, ["nsenter", f"--target={holder.pid}", *entered, "--mount", "--"])
        finally:
            holder.stdin.close()

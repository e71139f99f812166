"""Everything that a process can see of itself is as natively, but for an explicit list (`fidelity.differences`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from ccode import PROBE, compile_own
from e2e.guard import Guard, guarded
from fidelity.callers import CALLERS, CONFINED, KEPT, PRIVILEGED, why_not
from fidelity.differences import BY_BASH, EACH_TIME, FORCED, IN_DAEMON, NOT_SEEN, OF_CALLERS, SHOWN, compare
from harness import sync_shims, temporary_directory
from needs import need

WORLDS = {
    "auto": "execution: auto\nshims: {extra: [probe]}\n",
    "daemon": "execution: daemon\nshims: {extra: [probe]}\n",
    "in_place": "execution: in_place\nshims: {extra: [probe]}\n",
    "bash": "shims: {client: bash, extra: [probe]}\n",
}
ARGUMENTS = (b"", b"a b", b"\xff\xfe", b"new\nline", b"'\"$x")


class Lab:
    """A guarded world with the probe in it, and the same descriptors for each of its runs."""

    def __init__(self, world: str, guard: Guard) -> None:
        self.world = world
        self.guard = guard
        self.spawns = world in {"auto", "daemon"}

    def run(self, caller: str, *, native: bool) -> dict[str, Any]:
        """What the probe sees, called by such a caller."""
        environment = self.guard.environment({"EMPTY": "", "BYTES": "\udcff\n"})
        with open(os.path.join(self.guard.work, "in"), "w+b") as stdin, self._log() as stderr:
            stdin.write(b"0123456789")
            stdin.flush()
            stdin.seek(3)
            self._run(
                os.path.join(self.guard.bin, "probe") if native else self.guard.shim("probe"),
                caller,
                stdin,
                stderr,
                environment,
            )
            with open(os.path.join(self.guard.work, "out"), "rb") as stream:
                seen: dict[str, Any] = json.load(stream)
            assert os.fstat(stderr.fileno()).st_size == 4, "something was said on stderr"
        return seen

    def _log(self) -> Any:
        stream = open(os.path.join(self.guard.work, "err"), "ab", buffering=0)  # noqa: SIM115 # the caller's `with`
        stream.truncate(0)
        stream.write(b"old\n")
        return stream

    def _run(self, path: str, caller: str, stdin: Any, stderr: Any, environment: dict[str, str]) -> None:
        with open(os.path.join(self.guard.work, "out"), "wb") as stdout:
            done = subprocess.run(
                [b"called so", *ARGUMENTS],
                executable=path,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=environment,
                cwd=self.guard.work,
                start_new_session=True,
                close_fds=caller != "descriptor",
                preexec_fn=CALLERS[caller],  # no threads here
                check=False,
                timeout=60,
            )
        assert done.returncode == 0

    def differences(self, caller: str) -> dict[str, tuple[Any, Any]]:
        """What differs from a native run: both values, by path."""
        return compare(self.run(caller, native=True), self.run(caller, native=False))

    def placed_in_daemon(self) -> int:
        return sum(self.guard.placed("daemon").values())


@pytest.fixture(scope="module")
def probe() -> Iterator[str]:
    """The probe, compiled."""
    with temporary_directory() as root:
        path = os.path.join(root, "probe")
        compile_own(PROBE, path)
        yield path


@pytest.fixture(scope="module", params=WORLDS)
def lab(request: pytest.FixtureRequest, probe: str) -> Iterator[Lab]:
    """A world for each client and placement."""
    with guarded(WORLDS[request.param]) as guard:
        shutil.copy(probe, guard.bin)
        sync_shims(guard.home, guard.path(native=True))
        yield Lab(request.param, guard)


@pytest.mark.parametrize("caller", CALLERS)
def test_s11_what_a_process_sees(lab: Lab, caller: str) -> None:
    if caller in PRIVILEGED:
        need("root")
    if reason := why_not(CALLERS[caller]):
        pytest.skip(reason)
    before = lab.placed_in_daemon()
    found = lab.differences(caller)
    spawned = lab.placed_in_daemon() > before
    expected = EACH_TIME | (IN_DAEMON | NOT_SEEN if spawned else {}) | (BY_BASH if lab.world == "bash" else {})
    if lab.world == "daemon" and caller not in KEPT:
        expected |= dict.fromkeys(FORCED, "execution: daemon")
    assert not {path: values for path, values in found.items() if path not in expected}
    if lab.world == "daemon":
        assert spawned is (caller not in CONFINED)
    if lab.world in {"auto", "in_place"}:
        assert spawned is (lab.world == "auto" and caller in KEPT)


def test_the_list_is_not_longer_than_needed(lab: Lab) -> None:
    """What every run through the daemon shows can't be on the list for nothing."""
    found = lab.differences("plain").keys()
    assert (SHOWN if lab.spawns else set()) <= found


BUSY = """
import os
held = bytearray(64 << 20)
with open("/dev/zero", "rb", 0) as zeros:
    while os.times().system < 0.06:
        zeros.read(1 << 20)
while os.times().user < 0.06:
    sum(range(10000))
"""
"""A command that takes some hundredths of a second of each kind, and memory."""

ACCOUNT = """
import json, resource, subprocess, sys
subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "usage/childrens_user_us": used.ru_utime > 0.05,
    "usage/childrens_system_us": used.ru_stime > 0.05,
    "usage/childrens_peak_kib": used.ru_maxrss > 60 << 10,
}))
"""
"""A caller that prints whether what its command took is in its own account."""


def test_u20_what_a_command_takes_is_in_its_callers_account_but_for_the_daemons(lab: Lab) -> None:
    before = lab.placed_in_daemon()
    accounts = []
    for native in (True, False):
        program = shutil.which("python3", path=lab.guard.path(native=True)) if native else lab.guard.shim("python3")
        caller = [sys.executable, "-I", "-c", ACCOUNT, str(program), "-I", "-c", BUSY]
        environment = lab.guard.environment(native=native)
        done = subprocess.run(caller, env=environment, capture_output=True, start_new_session=True, check=True)
        accounts.append(json.loads(done.stdout))
    assert all(accounts[0].values())
    spawned = lab.placed_in_daemon() > before
    assert spawned is (lab.world != "in_place")
    assert compare(*accounts).keys() == (OF_CALLERS.keys() if spawned else set())

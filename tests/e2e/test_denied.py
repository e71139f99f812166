"""What is denied does not run, and says why in one line."""

from __future__ import annotations

import os
import re

from e2e.guard import FORBIDDEN, RULES, Guard, Outcome

DENIAL = re.compile(rb"safeshell: denied by rule not-that-word \(([^):]*):(\d+)\): This word is not to be said\.\n")


def assert_denied(guard: Guard, done: Outcome) -> None:
    assert done.status == 126
    assert done.out == b""
    found = DENIAL.fullmatch(done.err)
    assert found, done.err
    assert os.path.join(guard.home.root, found[1].decode()) == guard.home.rules
    assert RULES.splitlines()[int(found[2]) - 1] == "  - name: not-that-word"


def test_denied(guard: Guard) -> None:
    with open(os.path.join(guard.work, FORBIDDEN), "wb"):
        pass
    assert_denied(guard, guard.run("rm", FORBIDDEN))
    assert_denied(guard, guard.run(guard.shim("rm"), FORBIDDEN))
    assert os.listdir(guard.work) == [FORBIDDEN]


def test_denied_inside_a_script(guard: Guard) -> None:
    script = f"echo before; cp {FORBIDDEN} copy || echo status $?; set -e; ls | grep {FORBIDDEN}; echo unreached"
    done = guard.run("bash", "-c", f"set -o pipefail; {script}")
    assert (done.status, done.out) == (126, b"before\nstatus 126\n")
    assert len(DENIAL.findall(done.err)) == 2
    assert done.err.count(b"\n") == 2


def test_denied_with_stderr_closed(guard: Guard) -> None:
    assert guard.run("sh", "-c", f"rm {FORBIDDEN} 2>&-; echo $?") == (0, b"126\n", b"")

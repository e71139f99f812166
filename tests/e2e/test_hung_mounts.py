"""A mount that doesn't answer: whoever touches it waits and then is judged without it, and nobody waits along."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import MakeHome
from harness import PATIENCE_S, Daemon, environment, run, running_daemon, sync_shims, until
from hung_mount import Mount, mounted

from safeshell.home.paths import Home

RULES = """\
version: 1
rules:
  - {name: kept, commands: [touch], conditions: [{operand_under: [/kept]}], action: deny, message: Kept.}
  - {name: flagged, commands: [mkdir], conditions: [{file_exists: there}], action: deny, message: Flagged.}
  - {name: branched, commands: [git], conditions: [{git_branch_in: [main]}], action: deny, message: Branch.}
  - {name: seen, commands: ['true', env, ls], action: allow, message: Seen.}
"""

MakeMount = Callable[[str], Mount]

pytestmark = pytest.mark.rules(RULES)


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[MakeMount]:
    """Makes mounts by their names; made before a daemon, for what is stuck there ends with them."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(mounted(str(tmp_path / name)))


def start(home: Home, argv: list[str], cwd: str | None = None, path: str = "") -> subprocess.Popen[bytes]:
    """A command that goes on once its input ends, in a directory that it has entered by then."""
    found = environment(home)
    process = subprocess.Popen(
        ["/bin/sh", "-c", 'cd "$1"; shift; echo in; read -r go; exec "$@"', "sh", cwd or home.root, *argv],
        env={**found, "PATH": path or found["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"in\n"
    return process


def assert_answers(home: Home, daemon: Daemon, *silent: str) -> None:
    """Another's commands are answered while these are waited for, and from then on."""
    until(lambda: (found := daemon.status()["mounts"])["asked"] or found["silent"], "a mount to be asked")
    assert run(home, "true").returncode == 0
    until(lambda: set(silent) <= set(daemon.status()["mounts"]["silent"]), "the daemon to give up")
    assert run(home, "ls", "/").returncode == 0


def test_s15_what_lies_on_a_mount_that_answers_is_judged_as_anywhere(
    mounts: MakeMount, daemon: Daemon, shims: Home
) -> None:
    mount = mounts("mount")
    assert daemon.status()["mounts"]["may_not_answer"] == [mount.path]
    assert run(shims, "mkdir", "x").returncode == 0
    assert run(shims, "mkdir", "x", cwd=mount.path).returncode == 126
    assert run(shims, "touch", f"{mount.path}/link").returncode != 126
    os.symlink("/kept", f"{shims.root}/aside")
    assert run(shims, "touch", f"{mount.path}/../../../../../..{shims.root}/aside").returncode == 126
    assert run(shims, "git", "tag", cwd=mount.path).returncode == 128  # no repository, no rule: git itself says so
    assert daemon.status()["mounts"]["silent"] == []


REFUSED, UNDECIDED = (125, "doesn't answer, so it can't be told which rules apply there"), (126, "kept")
CASES = {
    "touch MOUNT/x": UNDECIDED,
    "touch LINK/x": UNDECIDED,
    "touch a ../../../../../../../..MOUNT/x": UNDECIDED,
    "env --chdir=/ touch MOUNT/x": UNDECIDED,
    "HERE git tag": REFUSED,
    "HERE mkdir y": REFUSED,
    "git -C MOUNT tag": REFUSED,
    "env -C MOUNT true": REFUSED,
    "TREE git tag": (126, "branched"),
}
"""What is done with a mount that nobody answers for, and how it ends."""


def test_s15_who_asks_a_mount_that_nobody_answers_for_holds_up_nobody_else(
    mounts: MakeMount, daemon: Daemon, shims: Home, tmp_path: Path
) -> None:
    waiting = []
    for number, (words, expected) in enumerate(CASES.items()):
        mount = mounts(f"mount{number}")
        link, tree = tmp_path / f"link{number}", tmp_path / f"tree{number}"
        link.symlink_to(mount.path)
        tree.mkdir()
        (tree / ".git").symlink_to(mount.path)
        argv = words.replace("MOUNT", mount.path).replace("LINK", str(link)).split()
        cwd = {"HERE": mount.path, "TREE": str(tree)}.get(argv[0])
        waiting.append((start(shims, argv[cwd is not None :], cwd), mount, expected))
    for process, mount, _ in waiting:
        mount.stop()
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    assert_answers(shims, daemon, *[mount.path for _, mount, _ in waiting])
    for (process, _, (status, word)), words in zip(waiting, CASES, strict=True):
        said = process.communicate(timeout=PATIENCE_S)[1].decode()
        assert (process.returncode, word in said) == (status, True), f"{words}: {process.returncode} {said}"
    # It is known by now: nobody waits a second time.
    again = run(shims, "touch", f"{waiting[0][1].path}/x")
    assert again.returncode == 126
    assert daemon.status()["mounts"]["asked"] == 0


def test_s15_along_a_path_that_leads_there_the_caller_looks_by_itself(
    mounts: MakeMount, daemon: Daemon, shims: Home
) -> None:
    mount = mounts("mount")
    waiting = start(shims, ["true"], path=f"{shims.shims}:{mount.path}:/usr/bin:/bin")
    mount.stop()
    assert waiting.stdin is not None
    waiting.stdin.write(b"go\n")
    waiting.stdin.flush()
    assert_answers(shims, daemon, mount.path)
    assert waiting.poll() is None  # as natively
    mount.close()
    waiting.communicate(timeout=PATIENCE_S)
    assert waiting.returncode == 0
    until(lambda: daemon.status()["mounts"] == {"may_not_answer": [], "asked": 0, "silent": []}, "it to be gone")


def test_s15_rules_that_lie_there_stay_as_they_were(homes: MakeHome, mounts: MakeMount, tmp_path: Path) -> None:
    team = tmp_path / "mount"
    team.mkdir()
    (team / "team.yaml").write_text(RULES.replace("/kept", "/"), encoding="utf-8")
    home = homes(f"version: 1\ninclude: [{team}/team.yaml]\nrules: []\n")
    with running_daemon(home) as daemon:
        sync_shims(home)
        mount = mounts("mount")
        mount.stop()
        for _ in range(2):
            ended = run(home, "touch", "x")
            assert ended.returncode == 126
            said = f"safeshell: {mount.path} doesn't answer; the rules that lie there stay as they were\n"
            assert ended.stderr.decode().startswith(said)
        assert_answers(home, daemon, mount.path)


def test_s15_a_mount_that_comes_later_is_known_before_the_next_command(
    mounts: MakeMount, daemon: Daemon, shims: Home
) -> None:
    assert run(shims, "touch", "x").returncode == 0
    for name in ("one mount", "another"):
        mount = mounts(name)
        assert mount.path in daemon.status()["mounts"]["may_not_answer"]
        mount.close()
        assert daemon.status()["mounts"]["may_not_answer"] == []
    assert run(shims, "touch", "x").returncode == 0

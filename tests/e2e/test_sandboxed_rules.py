"""A repository's rules are in force for who sees it through other mounts or another root; else that is said."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.guard import Guard, Outcome, guarded
from harness import until, write

RULES = """\
version: 1
rules:
  - name: no-cat-here
    commands: [cat]
    conditions: [{command_contains: precious}]
    action: deny
    message: Not in this repository.
"""
OTHER = RULES.replace("no-cat-here", "no-such-rule").replace("precious", "gold")


@pytest.fixture(scope="module")
def world() -> Iterator[Guard]:
    """A world with a repository, and another one's rules beside it."""
    with guarded() as guard:
        for name, rules in (("repository", RULES), ("other", OTHER)):
            path = os.path.join(guard.root, name)
            os.makedirs(f"{path}/inner/deep")
            os.mkdir(f"{path}/.safeshell", 0o700)
            write(f"{path}/.safeshell/rules.yaml", rules)
            subprocess.run(["git", "init", "-q", path], check=True)
        os.mkdir(f"{guard.root}/mnt")
        yield guard


def is_denied(done: Outcome, guard: Guard) -> bool:
    where = f"{guard.root}/repository/.safeshell/rules.yaml:3"
    return done.status == 126 and done.err.startswith(b"safeshell: denied by rule no-cat-here (%s)" % where.encode())


SAME = ["bwrap", "--dev-bind", "/", "/"]
ELSEWHERE = [*SAME, "--bind", "{root}/repository", "{root}/mnt"]
ALONE = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-all", "--tmpfs", "/mnt"]
SEEN = {
    "same files": [*SAME, "--chdir", "{root}/repository"],
    "same files, below": [*SAME, "--chdir", "{root}/repository/inner/deep"],
    "namespaces of its own": [*ALONE, "--chdir", "{root}/repository/inner"],
    "elsewhere": [*ELSEWHERE, "--chdir", "{root}/mnt"],
    "elsewhere, below": [*ELSEWHERE, "--chdir", "{root}/mnt/inner/deep"],
    "in another's place": [*SAME, "--bind", "{root}/repository", "{root}/other", "--chdir", "{root}/other/inner"],
    "a part of it elsewhere": [*ALONE, "--bind", "{root}/repository", "/mnt", "--chdir", "/mnt/inner"],
}


@pytest.mark.needs("bwrap", "git")
@pytest.mark.parametrize("name", SEEN)
def test_s3_the_very_same_rules_are_in_force(world: Guard, name: str) -> None:
    sandbox = [word.format(root=world.root) for word in SEEN[name]]
    if subprocess.run([*sandbox, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("needs to be let run bwrap")
    assert is_denied(world.run(*sandbox, "cat", "precious"), world)
    assert world.run(*sandbox, "cat", "/dev/null") == (0, b"", b"")


@pytest.mark.needs("root", "chroot", "git")
def test_s3_a_directory_outside_of_the_callers_root_has_its_rules(world: Guard) -> None:
    """The shell stays in the repository, and its root is another directory: no path leads to where it is."""

    def leave() -> None:
        os.chroot(world.home.root)

    inside = Path(world.home.root, "shims")
    done = world.run("cat", "precious", cwd=f"{world.root}/repository/inner", preexec_fn=leave,
                     executable=f"/{inside.name}/cat", env={"SAFESHELL_HOME": "/"})  # fmt: skip
    assert is_denied(done, world), done


@pytest.mark.needs("bwrap", "git")
def test_s3_rules_that_the_daemon_does_not_see_refuse_and_are_recorded(world: Guard) -> None:
    tree = f"{world.root}/repository"
    copy = ["--file", "9", f"{tree}/.safeshell/rules.yaml"]
    sandbox = [*SAME, "--tmpfs", f"{tree}/.safeshell", *copy, "--chdir", tree]
    with open(f"{tree}/.safeshell/rules.yaml", "rb") as rules:

        def pass_rules() -> None:
            os.dup2(rules.fileno(), 9)

        done = world.run(*sandbox, "cat", "precious", preexec_fn=pass_rules, close_fds=False)
    if b"bwrap:" in done.err:
        pytest.skip("needs to be let run bwrap")
    why = f"{tree}/.safeshell/rules.yaml is another file here than for who asks"
    assert (done.status, done.err) == (125, f"safeshell: {why}\n".encode())

    def recorded() -> list[dict[str, object]]:
        with open(world.home.audit, encoding="utf-8") as stream:
            found = [json.loads(line) for line in stream]
        return [record for record in found if record.get("error") == why]

    (record,) = until(recorded, "the refusal in the log")
    assert (record["kind"], record["argv"], record["cwd"], record["exit"]) == ("error", ["cat", "precious"], tree, 125)

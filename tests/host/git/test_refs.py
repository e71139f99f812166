"""References are read as git reads them."""

from __future__ import annotations

from pathlib import Path

from host.git.contents import FUZZ, REFERENCES
from host.git.repositories import (
    OBJECT,
    facts_of,
    run_git,
)
from hypothesis import example, given

from safeshell.errors import UndecidedError


@given(content=REFERENCES)
@FUZZ
@example(content=b"ref: refs/heads/a./b\n")
@example(content=b"ref: refs/heads/a.\n")
@example(content=b"ref: refs/heads/@\n")
@example(content=OBJECT.encode() + b" x\n")
def test_any_head_reads_as_git_reads_it(repository: Path, content: bytes) -> None:
    if b"\0" in content:
        return  # git's strings end there; here that is undecided
    (repository / ".git" / "HEAD").write_bytes(content)
    head = run_git(repository, "symbolic-ref", "-q", "HEAD")
    try:
        found: str | bool | None = facts_of(repository)
    except UndecidedError:
        found = False
    if head.returncode == 0:
        assert found
        assert head.stdout.decode(errors="replace").endswith(f"/{found}\n")
    else:
        assert found is (None if head.returncode == 1 else False)


def test_a_branch_that_is_not_utf8(repository: Path) -> None:
    (repository / ".git" / "HEAD").write_bytes(b"ref: refs/heads/caf\xe9\n")
    assert facts_of(repository) == "caf\ufffd"

"""The lines of a session, what is right about each, and whether it has run: `session.yaml`."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))

SEES = "sees"


@dataclass(frozen=True)
class Line:
    """One line; `session.yaml` says what each field means."""

    name: str
    line: str
    deed: dict[str, str]
    decision: str
    shims: str = SEES
    hook: str = SEES
    repository: bool = False

    @property
    def is_allowed(self) -> bool:
        """Whether it has to run."""
        return self.decision == "allow"

    def has_run(self, work: str) -> bool:
        """Whether its deed shows below the session's directory."""
        ((kind, path),) = self.deed.items()
        return os.path.lexists(os.path.join(work, self.name, path)) is (kind == "made")


def session() -> list[Line]:
    """All lines, in order."""
    with open(os.path.join(HERE, "session.yaml"), encoding="utf-8") as stream:
        return [Line(**row) for row in yaml.safe_load(stream)]


def rules() -> str:
    """The rules of the session, as YAML."""
    with open(os.path.join(HERE, "rules.yaml"), encoding="utf-8") as stream:
        return stream.read()


def lay_out(work: str, lines: list[Line]) -> None:
    """Makes each line's directory."""
    for line in lines:
        for name in ("keep", "junk"):
            os.makedirs(os.path.join(work, line.name, name))
            with open(os.path.join(work, line.name, name, "file"), "w", encoding="utf-8") as stream:
                stream.write("What is in it.\n")
        if line.repository:
            _make_repository(os.path.join(work, line.name))


def _make_repository(directory: str) -> None:
    for words in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", "A"],
        ["config", "user.email", "a@example.org"],
        ["add", "keep"],
        ["commit", "-qm", "First"],
        ["branch", "topic"],
    ):
        subprocess.run(["git", "-C", directory, *words], check=True)

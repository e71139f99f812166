"""What the judge makes of the corpora of shell lines.

`PYTHONPATH=tests python -m corpus.lines.measure [harmless | guards] [--kind NAME]` prints each line that it gets wrong
with what it said, then the figures.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from harness import make_home, temporary_directory

import safeshell
from corpus.corpus import compiled
from corpus.lines.entries import Guarded, Harmless, guarded, harmless, lists
from safeshell.cli.checkline import caller_of
from safeshell.home.settings import Settings
from safeshell.policy.decision import Action
from safeshell.policy.table import Table
from safeshell.shell.judge import LineJudgement, judge_line
from safeshell.shell.syntax.tree import Dialect

PACKS = os.path.join(os.path.dirname(safeshell.__file__), "packs")
BRANCH = "topic"
USER_HOME = "/home/dev"
"""The home that the guards' lines name."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that the judge gets wrong.

    Attributes:
        kind: the file that it stands in.
        line: the shell line.
        said: what the judge said, line by line.
        missed: the commands that it did not list.
        deferred: whether it left one to the run.
    """

    kind: str
    line: str
    said: tuple[str, ...]
    missed: tuple[str, ...] = ()
    deferred: bool = False

    @property
    def unseen(self) -> bool:
        """Whether a command was neither listed nor left to the run."""
        return bool(self.missed) and not self.deferred

    def __str__(self) -> str:
        return "\n    ".join([f"{self.kind}: {self.line!r}", *self.said])


class Measure:
    """An agent in a project, with every pack on."""

    def __init__(self, root: str) -> None:
        self._tables = _tables(os.path.join(root, "safeshell"))
        self._home = os.path.join(root, "home")
        self._project = os.path.join(self._home, "proj")
        for directory in ("objects", "refs/heads"):
            os.makedirs(os.path.join(self._project, ".git", directory))
        with open(os.path.join(self._project, ".git", "HEAD"), "w", encoding="utf-8") as stream:
            stream.write(f"ref: refs/heads/{BRANCH}\n")

    def judge(
        self, line: str, *, shims: bool, cwd: str = ".", env: dict[str, str] | None = None, shell: str = "bash"
    ) -> LineJudgement:
        """What `check -c --context ai` decides."""
        environment = {"HOME": self._home, "USER": "dev", "SAFESHELL_CONTEXT": "ai", **(env or {})}
        directory = os.path.normpath(os.path.join(self._project, cwd))
        caller = caller_of(self._tables, Settings(), environment, os.fsencode(directory), None, shims=shims)
        return judge_line(line, replace(caller, shell=Dialect(shell)))

    def asked(self, entries: Sequence[Harmless]) -> Iterator[Wrong]:
        """Those of the harmless lines that are not let through for a caller without shims."""
        for entry in entries:
            found = self.judge(entry.line, shims=False, cwd=entry.cwd, env=entry.env)
            if found.decision.action is not Action.ALLOW:
                first = found.decision
                said = (f"{first.action.word} by {first.rule}: {first.subject!r}", first.message)
                yield Wrong(entry.subject, entry.line, said)

    def unseen(self, entries: Sequence[Guarded]) -> Iterator[Wrong]:
        """Those of the guards' lines of which a command is not listed, or left to the run, for a caller with shims."""
        for entry in entries:
            found = self.judge(entry.line, shims=True, env={"HOME": USER_HOME}, shell=entry.shell)
            subjects = [command.decision.subject for command in found.commands]
            missed = [one for one in entry.commands if not lists(one, subjects, entry.commands)]
            own = [one for one in subjects if not any(lists(command, [one]) for command in entry.commands)]
            missed += [one for one in entry.calls if not any(one in subject for subject in own)]
            if entry.beyond:
                missed = []
            deferred = [command.decision.subject for command in found.commands if command.deferred]
            if missed or deferred:
                said = [f"missed: {one}" for one in missed] + [f"deferred: {one}" for one in deferred]
                said.append(f"listed: {subjects}")
                yield Wrong(entry.kind, entry.line, tuple(said), tuple(missed), bool(deferred))


def _tables(root: str) -> list[Table]:
    packs = sorted(os.path.splitext(file)[0] for file in os.listdir(PACKS) if file.endswith(".yaml"))
    named = ", ".join(f"pack:{name}" for name in packs)
    return compiled(make_home(root, f"version: 1\ninclude: [{named}]\nrules: []\n"))


@contextmanager
def measuring() -> Iterator[Measure]:
    """A measure in a directory of its own."""
    with temporary_directory() as root:
        yield Measure(root)


def main() -> None:
    """Prints what is wrong, and the figures."""
    parser = argparse.ArgumentParser(description="What the judge makes of the corpora of shell lines.")
    parser.add_argument("corpus", nargs="?", choices=["harmless", "guards"])
    parser.add_argument("--kind", help="only the lines of this file")
    chosen = parser.parse_args()
    out: list[str] = []
    with measuring() as measure:
        if chosen.corpus != "guards":
            asked_of = [entry for entry in harmless() if chosen.kind in (None, entry.subject)]
            wrong = list(measure.asked(asked_of))
            out += [*map(str, wrong), f"asked about or denied: {_share(len(wrong), len(asked_of))}"]
        if chosen.corpus != "harmless":
            tried = [entry for entry in guarded() if chosen.kind in (None, entry.kind)]
            found = list(measure.unseen(tried))
            out += [*map(str, found), f"a command unseen: {_share(sum(one.unseen for one in found), len(tried))}"]
            out.append(f"deferred: {_share(sum(one.deferred for one in found), len(tried))}")
    sys.stdout.write("\n".join(out) + "\n")


def _share(count: int, total: int) -> str:
    return f"{count} of {total} ({100 * count / max(total, 1):.1f} %)"


if __name__ == "__main__":
    main()

"""Jobs of the helper process: a line to be judged, an envelope to be read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from safeshell.policy.decision import Action, Decision, Matched
from safeshell.policy.store.memory import descriptor_of
from safeshell.policy.units import LoadedTable
from safeshell.shell.limits import unjudged
from safeshell.text import text


class Line(NamedTuple):
    """A line to be judged.

    Attributes:
        line: it.
        is_ai: whether an agent asks.
        environment: the caller's, as a block.
        directory: where it runs, absolute.
        markers: variables that tell an agent.
        tables: those in force, in order of precedence.
        answer: called once, with the object that `safeshell check -c --json` prints (where the helper fails with the
            decision of `line-overrun`); with `{"wanted": …}`, other repositories' rules that it has to be judged by,
            too; or with None and why there is none.
        gone: whether nobody waits for the answer any more; then a line that isn't begun is dropped.
        shell: the shell that reads it: bash, sh or zsh.
        rules: the repositories' rules among the tables.
        elsewhere: the tables for commands that other repositories' rules apply to, by those.
        agent: whose hook asks; "" where none does.
        acts: whether who asks will run the line or not, by the answer.
        files: of a file tool's call the files, which are judged in the place of the line; of a line those it patches.
        is_line: whether there is a line.
        session: where the session began; nothing where that is the directory.
    """

    line: bytes
    is_ai: bool
    environment: bytes
    directory: bytes
    markers: Sequence[str]
    tables: Sequence[LoadedTable]
    answer: Callable[[dict[str, Any] | None, str], None]
    gone: Callable[[], bool]
    shell: str = "bash"
    rules: tuple[bytes, ...] = ()
    elsewhere: Mapping[tuple[bytes, ...], Sequence[LoadedTable]] = MappingProxyType({})
    agent: str = ""
    acts: bool = False
    files: Mapping[str, Any] | None = None
    is_line: bool = True
    session: bytes = b""

    def to_request(self) -> dict[str, Any]:
        """As the helper is asked: `safeshell.shell.worker.LineRequest`."""
        return {
            "line": self.line.decode("latin-1"),
            "environment": self.environment.decode("latin-1"),
            "directory": self.directory.decode("latin-1"),
            "markers": self.markers,
            "agent": self.agent,
            "acts": self.acts,
            "tables": [_describe(loaded) for loaded in self.tables],
            "rules": _as_text(self.rules),
            "elsewhere": [
                (_as_text(rules), [_describe(loaded) for loaded in tables]) for rules, tables in self.elsewhere.items()
            ],
            "shell": self.shell,
            "files": self.files,
            "is_line": self.is_line,
            "session": self.session.decode("latin-1"),
        }

    def overrun(self, reason: str) -> dict[str, Any] | None:
        """The answer where the helper fails: the decision of `line-overrun`."""
        digests = tuple([loaded.digest for loaded in self.tables])
        return unjudged(text(self.line), reason, is_ai=self.is_ai, tables=digests)


def decision_of(found: Mapping[str, Any], agent: str) -> Decision:
    """The decision of a line, of the object that the helper answers with.

    The agent's hook is one of its facts, and so is what the line's files hold.
    """
    files = found.get("files")  # so that what a person approves is what was read, not what the files become
    facts = {**found["facts"], **({"hook": agent} if agent else {}), **({"files": files} if files else {})}
    return Decision(
        Action[found["decision"].upper()],
        found["subject"] or "",
        rule=found["rule"] or "",
        message=found["message"] or "",
        source=found["source"] or "",
        matched=tuple([Matched(one["rule"], Action[one["action"].upper()], one["source"]) for one in found["matched"]]),
        facts=tuple([((name,), json.dumps(value)) for name, value in facts.items()]),
        tables=tuple(found["table"].split("+")) if found["table"] else (),
        outside=found["approval"] == "outside",
    )


class EnvelopeJob(NamedTuple):
    """An envelope to be read.

    Attributes:
        agent: whose hook sent it.
        envelope: it; None where a descriptor of the daemon's leads to it.
        descriptor: that.
        answer: called once, with `{"call": …}` or `{"unjudged": why}`, or with None and why it isn't understood, as a
            clause about "it".
        gone: as of a `Line`.
    """

    agent: str
    envelope: bytes | None
    descriptor: int
    answer: Callable[[dict[str, Any] | None, str], None]
    gone: Callable[[], bool]

    def to_request(self) -> dict[str, Any]:
        """As the helper is asked: `safeshell.shell.worker.EnvelopeRequest`."""
        envelope = self.envelope
        return {
            "agent": self.agent,
            "envelope": None if envelope is None else envelope.decode("latin-1"),
            "file": "" if envelope is not None else f"/proc/{os.getpid()}/fd/{self.descriptor}",
        }

    def overrun(self, reason: str) -> dict[str, Any] | None:
        """The answer where the helper fails: none."""
        del reason
        return None


Job = Line | EnvelopeJob


def _as_text(rules: tuple[bytes, ...]) -> list[str]:
    return [path.decode("latin-1") for path in rules]


def _describe(loaded: LoadedTable) -> tuple[str, str, str]:
    """Digest, root, and where the helper finds the memory to map; the line keeps it open."""
    return loaded.digest, loaded.table.root, f"/proc/{os.getpid()}/fd/{descriptor_of(loaded.table.sections)}"

"""Helper process that judges shell lines, of this tree or of an earlier one: asked as its own daemon asks it.

A request takes two kinds of time: from its first byte to the answer's last, and the processor's in the helper. The
second hardly hangs on what else the machine does.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from typing import Any, BinaryIO, NamedTuple

from workload import Running

from safeshell.policy.store.reading import read_current
from safeshell.shell.frames import frame, read

FIRST_RELEASE = "cfedb53"
"""The commit of the first release's judge."""

_EARLIER = "safeshell/lines/helper.py"
"""The helper of releases whose parser was tree-sitter's; it reads tables from the home by itself."""

_CPUCLOCK_SCHED = 2


_SETTLED_S = 0.3
"""A helper that used no processor for so long has nothing to do."""


class Took(NamedTuple):
    """What lines took, ms: by the clock, and of the processor."""

    clock: float
    processor: float


class Helper:
    """The helper's process.

    Args:
        made: whose rules are in force.
        root: where the tree stands that it is of.
        counter: the words that stand before its own to count it.
    """

    def __init__(self, made: Running, root: str, counter: Sequence[str] = ()) -> None:
        home = made.home
        earlier = os.path.exists(os.path.join(root, _EARLIER))
        self._more = _earlier_tables(made) if earlier else self._tables(made)
        module = "safeshell.lines.helper" if earlier else "safeshell.shell.worker"
        # Counted, it takes the hash seed from its environment: else no two runs are the same.
        isolated = ["-s", "-P"] if counter else ["-I"]
        words = [*counter, made.python, *isolated, "-X", "utf8", "-m", module, home.root]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input: BinaryIO = self._process.stdin  # type: ignore[assignment] # opened as bytes
        self._output: BinaryIO = self._process.stdout  # type: ignore[assignment] # likewise
        self._clock = (~self._process.pid << 3) | _CPUCLOCK_SCHED  # as clock_getcpuclockid(3) makes it

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def _tables(self, made: Running) -> dict[str, Any]:
        home = made.home
        current, self._sections = read_current(home.tables, [home.rules])[0][home.rules]
        table = (current.digest, "/", f"/proc/{os.getpid()}/fd/{self._sections.descriptor}")
        return {"tables": [table], "rules": [], "elsewhere": [], "shell": "bash"}

    def judge(self, *lines: str) -> tuple[Took, dict[str, Any]]:
        """Has lines judged that come at once; returns what all took, and the last answer."""
        requests = b"".join([frame({**self._request(line), **self._more}) for line in lines])
        answer: dict[str, Any] = {}
        spent, began = time.clock_gettime(self._clock), time.perf_counter()
        self._input.write(requests)
        self._input.flush()
        for _ in lines:
            answer = {"begun": True}
            while "begun" in answer:
                answer = read(self._output) or {}
        took = Took((time.perf_counter() - began) * 1000, (time.clock_gettime(self._clock) - spent) * 1000)
        if "decision" not in answer:
            raise SystemExit(f"the helper did not judge a line: {answer}")
        return took, answer

    def settle(self) -> None:
        """Waits until it has made ready what it makes in idle time: it takes no more of the processor."""
        before = -1.0
        while (now := time.clock_gettime(self._clock)) != before:
            before = now
            time.sleep(_SETTLED_S)

    @staticmethod
    def _request(line: str) -> dict[str, Any]:
        return {
            "line": line.encode("utf-8", "surrogateescape").decode("latin-1"),
            "environment": "HOME=/home/ann\0PATH=/usr/bin:/bin\0SAFESHELL_CONTEXT=ai",
            "directory": "/usr",
            "markers": [],
            "agent": "",
            "acts": False,
            "files": None,
            "is_line": True,
            "session": "",
        }

    def mib(self, field: str = "VmRSS") -> float:
        """What it holds in memory, or held at most (`VmHWM`), MiB."""
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as stream:
            rows = dict(line.split(":", 1) for line in stream)
        return int(rows[field].split()[0]) / 1024

    def close(self) -> None:
        """Ends it."""
        self._input.close()
        self._process.wait(10)


def _earlier_tables(made: Running) -> dict[str, Any]:
    digest = json.loads(made.safeshell("check", "--json", "ls"))["table"]
    return {"tables": [(digest, "/")], "rules": [made.home.rules]}


def together(took: Sequence[Took]) -> Took:
    """What several requests took, one after the other."""
    return Took(sum(each.clock for each in took), sum(each.processor for each in took))

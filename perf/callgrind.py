"""Counting instructions with callgrind: of a whole process, or of what a server does between two points."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LINE = re.compile(r"^\s*([\d,]+) \(\s*[\d.]+%\)\s+(\S.*)$")
_RECURSION = re.compile(r"'\d+$")
_TOTAL = "PROGRAM TOTALS"


@dataclass(frozen=True)
class Count:
    """What was counted.

    Attributes:
        total: instructions.
        functions: of these, in each function itself, as `file:function`.
    """

    total: int
    functions: Mapping[str, int]

    def each(self, times: int) -> Count:
        """The share of one of so many times."""
        return Count(self.total // times, {name: count // times for name, count in self.functions.items()})


def available() -> str:
    """Why nothing can be counted here, or ""."""
    missing = [name for name in ("valgrind", "callgrind_annotate", "callgrind_control") if shutil.which(name) is None]
    return f"{missing[0]} isn't installed (the package valgrind)" if missing else ""


def command(output: str, *options: str) -> list[str]:
    """The words that stand before a program's to count it into this file."""
    return ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={output}", *options]


def control(pid: int, *words: str) -> None:
    """Tells a running callgrind something (`callgrind_control`).

    Raises:
        SystemExit: it can't be reached.
    """
    done = subprocess.run(["callgrind_control", *words, str(pid)], capture_output=True, text=True, check=False)
    if done.returncode or "Error" in done.stdout + done.stderr:
        raise SystemExit(f"callgrind_control {' '.join(words)} failed: {done.stdout}{done.stderr}")


def read(path: str, root: str = "") -> Count:
    """Reads what callgrind wrote; names of files below `root` are given relative to it."""
    done = subprocess.run(
        ["callgrind_annotate", "--threshold=100", "--auto=no", path], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"callgrind_annotate failed: {done.stderr.strip()}")
    return parse(done.stdout, root)


def parse(text: str, root: str = "") -> Count:
    """Takes the table that callgrind_annotate prints."""
    total = 0
    functions: Counter[str] = Counter()
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        count = int(found[1].replace(",", ""))
        if _TOTAL in found[2]:
            total = count
        else:
            functions[_name(found[2], root)] += count
    if not total:
        raise SystemExit("callgrind counted nothing")
    return Count(total, functions)


def _name(text: str, root: str) -> str:
    """`file:function`, without the object in brackets behind it; of files elsewhere only their last name."""
    name = _RECURSION.sub("", text.partition(" [")[0].strip())
    if root and name.startswith(root + os.sep):
        return name[len(root) + 1 :]
    file, separator, function = name.partition(":")
    return f"{os.path.basename(file)}{separator}{function}"


def growth(before: Mapping[str, int], after: Mapping[str, int], most: int = 4) -> list[tuple[str, int]]:
    """The functions that take more than they took, the biggest growers first."""
    grown = [(name, count - before.get(name, 0)) for name, count in after.items()]
    return sorted([entry for entry in grown if entry[1] > 0], key=lambda entry: -entry[1])[:most]


def words(grown: Sequence[tuple[str, int]]) -> str:
    """Growth as one line."""
    return ", ".join(f"{name} +{count:,}" for name, count in grown)

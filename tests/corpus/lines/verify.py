"""Proves the corpus of guards' lines by real shells: what each line runs, among stand-ins, is what it says.

`PYTHONPATH=tests python -m corpus.lines.verify [--kind NAME]…` prints each line that runs something else.

Every program on PATH notes its arguments. Those that transform text or run a command then are the real ones where that
is harmless; others that run a command do so as their manuals say (`sandbox/standin.py`); the rest does nothing.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence

from harness import temporary_directory

from corpus.lines.entries import Guarded, covers, guarded
from corpus.lines.sandbox.programs import LEFT
from corpus.lines.sandbox.sandbox import Ran, Sandbox, runnable


def verified(entries: Sequence[Guarded]) -> list[str]:
    """Runs lines; those that run something else, with what."""
    tried = [entry for entry in entries if runnable(entry)]
    with temporary_directory() as root:
        ran = Sandbox(root, tried).run()
    found = zip(tried, map(wrong, tried, ran), strict=True)
    return ["\n    ".join([f"{entry.kind}: {entry.line!r}", *said]) for entry, said in found if said]


def wrong(entry: Guarded, ran: Ran) -> list[str]:
    """What a line ran that it doesn't say, and what it says and didn't run."""
    by_path = {name for name in LEFT if f"/{name}" in entry.line}
    found = [
        f"didn't run: {one}"
        for one in entry.commands
        if not any(covers(one, words) for words in ran.commands) and shlex.split(one)[0] not in by_path
    ]
    found += [
        f"ran besides: {shlex.join(words)}"
        for words in ran.commands
        if not any(covers(one, words) for one in entry.commands)
    ]
    # PHP lets nobody replace its functions.
    if len(ran.calls) != len(entry.calls) and not entry.line.startswith("php "):
        found.append(f"was told to delete {ran.calls}, not {list(entry.calls)}")
    return [*found, f"printed: {ran.out!r}"] if found else []


def main() -> None:
    """Prints what is wrong."""
    parser = argparse.ArgumentParser(description="Proves the corpus of guards' lines by real shells.")
    parser.add_argument("--kind", action="append", help="only the lines of this file")
    chosen = parser.parse_args()
    entries = [entry for entry in guarded() if not chosen.kind or entry.kind in chosen.kind]
    found = verified(entries)
    sys.stdout.write("\n".join([*found, f"{len(found)} of {len(entries)} run something else"]) + "\n")


if __name__ == "__main__":
    main()

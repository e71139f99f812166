"""Writes the agents' markers, which stand in safeshell/policy/context.py, wherever else they have to be: `make docs`.

The clients have them built in, for where they find no client.conf; the reference shows them.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from safeshell.policy.context import KNOWN_AGENTS, KNOWN_MARKERS

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Writes the files; with `--check` only says which are out of date. Returns the exit status."""
    status = 0
    for name, make in FILES.items():
        path = ROOT / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        text = make(before)
        if text == before:
            continue
        if "--check" in sys.argv[1:]:
            print(f"{name} is out of date: run `make docs`", file=sys.stderr)
            status = 1
        else:
            path.write_text(text, encoding="utf-8")
    return status


def _header(_before: str) -> str:
    lines = "".join(f'    "{marker}",\n' for marker in KNOWN_MARKERS)
    return (
        "/* Made by docs/markers.py: what agents leave in the environment of what they run. */\n"
        "#pragma once\n\n"
        f"static char *const known_markers[] = {{\n{lines}}};\n"
    )


def _script(before: str) -> str:
    words = textwrap.fill(" ".join(KNOWN_MARKERS), 100, initial_indent="    ", subsequent_indent="    ")
    return _between(r"known=\(\n    # Made by docs/markers\.py\.\n", r"  \)\n", words + "\n", before)


def _reference(before: str) -> str:
    markers: dict[str, list[str]] = {}
    for marker, name in KNOWN_AGENTS.items():
        markers.setdefault(name, []).append(f"`{marker}`")
    rows = "".join(f"| {', '.join(found)} | `{name}` |\n" for name, found in markers.items() if name != "unknown")
    generic = ", ".join(markers["unknown"])
    others = f"| {generic}; another that the setting names; `SAFESHELL_CONTEXT=ai` alone | `unknown` |\n"
    return _between(r"\| marker \| name \|\n\|---\|---\|\n", r"\n", rows + others, before)


def _between(start: str, end: str, text: str, before: str) -> str:
    pattern = re.compile(f"({start}).*?(?=^{end})", re.DOTALL | re.MULTILINE)
    made, count = pattern.subn(lambda found: found[1] + text, before)
    if count != 1:
        raise SystemExit(f"{start!r} is there {count} times")
    return made


FILES: dict[str, Callable[[str], str]] = {
    "shims/agents.h": _header,
    "shims/safeshell-check": _script,
    "docs/rules.md": _reference,
}
"""What is made from the list, and how from what the file was."""

if __name__ == "__main__":
    sys.exit(main())

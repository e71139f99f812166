"""Writes the answers that the native hook program gives by itself, from `safeshell.hooks.agents`: `make docs`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from safeshell.hooks.agent import NAMES, QUOTED, REASON, Agent, agent_of

TABLE = Path(__file__).parent.parent / "shims/hook/answers.h"


def main() -> int:
    """Writes it; with `--check` only says whether it is out of date. Returns the exit status."""
    text = table()
    if TABLE.exists() and TABLE.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{TABLE.name} is out of date: run `make docs`", file=sys.stderr)
        return 1
    TABLE.write_text(text, encoding="utf-8")
    return 0


def table() -> str:
    """The file."""
    rows = "".join(_row(agent) for name in NAMES if (agent := agent_of(name)))
    return (
        "/* Made by docs/hook_table.py: how each agent is told that nobody could be asked. */\n"
        "#pragma once\n\n"
        f"static const struct agent agents[] = {{\n{rows}}};\n"
    )


def _row(agent: Agent) -> str:
    closed = agent.closed
    before, after = "NULL", "NULL"
    if closed.stdout is not None:
        place = QUOTED if QUOTED in json.dumps(closed.stdout) else REASON
        quote = "'" if place == QUOTED else ""  # the program writes no reason with one in it
        parts = json.dumps(closed.stdout).split(place)
        before, after = _text(parts[0] + quote), _text(quote + parts[1])
    allow = "" if agent.allow.stdout is None else json.dumps(agent.allow.stdout)
    return f"    {{{_text(agent.name)}, {before}, {after}, {_text(allow)}, {closed.status}, {agent.limit_s}}},\n"


def _text(text: str) -> str:
    """A text as C has it; ASCII, for JSON is."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    sys.exit(main())

"""Writes what an agent asks the model in a session of two lines, cut down to what `apis` reads: `recorded/NAME.jsonl`.

python tests/agents/record.py NAME…
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from agents.agent import load
from agents.drive import play
from agents.server import Asked
from harness import temporary_directory

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorded")
LINES = ("echo one; exit 3", "echo two")
"""What each agent has run."""

LONGEST = 160
_LEFT_OUT = {
    *("description", "input_schema", "instructions", "metadata", "parameters", "parametersJsonSchema", "format"),
    *("system", "systemInstruction", "client_metadata", "generationConfig", "reasoning", "thinking", "signature"),
}
"""What the vendors say to their models, and what says something of the machine."""


def main() -> int:
    """Records each; returns the exit status."""
    for name in sys.argv[1:]:
        asked: list[Asked] = []
        with temporary_directory() as root:
            play(load(name), LINES, root, asked=asked)
        with open(os.path.join(RECORDED, f"{name}.jsonl"), "w", encoding="utf-8") as stream:
            stream.writelines(f"{json.dumps([path, _cut(request)], ensure_ascii=False)}\n" for path, request in asked)
    return 0


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in value.items() if key not in _LEFT_OUT}
    if isinstance(value, list):
        return [_cut(item) for item in value]
    return value[:LONGEST] if isinstance(value, str) else value


if __name__ == "__main__":
    sys.exit(main())

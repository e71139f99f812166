"""Runs the daemon of the interpreter's tree, counting the bytecodes of each of its functions: ROOT OUTPUT.

Python's own functions are one C function to callgrind; this is what names the one that does more than it did.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections import Counter
from types import CodeType, FrameType
from typing import Any

_counts: Counter[CodeType] = Counter()
_root = ""


def main() -> None:
    """Serves, then writes the counts as JSON: bytecodes by `file:function`."""
    global _root  # a trace function has no other place for what it needs each time
    _root, output = sys.argv[1] + os.sep, sys.argv[2]
    sys.argv = ["safeshell.daemon"]
    sys._getframe().f_trace_opcodes = True  # noqa: SLF001 # 3.12 tells of none where no frame asked for them before
    sys.settrace(_enter)
    try:
        runpy.run_module("safeshell.daemon", run_name="__main__")
    except SystemExit:
        pass
    finally:
        sys.settrace(None)
        _write(output)


def _enter(frame: FrameType, _event: str, _argument: Any) -> Any:
    if not frame.f_code.co_filename.startswith(_root):
        return None
    frame.f_trace = _step  # 3.13 takes the next line for nothing where there is none yet
    frame.f_trace_opcodes = True
    frame.f_trace_lines = False
    return _step


def _step(frame: FrameType, event: str, _argument: Any) -> Any:
    if event == "opcode":
        _counts[frame.f_code] += 1
    return _step


def _write(output: str) -> None:
    functions: Counter[str] = Counter()
    for code, count in _counts.items():
        functions[f"{code.co_filename.removeprefix(_root)}:{code.co_qualname}"] += count
    with open(output, "w", encoding="utf-8") as stream:
        json.dump(functions, stream)


if __name__ == "__main__":
    main()

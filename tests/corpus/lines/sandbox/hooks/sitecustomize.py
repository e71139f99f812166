"""Notes what Python is told to delete, and keeps it from doing so; the interpreter of the sandbox loads it."""

from __future__ import annotations

import os
import sys

TRACE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "trace")


def _note(event: str, args: tuple[object, ...]) -> None:
    library = os.path.dirname(os.__file__)
    if event == "shutil.rmtree":
        pass
    elif event not in ("os.remove", "os.rmdir") or sys._getframe(1).f_code.co_filename.startswith(library):
        return
    path = args[0]
    assert isinstance(path, (str, bytes))
    with open(TRACE, "ab", buffering=0) as stream:
        stream.write(b"\1call\0" + os.fsencode(path) + b"\0\1end\1\0")
    raise PermissionError("nothing is deleted here")


sys.addaudithook(_note)

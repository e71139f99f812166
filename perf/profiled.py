"""Runs the daemon of the interpreter's tree, keeping the Python calls of each way from socket to spawn: ROOT OUTPUT.

A way begins where the daemon's wait for something to do is over, and ends where it has a program started or sends an
answer: whichever is first.
"""

from __future__ import annotations

import ctypes
import json
import os
import runpy
import sys
from types import CodeType, FrameType
from typing import Any

Way = list[tuple[str, str]]
"""Calls in order: file, relative to the tree or to the directory that it was imported from, and function."""

_WAITS, _ENDS = frozenset({"poll", "front_wait"}), frozenset({"posix_spawn", "front_spawn", "send"})
"""C functions: the standard library's, and the native front's."""


class Recorder:
    """Python calls since the last wait, and the ways that they made.

    Attributes:
        ways: those that have ended.
    """

    def __init__(self) -> None:
        self.ways: list[list[CodeType]] = []
        self._calls: list[CodeType] = []
        self._is_open = False

    def on_event(self, frame: FrameType, event: str, argument: Any) -> None:
        """For `sys.setprofile`."""
        if event == "call":
            if frame.f_code.co_filename != __file__:
                self._calls.append(frame.f_code)
        elif event == "c_call":
            self.enter(argument.__name__)
        elif event == "c_return":
            self.leave(argument.__name__)

    def enter(self, function: str) -> None:
        """A C function is called."""
        if self._is_open and function in _ENDS:
            self.ways.append(list(self._calls))
            self._is_open = False

    def leave(self, function: str) -> None:
        """A C function has returned."""
        if function in _WAITS:
            self._calls.clear()
            self._is_open = True


_recorder = Recorder()


class Library(ctypes.CDLL):
    """A library that tells of its calls: no profile function hears of them."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)

        class Function(self._FuncPtr):  # type: ignore[misc, name-defined]
            _flags_ = self._FuncPtr._flags_
            _restype_ = self._FuncPtr._restype_

            def __call__(self, *arguments: Any) -> Any:
                _recorder.enter(self.__name__)
                result = super().__call__(*arguments)
                _recorder.leave(self.__name__)
                return result

        self._FuncPtr = Function


def main() -> None:
    """Serves, then writes the ways as JSON."""
    root, output = sys.argv[1:]
    sys.argv = ["safeshell.daemon"]
    ctypes.CDLL = Library  # type: ignore[misc]
    sys.setprofile(_recorder.on_event)
    try:
        runpy.run_module("safeshell.daemon", run_name="__main__")
    except SystemExit:
        pass
    finally:
        sys.setprofile(None)
        places = sorted((place + os.sep for place in (root, *sys.path) if place), key=len, reverse=True)
        ways = [[(_relative(code.co_filename, places), code.co_qualname) for code in way] for way in _recorder.ways]
        with open(output, "w", encoding="utf-8") as stream:
            json.dump(ways, stream)


def _relative(path: str, places: list[str]) -> str:
    return next((path.removeprefix(place) for place in places if path.startswith(place)), path)


if __name__ == "__main__":
    main()

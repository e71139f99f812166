"""Output of commands: lines that people can be shown; colour and progress, on terminals only."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TextIO

import click

from safeshell.bug_report import let_go
from safeshell.errors import SafeShellError
from safeshell.home.writing import write_atomically
from safeshell.text import printable

PATIENCE_S = 1.0
"""Seconds before progress is shown."""


def say(line: str, *, err: bool = False) -> None:
    """Prints a line; what can't be seen of it is escaped."""
    click.echo(printable(line), err=err)


def warn(message: str, hint: str = "") -> None:
    """Prints what is wrong to stderr, and what to do about it below, where there is something."""
    try:
        say(f"safeshell: {message}", err=True)
        if hint:
            say(f"  hint: {hint}", err=True)
    except OSError:  # stderr is on the disk that is full: the exit status has to do
        let_go(sys.stderr)


def write_output(path: str, text: str) -> None:
    """Writes a file that the user named, whole or not at all; into a pipe or a terminal as it stands.

    Raises:
        SafeShellError: it can't be written.
    """
    try:
        target = os.path.realpath(path)
        if os.path.exists(path) and not os.path.isfile(target):
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
        else:
            write_atomically(target, text.encode(), 0o666)
    except OSError as error:
        raise SafeShellError(f"can't write {path}: {error.strerror}") from error


def wants_colour(stream: TextIO) -> bool:
    """Whether the stream takes colour: a terminal, and no NO_COLOR (no-color.org) or dumb TERM."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@contextlib.contextmanager
def progress(what: str, stream: TextIO) -> Iterator[None]:
    """Says on a terminal what takes its time, and for how long so far; the line is gone when it is done."""
    if not stream.isatty():
        yield
        return
    import threading  # noqa: PLC0415 # only here, and not by every command

    done = threading.Event()
    began = time.monotonic()

    def show() -> None:
        if done.wait(PATIENCE_S):
            return
        while not done.wait(0.2):
            stream.write(f"\r{what} … {time.monotonic() - began:.0f} s")
            stream.flush()
        stream.write("\r\x1b[K")
        stream.flush()

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()

"""Real programs in a guarded world where every tool is shimmed: natively and through the shims, and what they leave."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

from e2e.guard import Guard, Outcome, guarded
from harness import sync_shims

TOOLS = (
    *(
        "ar",
        "as",
        "awk",
        "basename",
        "bash",
        "cc",
        "chmod",
        "cmp",
        "comm",
        "cp",
        "cut",
        "date",
        "dd",
        "diff",
        "dirname",
    ),
    *(
        "env",
        "expr",
        "false",
        "gcc",
        "gzip",
        "gunzip",
        "head",
        "install",
        "ld",
        "ln",
        "mkdir",
        "mktemp",
        "node",
        "nohup",
    ),
    *("npm", "od", "pip", "printf", "realpath", "rmdir", "script", "seq", "setsid", "sh", "sha256sum", "ssh-keygen"),
    *("stat", "strip", "tail", "tar", "tee", "test", "timeout", "touch", "tr", "true", "uniq", "wc", "xargs"),
)
"""Shimmed beside `e2e.guard.SHIMMED`."""

PIP = f"""\
#!/bin/sh
"exec" "{sys.executable}" "$0" "$@"
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


def config(execution: str) -> str:
    """Settings that shim the tools too."""
    return f"execution: {execution}\nshims: {{extra: {json.dumps(TOOLS)}}}\n"


@contextlib.contextmanager
def tooled_guard(execution: str) -> Iterator[Guard]:
    """A world for as long as the block in which the tools are shimmed, too; `pip` is this interpreter's."""
    with guarded(config(execution)) as guard:
        guard.install("pip", PIP)
        sync_shims(guard.home, guard.path(native=True))
        yield guard


def keeps_descriptors(guard: Guard) -> bool:
    """Whether commands get descriptors above 2, which `execution: daemon` gives up."""
    with open(guard.home.config, encoding="utf-8") as stream:
        return "execution: daemon" not in stream.read()


def snapshot(directory: str, ignored: tuple[str, ...] = ()) -> dict[str, str]:
    """Every entry below a directory: its type and mode, and what it holds; by relative path."""
    found = {}
    for parent, directories, files in os.walk(directory):
        for name in (*directories, *files):
            path = os.path.join(parent, name)
            relative = os.path.relpath(path, directory)
            if not any(fnmatch(relative, pattern) for pattern in ignored):
                found[relative] = _describe(path)
    return found


def _describe(path: str) -> str:
    status = os.lstat(path)
    content = ""
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode):
        with open(path, "rb") as stream:
            content = hashlib.sha256(stream.read()).hexdigest()
    return f"{stat.filemode(status.st_mode)} {content}"


def same(
    guard: Guard,
    script: str,
    *,
    commands: int,
    ignored: tuple[str, ...] = (),
    shell: str = "bash",
    env: Mapping[str, str] | None = None,
    **options: Any,
) -> Outcome:
    """Runs a script natively and through the shims, and shows that it said and left the same.

    Args:
        guard: the world.
        script: shell text.
        commands: how many commands the daemon must have decided at least, or nothing was shown.
        ignored: glob patterns of what differs between any two runs.
        shell: what runs it, by its absolute path: the first that is not shimmed.
        env: variables beside the world's own.
        **options: as `Guard.start` takes them.

    Returns:
        How it ended.
    """
    aside = f"{guard.work}.before"
    shutil.copytree(guard.work, aside, symlinks=True)
    native = guard.run(f"/bin/{shell}", "-c", script, native=True, env=env, **options)
    left = snapshot(guard.work, ignored)
    shutil.rmtree(guard.work)
    os.rename(aside, guard.work)
    before = guard.requests()
    guarded = guard.run(f"/bin/{shell}", "-c", script, env=env, **options)
    assert guarded == native, f"{guarded} through the shims,\n{native} natively"
    assert snapshot(guard.work, ignored) == left
    assert guard.requests() - before >= commands
    return guarded

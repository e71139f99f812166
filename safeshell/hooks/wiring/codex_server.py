"""Codex's own program, asked about hooks and told to trust one: `codex app-server`, JSON lines on stdin and stdout."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from typing import Any, NamedTuple, Self

from safeshell import __version__
from safeshell.errors import SafeShellError

ANSWER_S = 30.0
"""Seconds for an answer; it takes a tenth of one, and more on a machine that is busy."""

_LINE_MAX = 4 << 20


class Hook(NamedTuple):
    """A hook as Codex sees it.

    Attributes:
        key: names it in its settings.
        command: what it runs.
        source: the file that it stands in.
        hash: of what is written there now.
        status: trusted, untrusted, modified, managed …
        is_enabled: whether it is switched on.
    """

    key: str
    command: str
    source: str
    hash: str
    status: str
    is_enabled: bool


class Server:
    """A conversation with Codex.

    Args:
        program: its path.

    Raises:
        SafeShellError: it can't be started, doesn't answer, or says something else.
    """

    def __init__(self, program: str) -> None:
        try:
            self._process = subprocess.Popen(
                [program, "app-server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
            )
        except OSError as error:
            raise SafeShellError(f"can't run {program}: {error.strerror}") from error
        self._number = 0
        self._received = b""

    def __enter__(self) -> Self:
        try:
            self._call(
                "initialize", {"clientInfo": {"name": "safeshell", "title": "SafeShell", "version": __version__}}
            )
            self._send({"method": "initialized"})
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def hooks(self, directory: str) -> list[Hook]:
        """The hooks that it has in a directory."""
        try:
            rows = [row for one in self._call("hooks/list", {"cwds": [directory]})["data"] for row in one["hooks"]]
            return [
                Hook(
                    str(row["key"]),
                    str(row.get("command") or ""),
                    str(row["sourcePath"]),
                    str(row["currentHash"]),
                    str(row["trustStatus"]),
                    bool(row["enabled"]),
                )
                for row in rows
            ]
        except (KeyError, TypeError) as error:
            raise SafeShellError("codex lists its hooks in a form that isn't known here") from error

    def trust(self, hook: Hook) -> None:
        """Has it trust a hook as it is written now."""
        value = {hook.key: {"trusted_hash": hook.hash}}
        edit = {"keyPath": "hooks.state", "value": value, "mergeStrategy": "upsert"}
        self._call("config/batchWrite", {"edits": [edit]})

    def _call(self, method: str, parameters: Any) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": parameters})
        for message in self._messages():
            if message.get("id") == self._number:
                if "result" not in message:
                    said = (message.get("error") or {}).get("message", "no reason")
                    raise SafeShellError(f"codex does not do {method}: {said}")
                return message["result"]
        raise SafeShellError(f"codex app-server ended or said nothing to {method}")

    def _send(self, message: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise SafeShellError("codex app-server ended") from error

    def _messages(self) -> Iterator[dict[str, Any]]:
        """What it says, up to its end or the end of our patience."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + ANSWER_S
        output = self._process.stdout.fileno()
        while len(self._received) <= _LINE_MAX:
            line, ended, rest = self._received.partition(b"\n")
            if ended:
                self._received = rest
                with contextlib.suppress(ValueError):  # a line that isn't of the conversation
                    message = json.loads(line)
                    if isinstance(message, dict):
                        yield message
                continue
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([output], [], [], left)[0]:
                return
            data = os.read(output, 1 << 16)
            if not data:
                return
            self._received += data

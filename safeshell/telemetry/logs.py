"""Sender of the audit log, in order, each record at least once: what the receiver has taken is noted and skipped."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from safeshell import __version__
from safeshell.audit.files import opened
from safeshell.errors import SafeShellError
from safeshell.home.writing import write_atomically
from safeshell.telemetry.records import SCOPE, to_log

BATCH = 512
"""Records in one request."""

RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits between attempts; the last one again and again."""


class _Batch:
    """Keeps what a logger would export: its class, and an exporter's, differ between the library's versions."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    def export(self, records: Iterable[Any]) -> None:
        self.records.extend(records)


class LogSender:
    """Sends records to an OTLP endpoint.

    Args:
        url: the endpoint's logs path.
        state: a file that keeps the hash of the last record that was taken.
        log: the log, to look for that record in; where it isn't there any more, all are newer.
        resource: who sends.
        warn: told in one line when the receiver can't be reached, and when it can again.

    Attributes:
        sent, skipped: records sent; lines that are no records.
    """

    def __init__(self, url: str, state: str, log: str, resource: Resource, warn: Callable[[str], None]) -> None:
        # The library says each failure by itself, with a traceback: here it is one line.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._exporter = OTLPLogExporter(endpoint=url)
        self._url = url
        self._state = state
        self._warn = warn
        batch: Any = _Batch()
        provider = LoggerProvider(resource, shutdown_on_exit=False)
        provider.add_log_record_processor(SimpleLogRecordProcessor(batch))
        self._logger = provider.get_logger(SCOPE, __version__)
        self._batch: list[Any] = batch.records
        self._last = ""
        self._sent_before = _find(_read(state), log)
        self.sent = 0
        self.skipped = 0

    def take(self, line: bytes) -> None:
        """Takes a line of the log; what was sent before is passed over.

        Raises:
            SafeShellError: the state can't be kept.
        """
        try:
            record: dict[str, Any] = json.loads(line)
            digest = str(record["hash"])
            if self._sent_before:
                if digest == self._sent_before:
                    self._sent_before = ""
                return
            log = to_log(record)
        except (KeyError, ValueError, TypeError, AttributeError):
            self.skipped += 1
            return
        self._logger.emit(log)
        self._last = digest
        if len(self._batch) >= BATCH:
            self.flush()

    def flush(self, *, patient: bool = True) -> bool:
        """Sends what has been taken.

        Args:
            patient: tries until the receiver takes it; else once.

        Returns:
            Whether the receiver has everything.

        Raises:
            SafeShellError: the state can't be kept.
        """
        if not self._batch:
            return True
        for wait in _waits():
            if self._export():
                if wait > RETRY_S[0]:
                    self._warn(f"{self._url} takes records again")
                break
            if not patient:
                return False
            if wait == RETRY_S[0]:
                self._warn(f"{self._url} doesn't take records; trying again until it does")
            time.sleep(wait)
        self.sent += len(self._batch)
        self._batch.clear()
        try:
            write_atomically(self._state, f"{self._last}\n".encode(), 0o600)
        except OSError as error:
            raise SafeShellError(f"can't write {self._state}: {error.strerror}") from error
        return True

    def _export(self) -> bool:
        """Whether the receiver took the batch."""
        try:
            return self._exporter.export(self._batch).name == "SUCCESS"
        except OSError:  # requests' errors are of these; an exporter may raise them, and some versions' do
            return False

    def close(self) -> None:
        """Ends the connection."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call] # the library's


def _waits() -> Iterator[float]:
    yield from RETRY_S
    while True:
        yield RETRY_S[-1]


def _read(path: str) -> str:
    """The hash that a state file holds, "" where there is none.

    Raises:
        SafeShellError: it can't be read.
    """
    try:
        with open(path, encoding="ascii") as stream:
            return stream.read().strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise SafeShellError(f"{path} is no state of an export", hint="remove it to send everything again") from error


def _find(digest: str, log: str) -> str:
    """The hash, if the log holds its record still; else ""."""
    needle = f'"hash":"{digest}"'.encode()
    if digest:
        with opened(log) as streams:
            if any(needle in line for stream in streams for line in stream):
                return digest
    return ""

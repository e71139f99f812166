"""`safeshell export`, against a receiver that takes nothing but OTLP's Protocol Buffers."""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from harness import Daemon, run, safeshell, until
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from safeshell.home.paths import Home

REQUESTS: dict[str, Any] = {"/v1/logs": ExportLogsServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}


class Receiver(ThreadingHTTPServer):
    """Keeps what it was sent, parsed; refuses what doesn't parse."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.logs: list[Any] = []
        self.metrics: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.headers["Content-Type"] == "application/x-protobuf"
        request = REQUESTS[self.path].FromString(body)
        if self.path == "/v1/logs":
            for resource in request.resource_logs:
                assert {a.key: a.value.string_value for a in resource.resource.attributes}[
                    "service.name"
                ] == "safeshell"
                for scope in resource.scope_logs:
                    self.server.logs.extend(scope.log_records)
        else:
            for resource in request.resource_metrics:
                for scope in resource.scope_metrics:
                    self.server.metrics.update({metric.name: metric for metric in scope.metrics})
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def recorded(home: Home, count: int) -> None:
    """Waits until the log has so many records: they are written after the answer."""

    def lines() -> int:
        if not os.path.exists(home.audit):
            return 0
        with open(home.audit, "rb") as stream:
            return sum(1 for _ in stream)

    until(lambda: lines() == count, f"{count} records")


def attributes(log: Any) -> dict[str, Any]:
    return {entry.key: getattr(entry.value, entry.value.WhichOneof("value")) for entry in log.attributes}


def test_records_and_counters_arrive_once_and_in_order(daemon: Daemon, shims: Home, receiver: Receiver) -> None:
    for name in (b"precious", b"precious \xff", b"precious 3"):
        assert run(shims, "rm", name).returncode == 126
    recorded(shims, 3)
    done = safeshell(shims, "export", "--once", "--endpoint", receiver.url)
    assert (done.returncode, done.stderr) == (0, "3 records sent\n")
    found = [attributes(log) for log in receiver.logs]
    assert [entry["safeshell.seq"] for entry in found] == [1, 2, 3]
    assert {entry["safeshell.rule"] for entry in found} == {"no-rm-of-precious"}
    assert [log.body.string_value for log in receiver.logs][::2] == ["rm precious", "rm 'precious 3'"]
    assert receiver.logs[0].severity_text == "WARN2"
    assert receiver.logs[0].time_unix_nano > 1_700_000_000 * 10**9
    points = receiver.metrics["safeshell.decisions"].sum.data_points
    assert {point.attributes[0].value.string_value: point.as_int for point in points}["deny"] == 3
    stages = {
        attribute.value.string_value
        for point in receiver.metrics["safeshell.stage.latency"].gauge.data_points
        for attribute in point.attributes
        if attribute.key == "stage"
    }
    assert {"decide", "whole", "whole.deny"} <= stages
    assert receiver.metrics["safeshell.memory"].gauge.data_points[0].as_int > 1000

    assert run(shims, "rm", "precious", "again").returncode == 126
    recorded(shims, 4)
    done = safeshell(shims, "export", "--once", "--no-metrics", "--endpoint", receiver.url)
    assert (done.returncode, done.stderr) == (0, "1 records sent\n")
    assert attributes(receiver.logs[-1])["safeshell.seq"] == 4
    assert daemon.status()["requests"]["deny"] == 4


def test_a_log_that_began_anew_is_sent_whole(daemon: Daemon, shims: Home, receiver: Receiver) -> None:
    assert run(shims, "rm", "precious").returncode == 126
    recorded(shims, 1)
    assert safeshell(shims, "export", "--once", "--no-metrics", "--endpoint", receiver.url).returncode == 0
    os.unlink(shims.audit)
    assert run(shims, "rm", "precious").returncode == 126
    recorded(shims, 1)
    assert safeshell(shims, "export", "--once", "--no-metrics", "--endpoint", receiver.url).returncode == 0
    assert len(receiver.logs) == 2
    assert daemon.status()["audit"]["failures"] == 0


def test_lines_that_are_no_records_are_counted(home: Home, receiver: Receiver) -> None:
    with open(home.audit, "w", encoding="ascii") as stream:
        stream.write('nonsense\n[]\n{"seq": "x"}\n{"hash": "a", "ts": "2026-01-01T00:00:00.000000Z", "argv": ["ls"]}\n')
    done = safeshell(home, "export", "--once", "--no-metrics", "--endpoint", receiver.url)
    assert (done.returncode, done.stderr) == (0, "1 records sent, 3 lines are none\n")


def test_nobody_there_is_an_error_and_nothing_is_marked_as_sent(daemon: Daemon, shims: Home) -> None:
    assert run(shims, "rm", "precious").returncode == 126
    recorded(shims, 1)
    done = safeshell(
        shims,
        *("export", "--once", "--no-metrics", "--endpoint", "http://127.0.0.1:9"),
        env={"OTEL_EXPORTER_OTLP_TIMEOUT": "1"},
        timeout=60,
    )
    assert done.returncode == 1
    assert "doesn't take records" in done.stderr
    assert "Traceback" not in done.stderr
    assert not os.path.exists(os.path.join(shims.root, "export.state"))
    assert daemon.status()["requests"]["deny"] == 1


def test_nothing_to_send_is_a_mistake(home: Home) -> None:
    assert safeshell(home, "export", "--no-logs", "--no-metrics").returncode == 2

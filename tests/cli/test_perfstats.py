"""`safeshell perf-stats`."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from e2e.terminal import Terminal
from harness import PATH, SAFESHELL, Cli, Daemon, environment, until
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from safeshell import client
from safeshell.cli.openmetrics import render
from safeshell.client import control, execute
from safeshell.home.paths import Home
from safeshell.metrics.figures import Figures, decode
from safeshell.metrics.histogram import Histogram
from safeshell.protocol import Type, encode_control

KEYS = {"uptime_s", "rss_kib", "table", "requests", "placement", "cache", "stages"}
COLUMNS = {"count", "p50_us", "p90_us", "p99_us", "p999_us", "max_us"}


@pytest.fixture
def used(daemon: Daemon) -> Daemon:
    """A daemon that has let one command run and denied two."""
    execute(["echo", "hello"], env={"PATH": PATH}, home=daemon.home)
    for _ in range(2):
        execute(["rm", "precious"], env={"PATH": PATH}, home=daemon.home)
    return daemon


def rows(out: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for line in out.splitlines() if (words := line.split())}


def families(text: str) -> dict[str, Metric]:
    return {metric.name: metric for metric in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call] # it has none


def test_the_table_has_stages_and_facts(cli: Cli, used: Daemon) -> None:
    done = cli("perf-stats")
    assert (done.status, done.err) == (0, "")
    found = rows(done.out)
    assert found["µs"] == ["count", "p50", "p90", "p99", "p99.9", "max"]
    assert found["decide"][0] == found["whole"][0] == "3"
    assert found["whole.deny"][0] == "2"
    assert found["spawn"][0] == found["child"][0] == found["reap"][0] == "1"
    assert all(float(figure) > 0 for figure in found["decide"][1:])
    assert found["rules"] == ["3", "in", used.home.rules]
    assert found["table"] == [used.status()["table"]]
    assert " ".join(found["decisions"]) == "total 3, allow 1, deny 2"
    assert " ".join(found["cache"]) == "1 hits, 2 misses (33.3 % hits)"
    assert " ".join(found["daemon"]) == "1, 100.0 % (no descriptors 1)"
    assert "\x1b" not in done.out


def test_json_has_the_contracts_keys(cli: Cli, used: Daemon) -> None:
    status, out, err = cli("perf-stats", "--json")
    assert (status, err, out.count("\n")) == (0, "", 1)
    found = json.loads(out)
    assert found.keys() >= KEYS
    assert found["table"] == used.status()["table"]
    assert found["requests"] == {"total": 3, "allow": 1, "deny": 2}
    assert found["placement"] == {"daemon": {"count": 1, "reasons": {"no descriptors": 1}}}
    assert found["cache"] == {"hits": 1, "misses": 2}
    assert all(stage.keys() == COLUMNS for stage in found["stages"].values())
    whole = found["stages"]["whole"]
    assert whole["count"] == 3
    assert 0 < whole["p50_us"] <= whole["p90_us"] <= whole["p99_us"] <= whole["p999_us"] <= whole["max_us"]


def test_reset_prints_what_was(cli: Cli, used: Daemon) -> None:
    before = json.loads(cli("perf-stats", "--json", "--reset").out)
    after = json.loads(cli("perf-stats", "--json").out)
    assert (before["requests"]["total"], after["requests"]["total"]) == (3, 0)
    assert (before["stages"]["whole"]["count"], after["stages"]) == (3, {})
    assert after["cache"] == {"hits": 0, "misses": 0}
    assert after["placement"]["daemon"] == {"count": 0, "reasons": {"no descriptors": 0}}
    assert (after["table"], used.status()["requests"]["total"]) == (before["table"], 3)


def test_openmetrics_is_read_by_prometheus_own_parser(cli: Cli, used: Daemon) -> None:
    done = cli("perf-stats", "--openmetrics")
    assert (done.status, done.err) == (0, "")
    found = families(done.out)
    assert {metric.type for metric in found.values()} == {"info", "gauge", "counter", "histogram"}
    (info,) = found["safeshell"].samples
    assert info.labels["table"] == used.status()["table"]
    requests = {sample.labels["decision"]: sample.value for sample in found["safeshell_requests"].samples}
    assert requests == {"allow": 1, "deny": 2, "require_approval": 0, "redirect": 0}
    decisions = found["safeshell_decision_duration_seconds"].samples
    assert {sample.labels["decision"]: sample.value for sample in decisions if sample.name.endswith("_count")} == {
        "allow": 1,
        "deny": 2,
    }


def figures(**changes: Any) -> Figures:
    answer = {
        "version": "1.0",
        "uptime_s": 1.5,
        "rss_kib": 1024,
        "rules": "/h/rules.yaml",
        "rule_count": 2,
        "table": "t",
        "requests": {"total": 0},
        "placement": {},
        "cache": {"hits": 0, "misses": 0},
        "timed": True,
        "stages": {},
    }
    return decode({**answer, **changes})


def counted(*durations: int) -> list[tuple[int, int]]:
    histogram = Histogram()
    for duration in durations:
        histogram.record(duration)
    return histogram.counts()


def test_openmetrics_buckets_add_up() -> None:
    text = render(figures(stages={"decide": counted(1000, 2000, 1 << 40)}))
    samples = families(text)["safeshell_stage_duration_seconds"].samples
    buckets = {float(s.labels["le"]): s.value for s in samples if s.name.endswith("_bucket")}
    assert (buckets[768e-9], buckets[1024e-9], buckets[2048e-9]) == (0, 1, 2)
    assert (max(value for le, value in buckets.items() if le < 20), buckets[float("inf")]) == (2, 3)
    (total,) = [s.value for s in samples if s.name.endswith("_sum")]
    assert total == pytest.approx((3000 + (1 << 40)) / 1e9, rel=1 / 128)


def test_openmetrics_escapes_what_labels_say() -> None:
    reason = 'a "quoted"\nreason\\'
    found = families(render(figures(placement={"in_place": {"count": 1, "reasons": {reason: 1}}})))
    assert found["safeshell_placements"].samples[0].labels == {"placement": "in_place", "reason": reason}


class Page(HTMLParser):
    """What a page would fetch, and what it says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{tag} {value}" for name, value in attrs if name in ("src", "srcset", "data", "action")]
        self.fetched += [tag] * (tag in ("script", "link", "iframe", "img", "image"))
        self.fetched += [
            value or "" for name, value in attrs if name.endswith("href") and not (value or "").startswith("#")
        ]

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_the_page_is_whole_in_itself(cli: Cli, used: Daemon, tmp_path: Path) -> None:
    path = tmp_path / "stats.html"
    old_umask = os.umask(0o027)
    try:
        done = cli("perf-stats", "--html", str(path))
    finally:
        os.umask(old_umask)
    assert done == (0, "", f"wrote {path}\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["stats.html"]
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert page.fetched == []
    assert not re.search(r"url\((?!#)|@import", text)
    assert {"whole.deny", "decide", used.status()["table"]} <= set(page.words)
    assert "prefers-color-scheme: dark" in text
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 2
    ids = [element.get("id") for svg in drawings for element in ET.fromstring(svg).iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert not re.search(r"#0[0-9]0[0-9]0[0-9]\b|#000000|#ffffff", "".join(drawings)), "a colour that is not the page's"


def test_a_page_of_nothing_is_a_page(cli: Cli, daemon: Daemon, tmp_path: Path) -> None:
    assert daemon.pid
    assert cli("perf-stats", "--html", str(tmp_path / "stats.html")).status == 0
    assert "No command has been timed." in (tmp_path / "stats.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_leaves_nothing(cli: Cli, used: Daemon, tmp_path: Path) -> None:
    assert used.pid
    path = tmp_path / "no" / "stats.html"
    assert cli("perf-stats", "--html", str(path)) == (
        1,
        "",
        f"safeshell: can't write {path}: No such file or directory\n",
    )


def test_without_the_library_nothing_is_reset(cli: Cli, used: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    status, out, err = cli("perf-stats", "--html", "stats.html", "--reset")
    assert (status, out) == (1, "")
    assert err == (
        "safeshell: --html needs matplotlib, which is not installed\n"
        "  hint: run `pip install 'safeshell-guard[html]'`\n"
    )
    assert control(Type.STATS, home=used.home)["requests"]["total"] == 3


@pytest.mark.config("stats: false\n")
def test_where_timing_is_off_the_counts_are_there(cli: Cli, used: Daemon) -> None:
    assert used.pid
    done = cli("perf-stats")
    assert done.out.startswith("Timing is off (`stats: false` in config.yaml).\n\nprocess ")
    assert "total 3, allow 1, deny 2" in done.out


@pytest.mark.parametrize(
    "options",
    [["--json", "--openmetrics"], ["--json", "--html", "x"], ["--watch", "--html", "x"], ["--watch", "--openmetrics"]],
)
def test_options_that_exclude_each_other(cli: Cli, options: list[str]) -> None:
    assert cli("perf-stats", *options).status == 2


def test_no_daemon_is_said_with_a_hint(cli: Cli, home: Home) -> None:
    status, out, err = cli("perf-stats")
    assert (status, out) == (1, "")
    assert err.startswith(f"safeshell: can't reach the daemon at {home.socket}: ")
    assert err.endswith("\n  hint: run `safeshell daemon start`\n")


def test_a_daemon_that_keeps_none_is_said_with_a_hint(cli: Cli, used: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = encode_control(Type.STATS).replace(b"\x01\x09", b"\x01\xfe", 1)  # what STATS is to an older daemon
    assert used.pid
    with monkeypatch.context() as patch:
        patch.setattr(client, "encode_control", lambda *_: unknown)
        status, out, err = cli("perf-stats")
    assert (status, out) == (1, "")
    assert err == (
        "safeshell: the running daemon is of a version that keeps no statistics\n"
        "  hint: run `safeshell daemon restart`\n"
    )


@pytest.fixture
def watching(used: Daemon, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """`perf-stats --watch`, its output a pipe."""
    with subprocess.Popen(
        [SAFESHELL, "perf-stats", "--watch", *request.param],
        env={**environment(used.home), "PATH": PATH},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("watching", [["--json"]], indirect=True)
def test_watching_into_a_pipe_adds_a_line_a_second_until_interrupted(watching: subprocess.Popen[str]) -> None:
    assert watching.stdout is not None
    first, second = (json.loads(watching.stdout.readline()) for _ in range(2))
    assert first["uptime_s"] < second["uptime_s"]
    watching.send_signal(signal.SIGINT)
    assert watching.communicate(timeout=20) == ("", "")
    assert watching.returncode == 0


def test_watching_on_a_terminal_redraws_until_interrupted(used: Daemon) -> None:
    with Terminal(SAFESHELL, "perf-stats", "--watch", env=environment(used.home), cwd="/") as terminal:
        first = terminal.expect(r"whole\.deny\s+2 ")
        second = terminal.expect(r"whole\.deny\s+2 ")
        terminal.type("\x03")
        assert terminal.finish() == 0
        assert (first.count(b"\x1b[?1049h"), second.count(b"\x1b[?1049h")) == (1, 0)
        assert second.count(b"\x1b[H") == 1
        assert max(first.count(b"\n"), second.count(b"\n")) < 24
        assert terminal.expect(r"\x1b\[\?7h\x1b\[\?25h\x1b\[\?1049l")


@pytest.mark.parametrize("watching", [["--reset"]], indirect=True)
def test_watching_a_daemon_that_ends_is_an_error(watching: subprocess.Popen[str], used: Daemon) -> None:
    assert watching.stdout is not None
    until(lambda: "whole" in watching.stdout.readline(), "the first table")  # type: ignore[union-attr]
    assert used.stop() == 0
    out, err = watching.communicate(timeout=20)
    assert "\x1b" not in out
    assert err.endswith("hint: run `safeshell daemon start`\n")
    assert watching.returncode == 1

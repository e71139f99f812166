"""config.yaml: every key, every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from safeshell_compiler.reading.config import ReadConfig, read_config
from safeshell_compiler.reading.duration import parse_duration

from safeshell.home.settings import Limits, Settings

EVERYTHING = """\
execution: in_place
unreachable: {ai: allow, human: deny}
agents: {markers: [MINE, YOURS]}
approval_timeout: 20s
notify: notify-send 'an agent asks'
audit: all
audit_size: 1MiB
audit_keep: 3
redact: {known: false, extra: [{name: ours, pattern: 'acme-[0-9a-f]{32}'}]}
stats: false
trash: {size: 1GiB, age: 48h}
limits: {request_bytes: 1MiB, connections: 100, client_deadline: 1.5s, commands: 10}
shims: {client: bash, extra: [/usr/bin/make, cc], except: [ls]}
"""


def read(directory: Path, text: str | bytes) -> ReadConfig:
    path = directory / "config.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o600)
    return read_config(str(path))


def problems(found: ReadConfig) -> list[tuple[int, int, str]]:
    return [(finding.line, finding.column, finding.message) for finding in found.findings]


def test_every_key_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, EVERYTHING)
    assert found.findings == ()
    assert found.settings == Settings(
        execution="in_place",
        unreachable_ai="allow",
        unreachable_human="deny",
        markers=("MINE", "YOURS"),
        approval_timeout_ms=20_000,
        notify=("notify-send", "an agent asks"),
        audit_all=True,
        audit_size=1 << 20,
        audit_keep=3,
        redact=(("ours", "acme-[0-9a-f]{32}"),),
        redact_known=False,
        stats=False,
        trash_size=1 << 30,
        trash_age_ms=48 * 3_600_000,
        limits=Limits(1 << 20, 100, 1500, 10),
        shims_client="bash",
        shims_extra=("make", "cc"),
        shims_except=("ls",),
    )


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "{}\n"])
def test_nothing_said_is_the_defaults(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text)
    assert (found.settings, found.findings) == (Settings(), ())


def test_no_file_is_the_defaults_and_is_watched_for(tmp_path: Path) -> None:
    found = read_config(str(tmp_path / "config.yaml"))
    assert (found.settings, found.findings) == (Settings(), ())
    assert [(source.path, source.sha256) for source in found.sources] == [(str(tmp_path / "config.yaml"), None)]


@pytest.mark.parametrize("value", ["65536", "64KiB", "1MiB", "256 MiB"])
def test_sizes(tmp_path: Path, value: str) -> None:
    found = read(tmp_path, f"limits: {{request_bytes: {value}}}\n")
    assert found.settings is not None
    expected = {"65536": 1 << 16, "64KiB": 1 << 16, "1MiB": 1 << 20, "256 MiB": 256 << 20}[value]
    assert found.settings.limits.request_bytes == expected


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("executoin: auto\n", 1, "execution"),
        ("execution: somewhere\n", 1, "'auto', 'daemon' or 'in_place'"),
        ("# first\nlimits:\n  comands: 1\n", 3, "commands"),
        ("limits:\n  commands: 0\n", 2, "greater than or equal to 1"),
        ("limits:\n  commands: '5'\n", 2, "integer"),
        ("limits:\n  commands: true\n", 2, "integer"),
        ("limits:\n  request_bytes: 8MB\n", 2, "KiB, MiB or GiB"),
        ("limits:\n  request_bytes: true\n", 2, "KiB, MiB or GiB"),
        ("limits:\n  request_bytes: 1KiB\n", 2, "greater than or equal to 65536"),
        ("limits:\n  client_deadline: 5\n", 2, "ms, s, m or h"),
        ("limits:\n  client_deadline: 1ms\n", 2, "greater than or equal to 10"),
        ("unreachable:\n  ai: maybe\n", 2, "'allow' or 'deny'"),
        ("unreachable: deny\n", 1, ""),
        ("agents:\n  markers: [A=B]\n", 2, ""),
        ("agents:\n  markers: ['']\n", 2, ""),
        ("agents:\n  markers: [1]\n", 2, ""),
        ("approval_timeout: 5\n", 1, "ms, s, m or h"),
        ("approval_timeout: 1ms\n", 1, "greater than or equal to 1000"),
        ("notify: 'echo \"x'\n", 1, "this is no command"),
        ("notify: []\n", 1, "a command"),
        ("audit: some\n", 1, "'restricted' or 'all'"),
        ("redact:\n  extra:\n  - {name: x, pattern: '('}\n", 3, "RE2"),
        ("redact:\n  extra:\n  - {name: x, pattern: 'a*'}\n", 3, "finds some text"),
        ("redact: [x]\n", 1, ""),
        ("trash:\n  age: 30d\n", 2, "ms, s, m or h"),
        ("shims:\n  client: perl\n", 2, "'native' or 'bash'"),
        ("shims:\n  extra: make\n", 2, ""),
        ("shims:\n  except_: [ls]\n", 2, "except"),
        ("- execution\n", 1, ""),
        ("execution: auto\nexecution: daemon\n", 2, ""),
        ("execution: [\n", 2, ""),
    ],
)
def test_mistakes_have_a_place_and_say_what_is_right(tmp_path: Path, text: str, line: int, said: str) -> None:
    found = read(tmp_path, text)
    assert found.settings is None
    (finding,) = found.findings
    assert (finding.severity, finding.file, finding.line) == ("error", str(tmp_path / "config.yaml"), line)
    assert said in finding.message + finding.hint
    assert finding.message


def test_bytes_that_are_no_text_are_said(tmp_path: Path) -> None:
    assert read(tmp_path, b"execution: \xff\n").settings is None


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    read(tmp_path, EVERYTHING)
    (tmp_path / "config.yaml").chmod(0o666)
    found = read_config(str(tmp_path / "config.yaml"))
    assert found.settings is None
    assert [finding.severity for finding in found.findings] == ["error"]


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("0s", 0), ("1ms", 1), ("30s", 30_000), ("1.5s", 1500), ("0.5m", 30_000), ("2h", 7_200_000)],
)
def test_durations(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "5", "s", "5 s", "-5s", "5s ", "5S", "1e3s", "\u0665s", "5sec", "1.s", ".5s", "1s\n"]
)
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None

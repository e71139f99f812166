"""Settings as tables.lmdb and client.conf hold them."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from safeshell.errors import SafeShellError, TableError
from safeshell.home.client_conf import client_conf, daemon_command, loosened, write_client_conf
from safeshell.home.paths import Home
from safeshell.home.settings import Limits, Settings
from safeshell.home.writing import write_atomically

OTHER = Settings(
    execution="in_place",
    unreachable_ai="allow",
    unreachable_human="deny",
    markers=("A", "B"),
    trash_size=5000,
    trash_age_ms=6000,
    limits=Limits(1, 2, 3, 4),
    shims_client="bash",
    shims_extra=("x",),
    shims_except=("y", "z"),
)


@pytest.mark.parametrize("settings", [Settings(), OTHER])
def test_settings_come_out_as_they_went_in(settings: Settings) -> None:
    assert Settings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_what_another_version_stored_or_did_not_has_its_default() -> None:
    assert Settings.from_json({}) == Settings()
    assert Settings.from_json({"execution": "daemon", "of_tomorrow": 1}) == Settings(execution="daemon")


def test_client_conf_says_what_the_clients_need(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    write_client_conf(home, OTHER)
    lines = Path(home.client_conf).read_text().splitlines()
    assert lines[:4] == ["unreachable_ai=allow", "unreachable_human=deny", "marker=A", "marker=B"]
    assert lines[4:6] == ["trash_size=5000", "trash_age_ms=6000"]
    assert lines[6:] == [f"start={word}" for word in daemon_command()]
    assert daemon_command()[:2] == [sys.executable, "-I"]
    assert stat.S_IMODE(os.stat(home.client_conf).st_mode) == 0o600


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "file")
    write_atomically(path, b"old", 0o600)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", _no_space)
        with pytest.raises(OSError, match="No space"):
            write_atomically(path, b"new", 0o600)
    assert Path(path).read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
    write_atomically(path, b"new", 0o600)
    assert Path(path).read_bytes() == b"new"


def _no_space(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_what_a_killed_process_of_the_same_number_left_is_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / f"file.new-{os.getpid()}").write_text("half")
    write_atomically(str(tmp_path / "file"), b"whole", 0o600)
    assert os.listdir(tmp_path) == ["file"]


def test_a_client_conf_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    os.mkdir(home.client_conf)
    with pytest.raises(SafeShellError, match=r"can't write .*client\.conf: "):
        write_client_conf(home, Settings())


def test_settings_of_a_newer_version_are_taken_as_far_as_they_are_known() -> None:
    newer = Settings().to_json() | {"colour": "red"}
    newer["limits"] |= {"commands": 5, "planets": 9}
    assert Settings.from_json(newer) == Settings(limits=Limits(commands=5))
    assert Settings.from_json({}) == Settings()


@pytest.mark.parametrize("record", [None, [], {"limits": None}, {"redact": 5}, {"redact": [["a"]]}, {"limits": 1}])
def test_settings_that_no_version_stored_are_said(record: Any) -> None:
    with pytest.raises(TableError, match="the settings beside the tables are damaged"):
        Settings.from_json(record)


def test_u14_what_a_clients_file_says_looser_than_the_settings_is_known() -> None:
    settings = Settings(unreachable_human="deny", markers=("A", "B"), trash_size=100, trash_age_ms=0)
    text = client_conf(settings)
    assert loosened(text, settings) == []
    assert loosened(text + b"marker=C\nnew=1\nstart=/x\n", settings) == []
    for edit, names in (
        (text + b"unreachable_ai=allow\n", ["unreachable_ai"]),  # the last one counts
        (text.replace(b"unreachable_human=deny\n", b""), ["unreachable_human"]),
        (text.replace(b"marker=A\n", b""), ["markers"]),
        (text.replace(b"trash_size=100", b"trash_size=99"), ["trash_size"]),
        (text.replace(b"trash_age_ms=0", b"trash_age_ms=5"), ["trash_age_ms"]),
        (text.replace(b"trash_size=100", b"trash_size=0"), []),
        (b"", ["unreachable_human", "markers"]),
        (b"\xff\xfe\0", ["unreachable_human", "markers"]),
    ):
        assert loosened(edit, settings) == names, edit

"""Settings files as they lie on disks: links, modes, marks, and others who write at the same time."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from safeshell.errors import SafeShellError
from safeshell.hooks.wiring import settings_file
from safeshell.hooks.wiring.json_tree import BrokenError


def test_a_link_stays_one_and_what_it_leads_to_keeps_its_mode(tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles" / "settings.json"
    kept.parent.mkdir()
    kept.write_bytes(b"{}")
    kept.chmod(0o664)
    link = tmp_path / "settings.json"
    link.symlink_to(kept)
    settings_file.replace(settings_file.read(str(link)), b"[]", 0o600)
    assert link.is_symlink()
    assert kept.read_bytes() == b"[]"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o664
    assert os.listdir(kept.parent) == ["settings.json"]


def test_a_link_to_nothing_leads_to_the_new_file(tmp_path: Path) -> None:
    link = tmp_path / "settings.json"
    link.symlink_to(tmp_path / "there.json")
    settings_file.replace(settings_file.read(str(link)), b"{}", 0o600)
    assert link.is_symlink()
    assert (tmp_path / "there.json").read_bytes() == b"{}"


@pytest.mark.needs("root")
def test_the_owner_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"{}")
    os.chown(path, 12345, 54321)
    settings_file.replace(settings_file.read(str(path)), b"[]", 0o600)
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)


@pytest.mark.parametrize("before", [b"{}", None])
def test_what_another_wrote_meanwhile_is_not_replaced(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "settings.json"
    if before is not None:
        path.write_bytes(before)
    file = settings_file.read(str(path))
    path.write_bytes(b'{"theirs": 1}')
    with pytest.raises(SafeShellError, match="changed by another just now"):
        settings_file.replace(file, b"[]", 0o600)
    with pytest.raises(SafeShellError, match="changed by another just now"):
        settings_file.remove(file)
    assert path.read_bytes() == b'{"theirs": 1}'
    assert os.listdir(tmp_path) == ["settings.json"]


def test_a_file_system_without_links_or_attributes_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "listxattr", refuse)
    path = str(tmp_path / "settings.json")
    settings_file.replace(settings_file.read(path), b"{}", 0o600)
    settings_file.replace(settings_file.read(path), b"[]", 0o600)
    assert Path(path).read_bytes() == b"[]"
    assert os.listdir(tmp_path) == ["settings.json"]


def test_a_place_counts_lines_and_characters(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes("\ufeff{\n  \u00e4 x".encode())
    file = settings_file.read(str(path))
    assert file.has_mark
    assert file.encode(file.text()) == path.read_bytes()
    assert file.broken(BrokenError(6, "wrong"), file.text()).message == f"{path}:2:5: wrong"
    path.write_bytes(b'{\n "\xff"')
    with pytest.raises(SafeShellError, match=r"settings\.json:2:3: not UTF-8"):
        settings_file.read(str(path)).text()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(SafeShellError, match=r"is not a file|can't read"):
            settings_file.read(str(tmp_path / name))

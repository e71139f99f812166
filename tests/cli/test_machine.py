"""What the machine does to a command: a disk that is full, a directory that is gone. One clear line, nothing half."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from harness import PATH, Daemon

from safeshell.cli.output import write_output
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.home.writing import write_atomically
from safeshell.install.shims import list_shims

LIMITED = """
import resource, sys
from safeshell.cli.main import main
limit, *sys.argv = int(sys.argv[1]), "safeshell", *sys.argv[2:]
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
main()
"""
"""`safeshell` where no file may grow larger: each writer fails in its turn."""


def limited(home: str, limit: int, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-c", LIMITED, str(limit), *argv],  # half a cache would stay
        env={"PATH": PATH, "SAFESHELL_HOME": home, "HOME": home},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("limit", [0, 4096, 13000])
def test_u12_init_on_a_full_disk(home: Home, limit: int) -> None:
    new = Home(f"{home.root}/new")
    done = limited(new.root, limit, "init")
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("safeshell: ")]
    assert len(said) == 1
    assert said[0].startswith("safeshell: can't ")
    assert "bug" not in done.stderr
    left = set(os.listdir(new.root)) - {"tables.lmdb-lock", "shims"}
    for name in left:  # whole, or not there
        assert Path(new.root, name).stat().st_size
    assert not any(".new" in name for name in left)
    if limit == 4096:
        assert limited(new.root, 1 << 30, "init").returncode == 0  # once there is room
        assert "rm" in list_shims(new)


def test_u12_shims_on_a_full_disk_are_whole_or_as_they_were(home: Home) -> None:
    done = limited(home.root, 4096, "shims", "sync")
    assert (done.returncode, done.stderr) == (1, f"safeshell: can't write {home.shims}: File too large\n")
    assert [name for name in os.listdir(home.shims) if not name.startswith(".memory")] == []


@pytest.mark.parametrize("argv", [["test", "--junit", "report.xml"], ["compile", "-o", "table"]])
def test_u12_what_the_user_names_is_whole_or_as_it_was(home: Home, argv: list[str], tmp_path: Path) -> None:
    target = tmp_path / argv[-1]
    target.write_text("before")
    done = limited(home.root, 20, *argv[:-1], str(target))
    assert done.returncode == 1
    assert "safeshell: can't " in done.stderr
    assert target.read_text() == "before"
    assert os.listdir(tmp_path) == [argv[-1]]


def test_u12_output_that_nobody_can_take(home: Home) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "safeshell.cli.main", "check", "--json", "--", "ls"],
            env={"PATH": PATH, "SAFESHELL_HOME": home.root, "HOME": home.root},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    said = "safeshell: can't write the output: No space left on device\n"
    assert (done.returncode, done.stderr) == (125, said)


IN_A_REMOVED_DIRECTORY = """
import contextlib, io, json, os, sys, tempfile
from safeshell.cli.main import main
os.chdir(tempfile.mkdtemp())
os.rmdir(os.getcwd())
ended = []
for argv in json.loads(sys.argv[1]):
    sys.argv = ["safeshell", *argv]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main()
        except SystemExit as end:
            ended.append((end.code, out.getvalue(), err.getvalue()))
json.dump(ended, sys.__stdout__)
"""

MATTERS = (
    ["check", "--", "ls"],
    ["check", "-c", "ls"],
    ["check", "--explain", "--", "ls"],
    ["check", "--table", "x", "--", "ls"],
    ["test", "rules.yaml"],
    ["compile", "rules.yaml"],
)

ELSEWHERE = (
    ["test"],
    ["compile"],
    ["compile", "--check"],
    ["shims", "sync"],
    ["shims", "list"],
    ["check", "--cwd", "/", "--", "ls"],
)


def test_u12_a_directory_that_is_gone_is_said_where_it_matters(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_A_REMOVED_DIRECTORY, json.dumps([*MATTERS, *ELSEWHERE])],
        env={"PATH": PATH, "SAFESHELL_HOME": home.root, "HOME": home.root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout)
    said = "safeshell: the working directory was removed\n  hint: go to one that is there\n"
    for argv, end in zip(MATTERS, ended[: len(MATTERS)], strict=True):
        assert end == [1, "", said], argv
    for argv, (status, out, err) in zip(ELSEWHERE, ended[len(MATTERS) :], strict=True):
        assert (status, "removed" in err) == (0, False), argv
        assert argv[0] == "check" or argv[0] == "shims" or f"{home.root}/rules.yaml" in out, argv


def test_u12_doctor_in_a_directory_that_is_gone(shims: Home, daemon: Daemon, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    assert daemon.pid
    command = f"rmdir {gone}; exec {shlex.quote(sys.executable)} -m safeshell.cli.main doctor --json"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=gone,
        env={"PATH": f"{shims.shims}:{PATH}", "SAFESHELL_HOME": shims.root, "HOME": shims.root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"home", "rules", "canary", "audit log"} <= {probe["name"] for probe in json.loads(done.stdout)["probes"]}


def test_u12_a_new_file_replaces_none(tmp_path: Path) -> None:
    for name in ("file", "link"):
        path = tmp_path / name
        path.write_text("mine") if name == "file" else path.symlink_to("nothing")
        with pytest.raises(FileExistsError):
            write_atomically(str(path), b"x", 0o600, new=True)
    assert sorted(os.listdir(tmp_path)) == ["file", "link"]
    assert (tmp_path / "file").read_text() == "mine"
    write_atomically(str(tmp_path / "new"), b"x", 0o600, new=True)
    assert sorted(os.listdir(tmp_path)) == ["file", "link", "new"]


def test_u12_a_named_output_may_be_a_pipe_or_a_link(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    write_output(f"/proc/self/fd/{writer}", "text")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    os.close(writer)
    (tmp_path / "real").write_text("before")
    (tmp_path / "link").symlink_to("real")
    write_output(str(tmp_path / "link"), "after")
    assert (tmp_path / "real").read_text() == "after"
    assert (tmp_path / "link").is_symlink()
    with pytest.raises(SafeShellError, match="can't write"):
        write_output(str(tmp_path / "none/file"), "x")

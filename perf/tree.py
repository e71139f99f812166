"""Source trees to measure side by side: the working tree's, and the one of the commit that `perf/BASELINE` names.

Each is copied to a place of its own and made to run from there, so that the two differ in nothing but their source.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BASELINE = os.path.join(HERE, "BASELINE")

PARTS = ("safeshell", "compiler", "shims", "hatch_build.py")
"""What is measured; the benchmark itself is always this tree's."""


@dataclass(frozen=True)
class Tree:
    """A tree that runs.

    Attributes:
        name: what it is called in messages.
        root: where it stands.
        python: an interpreter that imports it, and nothing of another tree.
        client: its native client with symbols, for counting; the tree's own, stripped, is otherwise the same.
    """

    name: str
    root: str
    python: str
    client: str


def baseline_commit() -> str:
    """The commit that `perf/BASELINE` names.

    Raises:
        SystemExit: this isn't a clone, or one without that commit.
    """
    lines = Path(BASELINE).read_text(encoding="utf-8").splitlines()
    commit = next((line.split()[0] for line in lines if line.strip() and not line.startswith("#")), "")
    if not commit:
        raise SystemExit("perf/BASELINE names no commit")
    return known_commit(commit, "the baseline of perf/BASELINE")


def known_commit(commit: str, what: str) -> str:
    """The whole name of a commit of this clone.

    Args:
        commit: any name that git knows it by.
        what: it is, for the message.

    Raises:
        SystemExit: this isn't a clone, or one without that commit.
    """
    known = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--verify", f"{commit}^{{commit}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if known.returncode:
        raise SystemExit(
            f"commit {commit[:12]}, {what}, isn't in this clone: {known.stderr.strip()}\n"
            f"hint: `git fetch origin {commit}`, or `git fetch --unshallow` in a shallow clone"
        )
    return known.stdout.strip()


def working_tree(directory: str) -> Tree:
    """Copies this tree as it stands, changes that aren't committed with it."""
    os.mkdir(directory)
    leave = shutil.ignore_patterns("__pycache__", "safeshell-shim", "safeshell-front.so")
    for part in PARTS:
        source, target = os.path.join(ROOT, part), os.path.join(directory, part)
        if os.path.isdir(source):
            shutil.copytree(source, target, ignore=leave)
        else:
            shutil.copy2(source, target)
    return _prepare("this tree", directory)


def committed_tree(commit: str, directory: str) -> Tree:
    """Takes a commit's files out of the repository; nothing of the repository is changed."""
    os.mkdir(directory)
    with subprocess.Popen(["git", "-C", ROOT, "archive", commit, *PARTS], stdout=subprocess.PIPE) as archive:
        subprocess.run(["tar", "-x", "-C", directory], stdin=archive.stdout, check=True)
    if archive.returncode:
        raise SystemExit(f"git archive {commit} failed")
    return _prepare(f"baseline {commit[:12]}", directory)


def native_directory(root: str) -> str:
    """Where a tree has its native build products; before there were rooms, beside the modules."""
    earlier = os.path.join(root, "safeshell/native")
    return earlier if os.path.isdir(earlier) else os.path.join(root, "safeshell/install/native")


def _prepare(name: str, root: str) -> Tree:
    environment = os.path.join(root, ".venv")
    venv.create(environment, with_pip=False, symlinks=True)
    python = os.path.join(environment, "bin", "python")
    # Packages come from where this runs; that place's own .pth files, which may name a tree, aren't read.
    packages = [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
    paths = [root, os.path.join(root, "compiler"), *packages]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    Path(environment, "lib", version, "site-packages", "tree.pth").write_text(
        "".join(f"{path}\n" for path in dict.fromkeys(paths)), encoding="utf-8"
    )
    client, native = os.path.join(root, "client"), native_directory(root)
    for words in (
        ["client", os.path.join(native, "safeshell-shim")],
        ["client", client, "symbols"],
        # The daemon loads it from here, counted or not. Symbols are nothing that is mapped.
        ["front", os.path.join(native, "safeshell-front.so"), "symbols"],
    ):
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "build_native.py"), root, *words],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{name}: the native {words[0]} can't be built: {done.stderr.strip()}")
    found = subprocess.run(
        [python, "-I", "-c", "import safeshell; print(safeshell.__file__)"], capture_output=True, text=True, check=False
    )
    if not found.stdout.startswith(root):
        raise SystemExit(f"{name} can't be imported: {found.stderr.strip() or found.stdout.strip()}")
    return Tree(name, root, python, client)

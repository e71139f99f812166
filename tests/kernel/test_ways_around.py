"""Ways around a guard: each does its deed natively, and none in the kernel tier, but those listed as not seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from harness import PATIENCE_S
from kernel.conftest import Strict

RULES = """\
version: 1
rules:
  - name: no-deed
    commands: [touch]
    action: deny
    message: No deeds.
    tests: {match: [touch it]}
  - {name: other, commands: [sed], conditions: [{command_contains: nowhere}], action: deny, message: Another's name.}
"""

pytestmark = pytest.mark.rules(RULES)


class Way(NamedTuple):
    """A way to run `deed`, a copy of touch, and so to make the file $MARK.

    Attributes:
        kind: its class.
        script: of sh, with $DEED and $MARK.
        needs: programs.
        seen: whether the kernel tier sees it.
    """

    kind: str
    script: str
    needs: tuple[str, ...] = ()
    seen: bool = True


PYTHON = '"$PYTHON" -c'

WAYS = (
    # Names and copies
    Way("names", '"$DEED" "$MARK"'),
    Way("names", 'ln -s "$DEED" other; ./other "$MARK"'),
    Way("names", 'ln -s "$DEED" one; ln -s one two; ./two "$MARK"'),
    Way("names", 'ln "$DEED" other; ./other "$MARK"'),
    Way("names", 'cp "$DEED" other; ./other "$MARK"'),
    Way("names", 'cp "$DEED" ls; ./ls "$MARK"'),
    Way("names", 'cp "$DEED" sed; ./sed "$MARK"'),  # the name of another program that rules are about
    Way("names", 'ln -s "$DEED" sed; ./sed "$MARK"'),
    Way("names", 'mkdir ls; cp "$DEED" ls/cat; PATH="$PWD/ls:$PATH" cat "$MARK"'),
    Way("names", '(exec -a ls "$DEED" "$MARK")', ("bash",)),
    Way("names", 'mkdir a; cd a; ../deed "$MARK"'),
    Way("names", './a/../deed "$MARK" 2>/dev/null || { mkdir a; ./a/../deed "$MARK"; }'),
    Way("names", 'exec 9<"$DEED"; /proc/self/fd/9 "$MARK"'),
    Way("names", 'exec 9<"$DEED"; /dev/fd/9 "$MARK"'),
    Way("names", 'ln -s /proc/self/fd/9 link; exec 9<"$DEED"; ./link "$MARK"'),
    Way("names", 'cp "$DEED" other; exec 9<other; rm other; /proc/self/fd/9 "$MARK"'),
    Way("names", 'busybox touch "$MARK"', ("busybox",)),
    Way("names", 'cp "$(command -v busybox)" x; (exec -a touch ./x "$MARK")', ("bash", "busybox")),
    # PATH and environment
    Way("environment", 'env -i "$DEED" "$MARK"'),
    Way("environment", 'PATH="${DEED%/*}"; deed "$MARK"'),
    Way("environment", 'unset SAFESHELL_HOME SAFESHELL_CONTEXT; deed "$MARK"'),
    Way("environment", 'env -i PATH="${DEED%/*}:$PATH" deed "$MARK"'),
    Way("environment", 'SAFESHELL_HOME=/nonexistent SAFESHELL_CONTEXT=human deed "$MARK"'),
    Way("environment", 'HOME=/nonexistent sh -lc \'"$DEED" "$MARK"\''),
    Way("environment", 'command -p env "$DEED" "$MARK"'),
    # Entry points of the kernel
    Way("entry", f'{PYTHON} \'import os, sys; os.execv(sys.argv[1], ["x", sys.argv[2]])\' "$DEED" "$MARK"'),
    Way(
        "entry",
        f'{PYTHON} \'import os, sys; os.execve(os.open(sys.argv[1], 0), ["x", sys.argv[2]], {{}})\' "$DEED" "$MARK"',
    ),
    Way("entry", f'{PYTHON} \'import os, sys; os.posix_spawn(sys.argv[1], ["x", sys.argv[2]], {{}})\' "$DEED" "$MARK"'),
    Way(
        "entry",
        f'{PYTHON} \'import os, sys; f = os.memfd_create("x"); os.write(f, open(sys.argv[1], "rb").read()); '
        'os.execve(f, ["x", sys.argv[2]], {})\' "$DEED" "$MARK"',
    ),
    Way(
        "entry",
        f"{PYTHON} 'import ctypes, os, sys; d = os.open(os.path.dirname(sys.argv[1]), os.O_RDONLY); "
        'a = (ctypes.c_char_p * 3)(b"x", sys.argv[2].encode(), None); '
        'ctypes.CDLL(None).syscall(322, d, b"deed", a, None, 0)\' "$DEED" "$MARK"',
        ("x86_64",),
    ),
    Way(
        "entry",
        f"{PYTHON} 'import ctypes, os, sys; d = os.open(sys.argv[1], os.O_PATH); "
        'a = (ctypes.c_char_p * 3)(b"x", sys.argv[2].encode(), None); '
        'ctypes.CDLL(None).syscall(322, d, b"", a, None, 0x1000)\' "$DEED" "$MARK"',
        ("x86_64",),
    ),
    # Interpreters and scripts
    Way("interpreters", 'printf \'#!%s\\n\' "$DEED" >s; chmod +x s; ./s "$MARK"'),
    Way("interpreters", 'printf \'#!/bin/sh\\nexec "$DEED" "$MARK"\\n\' >s; chmod +x s; ./s'),
    Way("interpreters", 'printf \'"$DEED" "$MARK"\\n\' >s; chmod +x s; ./s'),
    Way("interpreters", 'printf \'#!/usr/bin/env sh\\n"$DEED" "$MARK"\\n\' >s; chmod +x s; ./s'),
    Way("interpreters", 'printf \'"$DEED" "$MARK"\\n\' | sh'),
    Way("interpreters", 'sh -c \'eval "\\"\\$DEED\\" \\"\\$MARK\\""\''),
    Way("interpreters", "perl -e 'exec $ENV{DEED}, $ENV{MARK}'", ("perl",)),
    Way("interpreters", "perl -e 'system(\"$ENV{DEED} $ENV{MARK}\")'", ("perl",)),
    Way("interpreters", 'awk \'BEGIN { system(ENVIRON["DEED"] " " ENVIRON["MARK"]) }\'', ("awk",)),
    Way(
        "interpreters",
        'node -e \'require("child_process").spawnSync(process.env.DEED, [process.env.MARK], {stdio: "inherit"})\'',
        ("node",),
    ),
    Way("interpreters", 'find . -maxdepth 0 -exec "$DEED" "$MARK" \\;'),
    Way("interpreters", 'echo "$MARK" | xargs "$DEED"'),
    Way("interpreters", 'printf \'all:\\n\\t"$(DEED)" "$(MARK)"\\n\' >Makefile; make -s', ("make",)),
    Way(
        "interpreters", f'{PYTHON} \'import subprocess, os; subprocess.run([os.environ["DEED"], os.environ["MARK"]])\''
    ),
    Way("interpreters", 'git init -q r; cd r; git -c alias.x=\'!"$DEED" "$MARK"\' x', ("git",)),
    Way(
        "interpreters",
        'mkdir git-core; ln -s "$(command -v git)" git-core/git; cp "$DEED" git-core/git-x; '
        'git --exec-path="$PWD/git-core" x "$MARK"',
        ("git",),
    ),
    Way("interpreters", '"$LOADER" "$DEED" "$MARK"', ("loader",)),
    Way("interpreters", '"$LOADER" --argv0 ls "$DEED" "$MARK"', ("loader",)),
    Way("interpreters", 'cp "$LOADER" other; ./other "$DEED" "$MARK"', ("loader",)),
    # Wrappers, sessions and what stays behind
    Way("processes", 'setsid -w "$DEED" "$MARK"', ("setsid",)),
    Way("processes", '(sleep 0.05; "$DEED" "$MARK") & wait'),
    Way("processes", 'nohup "$DEED" "$MARK" >/dev/null'),
    Way("processes", 'timeout 5 "$DEED" "$MARK"'),
    Way("processes", 'nice "$DEED" "$MARK"'),
    Way("processes", 'script -qec "\\"$DEED\\" \\"$MARK\\"" /dev/null >&2', ("script",)),
    Way("processes", 'flock . "$DEED" "$MARK"', ("flock",)),
    Way("processes", 'exec "$DEED" "$MARK"'),
    # Other views of the file system
    Way(
        "views",
        'unshare -rm sh -c \'mount --bind "$DEED" /bin/ls; /bin/ls "$MARK"\'',
        ("unshare -rm mount --bind /bin/true /bin/ls",),
    ),
    Way("views", 'unshare -r chroot / "$DEED" "$MARK"', ("unshare -r chroot /",)),
    Way("views", 'bwrap --bind / / --dev /dev "$DEED" "$MARK"', ("bwrap --bind / /",)),
    Way("views", 'bwrap --bind / / --bind "$DEED" /bin/ls /bin/ls "$MARK"', ("bwrap --bind / /",)),
    # Deeds without a program of their own
    Way("no exec", ': >"$MARK"', seen=False),
    Way("no exec", f"{PYTHON} 'import os; os.close(os.open(os.environ[\"MARK\"], os.O_CREAT))'", seen=False),
    Way("no exec", 'printf x >"$MARK"', seen=False),
    Way("no exec", "perl -e 'open(F, \">\", $ENV{MARK})'", ("perl",), seen=False),
    Way("no exec", 'cp "$DEED" other; printf x >>other; ./other "$MARK"', seen=False),  # by no name, and no copy
)

LOADER = "/lib64/ld-linux-x86-64.so.2"


def _lacks(needed: str) -> bool:
    if needed == "x86_64":
        return os.uname().machine != "x86_64"
    if needed == "loader":
        return not os.path.exists(LOADER)
    words = needed.split()
    if shutil.which(words[0]) is None:
        return True
    words = words if words[-4:-2] == ["mount", "--bind"] else [*words, "true"]
    return len(words) > 2 and subprocess.run(words, capture_output=True, check=False).returncode != 0


def _environment(place: Path) -> dict[str, str]:
    own = {"DEED": f"{place}/deed", "MARK": f"{place}/mark"}
    return {"PYTHON": sys.executable, "LOADER": LOADER, "LC_ALL": "C.UTF-8", **own}


@pytest.mark.shared
@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.kind}: {way.script[:60]}")
def test_a_way_around(strict: Strict, place: Path, way: Way) -> None:
    for needed in way.needs:
        if _lacks(needed):
            pytest.skip(f"needs {needed}" if " " not in needed else f"needs to be let run {needed}")
    shell, mark, env = "bash" if "bash" in way.needs else "sh", place / "mark", _environment(place)
    work = place / "native"
    work.mkdir()
    shutil.copy2(place / "deed", work / "deed")
    native = {**env, "DEED": f"{work}/deed", "PATH": f"{os.environ['PATH']}:{work}"}
    subprocess.run(
        [shell, "-c", way.script], cwd=work, env=native, check=False, capture_output=True, timeout=PATIENCE_S
    )
    assert mark.exists(), "it has to work natively, or this shows nothing"
    mark.unlink()
    done = strict(way.script, shell=shell, **env)
    assert mark.exists() != way.seen, done.stderr
    assert ("denied by rule no-deed" in done.stderr) == way.seen, done.stderr


def test_there_are_five_of_each_class_and_more_that_are_seen() -> None:
    kinds = [way.kind for way in WAYS]
    assert all(kinds.count(kind) >= 4 for kind in kinds)
    assert len(WAYS) >= 60
    assert sum(way.seen for way in WAYS) > 50

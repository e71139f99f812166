"""What just runs of a justfile: its lines one by one, or a recipe as a whole where that begins with `#!`."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from safeshell.shell.justfiles import just_files
from safeshell.shell.nested_commands import Found, NestedCommand
from safeshell.shell.script_files import ScriptFile
from safeshell.shell.words import plain


def run_by(justfile: str, line: str = "just", others: Mapping[str, str] | None = None) -> list[str]:
    """What a call runs, each with its place."""
    found = []
    for wanted in just_files([plain(word) for word in line.split(" ")]):

        def other(name: str) -> ScriptFile | None:
            text = (others or {}).get(name)
            return None if text is None else ScriptFile(f"/p/{name}", name, text)

        file = ScriptFile("/p/justfile", "justfile", justfile)
        for answer, place in wanted.runs(Found(file, "/p", other, lambda: None)):
            if isinstance(answer, NestedCommand):
                assert answer.directory == plain("/p")
                shown = " ".join(word.written for word in answer.words)
            else:
                shown = f"{answer.shell} < {answer.text}"
            found.append(f"{place.rpartition(':')[2]}: {shown.removeprefix('sh -cu ')}")
    return found


JUSTFILE = """\
# A comment.
set dotenv-load
root := "/srv"
export PLACE := 'x y'
made := `date`

alias b := build

[group('main')]
build: check && after
    @echo {{root}}
    -rm {{ PLACE }} \\
       more
    # no command

check:
\techo {{{{x}} {{made}} {{root / "a"}}

after: (give "1 2" root)
give a *rest:
  say {{a}}:{{rest}}

_quiet a="d" +more="e":
  q {{a}} {{more}}

script:
    #!/usr/bin/env -S bash -eu
    if x; then
        rm {{root}}
    fi
"""
BUILD = ["11: echo /srv", "12: rm x y more"]
CHECK = ["17: echo {{x}} ${just_expression} ${just_expression}"]
GIVE = ["21: say 1 2:/srv"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("just", [*BUILD, *CHECK, *GIVE]),
        ("just b", [*BUILD, *CHECK, *GIVE]),
        ("just check", CHECK),
        ("just check check", CHECK),
        ("just give one", ["21: say one:"]),
        ("just give one two three", ["21: say one:two three"]),
        ("just root=/x check build", [*CHECK, "11: echo /x", "12: rm x y more", "21: say 1 2:/x"]),
        ("just _quiet", ["24: q d e"]),
        ("just _quiet 1 2 3", ["24: q 1 2 3"]),
        ("just script", ["27: bash < #!/usr/bin/env -S bash -eu\nif x; then\n    rm /srv\nfi"]),
        ("just missing", []),
        ("just --list", []),
        ("just -n build", []),
        ("just --dry-run", []),
        ("just -q check", CHECK),
    ],
)
def test_the_recipes_of_a_call_run(line: str, found: list[str]) -> None:
    assert run_by(JUSTFILE, line) == found


@pytest.mark.parametrize(
    ("justfile", "found"),
    [
        ("set shell := ['bash', '-c']\na:\n  rm x\n", ["3: bash -c rm x"]),
        ("set shell := [x]\na:\n  rm x\n", []),
        ("a:\n  #!/usr/bin/python3\n  rm\n", ["2: python3 < #!/usr/bin/python3\nrm"]),
        ("import 'b.just'\na: b\n", ["2: imported"]),
        ("a: a\n  x\n", ["2: x"]),
        ("", []),
        ("  x\n", []),
    ],
)
def test_what_a_justfile_says_runs(justfile: str, found: list[str]) -> None:
    assert run_by(justfile, "just a", {"b.just": "b:\n  imported\n"}) == found


def test_it_is_looked_for_upward_unless_it_is_named() -> None:
    (looked,) = just_files([plain("just")])
    assert (looked.names[0], looked.upward) == ("justfile", True)
    (named,) = just_files([plain(word) for word in ("just", "-f", "x/j", "a")])
    assert (named.names, named.upward) == (("x/j",), False)

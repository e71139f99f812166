"""What is known of a program stands in one place: its file."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from safeshell_compiler import PACKS

import safeshell
from safeshell.command.programs.grammars import grammar, names, program
from safeshell.command.programs.record import COMMAND, ELSEWHERE, SPLIT, TEXT, Record
from safeshell.command.programs.wrappers import WRAPPERS

ROOT = Path(safeshell.__file__).parent
PROGRAMS = ROOT / "command" / "programs"
OPTION = re.compile(r"--?[A-Za-z][\w-]*=?")
HELP = {"-h", "-v", "-V", "--help", "--version"}
"""What nearly every program has."""

FEW = 3
"""So many options of one program in one literal are a table."""


def options(node: ast.AST) -> set[str]:
    """The words of a literal that are written as options."""
    items = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
    texts = {item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)}
    return {text for text in texts if OPTION.fullmatch(text)}


def tables(source: str) -> Iterator[tuple[int, set[str]]]:
    """The literals of a module that list options, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Set | ast.List | ast.Tuple | ast.Dict):
            found = options(node) - HELP
            if len(found) >= FEW and sum(len(text) > 2 for text in found) > 1:
                yield node.lineno, found


def known() -> dict[str, set[str]]:
    """The options of each program, dashes included."""
    found = {}
    for name in names():
        letters: set[str] = set()
        for part in parts(program(name) or {}):
            short = {f"-{letter}" for letter in part.get("short", "") if letter != ":"}
            dashes = "-" if part.get("words") else "--"
            letters |= short | {dashes + option.partition("=")[0] for option in part.get("long", ())}
        found[name] = letters
    return found


def parts(record: Record) -> Iterator[Record]:
    """A record and those of its subcommands."""
    yield record
    for inner in record.get("subcommands", {}).values():
        yield from parts(inner)


def test_no_other_module_lists_the_options_of_a_program() -> None:
    programs = known()
    again = []
    for path in sorted([*ROOT.rglob("*.py"), *(Path(PACKS).parent.parent.parent / "compiler").rglob("*.py")]):
        if PROGRAMS in path.parents or path.parts[-2] in OWN:
            continue
        for line, found in tables(path.read_text(encoding="utf-8")):
            again += [f"{path}:{line} {name}" for name, its in programs.items() if found <= its]
    assert again == []


OWN = ("cli", "trash")
"""Rooms whose options are their own programs'."""


def test_a_second_table_would_be_found() -> None:
    (found,) = tables("OPTIONS = frozenset({'--mirror', '--delete', '-n'})\nFEW = ('-C', '-c')")
    assert found == (1, {"--mirror", "--delete", "-n"})
    assert found[1] <= known()["git"]


def test_a_program_has_one_file() -> None:
    assert len(set(names())) == len({name.lower() for name in names()})
    for name in names():
        assert program(name), name
    # A wrapper's options are in its row: its file has only what else is known.
    both = [name for name in names() if name in WRAPPERS and grammar(name) is not None]
    assert both == []


def test_no_field_is_empty_and_what_runs_commands_is_an_option_that_there_is() -> None:
    for name in names():
        for part in parts(program(name) or {}):
            assert all(value not in ((), [], {}, None) for key, value in part.items() if key not in MAY_BE_EMPTY), name
            for where, kind in part.get("runs", {}).items():
                assert kind.removesuffix(ELSEWHERE) in (TEXT, SPLIT, COMMAND), (name, where)
                assert re.fullmatch(r"-[-\w]*( \S+)?|\d\+?|--|[A-Z_]+=", where), (name, where)


MAY_BE_EMPTY = ("short", "long", "subcommands")
"""A program may be known to have none."""


@pytest.mark.parametrize("name", sorted(names()))
def test_l15_what_only_shows_is_an_option_that_there_is(name: str) -> None:
    for part in parts(grammar(name) or {}):
        long = {option.partition("=")[0] for option in part.get("long", ()) if not option.endswith("=")}
        for form in [form for key in ("shows", "tries") for item in part.get(key, ()) for form in item.split("/")]:
            option = form.partition("=")[0]
            if part.get("words") and option[0] == "-":
                assert option[1:] in long, form
            elif option.startswith("--"):
                assert option[2:] in long or f"{option[2:]}=" in part["long"], form
            elif option[0] == "-":
                assert option[1] in part["short"], form


def test_the_daemon_loads_no_program_but_git_where_it_starts() -> None:
    code = "import sys, safeshell.daemon.server; print(*[name for name in sys.modules if '.programs.' in name])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    own = ("git", "record", "wrappers")
    assert sorted(done.stdout.split()) == [f"safeshell.command.programs.{module}" for module in own]


def test_a_decision_loads_no_program_and_nothing_heavy() -> None:
    code = "import sys; import safeshell.policy.showing; print(*sorted(set(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    loaded = done.stdout.split()
    assert "safeshell.command.showing" in loaded
    assert [name for name in loaded if ".programs" in name or name in ("dataclasses", "inspect")] == []

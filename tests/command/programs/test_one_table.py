"""What is known of a program stands in one place: the module of its family."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest
from safeshell_compiler import PACKS

import safeshell
from safeshell.command.programs.description import Runs
from safeshell.command.programs.grammars import grammar, names, programs
from safeshell.command.programs.plain import PLAIN
from safeshell.command.programs.record import Record, Wrapper
from safeshell.command.programs.shells import READERS

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
    found = {name: set[str]() for name in programs()}
    for name, its in programs().items():
        for part in parts(its.record or {}):
            short = {f"-{letter}" for letter in part.get("short", "") if letter != ":"}
            dashes = "-" if part.get("words") else "--"
            found[name] |= short | {dashes + option.partition("=")[0] for option in part.get("long", ())}
        rows = [*below(its.row), *below(its.runs), *below(its.options), *below(its.code.row if its.code else None)]
        for row in rows:
            found[name] |= {f"-{letter}" for letter in row.short if letter != ":"}
            found[name] |= {f"--{option.partition('=')[0]}" for option in row.long.split()}
    return found


def below(row: Wrapper | Runs | None) -> Iterator[Wrapper | Runs]:
    """A row and those of its subcommands."""
    if row is not None:
        yield row
        for verb in row.verbs.values():
            yield from below(verb)


def parts(record: Record) -> Iterator[Record]:
    """A record and those of its subcommands."""
    yield record
    for inner in record.get("subcommands", {}).values():
        yield from parts(inner)


def test_no_other_module_lists_the_options_of_a_program() -> None:
    options_of = known()
    again = []
    for path in sorted([*ROOT.rglob("*.py"), *(Path(PACKS).parent.parent.parent / "compiler").rglob("*.py")]):
        if PROGRAMS in path.parents or {*path.parts[-2:]} & {*OWN}:
            continue
        for line, found in tables(path.read_text(encoding="utf-8")):
            again += [f"{path}:{line} {name}" for name, its in options_of.items() if found <= its]
    assert again == []


OWN = ("cli", "trash", "repeating.py", "make.py")
"""Rooms whose options are their own programs'; and readers that know what those of xargs, parallel and make mean."""


def test_a_second_table_would_be_found() -> None:
    (found,) = tables("OPTIONS = frozenset({'--mirror', '--delete', '-n'})\nFEW = ('-C', '-c')")
    assert found == (1, {"--mirror", "--delete", "-n"})
    assert found[1] <= known()["git"]


def words(node: ast.AST) -> set[str]:
    """The words among the members or keys of the literals below a node; those of a text that is split are members."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Dict) and not all(isinstance(value, ast.Name | ast.Lambda) for value in part.values):
            found |= texts([key for key in part.keys if key is not None])
        elif isinstance(part, ast.Set | ast.List | ast.Tuple):
            found |= texts(part.elts)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "split":
            found |= {word for text in texts([part.func.value]) for word in text.split()}
    return found


def texts(nodes: Sequence[ast.AST]) -> set[str]:
    """The constant texts among some nodes."""
    values = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return {
        value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for value in values
        if isinstance(value, str | bytes)
    }


def name_tables(source: str, names: set[str]) -> Iterator[tuple[str, set[str]]]:
    """The variables of a module that list programs, and which."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            found = words(node.value) & names
            if len(found) >= FEW:
                yield ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target), found


NO_PROGRAMS = {
    ("home/person.py", "_INTERPRETERS"),
    ("hooks/agents/copilot.py", "AGENT"),
    ("hooks/agents/crush.py", "AGENT"),
    ("hooks/agents/opencode.py", "AGENT"),
    ("hooks/wiring/agents/vscode.py", "AGENT"),
    ("host/process/shells.py", "SHELLS"),
    ("host/process/terminals.py", "MULTIPLEXERS"),
    ("install/activation.py", "SHELLS"),
    ("install/guarded_shell.py", "LINKS"),
    ("shell/builtins.py", "_EFFECTS"),
    ("shell/code/languages.py", "PERL"),
    ("shell/code/languages.py", "PHP"),
    ("shell/code/languages.py", "_FS"),
    ("shell/outputs.py", "TOLD"),
    ("shell/outputs_of.py", "_REPORTING"),
    ("shell/program_names.py", "_LOOKING_UP"),
    ("shell/scripts.py", "_FILES"),
}
"""Functions of languages that are called like programs; which programs agents, shells and terminals are, among
processes; agents' own tools, and keys of an agent's settings; shells that have start-up files, and those that the
guarded one stands in for; what builtins do to their shell; which wrappers write something of their own; what prints a
program's path; and who reads which program's files."""


def test_no_other_module_lists_programs() -> None:
    names = {*programs(), *READERS, *PLAIN}
    again: dict[tuple[str, str], set[str]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        if PROGRAMS not in path.parents:
            module = path.relative_to(ROOT).as_posix()
            again |= {(module, name): found for name, found in name_tables(path.read_text(encoding="utf-8"), names)}
    assert {place: found for place, found in again.items() if place not in NO_PROGRAMS} == {}
    assert again.keys() >= NO_PROGRAMS


def test_a_second_table_of_programs_would_be_found() -> None:
    source = (
        "A = {'git': 1, 'tar': 2, 'rsync': {}}\nB = frozenset(b'git tar ls'.split())\nC = {'git': f, 'tar': f, 'ls': f}"
    )
    assert [name for name, _ in name_tables(source, {"git", "tar", "rsync", "ls"})] == ["A", "B"]


def test_a_program_stands_in_one_module() -> None:
    modules = [import_module(f"safeshell.command.programs.{path.stem}") for path in PROGRAMS.glob("*.py")]
    stand = [name for module in modules for name in getattr(module, "PROGRAMS", ())]
    assert sorted(stand) == sorted(programs())
    assert len(stand) > len(names()) > 0


def test_no_field_is_empty() -> None:
    for name in names():
        for part in parts(grammar(name) or {}):
            assert all(value not in ((), [], {}, None) for key, value in part.items() if key not in MAY_BE_EMPTY), name


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


def test_the_daemon_loads_no_program_but_wrappers_where_it_starts() -> None:
    code = "import sys, safeshell.daemon.server; print(*[name for name in sys.modules if '.programs.' in name])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    own = ("record", "wrappers")
    assert sorted(done.stdout.split()) == [f"safeshell.command.programs.{module}" for module in own]


def test_a_decision_loads_no_program_and_nothing_heavy() -> None:
    code = "import sys; import safeshell.policy.showing; print(*sorted(set(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    loaded = done.stdout.split()
    assert "safeshell.command.showing" in loaded
    assert [name for name in loaded if ".programs" in name or name in ("dataclasses", "inspect")] == []

"""`safeshell compile` of rules that are in force already: it says the same, without the compiler."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import MARKERS, Cli, Ran, until, write
from needs import need
from safeshell_compiler.publish import compile_home, publish

import safeshell
from safeshell.cli import compile as module
from safeshell.home import build_fingerprint
from safeshell.home.paths import Home
from safeshell.policy.store.reading import read_current
from safeshell.policy.store.records import Current, signature

RULES = """\
version: 1
include: [pack:git, team.yaml, rules.d]
rules:
  - name: secrets
    commands: [cat]
    conditions: [{command_matches: 'secrets.yaml'}]
    action: deny
    message: Einen Schlüssel zeigt man nicht.
  - {name: everything, action: require_approval, message: Ask., tests: {match: [ls]}}
"""
TEAM = "version: 1\nrules:\n  - {name: no-ls, commands: [ls, ls], action: deny, message: No., tests: {match: [ls]}}\n"
MORE = "version: 1\nrules:\n  - {name: no-cp, commands: [cp], action: deny, message: No., tests: {match: [cp]}}\n"

FORMATS = [[], *(["--format", style] for style in ("human", "json", "sarif", "github"))]
OPTIONS = [[], ["--check"], ["--strict"], ["--check", "--strict"]]


@pytest.fixture
def home(home: Home) -> Home:
    write(home.rules, RULES)
    write(f"{home.root}/team.yaml", TEAM)
    write(f"{home.root}/rules.d/a.yaml", MORE)
    os.chmod(f"{home.root}/rules.d", 0o700)
    write(home.config, MARKERS + "execution: in_place\n")
    return home


def current(home: Home, rules: str | None = None) -> Current:
    rules = rules or home.rules
    return read_current(home.tables, [rules])[0][rules][0]


def settle(cli: Cli, home: Home, rules: str | None = None) -> Ran:
    """Compiles until it is certain what the compilation rests on: files changed in its first instant are in doubt."""

    def compiled() -> Ran | None:
        done = cli("compile")
        return done if current(home, rules).said else None

    found: Ran = until(compiled, "a compilation that can be recalled")
    return found


@pytest.fixture
def recalled(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each `compile` went the short way."""
    taken = []
    real = module._recall

    def recall(*arguments: object, **options: object) -> object:
        found = real(*arguments, **options)  # type: ignore[arg-type] # passed on as they come
        taken.append(found is not None)
        return found

    monkeypatch.setattr(module, "_recall", recall)
    return taken


@pytest.mark.parametrize("style", FORMATS, ids=" ".join)
def test_it_says_and_leaves_the_same(
    cli: Cli, home: Home, recalled: list[bool], monkeypatch: pytest.MonkeyPatch, style: list[str]
) -> None:
    settle(cli, home)
    recalled.clear()
    short = [cli("compile", *style, *options) for options in OPTIONS]
    assert recalled == [True] * len(OPTIONS)
    tables = read_current(home.tables, [home.rules])
    monkeypatch.setattr(module, "_recall", lambda *_arguments, **_options: None)
    assert [cli("compile", *style, *options) for options in OPTIONS] == short
    assert all("SS32" in done.out + done.err for done in short)
    assert [done.status for done in short] == [0, 0, 1, 1]
    found, settings = read_current(home.tables, [home.rules])
    assert (found[home.rules][1], settings) == (tables[0][home.rules][1], tables[1])


def test_neither_the_rule_model_nor_yaml_is_imported(cli: Cli, home: Home) -> None:
    settle(cli, home)
    program = (
        "import sys; from safeshell.cli.main import main; sys.argv = ['safeshell', 'compile', '--check']\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "safeshell_compiler.findings.render" in modules
    assert not {
        "pydantic",
        "yaml",
        "re2",
        "safeshell_compiler.reading.rule_model",
        "safeshell_compiler.pipeline",
    }.intersection(modules)


def edit_rules(home: Home) -> None:
    """As long as before, with the times of before."""
    before = os.stat(home.rules)
    text = Path(home.rules).read_text().replace("Ask.", "Pst.")
    Path(home.rules).write_text(text)
    os.utime(home.rules, ns=(before.st_atime_ns, before.st_mtime_ns))


EDITS: list[Callable[[Home], object]] = [
    edit_rules,
    lambda home: write(f"{home.root}/team.yaml", TEAM.replace("No.", "Nope.")),
    lambda home: write(f"{home.root}/rules.d/a.yaml", MORE.replace("No.", "Nope.")),
    lambda home: write(f"{home.root}/rules.d/b.yaml", MORE.replace("no-cp", "never-cp")),
    lambda home: os.unlink(f"{home.root}/rules.d/a.yaml"),
    lambda home: os.unlink(f"{home.root}/team.yaml"),
    lambda home: os.chmod(f"{home.root}/team.yaml", 0o622),
    lambda home: os.chown(f"{home.root}/team.yaml", 1234, -1),
    lambda home: write(home.config, "execution: daemon\n"),
    lambda home: write(home.config, "executoin: daemon\n"),
    lambda home: os.unlink(home.config),
]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_compiled(cli: Cli, home: Home, recalled: list[bool], edit: Callable[[Home], object]) -> None:
    settle(cli, home)
    try:
        edit(home)
    except PermissionError:
        need("root")
        raise
    recalled.clear()
    cli("compile", "--check")
    cli("compile")
    assert recalled == [False, False]


def test_another_version_or_user_or_compiler_compiles(
    cli: Cli, home: Home, recalled: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(cli, home)
    recalled.clear()
    with monkeypatch.context() as patch:
        patch.setattr(safeshell, "__version__", "99")
        cli("compile", "--check")
    with monkeypatch.context() as patch:
        patch.setattr(build_fingerprint, "_modules", lambda directory: [os.path.join(directory, "__init__.py")])
        cli("compile", "--check")
    before = current(home).said
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert build_fingerprint.circumstances(home.rules) != before["circumstances"]  # type: ignore[index] # settled
    cli("compile", "--check")
    assert recalled == [False, False, True]


def test_files_that_are_only_touched_are_compiled_unless_it_is_a_check(
    cli: Cli, home: Home, recalled: list[bool]
) -> None:
    settle(cli, home)
    os.utime(home.rules, ns=(1, 1))
    recalled.clear()
    cli("compile", "--check")
    cli("compile")
    assert recalled == [True, False]
    assert current(home).watch[home.rules] == signature(home.rules)


def test_what_compile_writes_is_written_again(cli: Cli, home: Home, recalled: list[bool]) -> None:
    settle(cli, home)
    before = Path(home.client_conf).read_bytes()
    write(home.client_conf, "unreachable_ai=allow\n")
    recalled.clear()
    cli("compile")
    assert recalled == [False]
    assert Path(home.client_conf).read_bytes() == before
    os.unlink(home.client_conf)
    cli("compile")
    assert Path(home.client_conf).read_bytes() == before
    Path(home.tables).write_bytes(b"rubbish")
    assert cli("compile", "--check").status == 0
    cli("compile")
    assert current(home).digest


def test_what_was_compiled_without_lint_is_not_recalled(cli: Cli, home: Home, recalled: list[bool]) -> None:
    said = settle(cli, home)
    publish(home, compile_home(home))
    recalled.clear()
    assert cli("compile", "--check") == said
    assert recalled == [False]


def test_a_repositorys_rules_are_recalled_with_the_users(
    cli: Cli, home: Home, recalled: list[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = str(tmp_path / "part/.safeshell/rules.yaml")
    write(rules, MORE)
    os.chmod(os.path.dirname(rules), 0o700)
    monkeypatch.chdir(tmp_path / "part")
    said = settle(cli, home, rules)
    recalled.clear()
    assert cli("compile") == said
    os.mkdir(tmp_path / ".git")  # the repository ends elsewhere, and so what may be included
    cli("compile", "--check")
    os.rmdir(tmp_path / ".git")
    assert cli("compile", "--check") == said
    os.chmod(os.path.dirname(rules), 0o722)
    assert "SS107" in cli("compile", "--check").err
    assert recalled == [True, False, True, False]


def test_a_source_that_changes_while_it_is_compiled_is_in_doubt(
    cli: Cli, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safeshell_compiler import compile_rules
    from safeshell_compiler import publish as compiling

    settle(cli, home)
    real = compile_rules

    def touched(path: str, *arguments: object, **options: object) -> object:
        made = real(path, *arguments, **options)  # type: ignore[arg-type] # passed on as they come
        os.chmod(f"{home.root}/team.yaml", 0o640)
        return made

    monkeypatch.setattr(compiling, "compile_rules", touched)
    write(home.config, MARKERS + "execution: auto\n")
    assert cli("compile").status == 0
    assert current(home).said is None

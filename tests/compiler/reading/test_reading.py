"""Files that can't be read, aren't YAML, or are built to hurt: each its own code, each at its place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from safeshell_compiler import Compilation, compile_rules
from safeshell_compiler.reading import tree
from safeshell_compiler.reading.sources import FILE_BYTES
from safeshell_compiler.reading.tree import DEPTH

RULE = "version: 1\nrules:\n- {name: a, action: deny, message: m, tests: {match: [x]}}\n"


def places(compilation: Compilation) -> list[tuple[str, int, int]]:
    return [(found.code, found.line, found.column) for found in compilation.findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("SS109", 1, 1)]),
        ("# nothing\n", [("SS109", 1, 1)]),
        ("---\n", [("SS109", 1, 1)]),
        ("- [a\n", [("SS110", 2, 1)]),
        ("version: 1\nrules: a: b\n", [("SS110", 2, 9)]),
        ('version: "1\n', [("SS110", 2, 1)]),
        ("version: 1\nrules:\n\t- name: a\n", [("SS111", 3, 1)]),
        ("version: 1\nrules:\n  \t- name: a\n", [("SS111", 3, 3)]),
        ("version: 1\nversion: 1\n", [("SS112", 2, 1)]),
        ("version: 1\n---\nversion: 1\n", [("SS113", 2, 1)]),
        ("version: !!python/object:os.system 1\n", [("SS114", 1, 10), ("SS213", 1, 10)]),
        ("version: 1\n1: a\n", [("SS115", 2, 1)]),
        ("version: 1\n? [a]\n: b\n", [("SS115", 2, 3)]),
        ("- version\n", [("SS116", 1, 1)]),
        ("just text\n", [("SS116", 1, 1)]),
        ("version: 1\ninclude: *gone\n", [("SS117", 2, 10)]),
        ("version: 1\nrules: &a [*a]\n", [("SS118", 2, 12)]),
        ('version: 1\ninclude: ["a\\0b"]\n', [("SS119", 2, 11), ("SS120", 2, 11)]),
        ("version: 1\n# a\x07bell\n", [("SS119", 2, 4)]),
        ("version: 1\nrules:\n  - " + "[" * DEPTH + "]" * DEPTH, [("SS402", 3, 5 + DEPTH - 2)]),
    ],
)
def test_bad_yaml_is_found_at_its_place(tmp_path: Path, text: str, expected: list[tuple[str, int, int]]) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    compilation = compile_rules(str(path))
    assert places(compilation) == expected
    assert compilation.table is None
    assert compilation.digest is None


def test_an_alias_bomb_ends_at_its_first_excess(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (tmp_path / "rules.yaml").write_text("\n".join(levels))
    assert places(compile_rules(str(tmp_path / "rules.yaml"))) == [("SS403", 5, 45)]


def test_aliases_share_what_rules_have_in_common(tmp_path: Path) -> None:
    text = (
        "version: 1\nrules:\n"
        "- {name: a, action: deny, message: m, conditions: &c [{command_contains: x}], tests: &t {match: [x]}}\n"
        "- {name: b, action: deny, message: m, conditions: *c, tests: *t}\n"
    )
    (tmp_path / "rules.yaml").write_text(text)
    compilation = compile_rules(str(tmp_path / "rules.yaml"))
    assert places(compilation) == []
    first, second = compilation.policy.rules
    assert first.rule.conditions == second.rule.conditions


DEEP = {
    "unclosed": ("[" * 1_000_000, 1, DEPTH + 1),
    "closed": ("[" * 5_000 + "]" * 5_000, 1, DEPTH + 1),
    "mappings": ("{a: " * 5_000, 1, 4 * DEPTH + 1),
    "blocks": ("- " * 5_000, 1, 2 * DEPTH + 1),
    "after letters of several bytes": ("# é𝄞\n" + "[" * 5_000, 2, DEPTH + 1),
    "after rules": ("version: 1\nrules:\n- conditions: " + "[" * 5_000, 3, 14 + DEPTH - 2),
    "an error follows": ("[" * (DEPTH + 1) + "@", 1, DEPTH + 1),
}


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
@pytest.mark.parametrize("name", DEEP)
def test_too_deep_is_one_finding_whichever_layer_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, loader: Any
) -> None:
    monkeypatch.setattr(tree, "_Loader", loader)
    text, line, column = DEEP[name]
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    assert places(compile_rules(str(tmp_path / "rules.yaml"))) == [("SS402", line, column)]


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
def test_a_mistake_in_what_is_deep_enough_to_allow_stays_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loader: Any
) -> None:
    monkeypatch.setattr(tree, "_Loader", loader)
    (tmp_path / "rules.yaml").write_text("[" * DEPTH + "@")
    assert places(compile_rules(str(tmp_path / "rules.yaml"))) == [("SS110", 1, DEPTH + 1)]


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    with path.open("wb") as file:
        file.truncate(FILE_BYTES + 1)
    compilation = compile_rules(str(path))
    assert places(compilation) == [("SS401", 1, 1)]
    assert "33 MiB" in compilation.findings[0].message


def test_a_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    compilation = compile_rules(str(tmp_path / "rules.yaml"))
    assert places(compilation) == [("SS102", 1, 1)]
    assert "safeshell init" in compilation.findings[0].hint
    assert [source.path for source in compilation.sources] == [str(tmp_path / "rules.yaml")]


def test_a_rules_file_that_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").mkdir()
    assert places(compile_rules(str(tmp_path / "rules.yaml"))) == [("SS103", 1, 1)]


def test_a_pipe_does_not_hold_the_compiler(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rules.yaml")
    assert places(compile_rules(str(tmp_path / "rules.yaml"))) == [("SS104", 1, 1)]


def test_a_file_that_is_not_utf8_points_at_the_byte(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_bytes("version: 1\n# é ".encode() + b"\xff\n")
    assert places(compile_rules(str(tmp_path / "rules.yaml"))) == [("SS108", 2, 5)]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_bytes(b"\xef\xbb\xbf" + RULE.encode())
    assert compile_rules(str(tmp_path / "rules.yaml")).table is not None


def test_an_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULE)
    path.chmod(0)
    program = (
        "import os, sys\n"
        "from safeshell_compiler import compile_rules\n"
        "compile_rules('/nonexistent')\n"  # what the compiler imports late is imported as the user it was installed by
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print([f.code for f in compile_rules(sys.argv[1]).findings])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == ("['SS101']\n", "")


def test_an_unreadable_directory_component_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(f"version: 1\ninclude: [{'x' * 300}.yaml]\n")
    assert places(compile_rules(str(tmp_path / "rules.yaml"))) == [("SS101", 2, 11)]


@pytest.mark.parametrize("mode", [0o602, 0o620])
def test_rules_that_others_can_write_are_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULE)
    path.chmod(mode)
    compilation = compile_rules(str(path))
    assert places(compilation) == [("SS106", 1, 1)]
    assert compilation.findings[0].hint == f"chmod go-w {path}"


def test_an_include_that_others_can_write_is_refused_where_it_is_included(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("version: 1\ninclude: [team.yaml]\n")
    (tmp_path / "team.yaml").write_text(RULE)
    (tmp_path / "team.yaml").chmod(0o666)
    compilation = compile_rules(str(tmp_path / "rules.yaml"))
    assert places(compilation) == [("SS106", 2, 11)]


@pytest.mark.needs("root")
def test_rules_of_another_user_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULE)
    os.chown(path, 65534, -1)
    assert places(compile_rules(str(path))) == [("SS105", 1, 1)]
    assert places(compile_rules(str(path), "repository")) == [("SS107", 1, 1)]


@pytest.mark.parametrize("what", ["file", "directory"])
def test_a_repository_file_that_others_can_write_has_its_own_code(tmp_path: Path, what: str) -> None:
    directory = tmp_path / ".safeshell"
    directory.mkdir()
    path = directory / "rules.yaml"
    path.write_text(RULE)
    (path if what == "file" else directory).chmod(0o777)
    assert places(compile_rules(str(path), "repository")) == [("SS107", 1, 1)]


def test_a_directory_of_rules_is_read_by_name(tmp_path: Path) -> None:
    for name in ("20-b.yaml", "10-a.yaml", ".hidden.yaml", "notes.txt"):
        (tmp_path / name).write_text(RULE)
    policy = compile_rules(str(tmp_path)).policy
    assert [rule.label for rule in policy.rules] == ["10-a.yaml", "20-b.yaml"]


def test_an_empty_directory_as_rules_is_an_error(tmp_path: Path) -> None:
    assert places(compile_rules(str(tmp_path))) == [("SS123", 1, 1)]


def test_system_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "a.yaml").write_text(RULE)
    compilation = compile_rules(str(tmp_path / "rules.d"), "system")
    if os.geteuid() == 0:
        assert compilation.table is not None
        assert b'"kind":"system"' in compilation.table["meta"]
    else:
        assert places(compilation)[0][0] == "SS105"  # a machine's rules are root's

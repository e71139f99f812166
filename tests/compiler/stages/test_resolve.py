"""Includes, order of precedence, overrides, and what a repository may say."""

from __future__ import annotations

from pathlib import Path

import pytest
from rulecases import Compile
from safeshell_compiler import Compilation, compile_rules


def rules(*names: str, action: str = "allow", head: str = "") -> str:
    lines = [f"- {{name: {name}, action: {action}, message: m, tests: {{match: [x]}}}}\n" for name in names]
    return "version: 1\n" + head + "rules:\n" + "".join(lines)


def in_force(compilation: Compilation) -> list[str]:
    assert [f for f in compilation.findings if f.severity == "error"] == []
    return [f"{found.label}:{found.rule.name}" for found in compilation.policy.rules]


def codes(compilation: Compilation) -> list[tuple[str, int, int]]:
    return [(found.code, found.line, found.column) for found in compilation.findings]


def test_includes_come_first_depth_first_each_file_once(compile_text: Compile) -> None:
    compilation = compile_text(
        rules("own", head="include: [one.yaml, ./two.yaml, one.yaml]\n"),
        one=rules("first", head="include: [deep.yaml]\n"),
        two=rules("second", head="include: [deep.yaml]\n"),
        deep=rules("deepest"),
    )
    assert in_force(compilation) == ["deep.yaml:deepest", "one.yaml:first", "two.yaml:second", "rules.yaml:own"]


def test_a_file_under_two_names_counts_once(compile_text: Compile, tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to("one.yaml")
    compilation = compile_text(rules("own", head="include: [one.yaml, link.yaml]\n"), one=rules("first"))
    assert in_force(compilation) == ["one.yaml:first", "rules.yaml:own"]


def test_a_directory_is_included_by_name(compile_text: Compile, tmp_path: Path) -> None:
    (tmp_path / "rules.d").mkdir()
    for name in ("20", "10"):
        (tmp_path / "rules.d" / f"{name}.yaml").write_text(rules(f"r{name}"))
    compilation = compile_text(rules("own", head="include: [./rules.d]\n"))
    assert in_force(compilation) == ["rules.d/10.yaml:r10", "rules.d/20.yaml:r20", "rules.yaml:own"]
    assert str(tmp_path / "rules.d") in [source.path for source in compilation.sources]


def test_packs_come_before_all_other_includes(tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "git.yaml").write_text(rules("rebase", action="deny"))
    (tmp_path / "team.yaml").write_text(rules("team"))
    (tmp_path / "rules.yaml").write_text(rules("own", head="include: [team.yaml, pack:git]\n"))
    compilation = compile_rules(str(tmp_path / "rules.yaml"), packs=str(packs))
    assert in_force(compilation) == ["pack:git:rebase", "team.yaml:team", "rules.yaml:own"]
    assert compilation.table is not None
    assert str(tmp_path) not in compilation.table["meta"].decode()  # a table says nothing of where it was made


def test_an_unknown_pack_lists_the_known_ones(tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "git.yaml").write_text(rules("a"))
    (packs / "aws.yaml").write_text(rules("a"))
    (tmp_path / "rules.yaml").write_text("version: 1\ninclude: ['pack:gti', 'pack:../git']\n")
    compilation = compile_rules(str(tmp_path / "rules.yaml"), packs=str(packs))
    assert codes(compilation) == [("SS121", 2, 11), ("SS121", 2, 23)]
    assert compilation.findings[0].hint == "did you mean 'git'? the packs are aws, git"


def test_a_cycle_is_an_error_where_it_closes(compile_text: Compile) -> None:
    compilation = compile_text(rules("own", head="include: [a.yaml]\n"), a="version: 1\ninclude: [b.yaml]\n",
                               b="version: 1\ninclude: [a.yaml]\n")  # fmt: skip
    (finding,) = compilation.findings
    assert (finding.code, finding.line, finding.column) == ("SS122", 2, 11)
    assert finding.file.endswith("/b.yaml")
    assert "a.yaml -> b.yaml -> a.yaml" in finding.message


def test_a_chain_of_includes_has_an_end(tmp_path: Path) -> None:
    for number in range(80):
        (tmp_path / f"{number}.yaml").write_text(f"version: 1\ninclude: [{number + 1}.yaml]\n")
    assert [f.code for f in compile_rules(str(tmp_path / "0.yaml")).findings] == ["SS407"]


def test_what_is_missing_is_watched(compile_text: Compile, tmp_path: Path) -> None:
    compilation = compile_text("version: 1\ninclude: [gone.yaml]\n")
    assert codes(compilation) == [("SS120", 2, 11)]
    assert {source.path: source.sha256 is None for source in compilation.sources} == {
        str(tmp_path / "gone.yaml"): True,
        str(tmp_path / "rules.yaml"): False,
    }


def test_an_override_changes_what_it_names(compile_text: Compile) -> None:
    compilation = compile_text(
        rules("own", head="include: [one.yaml]\n")
        + "overrides:\n- {name: a, disabled: true}\n- {name: one/b, action: deny, message: new, context: ai_only}\n"
        "- {name: c, unless: [{path_matches: ^/tmp/}]}\n",
        one=rules("a", "b", "c"),
    )
    assert in_force(compilation) == ["one.yaml:b", "one.yaml:c", "rules.yaml:own"]
    changed, excepted, _ = compilation.policy.rules
    assert (changed.rule.action, changed.rule.message, changed.rule.context) == ("deny", "new", "ai_only")
    assert [part.value for part in excepted.unless[0].conditions] == ["^/tmp/"]


def test_an_override_says_where_an_approval_comes_from(compile_text: Compile) -> None:
    head = "version: 1\ninclude: [one.yaml]\noverrides: [{name: a, approval: "
    asks, outside = rules("a", action="require_approval"), '"approval":"outside"'
    tightened = compile_text(head + "outside}]\n", one=asks)
    assert tightened.table is not None
    assert outside in str(tightened.table["rules"])
    assert codes(compile_text(head + "any}]\n", one=asks)) == [("SS315", 3, 13)]
    denial = compile_text(head + "outside, action: deny}]\n", one=asks)
    assert denial.table is not None
    assert outside not in str(denial.table["rules"])
    assert codes(compile_text(head + "outside}]\n", one=rules("a", action="deny")))[0][0] == "SS335"


def test_the_outer_override_has_the_last_word(compile_text: Compile) -> None:
    compilation = compile_text(
        "version: 1\ninclude: [mid.yaml]\noverrides: [{name: a, action: require_approval}]\n",
        mid="version: 1\ninclude: [one.yaml]\noverrides: [{name: a, action: deny, message: mid}]\n",
        one=rules("a"),
    )
    assert in_force(compilation) == ["one.yaml:a"]
    assert compilation.policy.rules[0].rule.action == "require_approval"
    assert compilation.policy.rules[0].rule.message == "mid"


def test_an_override_may_turn_a_redirect_into_a_denial(compile_text: Compile) -> None:
    one = "version: 1\nrules: [{name: a, action: redirect, redirect_to: t, message: m, tests: {match: [x]}}]\n"
    compilation = compile_text("version: 1\ninclude: [one.yaml]\noverrides: [{name: a, action: deny}]\n", one=one)
    assert in_force(compilation) == ["one.yaml:a"]
    assert compilation.table is not None
    assert b"redirect_to" not in compilation.table["rules"]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("{name: aa, disabled: true}", ("SS302", 3, 20)),
        ("{name: three/a, disabled: true}", ("SS302", 3, 20)),
        ("{name: a, disabled: true}", ("SS303", 3, 20)),
        ("{name: own, disabled: true}", ("SS304", 3, 20)),
        ("{name: sub/one/a, disabled: true}", ("SS302", 3, 20)),
        ("{name: b, disabled: true}, {name: two/b, action: deny}", ("SS305", 3, 47)),
        ("{name: b}", ("SS315", 3, 13)),
        ("{name: b, action: allow}", ("SS315", 3, 13)),
        ("{name: b, action: redirect}", ("SS320", 3, 31)),
        ("{name: b, unless: [{command_matches: '(?!a)'}]}", ("SS306", 3, 51)),
    ],
)
def test_overrides_that_go_wrong(compile_text: Compile, override: str, expected: tuple[str, int, int]) -> None:
    text = f"version: 1\ninclude: [one.yaml, two.yaml]\noverrides: [{override}]\n"
    text += "rules: [{name: own, action: allow, message: m}]\n"
    assert codes(compile_text(text, one=rules("a"), two=rules("a", "b"))) == [expected]


def test_a_suggestion_for_an_override(compile_text: Compile) -> None:
    text = "version: 1\ninclude: [one.yaml]\noverrides: [{name: reset-herd, disabled: true}]\n"
    assert compile_text(text, one=rules("reset-hard")).findings[0].hint == "did you mean 'reset-hard'?"


def test_an_override_of_a_file_with_errors_is_not_called_unknown(compile_text: Compile) -> None:
    text = "version: 1\ninclude: [one.yaml]\noverrides: [{name: a, disabled: true}]\n"
    assert [f.code for f in compile_text(text, one="version: 1\nrules: [{name: a}]\n").findings] == ["SS203", "SS203"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "work" / ".safeshell").mkdir()
    return tmp_path / "work"


def compile_repository(repository: Path, text: str) -> Compilation:
    path = repository / ".safeshell" / "rules.yaml"
    path.write_text(text)
    return compile_rules(str(path), "repository")


def test_a_repository_may_tighten(repository: Path) -> None:
    asks = rules("more", action="require_approval").replace("require_approval,", "require_approval, approval: outside,")
    (repository / "more.yaml").write_text(asks)
    compilation = compile_repository(repository, rules("a", action="deny", head="include: [../more.yaml]\n"))
    assert in_force(compilation) == ["../more.yaml:more", "rules.yaml:a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rules("a"), ("SS316", 3, 13)),
        ("version: 1\nrules: [{name: a, action: redirect, redirect_to: x, message: m}]\n", ("SS316", 2, 19)),
        ("version: 1\nrules: [{name: a, action: deny, timeout: 3s, message: m}]\n", ("SS316", 2, 33)),
        ("version: 1\nrules: [{name: a, action: deny, execution: daemon, message: m}]\n", ("SS316", 2, 33)),
        ("version: 1\noverrides: [{name: a, disabled: true}]\n", ("SS317", 2, 13)),
        ("version: 1\ninclude: [../../outside.yaml]\n", ("SS318", 2, 11)),
        ("version: 1\ninclude: [/etc/passwd]\n", ("SS318", 2, 11)),
        ("version: 1\ninclude: [link.yaml]\n", ("SS318", 2, 11)),
        (
            "version: 1\nrules: [{name: a, action: deny, message: m, conditions: [{command_matches: (}]}]\n",
            ("SS306", 2, 76),
        ),
    ],
)
def test_what_a_repository_may_not_say(repository: Path, text: str, expected: tuple[str, int, int]) -> None:
    (repository.parent / "outside.yaml").write_text(rules("a", action="deny"))
    (repository / ".safeshell" / "link.yaml").symlink_to(repository.parent / "outside.yaml")
    compilation = compile_repository(repository, text)
    assert [place for place in codes(compilation) if place[0] != "SS313"] == [expected]
    assert compilation.table is None


def test_a_repository_includes_only_packs_that_restrict(repository: Path, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "tight.yaml").write_text(rules("t", action="deny"))
    (packs / "loose.yaml").write_text(rules("l"))
    path = repository / ".safeshell" / "rules.yaml"
    path.write_text("version: 1\ninclude: ['pack:tight', 'pack:loose']\n")
    compilation = compile_rules(str(path), "repository", packs=str(packs))
    assert codes(compilation) == [("SS319", 2, 25)]

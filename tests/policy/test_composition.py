"""A command is judged as what it really runs: the most restrictive of its spellings decides."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from safeshell_compiler import compile_rules

from safeshell.command.command_line import block
from safeshell.command.unwrap import Spelling, spellings
from safeshell.policy.composition import TOO_DEEP, Judgement, judge_all
from safeshell.policy.context import Context
from safeshell.policy.decision import Action
from safeshell.policy.decision_cache import Policy
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import RequestFacts
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable

RULES = """\
version: 1
rules:
  - {name: slow, commands: [env, rm], action: allow, timeout: 30s, message: m}
  - {name: quick, commands: [make], action: allow, timeout: 5s, execution: in_place, message: m}
  - {name: ask-env, commands: [env], action: require_approval, message: m, conditions: [{command_contains: ask}]}
  - {name: ask-doas, commands: [doas], action: require_approval, message: m, approval: outside}
  - {name: rm-root, commands: [rm], action: deny, message: m, conditions: [{command_matches: '^rm .*/$'}]}
  - {name: trash, commands: [unlink], action: redirect, redirect_to: trash $ARGS, message: Moved.}
  - {name: here, commands: [mv], directory: /srv/sub$, action: deny, message: m}
  - {name: there, commands: [touch], action: deny, message: m, conditions: [{env_equals: {variable: A, value: '1'}}]}
  - {name: agents, commands: [ssh], context: ai_only, action: deny, message: m}
  - {name: force, commands: [git], action: deny, message: m,
     conditions: [{command_matches: '^git push .*(--force|\\+main)'}]}
  - {name: main, commands: [git], action: deny, message: m,
     conditions: [{command_startswith: git commit}, {git_branch_in: [main]}]}
  - {name: any-make, action: allow, message: m, conditions: [{command_contains: make}]}
"""

Judge = Callable[..., Judgement]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[LoadedTable]:
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    compilation = compile_rules(str(path))
    assert compilation.table is not None, compilation.findings
    return [LoadedTable(Table(compilation.table, ""))]


@pytest.fixture(params=["evaluated", "remembered"])
def judge(tables: list[LoadedTable], request: pytest.FixtureRequest) -> Judge:
    """Judges an argv; through the cache, asked twice, the second answer is given."""
    policy = Policy(tables)

    def decide(argv: list[str], environment: bytes = b"\0HOME=/nonexistent\0", directory: str = "/") -> Judgement:
        found = spellings(argv[0], block([word.encode() for word in argv]), environment, directory.encode())

        def facts(spelling: Spelling) -> RequestFacts:
            return RequestFacts(
                spelling.environment,
                spelling.directory,
                Context(),
                asker=environment,
                git_environment=spelling.git_environment,
            )

        def evaluated(spelling: Spelling, its: RequestFacts) -> Judgement:
            return evaluate(tables, spelling.name, spelling.arguments, its, full=True)  # type: ignore[return-value]

        if request.param == "evaluated":
            return judge_all(found, facts, evaluated)  # type: ignore[arg-type]
        for _ in range(2):
            judgement = judge_all(found, facts, lambda one, its: policy.decide(one.name, one.arguments, its))
        return judgement

    return decide


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("rm -rf /", "rm-root"),
        ("env rm -rf /", "rm-root"),
        ("sudo -n -u x env -i A=1 nice -n5 rm -rf /", "rm-root"),
        ("env FOO=1 rm /", "rm-root"),
        ("busybox rm -rf /", "rm-root"),
        ("git -C . push --force", "force"),
        ("git push origin +main", "force"),
        ("git --no-pager -c x.y=z push --force", "force"),
        ("env -u X git -C . -C . push --force", "force"),
        ("env A=1 touch x", "there"),
        ("nice ls /", ""),
    ],
)
def test_a_command_is_judged_as_what_it_runs(judge: Judge, line: str, rule: str) -> None:
    decision = judge(line.split()).decision
    assert decision.rule == rule
    assert decision.action is (Action.DENY if rule else Action.ALLOW)


def test_what_git_runs_for_an_alias_is_judged(judge: Judge) -> None:
    assert judge(["git", "-c", "alias.x=!rm -rf /", "x"]).decision.subject == "rm -rf /"
    assert judge(["git", "-c", "alias.x=push --force", "x", "origin"]).decision.subject == "git push --force origin"


def test_the_most_restrictive_spelling_decides_and_the_first_of_equals(judge: Judge) -> None:
    judgement = judge(["env", "ask=1", "rm", "/"])
    assert (judgement.decision.rule, judgement.winner) == ("rm-root", 1)
    judgement = judge(["env", "env", "ask"])
    assert (judgement.decision.rule, judgement.decision.subject) == ("ask-env", "env env ask")


def test_an_approval_comes_from_outside_where_one_of_the_rules_says_so(judge: Judge) -> None:
    assert judge(["env", "ask"]).decision.approval == "any"
    decision = judge(["env", "ask=1", "doas", "ls"]).decision
    assert (decision.rule, decision.approval) == ("ask-env", "outside")
    assert judge(["doas", "ls"]).decision.approval == "outside"
    assert judge(["doas", "rm", "/"]).decision.approval is None


def test_rules_are_listed_once_and_the_shortest_timeout_counts(judge: Judge) -> None:
    decision = judge(["env", "env", "make"]).decision
    assert [match.rule for match in decision.matched] == ["slow", "any-make", "quick"]
    assert (decision.timeout_ms, decision.execution) == (5000, "in_place")
    assert (decision.action, decision.rule, decision.subject) == (Action.ALLOW, "slow", "env env make")
    assert judge(["nice", "vi"]).decision.rule == ""
    assert judge(["nice", "rm", "x"]).decision.rule == "slow"


def test_a_redirect_inside_another_command_denies(judge: Judge) -> None:
    assert judge(["unlink", "x"]).decision.action is Action.REDIRECT
    inner = judge(["nohup", "unlink", "x"]).decision
    assert (inner.action, inner.rule, inner.redirect_to) == (Action.DENY, "trash", ())
    assert "nohup" in inner.message
    assert [match.action for match in inner.matched] == [Action.REDIRECT]


def test_context_comes_from_whoever_asked(judge: Judge) -> None:
    agent = b"\0CLAUDECODE=1\0"
    assert judge(["env", "-i", "ssh", "x"], agent).decision.rule == "agents"
    assert judge(["env", "-u", "CLAUDECODE", "ssh", "x"], agent).decision.rule == "agents"
    assert judge(["env", "CLAUDECODE=1", "ssh", "x"]).decision.action is Action.ALLOW


def test_each_spelling_has_its_own_directory(judge: Judge, tmp_path: Path) -> None:
    repository = str(tmp_path / "main")
    subprocess.run(["git", "init", "-q", "-b", "main", repository], check=True)
    assert judge(["git", "-C", repository, "commit"]).decision.rule == "main"
    assert judge(["git", "-C", "main", "commit"], directory=str(tmp_path)).decision.rule == "main"
    assert judge(["git", f"--git-dir={repository}/.git", "commit"]).decision.rule == "main"
    assert judge(["env", "-C", repository, "git", "commit"]).decision.rule == "main"
    assert judge(["env", f"GIT_DIR={repository}/.git", "git", "commit"]).decision.rule == "main"
    assert judge(["git", "commit"]).decision.action is Action.ALLOW
    assert judge(["git", "-C", "/no/such", "commit"]).decision.rule == "main"  # undecided restricts


def test_a_directory_that_can_not_be_told_restricts(judge: Judge) -> None:
    assert judge(["sudo", "mv", "a", "b"]).decision.action is Action.ALLOW
    assert judge(["sudo", "-i", "mv", "a", "b"]).decision.rule == "here"


def test_what_is_nested_too_deep_is_denied(judge: Judge) -> None:
    assert judge(["env"] * 64 + ["vi"]).decision.action is Action.ALLOW
    decision = judge(["env"] * 65 + ["vi"]).decision
    assert (decision.action, decision.rule) == (Action.DENY, TOO_DEEP)

"""The packs: clean, right about their own examples, and their advice is not itself denied."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from rulecases import failures
from safeshell_compiler import PACKS, Compilation, compile_rules

from safeshell.command.command_line import block
from safeshell.policy.decision import Action, Decision
from safeshell.policy.evaluator import evaluate
from safeshell.policy.facts import GivenFacts
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable

NAMES = sorted(name.removesuffix(".yaml") for name in os.listdir(PACKS))
STARTER = Path(PACKS).parent / "starter.yaml"


def compile_packs(directory: Path, *names: str) -> Compilation:
    path = directory / "rules.yaml"
    path.write_text(f"version: 1\ninclude: [{', '.join(f'pack:{name}' for name in names)}]\n", encoding="utf-8")
    compilation = compile_rules(str(path), lint=True)
    assert compilation.findings == ()
    return compilation


def judge(table: LoadedTable, words: list[str], branch: str) -> Decision:
    """What an agent's command comes to in a repository."""
    facts = GivenFacts({("ai",): True, ("branch",): branch, ("in_repo",): True, ("directory",): "/home/ann/work"})
    return evaluate([table], words[0], block([word.encode() for word in words]), facts)


def test_the_packs_there_are() -> None:
    assert NAMES == ["cloud", "database", "disks", "docker", "files", "git", "packages"]


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_is_clean_and_its_tests_hold(tmp_path: Path, name: str) -> None:
    compilation = compile_packs(tmp_path, name)
    assert failures(compilation) == []
    for found in compilation.policy.rules:
        assert found.rule.tests.match, found.rule.name
        assert found.rule.tests.no_match, f"{found.rule.name} has no harmless look-alike"


@pytest.mark.parametrize("name", NAMES)
def test_a_repository_may_include_any_pack(tmp_path: Path, name: str) -> None:
    (tmp_path / ".safeshell").mkdir()
    path = tmp_path / ".safeshell" / "rules.yaml"
    path.write_text(f"version: 1\ninclude: [pack:{name}]\n", encoding="utf-8")
    assert compile_rules(str(path), "repository", lint=True).findings == ()


def test_the_starter_is_clean_and_its_tests_hold(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"  # where nobody else can write it, whatever the checkout's umask was
    path.write_bytes(STARTER.read_bytes())
    path.chmod(0o600)
    compilation = compile_rules(str(path), lint=True)
    assert compilation.findings == ()
    assert failures(compilation) == []


def test_only_agents_are_asked_for_approval(tmp_path: Path) -> None:
    for found in compile_packs(tmp_path, *NAMES).policy.rules:
        assert found.rule.action in ("deny", "require_approval")
        assert found.rule.action == "deny" or found.rule.context == "ai_only", found.rule.name


def test_no_message_suggests_what_is_itself_restricted(tmp_path: Path) -> None:
    compilation = compile_packs(tmp_path, *NAMES)
    assert compilation.table is not None
    table = LoadedTable(Table(compilation.table, ""))
    suggested = [
        (found.rule.name, command)
        for found in compilation.policy.rules
        for command in re.findall(r"`([^`]+)`", found.rule.message)
    ]
    assert len(suggested) > 20
    for rule, command in suggested:
        words = shlex.split(command)
        for branch in ("main", "topic"):
            decision = judge(table, words, branch)
            assert decision.action is Action.ALLOW, f"{rule} suggests {command!r}, which {decision.rule} restricts"


@pytest.mark.parametrize(
    "mention",
    [
        "git commit -m {}",
        "git commit -am {}",
        "git tag -a v1 -m {}",
        "git stash push -m {}",
        "git notes add -m {}",
        "gh issue create --body {}",
        "npm version patch -m {}",
        "docker run alpine echo {}",
        "kubectl annotate pod a note={}",
        "find . -name {}",
    ],
)
def test_a_mention_is_no_command(tmp_path: Path, mention: str) -> None:
    compilation = compile_packs(tmp_path, *NAMES)
    assert compilation.table is not None
    table = LoadedTable(Table(compilation.table, ""))
    commands = [case.command for found in compilation.policy.rules for case in found.rule.tests.match]
    for command in commands:
        words = [word.replace("{}", f"do not: {command} ; it's bad") for word in shlex.split(mention)]
        decision = judge(table, words, "main")
        assert decision.action is Action.ALLOW, f"{shlex.join(words)} is no {decision.rule}"


@pytest.mark.parametrize(
    ("rule", "does", "shows"),
    [
        ("repo-delete", "gh repo delete a/b --yes", "gh repo delete --help"),
        ("terraform-destroy", "terraform destroy", "terraform destroy -help"),
        ("terraform-destroy", "terraform apply -destroy", "terraform apply -destroy -help"),
        ("kubectl-delete-all", "kubectl delete pods --all", "kubectl delete pods --all --help"),
        ("kubectl-drain", "kubectl drain node-1", "kubectl drain -h"),
        ("s3-remove", "aws s3 rb s3://a --force", "aws s3 rb help"),
        ("aws-delete", "aws ec2 terminate-instances --instance-ids i", "aws ec2 terminate-instances help"),
        ("stack-destroy", "helm uninstall web", "helm uninstall --help"),
        ("stack-destroy", "pulumi destroy --yes", "pulumi destroy --help"),
        ("project-delete", "gcloud projects delete a", "gcloud projects delete --help"),
        ("publish", "npm publish --access public", "npm publish --help"),
        ("unpublish", "npm unpublish a --force", "npm unpublish a --force --dry-run"),
        ("unpublish", "cargo yank a", "cargo yank --help"),
        ("system-remove", "apt-get remove -y nginx", "apt-get remove --help"),
        ("system-remove", "dpkg --purge a", "dpkg --purge --simulate a"),
    ],
)
def test_l15_what_only_shows_is_restricted_by_no_pack(tmp_path: Path, rule: str, does: str, shows: str) -> None:
    compilation = compile_packs(tmp_path, *NAMES)
    assert compilation.table is not None
    table = LoadedTable(Table(compilation.table, ""))
    assert judge(table, shlex.split(does), "main").rule.endswith(rule)
    assert judge(table, shlex.split(shows), "main").action is Action.ALLOW


def test_l15_a_pack_s_own_examples_are_no_deeds_where_help_is_asked_for_first(tmp_path: Path) -> None:
    compilation = compile_packs(tmp_path, *NAMES)
    assert compilation.table is not None
    table = LoadedTable(Table(compilation.table, ""))
    shown = 0
    for found in compilation.policy.rules:
        for case in found.rule.tests.match:
            words = shlex.split(case.command)
            with_help = [*words[:1], "--help", *words[1:]]
            if words[0] in HELPS_FIRST:
                assert judge(table, with_help, "main").action is Action.ALLOW, with_help
                shown += 1
    assert shown > 60


HELPS_FIRST = {
    *("rm", "mv", "cp", "chmod", "chown", "chgrp", "tee", "truncate", "shred", "find", "rsync", "psql", "redis-cli"),
    *("git", "wipefs", "blkdiscard", "sgdisk", "dd"),
}
"""Programs that take `--help` before all else."""

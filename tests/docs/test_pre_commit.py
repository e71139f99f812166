"""The pre-commit hook: its entry as pre-commit would run it, and the real pre-commit where it is installed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from codeblocks import ROOT, blocks
from harness import PATH, SAFESHELL

MANIFEST = ROOT / ".pre-commit-hooks.yaml"

CLEAN = """\
version: 1
include: [pack:git, ./team.yaml]
"""
TEAM = """\
version: 1
rules:
  - name: no-deploy
    commands: [make]
    conditions: [{command_startswith: make deploy}]
    action: deny
    message: Ask first.
    tests: {match: [make deploy]}
"""
LOOSENS = TEAM.replace("action: deny", "action: allow")


def hook() -> dict[str, Any]:
    (found,) = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def passed(names: list[str]) -> list[str]:
    """The files that pre-commit hands the hook."""
    return [name for name in names if re.search(hook()["files"], name) and not re.search(hook()["exclude"], name)]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    (work / ".safeshell").mkdir(mode=0o755, parents=True)
    for name, text in {"rules.yaml": CLEAN, "team.yaml": TEAM, "config.yaml": "limits: {}\n"}.items():
        write(work / ".safeshell" / name, text)
    git(work, "init", "-q")
    git(work, "add", ".")
    return work


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)


def git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=directory, env=environment(directory), check=True)


def environment(directory: Path) -> dict[str, str]:
    """Somebody who commits rules and has no SafeShell home."""
    home = directory.parent / "home"
    home.mkdir(exist_ok=True)
    path = f"{os.path.dirname(SAFESHELL)}:{os.path.dirname(sys.executable)}:{PATH}"
    return {"HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"}


def run_entry(repository: Path) -> subprocess.CompletedProcess[str]:
    """Runs the hook's entry in the repository on all files that it takes."""
    names = [str(path.relative_to(repository)) for path in sorted(repository.glob(".safeshell/**/*"))]
    return subprocess.run(
        [*shlex.split(hook()["entry"]), *passed(names)],
        cwd=repository,
        env=environment(repository),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_files_it_takes() -> None:
    taken = [".safeshell/rules.yaml", "sub/.safeshell/rules.d/a.yaml"]
    assert (
        passed([*taken, ".safeshell/config.yaml", ".safeshell/README.md", "rules.yaml", "x.safeshell/a.yaml"]) == taken
    )


def test_clean_rules_pass(repository: Path) -> None:
    done = run_entry(repository)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["rules.yaml", "team.yaml"])
def test_what_a_repository_may_not_say_fails(repository: Path, name: str) -> None:
    write(repository / ".safeshell" / name, LOOSENS)
    done = run_entry(repository)
    assert done.returncode == 1
    assert f".safeshell/{name}:6:5: error SS316" in done.stderr


def test_a_warning_fails(repository: Path) -> None:
    write(repository / ".safeshell" / "team.yaml", TEAM.partition("    tests:")[0])
    done = run_entry(repository)
    assert done.returncode == 1
    assert ".safeshell/team.yaml:3:11: warning SS313" in done.stderr


def test_it_writes_nothing(repository: Path) -> None:
    run_entry(repository)
    assert os.listdir(repository.parent / "home") == []
    done = subprocess.run(["git", "status", "--porcelain"], cwd=repository, capture_output=True, text=True, check=True)
    assert [line for line in done.stdout.splitlines() if not line.startswith("A ")] == []


def test_elsewhere_a_users_rules_are_meant(repository: Path) -> None:
    write(repository / "team.yaml", LOOSENS)
    command = [*shlex.split(hook()["entry"]), "team.yaml"]
    done = subprocess.run(command, cwd=repository, env=environment(repository), capture_output=True, check=False)
    assert done.returncode == 0


def test_the_homes_own_rules_are_a_users(repository: Path) -> None:
    own = repository.parent / "home" / ".safeshell"
    environment(repository)
    own.mkdir(mode=0o700)
    write(own / "rules.yaml", LOOSENS)
    command = [*shlex.split(hook()["entry"]), str(own / "rules.yaml")]
    done = subprocess.run(command, env=environment(repository), capture_output=True, check=False)
    assert done.returncode == 0
    elsewhere = {**environment(repository), "SAFESHELL_HOME": str(own.parent / "other")}
    done = subprocess.run(command, env=elsewhere, capture_output=True, check=False)
    assert done.returncode == 1


def test_the_documented_configurations_name_this_hook() -> None:
    documented = [
        entry["id"]
        for block in blocks("docs/ci.md", "yaml")
        for repo in yaml.safe_load(block.text).get("repos", ())
        for entry in repo["hooks"]
    ]
    assert documented
    assert set(documented) == {hook()["id"]}


def documented_commands() -> list[str]:
    """The `safeshell` commands of the documented CI jobs."""
    found = []
    for block in blocks("docs/ci.md", "yaml"):
        data = yaml.safe_load(block.text)
        jobs = data.get("jobs", data).values()
        for job in (job for job in jobs if isinstance(job, dict)):
            lines = job.get("script", []) + [step.get("run", "") for step in job.get("steps", [])]
            found += [line for line in lines if line.startswith(("safeshell", "chmod", "python3"))]
    return found


def test_the_documented_jobs_run_in_order(repository: Path) -> None:
    # As GitLab's runners leave a checkout.
    for path in (repository / ".safeshell").iterdir():
        path.chmod(0o666)
    commands = documented_commands()
    assert len(commands) > 8
    github = [line for line in commands if "--format github" in line or "--format sarif" in line]
    gitlab = [line for line in commands if line not in github]
    for line in [*sorted(gitlab, key=lambda line: not line.startswith("chmod")), *github]:
        shell = ["sh", "-ec", line]
        env = environment(repository)
        done = subprocess.run(shell, cwd=repository, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    for report in ("safeshell.sarif", "safeshell.xml", "findings.json", "gl-code-quality-report.json"):
        assert (repository / report).stat().st_size > 0


def test_code_quality_reports_hold_the_findings(repository: Path) -> None:
    write(repository / ".safeshell" / "rules.yaml", LOOSENS)
    lines = [line for line in documented_commands() if "findings.json" in line]
    for line in lines:
        subprocess.run(["sh", "-ec", line], cwd=repository, env=environment(repository), check=True)
    (entry,) = yaml.safe_load((repository / "gl-code-quality-report.json").read_text(encoding="utf-8"))
    assert (entry["check_name"], entry["severity"]) == ("SS316", "major")
    assert entry["location"] == {"path": ".safeshell/rules.yaml", "lines": {"begin": 6}}


@pytest.mark.slow
@pytest.mark.needs("pre-commit")
def test_the_real_pre_commit(repository: Path, tmp_path: Path) -> None:
    source = commit_of_what_is_here(tmp_path / "safeshell")
    done = try_repo(source, repository)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout
    write(repository / ".safeshell" / "team.yaml", LOOSENS)
    done = try_repo(source, repository)
    assert done.returncode == 1
    assert ".safeshell/team.yaml:6:5: error SS316" in done.stdout


def commit_of_what_is_here(target: Path) -> Path:
    """A repository of this project's files, committed or not: pre-commit takes hooks from commits."""
    listing = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    git(target, "init", "-q")
    git(target, "add", ".")
    git(target, "commit", "-q", "-m", "SafeShell")
    return target


def try_repo(source: Path, repository: Path) -> subprocess.CompletedProcess[str]:
    """Runs the hook by pre-commit itself, which installs it from the commit."""
    pre_commit = shutil.which("pre-commit")
    assert pre_commit is not None
    # Where pip finds packages is for the machine to say.
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "http", "SSL_"))}
    return subprocess.run(
        [pre_commit, "try-repo", str(source), "safeshell-compile", "--all-files"],
        cwd=repository,
        env={**pip, **environment(repository), "PRE_COMMIT_HOME": str(source.parent / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )

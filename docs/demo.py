"""`make demo`: a session behind the shims, in a temporary home and a real git repository; leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SAFESHELL = [sys.executable, "-m", "safeshell.cli.main"]
PERF = Path(__file__).parent.parent / "perf"

# Each line is typed as it stands to a shell whose PATH begins with the shims.
SESSION = (
    ("Allowed commands run, with their own output and status.", "git status --short --branch"),
    ("", "git log --oneline"),
    ("Pipes of shimmed commands: no byte passes through the daemon.", "cat notes.txt | sort | uniq -c | sort -rn"),
    ("", "ls missing; echo status $?"),
    ("Denied: one line that names the rule, its file and line, and what to do; exit 126.", "rm -rf /; echo status $?"),
    ("The branch counts: this is main …", "git push --force origin main; echo status $?"),
    ("… and this is a branch of one's own.", "git switch -q -c topic && git push -fq origin topic; echo status $?"),
    (
        "A mention is no command.",
        "git commit -q --allow-empty -m 'no git push -f on main' && git log -1 --format=%s",
    ),
    ("What would be decided, without running anything:", "safeshell check --branch main -- git push --force"),
)


def main() -> int:
    """Plays the session; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="safeshell-demo-") as directory:
        environment = _environment(directory)
        _say("A home with the starter policy: compiled, shims in place, daemon running")
        _safeshell(environment, "init")
        with _daemon(environment):
            repository = _repository(directory, environment)
            for remark, line in SESSION:
                if remark:
                    _say(remark)
                print(f"$ {line}", flush=True)
                shell = [*SAFESHELL, "run", "--", "sh", "-c", line]
                # No terminal and no session of ours, as an agent runs its commands: so the daemon runs them.
                subprocess.run(shell, cwd=repository, env=environment, check=False, start_new_session=True)
            _say("What the daemon says of it")
            _safeshell(environment, "daemon", "status")
    _say("What a command costs, beside the same command natively (whole processes, interleaved, this machine, now)")
    sys.stdout.flush()
    return subprocess.run([sys.executable, str(PERF / "bench.py"), "--quick"], check=False).returncode


def _say(text: str) -> None:
    print(f"\n\033[1m# {text}\033[0m" if sys.stdout.isatty() else f"\n# {text}", flush=True)


def _environment(directory: str) -> dict[str, str]:
    home = os.path.join(directory, "home")
    os.mkdir(home)
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    environment = {**os.environ, "HOME": home, "SAFESHELL_HOME": os.path.join(home, ".safeshell"), "PATH": path}
    environment |= {"GIT_CONFIG_GLOBAL": os.path.join(home, "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"}
    Path(environment["GIT_CONFIG_GLOBAL"]).write_text(
        "[user]\nname = Demo\nemail = demo@example.org\n[init]\ndefaultBranch = main\n", encoding="utf-8"
    )
    os.mkdir(environment["SAFESHELL_HOME"], mode=0o700)
    Path(environment["SAFESHELL_HOME"], "config.yaml").write_text(
        "# Shims for these too, though no rule names them: the demo pipes them.\n"
        "shims: {extra: [cat, ls, sort, uniq]}\n",
        encoding="utf-8",
    )
    return environment


def _safeshell(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([*SAFESHELL, *arguments], env=environment, check=True)


@contextlib.contextmanager
def _daemon(environment: dict[str, str]) -> Iterator[None]:
    _safeshell(environment, "daemon", "start")
    try:
        yield
    finally:
        _safeshell(environment, "daemon", "stop", "--now")


def _repository(directory: str, environment: dict[str, str]) -> str:
    """A work tree with a remote, made by git itself."""
    remote, work = os.path.join(directory, "remote.git"), os.path.join(directory, "work")
    os.mkdir(work)
    Path(work, "notes.txt").write_text("pear\napple\npear\n", encoding="utf-8")
    for arguments in (
        ["init", "-q", "--bare", remote],
        ["init", "-q", work],
        ["-C", work, "add", "notes.txt"],
        ["-C", work, "commit", "-q", "-m", "Notes"],
        ["-C", work, "remote", "add", "origin", remote],
        ["-C", work, "push", "-q", "origin", "main"],
    ):
        subprocess.run(["git", *arguments], env=environment, check=True)
    return work


if __name__ == "__main__":
    sys.exit(main())

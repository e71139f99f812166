"""Shell scripts over a git repository: the same bytes, the same status, the same files, whoever runs the commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from e2e.guard import Guard, Outcome
from harness import temporary_directory

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
    "GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z",
    "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z",
    "GIT_CONFIG_NOSYSTEM": "1",
}

HISTORY = r"""
set -e
git init -q -b main origin
cd origin
mkdir src 'a directory'
for n in 1 2 3 4 5; do
  printf 'line %s\n' $n $n >>README
  printf 'int f%s(void) { return %s; }\n' $n $n >"src/f$n.c"
  printf 'text %s\n' $n >"a directory/$n.txt"
  git add . && git commit -q -m "Step $n"
done
git tag v1
git checkout -q -b side HEAD~2
printf 'from the side\n' >side.txt
git add . && git commit -q -m 'On the side'
git checkout -q main
git merge -q --no-ff -m 'Merge side' side
git checkout -q -b conflicting HEAD~1
printf 'another first line\n' >README
git commit -q -a -m 'Rewrite README'
git checkout -q main
cd ..
git clone -q origin clone
printf '#!/bin/sh\ngrep -c . README | sed "s/^/hook: /"\n' >clone/.git/hooks/pre-commit
chmod +x clone/.git/hooks/pre-commit
"""

SCRIPT = r"""
set -e
git log --oneline --graph --all | cat
git branch -a | sed 's/^/branch: /' | sort -r
git status --short
ls | sort -r
ls -1 src | grep -v 3 >listing 2>&1
cat listing - <listing | sort | sed -n '2,$p'
cat <<END | sed -e "s/@BRANCH@/$(git rev-parse --abbrev-ref HEAD)/"
on @BRANCH@ there are $(ls src | grep -c c) files
END
cat <<'END'
$not $(expanded) `at all`
END
set +e
grep nothing-like-this README; echo "grep: $?"
ls /nonexistent/for/sure; echo "ls: $?"
ls /nonexistent/for/sure 2>/dev/null || echo fallback
cat missing >out 2>err; echo "cat: $?"; cat out err
(set -e; cat missing; echo unreached); echo "set -e: $?"
python3 -c 'import sys; sys.exit(42)'; echo "python: $?"
python3 - one 'two words' '' <<'END'
import sys
print(sys.argv[1:], flush=True)
print("to stderr", file=sys.stderr)
END
trimmed="$(printf 'a\n\nb\n\n\n' | cat)"; echo "[$trimmed]"
echo "[$(cat missing 2>&1)] [$(git rev-parse nothing 2>/dev/null)] $?"
sort -r README >sorted & first=$!
python3 -c 'raise SystemExit(7)' & second=$!
(grep -c line README >counted; exit 3) & third=$!
wait $first; echo "first: $?"; wait $second; echo "second: $?"; wait $third; echo "third: $?"
cat sorted counted
find . -name '*.txt' -not -path './.git/*' -print0 | sort -z | xargs -0 -n 2 grep -c text
find src -type f -exec grep -l 'return 2' {} +
find src -name 'f[45].c' -exec rm {} \; ; ls src
find . -name nothing | xargs -r rm; echo "xargs: $?"
printf '%s\n' 1 2 | xargs -n 1 sh -c 'ls "/nonexistent/$0"; exit 1'; echo "xargs: $?"
exec 3>three; ls src >&3; printf 'own\n' >&3; cat README >&3; exec 3>&-; cat <three
{ ls src; cat missing; } 2>&1 | sort
{ read -r line; echo "read $line"; cat; } <three
python3 -c 'print("\n".join(["x" * 99] * 20000))' | sed 1q
cp README copied && mv copied 'moved to' && cat 'moved to' | grep -n 'line 5' && rm 'moved to'; ls 'moved to'
git checkout -q -b topic
printf 'more\n' >>README
git add README && git commit -m 'More' | sed 's/ [0-9a-f]*\]/]/'
git diff --stat HEAD~1
git merge origin/conflicting; echo "merge: $?"
git status --short; git merge --abort
git -c alias.loud='!git log --format=%s -n 2 | sed s/^/loud:/' loud
git stash -q; git rebase -q origin/main; git stash list; git log --format='%s %an %ad' -n 3
printf 'a\0b\377\n' | cat | sed 's/b/c/' | md5sum
grep -q line README && ! grep -q absent README; echo $?
find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 md5sum
exit 11
"""

BASH = r"""
set -o pipefail
cat missing | sort | cat; echo "${PIPESTATUS[@]} $?"
sort <(ls src) <(printf '%s\n' zz aa)
grep -c . <(cat README) < <(ls)
{ cat README; } > >(sed 's/^/teed: /'); wait $!
git diff --no-index <(printf 'a\n') <(printf 'b\n') | grep '^[-+][ab]'
coproc { sed -u 's/^/co: /'; }; exec {out}>&"${COPROC[1]}"-
echo hello >&"$out"; read -r line <&"${COPROC[0]}"; echo "$line"
exec {out}>&-; wait; echo "wait $?"
trap 'cat listing; echo trapped' EXIT; ls src >listing
mapfile -t names < <(ls); echo "${#names[@]} ${names[-1]}"
cat <<<"a here string"
set -e
cat missing
echo unreached
"""

FISH = r"""
git log --oneline | sort | cat
ls src | grep -v 3 >listing 2>&1
cat listing; or echo failed
grep absent README; echo "grep: $status"
cat missing 2>&1 | sort; echo $pipestatus
set branch (git rev-parse --abbrev-ref HEAD); echo "[$branch]"
for name in (ls src); cat src/$name; end
cat (ls | psub)
python3 -c 'import sys; sys.exit(42)'; echo "python: $status"
sort -r README >sorted &
wait; cat sorted
find . -name '*.txt' | sort | xargs -n 1 -d '\n' grep -c text
if not git rev-parse -q --verify nothing; echo none; end
cp README copied; and rm copied; ls copied
exit 4
"""


@pytest.fixture(scope="module")
def clone() -> Iterator[str]:
    """A clone with history, branches and a hook."""
    with temporary_directory() as root:
        env = {"PATH": os.environ["PATH"], "HOME": root, **IDENTITY}
        subprocess.run(["sh", "-c", HISTORY], cwd=root, env=env, check=True, stdout=subprocess.DEVNULL)
        yield root


def run_script(guard: Guard, root: str, shell: str, text: str, *, native: bool) -> Outcome:
    """Runs a script in a fresh copy of the clone, at the same path each time."""
    copy = os.path.join(guard.work, "copy")
    shutil.copytree(os.path.join(root, "clone"), copy, symlinks=True)
    script = os.path.join(guard.work, "script")
    with open(script, "w", encoding="utf-8") as stream:
        stream.write(text)
    try:
        return guard.run(shell, script, native=native, cwd=copy, env=IDENTITY)
    finally:
        shutil.rmtree(copy)


def compare(guard: Guard, root: str, shell: str, text: str) -> tuple[Outcome, int]:
    """Runs a script both ways; returns how it ended and how many commands were decided."""
    native = run_script(guard, root, shell, text, native=True)
    before = guard.requests()
    through = run_script(guard, root, shell, text, native=False)
    assert through.out.decode("utf-8", "replace").splitlines() == native.out.decode("utf-8", "replace").splitlines()
    assert through == native
    return through, guard.requests() - before


@pytest.mark.needs("git")
@pytest.mark.parametrize(
    "shell", [pytest.param(name, marks=pytest.mark.needs(name)) for name in ("bash", "dash", "zsh")]
)
def test_script(guard: Guard, clone: str, shell: str) -> None:
    done, decided = compare(guard, clone, shell, SCRIPT)
    assert done.status == 11
    assert b"hook: 11\n" in done.err
    assert decided > 80


@pytest.mark.needs("git")
def test_bash_has_more(faithful: Guard, clone: str) -> None:
    done, decided = compare(faithful, clone, "bash", BASH)
    assert done.status == 1
    assert b"unreached" not in done.out
    assert b"co: hello\n" in done.out
    assert b"trapped" in done.out
    assert decided > 15


@pytest.mark.needs("git", "fish")
def test_fish(guard: Guard, clone: str) -> None:
    done, decided = compare(guard, clone, "fish", FISH)
    assert done.status == 4
    assert b"python: 42" in done.out
    assert decided > 15

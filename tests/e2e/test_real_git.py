"""git at work: clone, rebase, bisect, and the hooks that they run."""

from __future__ import annotations

import pytest
from e2e.guard import Guard
from e2e.real import same

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
    "GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z",
    "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_PAGER": "cat",
}

VARIES = ("*/index", "*/.git/logs/*", "*.pack", "*.idx", "*.rev", "*/ORIG_HEAD")
"""Stat data and times; which objects a pack holds in what order is the threads' affair."""

HISTORY = r"""
set -e
git init -q -b main origin; cd origin; git config core.hooksPath ../hooks
mkdir ../hooks
for hook in pre-commit commit-msg post-commit pre-rebase post-checkout post-rewrite prepare-commit-msg; do
  printf '#!/bin/sh\nhooked=$(git rev-parse --git-dir)/../../hooked\n' >../hooks/$hook
  printf 'echo "%s $# $(git rev-parse --abbrev-ref HEAD) $(ls | wc -l)" >>"$hooked"\n' $hook >>../hooks/$hook
done
chmod +x ../hooks/*
for n in 1 2 3 4 5 6 7 8; do seq $n >numbers; echo $n >"file $n"; git add .; git commit -q -m "Step $n"; done
"""

CLONE = r"""
git clone -q ../origin ../clone 2>&1; cd ../clone; git config core.hooksPath ../hooks
git log --format='%h %s' | tail -3; git fsck 2>&1 | head -3
git push -q origin HEAD:refs/heads/pushed; git -C ../origin branch --list
"""

REBASE = r"""
git checkout -q -b topic HEAD~4; echo topic >topic; git add .; git commit -q -m Topic
seq 100 >numbers; git commit -q -a -m Conflicting
git rebase main 2>&1 | sed 's/[0-9a-f]\{7,\}/HASH/g' | tr '\r' '\n' | grep -v '^Rebasing'; git status --short
git checkout --theirs numbers; git add .; GIT_EDITOR=true git rebase --continue 2>&1 | tail -1 | tr '\r' '\n' | tail -1
GIT_SEQUENCE_EDITOR='sed -i "1s/^pick/reword/;2s/^pick/fixup/"' GIT_EDITOR='sed -i 1s/^/Reworded:/' \
  git rebase -q -i main; echo $?; git log --format=%s -3
git rebase -q --exec 'test -f topic' main; echo $?
"""

BISECT = r"""
git checkout -q main; git bisect start HEAD HEAD~7
git bisect run sh -c 'test "$(wc -l <numbers)" -lt 5' | grep -v '^running' ; git bisect log | tail -2
git bisect reset 2>&1
"""


@pytest.mark.needs("git")
def test_clone_rebase_bisect(busy: Guard) -> None:
    script = HISTORY + "set +e\n" + CLONE + "cd ../origin\n" + REBASE + BISECT + "cat ../hooked"
    done = same(busy, script, commands=100, ignored=VARIES, env=IDENTITY)
    assert b"is the first bad commit" in done.out
    assert b"Reworded:Topic" in done.out
    assert b"pre-rebase 1 topic" in done.out
    assert b"pre-commit 0 main" in done.out

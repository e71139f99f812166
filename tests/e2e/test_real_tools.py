"""Everyday tools: archives, keys, and the programs that run other programs."""

from __future__ import annotations

import re

import pytest
from e2e.guard import Guard
from e2e.real import keeps_descriptors, same

TREE = r"""
mkdir -p 'tree/a b' tree/empty; seq 2000 >tree/numbers; printf 'x\0y\377' >'tree/a b/bytes'; ln -s numbers tree/link
ln tree/numbers tree/hard; chmod 750 'tree/a b'; chmod 4755 tree/numbers; touch -d 2024-01-02 tree/* tree
"""


@pytest.mark.needs("tar", "gzip")
def test_archives(workshop: Guard) -> None:
    script = f"""{TREE}
    tar -C tree --sort=name --mtime=2024-01-02 -cf - . | gzip -n | tee tree.tar.gz | sha256sum
    mkdir one two; gzip -dc tree.tar.gz | tar -C one -xpf -; tar -C two -xpzf tree.tar.gz; diff -r one two; echo $?
    tar -cf - tree | (cd two && tar -xf - && ls tree); tar -tzf tree.tar.gz | sort
    tar -czf all.tgz --mtime=2024-01-02 tree
    gzip -t tree.tar.gz; printf junk | gzip -d 2>&1; echo $?; tar -xf absent 2>&1 | head -1
    yes | head -c 9999999 | gzip | wc -c
    """
    done = same(workshop, script, commands=18)
    assert b"./a b/bytes\n" in done.out
    assert b"gzip: stdin: not in gzip format\n1\n" in done.out


@pytest.mark.needs("ssh-keygen")
def test_keys(workshop: Guard) -> None:
    script = r"""
    ssh-keygen -q -t ed25519 -N '' -C here -f key </dev/null; ssh-keygen -y -f key | cmp - key.pub; echo $?
    ssh-keygen -l -f key | sed 's/SHA256:[^ ]*/DIGEST/'
    echo y | ssh-keygen -q -t ed25519 -N '' -f key >/dev/null; echo $?
    echo text >signed; ssh-keygen -q -Y sign -n file -f key signed
    printf 'me %s\n' "$(cut -d' ' -f1,2 key.pub)" >allowed
    ssh-keygen -Y verify -f allowed -I me -n file -s signed.sig <signed | cut -d' ' -f1,2; echo "${PIPESTATUS[0]}"
    ssh-keygen -p -N secret -f key | head -1; ssh-keygen -y -P wrong -f key; echo $?
    """
    done = same(workshop, script, commands=10, ignored=("key*", "*.sig", "allowed"))
    assert b'Good "file"\n0\n' in done.out


def test_many_at_once(workshop: Guard) -> None:
    script = r"""
    seq 40 | xargs -P 8 -n 3 sh -c 'sum=0; for n; do sum=$((sum + n)); done; echo $sum' sh | sort -n
    printf '%s\0' 'a b' '' "quote'" $'new\nline' | xargs -0 -n 1 printf '[%s]\n'
    seq 4 | xargs -P 4 -I N sh -c 'exit $((N == 3 ? 255 : 0))' 2>&1 | sed 's/^xargs: //'; echo "${PIPESTATUS[1]}"
    seq 2 | xargs -n 1 sh -c 'kill -9 $$' 2>&1; echo $?
    yes | head -5000 | xargs echo | wc -c; xargs </dev/null; echo $?
    """
    done = same(workshop, script, commands=30)
    assert b"[quote']\n[new\nline]\n" in done.out
    assert b"\n124\n" in done.out


def test_find(workshop: Guard) -> None:
    script = rf"""{TREE}
    find tree -type f -exec wc -c {{}} \; | sort; find tree -name 'n*' -exec sha256sum {{}} + ; cd tree
    find . -type f -execdir sh -c 'basename "$PWD/$1"' sh {{}} \; | sort; find . -exec test -d {{}} \; -print | sort
    find . -name bytes -exec false {{}} \; -o -name bytes -exec cat {{}} + | od -c
    find . -name absent -exec true {{}} +; echo $?
    find . -name numbers -exec false {{}} + ; echo $?; find . -links +1 -type f -exec rm {{}} + ; ls
    """
    assert b"bytes" in same(workshop, script, commands=14).out


def test_wrappers(workshop: Guard) -> None:
    script = r"""
    mkfifo pipe; env -i A=1 B='x y' "$(command -v env)" | sort
    env -u HOME A=2 sh -c 'echo "$A ${HOME-none}"'; env absent-program; echo $?
    env -C / readlink /proc/self/cwd; env false; echo $?; env --argv0=other sh -c 'echo $0' 2>/dev/null
    timeout 5 sh -c 'exit 7'; echo $?; timeout .2 cat <>pipe; echo $?; timeout -s INT .2 sh -c 'sleep 5'; echo $?
    timeout --foreground .2 sleep 5; echo $?; timeout --preserve-status .2 sleep 5; echo $?
    { timeout -k .2 .2 sh -c 'trap "" TERM; while :; do sleep 1; done'; echo $?; } 2>/dev/null
    nohup sh -c 'grep SigIgn /proc/self/status | tail -c 2' 2>/dev/null; nice -n 4 nice
    setsid -w sh -c 'exit 9'; echo $?; printf 'a\n' | tee one two | wc -l; cat one two
    """
    faithful = keeps_descriptors(workshop)
    done = same(workshop, script if faithful else _portable(script), commands=18)
    assert done.out.count(b"124\n") == 3
    assert not faithful or b"137\n" in done.out


def _portable(script: str) -> str:
    """Without what `execution: daemon` gives up: ignored signals and nice values."""
    return "\n".join(line for line in script.splitlines() if not re.search("nohup|nice|trap", line))


@pytest.mark.needs("flock")
def test_locks(workshop: Guard) -> None:
    script = r"""
    echo 0 >count
    for n in 1 2 3 4 5 6; do
      flock lock sh -c 'n=$(cat count); sleep 0.01; echo $((n + 1)) >count' &
    done; wait; cat count
    flock -n lock flock -n -E 9 lock true; echo $?; flock -s lock flock -s -n lock echo shared
    flock lock -c 'exit 3'; echo $?
    flock -w 0.1 lock sh -c 'flock -w 0.1 lock true'; echo $?
    """
    assert same(workshop, script, commands=20).out == b"6\n9\nshared\n3\n1\n"


@pytest.mark.needs("script")
def test_script(workshop: Guard) -> None:
    script = r"""
    script -qec 'ls -d /; test -t 0 && test -t 1 && echo terminal; sh -c "exit 5"' /dev/null </dev/null | tr -d '\r'
    echo "${PIPESTATUS[0]}"
    script -qc 'cat; echo end' log <<<'typed' | tr -d '\r'; grep -c typed log
    """
    done = same(workshop, script, commands=8, ignored=("log",))
    assert b"terminal\n5\n" in done.out

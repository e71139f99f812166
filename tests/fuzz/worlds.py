"""Random worlds for the differential check: files, directories, rules and callers, and what changes in them.

Everything is drawn from one seeded source, and every change is one line of a log, so that a failure can be told.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from harness import MARKER, PATH, write

LEVELS = ("", "a", "a/b")
"""Directories of the tree, from its top; commands run in each, and rules stand in each."""

ELEMENTS = ("one", "two", "three")
"""Directories on PATH."""

NAMES = ("tool", "other", "git", "env")
"""Commands; `env` is the machine's own."""

PROBE = """\
#!/bin/sh
# {tag}
read -r parent <"/proc/$PPID/comm"
[ "$parent" = the-daemon ] || parent=in-place
umask=$(umask) files=$(ulimit -n) core=$(ulimit -c)
{{ read -r stat; }} </proc/self/stat
while read -r key value; do
    case $key in SigIgn: | SigBlk: | NoNewPrivs:) status="$status $key$value" ;; esac
done </proc/self/status
while read -r line; do groups="$groups $line"; done </proc/self/cgroup
set -f
words=$*
set -- ${{stat##*) }}
echo "{tag} $0 [$words] $parent $umask $files $core nice ${{17}} $status $groups $(pwd -P) V=$V X=$X"
read -r said && echo "said $said"
exit {status}
"""
"""Tells what a command can see of itself, of its place and of its input."""

SNIPPETS: tuple[str, ...] = (
    "{name: word, commands: [tool, other, git], conditions: [{command_contains: 'no'}], action: deny, message: W}",
    "{name: variable, commands: [tool], conditions: [{env_equals: {variable: V, value: x}}], action: deny, message: V}",
    "{name: below, commands: [other], conditions: [{path_matches: 'a/b$'}], action: deny, message: Not there.}",
    "{name: agents, commands: [tool], context: ai_only, action: deny, message: No agents.}",
    "{name: anchored, commands: [git], directory: '/tmp/[^/]+/tree/a', action: deny, message: Anchored.}",
)
"""Rules that any file may hold."""

LOOKING = (
    "{name: flag, commands: [tool], conditions: [{file_exists: flag}], action: deny, message: The flag.}",
    "{name: branch, commands: [git, tool], conditions: [{git_branch_in: [main]}], action: deny, message: Main.}",
    "{name: inside, commands: [other], conditions: [{in_git_repo: true}], action: deny, message: Inside.}",
    "{name: under, commands: [other], conditions: [{operand_under: [/etc]}], action: deny, message: Not in etc.}",
)
"""Those that look at more than the front may know: what they have decided is never its to answer."""

MORE = (
    "{name: brief, commands: [tool], conditions: [{command_contains: brief}], action: allow, timeout: 20s, message: B}",
    "{name: place, commands: [other], directory: /tmp/.*/a$, execution: in_place, action: allow, message: P}",
    "{name: instead, commands: [tool], conditions: [option: [-i]], action: redirect, redirect_to: other, message: I}",
    "{name: watched, commands: [git], action: deny, observe: true, message: Watched.}",
)
"""Those that only a user's may."""

CONFIGS = ("execution: auto\n", "execution: daemon\n", "execution: in_place\n", "execution: auto\nstats: false\n")

LONG = "x" * 3000

WORDS = ((), ("no",), ("brief",), ("place",), ("-i", "x"), ("/etc/x",), ("a b", ""), ("../../etc",), (LONG,))


@dataclass(frozen=True)
class Ask:
    """A command, and whoever asks it.

    Attributes:
        argv: its words.
        cwd: the directory, from the tree's top.
        path: PATH, but for the shims.
        env: more of the environment.
        how: what else is different about the caller, a name of `CALLERS`.
    """

    argv: tuple[str, ...]
    cwd: str
    path: str
    env: tuple[tuple[str, str], ...]
    how: str


def _limit(which: int, soft: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(which, (soft, resource.getrlimit(which)[1]))


def _join(group: str) -> Callable[[], None]:
    def join() -> None:
        with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as stream:
            stream.write(str(os.getpid()))

    return join


CALLERS: dict[str, Callable[[], object] | None] = {
    "plain": None,
    "umask 077": lambda: os.umask(0o077),
    "umask 002": lambda: os.umask(0o002),
    "few files": _limit(resource.RLIMIT_NOFILE, 100),
    "small core": _limit(resource.RLIMIT_CORE, 4096),
    "nice": lambda: os.nice(3),
    "ignores USR1": lambda: signal.signal(signal.SIGUSR1, signal.SIG_IGN),
    "blocks USR2": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2}),
    "no input": lambda: os.close(0),
    "more files": lambda: os.set_inheritable(os.dup2(1, 77), True),
}
"""What a caller does before it becomes the command."""

WRAPPED = {"no new privileges": ("setpriv", "--no-new-privs"), "mounts of its own": ("unshare", "--mount")}
"""Callers that another program makes, where it is there and may."""


class World:
    """A tree of files, and what may change in it.

    Attributes:
        root: the directory it is in.
        tree: where commands run.
        log: what was done, a line each.
    """

    def __init__(self, root: str, source: random.Random) -> None:
        self.root, self.source = root, source
        self.tree = os.path.join(root, "tree")
        self.log: list[str] = []
        self._tags = 0
        os.makedirs(os.path.join(self.tree, LEVELS[-1]))
        os.mkdir(os.path.join(root, "elsewhere"))
        os.mkdir(os.path.join(root, "person"))
        for element in ELEMENTS:
            os.mkdir(os.path.join(root, element))
        for name in NAMES[:3]:
            self._program(os.path.join(root, "two", name))
        self.cwds = [*LEVELS, "a/b/../..", "link", "a2/b"]
        self.asks = [self._make_ask() for _ in range(6)]

    # Who asks

    def ask(self) -> Ask:
        """A command to ask: most often one that was asked before."""
        if self.source.random() < 0.15:
            self.asks[self.source.randrange(len(self.asks))] = self._make_ask()
        return self.source.choice(self.asks)

    def _make_ask(self) -> Ask:
        source = self.source
        name = source.choice(("tool", "tool", "other", "git"))
        words = source.choice(WORDS)
        argv = (name, *words)
        match source.randrange(8):
            case 0:
                argv = ("env", "V=x", *argv)
            case 1 if name == "git":
                argv = ("git", "-C", source.choice(LEVELS) or ".", *words)
        places = [os.path.join(self.root, element) for element in ELEMENTS]
        path = source.choice((places, places, places, places[::-1], ["/nowhere", *places], ["../one", *places]))
        env = source.choice(((), (), (), (("V", "x"),), (("V", "y"),), ((MARKER, "1"),), (("X", "1"),)))
        how = source.choice(["plain"] * 12 + list(CALLERS) + list(WRAPPED) + ["group"])
        return Ask(argv, source.choice(self.cwds[:3] * 2 + self.cwds), ":".join([*path, PATH]), env, how)

    # What changes

    def change(self) -> None:
        """Changes one thing."""
        source = self.source
        changes = (
            [self._change_program] * 6
            + [self._change_rules] * 4
            + [self._change_git] * 2
            + [self._change_flag, self._change_element, self._move, self._move_rules, self._change_mode]
        )
        change = source.choice(changes)
        with contextlib.suppress(OSError):  # what it would change may not be there
            change()

    def _say(self, what: str) -> None:
        self.log.append(what)

    def _program(self, path: str) -> None:
        self._tags += 1
        _remove(path)
        write(path, PROBE.format(tag=f"v{self._tags:04}", status=self._tags % 7), 0o755)

    def _change_program(self) -> None:
        path = os.path.join(self.root, self.source.choice(ELEMENTS), self.source.choice(NAMES[:3]))
        kind = self.source.choice(
            ("new", "new", "none", "text", "directory", "dangling", "link", "same time", "no mode", "back", "in place")
        )
        self._say(f"program {path} {kind}")
        match kind:
            case "new":
                self._program(path)
            case "none":
                _remove(path)
            case "text":
                os.chmod(path, 0o644)
            case "back":
                os.chmod(path, 0o755)
            case "no mode":
                os.chmod(path, 0o111)
            case "directory":
                _remove(path)
                os.mkdir(path)
            case "dangling" | "link":
                _remove(path)
                target = self.source.choice(NAMES[:3])
                other = os.path.join(self.root, self.source.choice(ELEMENTS), target)
                os.symlink("nowhere" if kind == "dangling" or other == path else other, path)
            case "same time":
                before = os.stat(path)
                self._program(path)
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            case "in place":
                self._tags += 1
                with open(path, "r+", encoding="utf-8") as stream:
                    stream.write(PROBE.format(tag=f"v{self._tags:04}", status=self._tags % 7))

    def _change_rules(self) -> None:
        directory = os.path.join(self.tree, self.source.choice(LEVELS), ".safeshell")
        path = os.path.join(directory, "rules.yaml")
        kind = self.source.choice(
            ("rules", "rules", "rules", "none", "broken", "writable", "owner", "link", "same time", "empty")
        )
        self._say(f"rules {path} {kind}")
        if kind == "none":
            _remove(directory)
            return
        with contextlib.suppress(FileExistsError):
            os.mkdir(directory)
        match kind:
            case "rules":
                _remove(path)
                write(path, self.rules(SNIPPETS, 3), 0o644)
            case "broken":
                _remove(path)
                write(path, "version: 1\nrules: [", 0o644)
            case "empty":
                _remove(path)
            case "writable":
                os.chmod(path, self.source.choice((0o664, 0o646, 0o644)))
            case "owner":
                if os.geteuid() == 0:
                    os.chown(path, self.source.choice((0, 1234)), -1)
            case "link":
                target = os.path.join(self.root, "elsewhere", "rules.yaml")
                write(target, self.rules(SNIPPETS, 3), 0o644)
                _remove(path)
                os.symlink(target, path)
            case "same time":
                with open(path, encoding="utf-8") as stream:
                    text = stream.read()
                before = os.stat(path)
                write(path, text.replace("[tool", "[lool", 1) if "[tool" in text else text.replace("[lool", "[tool", 1))
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def rules(self, snippets: tuple[str, ...], most: int) -> str:
        """A file with some of these rules."""
        chosen = self.source.sample(snippets, self.source.randrange(1, most + 1))
        if self.source.random() < 0.25:
            chosen.append(self.source.choice(LOOKING))
        self._say("  " + " ".join(rule.partition(",")[0] + "}" for rule in chosen))
        return "version: 1\nrules:\n" + "".join(f"  - {rule}\n" for rule in chosen)

    def _change_git(self) -> None:
        path = os.path.join(self.tree, self.source.choice(LEVELS), ".git")
        kind = self.source.choice(("none", "empty", "main", "other", "broken", "file", "dangling"))
        self._say(f"git {path} {kind}")
        _remove(path)
        match kind:
            case "empty":
                os.mkdir(path)
            case "file":
                write(path, "gitdir: elsewhere\n")
            case "dangling":
                os.symlink("nowhere", path)
            case "main" | "other" | "broken":
                for part in ("objects", "refs"):
                    os.makedirs(os.path.join(path, part))
                write(os.path.join(path, "HEAD"), "!" if kind == "broken" else f"ref: refs/heads/{kind}\n")

    def _change_flag(self) -> None:
        path = os.path.join(self.tree, self.source.choice(LEVELS), "flag")
        self._say(f"flag {path}")
        if os.path.lexists(path):
            os.unlink(path)
        else:
            os.symlink("nowhere", path) if self.source.random() < 0.2 else write(path, "")

    def _change_element(self) -> None:
        path = os.path.join(self.root, self.source.choice(ELEMENTS))
        aside = f"{path}.aside"
        self._say(f"element {path}")
        if os.path.islink(path):
            os.unlink(path)
            os.rename(aside, path)
        elif not os.path.lexists(aside):
            os.rename(path, aside)
            if self.source.random() < 0.5:
                os.symlink(os.path.join(self.root, self.source.choice(ELEMENTS)), path)
        elif not os.path.lexists(path):
            os.rename(aside, path)

    def _move(self) -> None:
        """Moves a directory of the tree away or back, or makes the link that leads into it lead elsewhere."""
        away, back = os.path.join(self.tree, "a2"), os.path.join(self.tree, "a")
        link = os.path.join(self.tree, "link")
        kind = self.source.choice(("away", "away", "link", "anew"))
        self._say(f"move {kind}")
        match kind:
            case "away" if os.path.lexists(away) and not os.path.lexists(back):
                os.rename(away, back)
            case "away" if not os.path.lexists(away):
                os.rename(back, away)
                if self.source.random() < 0.5:
                    shutil.copytree(away, back, symlinks=True)
            case "anew" if os.path.isdir(back):
                aside = os.path.join(self.root, "elsewhere", "a")
                _remove(aside)
                shutil.copytree(back, aside, symlinks=True)
                shutil.rmtree(back)
                os.rename(aside, back)
            case "link":
                _remove(link)
                os.symlink(self.source.choice(("a/b", "a", ".", "a2/b", "../elsewhere")), link)

    def _move_rules(self) -> None:
        """Moves the directory of some rules away or back, or puts a link in its place."""
        path = os.path.join(self.tree, self.source.choice(LEVELS), ".safeshell")
        aside = f"{path}.aside"
        self._say(f"move {path}")
        if os.path.lexists(aside):
            _remove(path)
            os.rename(aside, path)
        else:
            os.rename(path, aside)
            if self.source.random() < 0.4:
                os.symlink(aside, path)

    def _change_mode(self) -> None:
        path = os.path.join(self.tree, self.source.choice(LEVELS), self.source.choice((".safeshell", ".", ".git")))
        mode = self.source.choice((0o755, 0o775, 0o700, 0o777))
        self._say(f"mode {path} {mode:o}")
        os.chmod(path, mode)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


@dataclass
class Group:
    """A control group of the world's own, with a limit that bites nobody, where this machine has one to give."""

    path: str | None = None
    hierarchy: str = field(default="/sys/fs/cgroup/pids")

    def __enter__(self) -> Self:
        for top in (self.hierarchy, "/sys/fs/cgroup"):
            path = os.path.join(top, f"safeshell-{os.getpid()}")
            if os.path.exists(os.path.join(top, "cgroup.procs")):
                with contextlib.suppress(OSError):
                    os.mkdir(path)
                    self.path = path
                    break
        return self

    def __exit__(self, *_unused: object) -> None:
        if self.path is not None:
            with contextlib.suppress(OSError):
                os.rmdir(self.path)

    def caller(self) -> Callable[[], None] | None:
        """What a caller does that is in it."""
        return _join(self.path) if self.path is not None else None

"""The grammars are what the programs do: each option that their help names is given, and behind it two that none has.

A program that takes the first of the two for an argument complains about the second, one that doesn't about the first.
It complains in any case, so none gets to work; and it runs in an empty repository, with nothing to reach.
Of sgdisk, which works before it complains, of aws, which is slow, of docker-compose and of crontab the help is read
instead.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest
from needs import found, need

from safeshell.command.getopt import ATTACHED, NONE, REQUIRED, Grammar
from safeshell.command.programs.grammars import grammars_for, program
from safeshell.command.programs.record import Record
from safeshell.trash.arguments import LONG, SHORT

_NAME = re.compile(r"(?<![\w-])--?[A-Za-z0-9?#@][\w.-]*(?<![.-])")
_REJECTED = re.compile(
    r"(?i)(?:flag|options?|switch|predicate)(?: --|:)? ?[`'\"]?-{0,2}([~^])"
    r"|(?:defined|args for): '?-([~^])|-([~^]): unknown option"
)
_UNKNOWN = re.compile(
    r"(?i)(?:unknown|invalid|unrecogni[sz]ed) (?:shorthand )?(?:flag|option|switch|predicate)|not defined|is unknown"
)
_VALUE = re.compile(r"pset: unknown option: -~|debug flag .-~|\"-~\" for ")
"""Complaints about an option's argument that read like some about an option."""

_HELP = {"git": ["-h"], "curl": ["--help", "all"], "terraform": ["-help"], "find": ["-help"]}
_USAGE = ("mkfs.ext4", "mkfs.xfs", "badblocks")
"""Programs without an option for help: what they print about an option that they don't have."""

COMMANDS = [
    *("rm", "rmdir", "mv", "cp", "ln", "install", "chmod", "chown", "chgrp", "tee", "touch", "mkdir", "shred"),
    *("truncate", "find", "curl", "rsync", "psql", "dropdb", "dropuser", "redis-cli"),
    *("mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "mkfs.vfat", "mkswap", "wipefs", "blkdiscard", "badblocks"),
    *("fdisk", "sfdisk", "parted"),
    *(f"git {name}" for name in ("push", "reset", "clean", "branch", "checkout", "switch", "restore", "rebase")),
    *(f"git {name}" for name in ("commit", "gc", "prune", "worktree add", "worktree remove", "stash drop")),
    *("docker", "docker run", "docker exec", "docker volume rm", "docker volume prune", "docker system prune"),
    "docker swarm leave",
    *(f"podman{name}" for name in ("", " run", " exec", " volume rm", " volume prune", " system prune")),
    *("kubectl", "kubectl delete", "kubectl get", "kubectl logs", "kubectl run"),
    *("terraform apply", "terraform plan", "terraform state rm", "terraform workspace delete"),
    # Wrappers. busybox, command and exec have none to list; time is bash's word, not the program.
    *("env", "nice", "nohup", "timeout", "stdbuf", "setsid", "ionice", "chrt", "sudo", "doas", "xargs", "taskset"),
    *("setpriv", "strace", "chroot", "unshare", "nsenter", "systemd-run", "su", "runuser", "flock", "script", "watch"),
    *("ssh", "sort", "split", "tar", "git rm", "git add", "git mv", "git remote prune", "git worktree prune"),
]


class Answer(NamedTuple):
    """What a program makes of an option.

    Attributes:
        known: whether it has the option.
        takes: whether it takes the next word; None where that can't be told: the option ends it, or its value is wrong.
    """

    known: bool
    takes: bool | None


@pytest.fixture(scope="module", autouse=True)
def nowhere() -> Iterator[None]:
    """An empty repository to be in, and nothing to reach from it."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        subprocess.run(["git", "init", "-q", directory], check=True)
        for name, value in (("KUBECONFIG", "/dev/null"), ("DOCKER_HOST", "unix:///nonexistent"), ("LC_ALL", "C")):
            patch.setenv(name, value)
        patch.setenv("HOME", directory)
        patch.delenv("TF_CLI_CONFIG_FILE", raising=False)
        os.chdir(directory)
        yield
        os.chdir(before)


def run(*argv: str) -> str:
    """What a program writes, on both streams, without colours and backspaces."""
    done = subprocess.run(
        argv,
        executable=found(argv[0]),  # some are administrators', and not on everybody's PATH
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
    return re.sub("\x1b\\[[0-9;]*m|.\b", "", done.stdout.decode("utf-8", "replace"))


def data(words: list[str]) -> Grammar:
    """The grammar of a command and its subcommand."""
    known = program(words[0])
    if known.record is None:
        assert known.row is not None
        return known.row.grammar
    found = Grammar.read(known.record)
    for word in words[1:]:
        assert found.subcommands is not None
        found = found.subcommands.get(word) or found.subcommands[""]
    return found


READ_OTHERWISE = {("env", "-S"), ("env", "--split-string"), ("nice", "-0"), ("nice", "-2")}
"""What these do to their value, or to digits, is a row's own; tests/command/unwrap/test_wrappers.py has it."""


def listed(words: list[str], *, one_dash: bool) -> set[str]:
    """The options that a program's help names, and other words that look like some."""
    text = run(*words, *(["-~"] if words[0] in _USAGE else _HELP.get(words[0], ["--help"])))
    if words == ["kubectl"]:
        text = run("kubectl", "options")
    found = set(_NAME.findall(text))
    if one_dash:
        return {"-" + name.lstrip("-") for name in found}
    letters = {f"-{letter}" for name in found if not name.startswith("--") for letter in name[1:]}
    return letters | {name for name in found if name.startswith("--")}


@cache
def said_to(*argv: str) -> str:
    """What `run` gives, once."""
    return run(*argv)


def ask(words: list[str], option: str, *more: str) -> Answer:
    """What a program says to an option with others behind it that it does not have."""
    said = said_to(*words, option, *more)
    if f"{option} -~" in said or _VALUE.search(said):
        return Answer(known=True, takes=True)
    rejected = _REJECTED.search(said)
    if rejected:
        return Answer(known=True, takes="^" in rejected.group())
    if _UNKNOWN.search(said):
        return Answer(known=False, takes=None)
    return Answer(known=True, takes=True if "-~" in said else None)  # it complains about the argument


def attaches(words: list[str], option: str) -> bool:
    """Whether what follows an option in one word is its argument and no option."""
    said = said_to(*words, f"{option}~", "-^")
    rejected = _REJECTED.search(said)
    if rejected:
        return "^" in rejected.group()
    return not (f"{option}~" in said and _UNKNOWN.search(said))


def differences(words: list[str], found: Grammar, option: str) -> Iterator[str]:
    """What the data says otherwise than the program about one of its options."""
    answer = ask(words, option, "-~", "-^")
    if answer.takes is None:
        return
    is_long = found.words or option.startswith("--")
    name = option[1 if found.words or not is_long else 2 :]
    known = (found.long if is_long else found.short).get(name)
    if answer.takes is not ((known or NONE) == REQUIRED):
        yield f"{option} takes {'a' if answer.takes else 'no'} word"
    if known is None and is_long and not (found.exact or found.words):
        yield f"{option} is missing: it tells what an abbreviation means"
    if not is_long and not answer.takes and attaches(words, option) is not (known == ATTACHED):
        yield f"{option} and what is attached to it"


EACH_TIME = {"rm", "chmod", "find", "dd", "git push", "git reset", "psql", "sudo", "timeout", "flock", "doas"}
"""Those that are asked whenever the tests run; the rest by `make test-slow`."""


@pytest.mark.parametrize(
    "command",
    # Asked an option at a time, the larger programs take seconds; they change with their versions, not with ours.
    [pytest.param(command, marks=[] if command in EACH_TIME else [pytest.mark.slow]) for command in COMMANDS],
)
def test_the_data_says_what_the_program_does(command: str) -> None:
    words = command.split()
    need(words[0])
    found = data(words)
    names = [name for name in sorted(listed(words, one_dash=found.words)) if ask(words, name, "-~", "-^").known]
    names = [name for name in names if (command, name) not in READ_OTHERWISE]
    assert names
    assert [one for name in names for one in differences(words, found, name)] == []


@pytest.mark.parametrize(
    ("command", "takes", "none"),
    [
        ("mv", "--suffix", "--verbose"),
        ("git push", "-o", "-f"),
        ("docker run", "-v", "-t"),
        ("kubectl delete", "--grace-period", "--all"),
        ("kubectl logs", "--tail", "-f"),
        ("terraform plan", "-var", "-destroy"),
        ("psql", "-P", "-q"),
        ("curl", "--data-binary", "-n"),
        ("find", "-name", "-delete"),
        ("rsync", "--exclude", "--delete"),
        ("mkfs.xfs", "-b", "-f"),
        ("redis-cli", "-n", "-x"),
    ],
)
def test_a_program_is_asked_the_right_way(command: str, takes: str, none: str) -> None:
    words = command.split()
    need(words[0])
    assert ask(words, takes, "-~", "-^") == Answer(known=True, takes=True)
    assert ask(words, none, "-~", "-^") == Answer(known=True, takes=False)
    assert not ask(words, "-!", "-~", "-^").known or words[0] in ("find", "redis-cli")


@pytest.mark.parametrize("command", ["cp", "mv", "sync", "rm", "rb"])
def test_the_data_says_what_the_help_of_aws_does(command: str) -> None:
    need("aws", "groff")  # groff shows the help of aws
    synopsis = re.search(r"^SYNOPSIS$(.*)^OPTIONS$", run("aws", "s3", command, "help"), re.MULTILINE | re.DOTALL)
    assert synopsis
    shown = dict(re.findall(r"\[--([a-z0-9-]+)( <value>)?", synopsis.group(1).replace("\n", "")))
    shown.pop("version", None)  # it takes none, whatever the help says
    found = data(["aws", "s3", command]).long
    assert {name: found.get(name) for name in shown} == {name: REQUIRED if shown[name] else NONE for name in shown}


def test_aws_takes_abbreviations() -> None:
    need("aws")
    said = run("aws", "s3", "rm", "s3://a", "--recurs", "--dryr", "-~")
    assert said.rstrip().endswith("Unknown options: -~")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("sgdisk", r"^  -(.), --([\w-]+)(=)?"),
        ("docker-compose", r"^  (?:-(.), |)--([\w-]+)(?: ([A-Z(]))?"),
        ("docker-compose down", r"^    (?:-(.), |)--([\w-]+)(?: (\w))?"),
    ],
)
def test_the_data_says_what_the_help_does(command: str, line: str) -> None:
    words = command.split()
    need(words[0])
    found = data(words)
    shown = re.findall(line, run(*words, "--help"), re.MULTILINE)
    assert len(shown) > 3
    for letter, name, value in shown:
        takes = REQUIRED if value else NONE
        assert (name, found.long[name]) == (name, takes)
        assert not letter or (letter, found.short[letter]) == (letter, takes)


def test_the_data_says_what_the_usage_of_crontab_does() -> None:
    need("crontab")
    found = data(["crontab"]).short
    shown = re.findall(r"[\[{|] ?-(\w)( \w+)?", run("crontab", "-~"))
    assert {"u", "l", "r", "e"} <= {letter for letter, _ in shown}
    for letter, value in shown:
        assert (letter, found[letter]) == (letter, REQUIRED if value else NONE)


def records(record: Record) -> Iterator[Record]:
    """A grammar and those of its subcommands."""
    yield record
    for inner in record.get("subcommands", {}).values():
        yield from records(inner)


def test_every_name_in_the_data_is_one() -> None:
    for command, record in grammars_for([None]).items():
        for part in records(record):
            names = part.get("long", [])
            assert len(set(names)) == len(names), command
            for name in names:
                assert re.fullmatch(r"-?[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9](=;?)?|[a-zA-Z]=?", name), (command, name)


def test_the_trash_takes_the_options_of_rm() -> None:
    known = data(["rm"])
    assert set(known.short) == {chr(letter) for letter in SHORT}
    assert set(known.long) == {name.decode() for name in LONG}
    assert set(known.long.values()) == {NONE}  # what --interactive takes can only be attached

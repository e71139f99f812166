"""Looks at the file system that steps take, as functions of what they are given: another process can take them, too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from safeshell.command.unwrap import UNWRAPPED, FileWorld, Spelling, spellings
from safeshell.daemon.fastpath.reads import Changed, Reads, read_rules
from safeshell.daemon.sources.policy_source import Rules
from safeshell.home.repository_rules import find_rules
from safeshell.host.path_lookup import Programs
from safeshell.policy.distant import Asked
from safeshell.policy.facts import Fact, RequestFacts

Check = Callable[[bytes | None], None]
"""Called with each directory before its rules are looked for."""


class Looked(NamedTuple):
    """What step `locate` found out, for a `Request`."""

    rules: Rules
    reads: Reads | None
    spellings: Sequence[Spelling]
    rules_of: Sequence[Rules]


class Where(NamedTuple):
    """Who asks for what, and where.

    Attributes:
        base: the basename that the command is executed by.
        arguments, environment: its blocks.
        directory: in the caller's view; None where it has no path.
        prefix: the root of whoever asks, where it sees other files than the daemon.
        home: the directory of the daemon's home.
    """

    base: str
    arguments: bytes
    environment: bytes
    directory: bytes | None
    prefix: bytes
    home: bytes


def look(where: Where, check: Check = lambda _directory: None, *, keeps: bool) -> Looked:
    """All that step `locate` finds out of the file system.

    Raises:
        UnseenRulesError: it can't be told which rules apply.
    """
    check(where.directory)
    rules = rules_in(where, where.directory)
    reads = list_reads(where, rules) if keeps and not where.prefix else None
    found = unwrap(where, rules, check) if where.base in UNWRAPPED else None
    return Looked(rules, reads, (), ()) if found is None else Looked(found[1][0], None, *found)


def rules_in(where: Where, directory: bytes | None) -> Rules:
    """As `Policies.repository`."""
    return () if directory is None else find_rules(directory, where.home, where.prefix)


def list_reads(where: Where, rules: Rules) -> Reads | None:
    """What finding the rules reads, where it finds the same once more."""
    reads = Reads()
    try:
        if where.directory is None or read_rules(reads, where.directory, where.home) != rules:
            return None
    except Changed:
        return None
    return reads


def unwrap(where: Where, own: Rules, check: Check | None = None) -> tuple[Sequence[Spelling], Sequence[Rules]] | None:
    """A command's spellings, and the rules that apply where each would run; None where it is all there is.

    Args:
        where: the command.
        own: the rules in its directory.
        check: called with each other directory before its rules are looked for.
    """
    world = FileWorld(where.prefix)
    found = spellings(where.base, where.arguments, where.environment, where.directory, world)
    known = {where.directory: own}
    rules_of = []
    for spelling in found:
        rules: Rules = ()
        for place in world.places(spelling):
            if place not in known:
                if check is not None:
                    check(place)
                known[place] = rules_in(where, place)
            rules += tuple([each for each in known[place] if each not in rules])
        rules_of.append(rules)
    return (found, rules_of) if len(found) > 1 or rules_of[0] != own else None


def read_facts(wanted: Iterable[Asked]) -> dict[Asked, Fact]:
    """Facts, however long that takes."""
    return {(place, key): RequestFacts.waiting(place).read(key) for place, key in wanted}


def find_program(name: bytes, path: bytes | None, directory: bytes) -> tuple[bytes | None, bool]:
    """As `Programs.find`, from a directory with a path."""
    return Programs().find(name, path, directory)


def touch(paths: Iterable[bytes]) -> None:
    """Looks at each path."""
    for path in paths:
        os.access(path, os.F_OK)

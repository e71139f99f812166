"""Options and operands a word at a time, as docs/table.md says: what `safeshell.command.options` is held against."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any


def read(words: Sequence[str], record: Mapping[str, Any] | None, taken: Sequence[str]) -> tuple[set[str], list[str]]:
    """The options and operands.

    Args:
        words: the arguments.
        record: the command's grammar, None where nothing is known of it.
        taken: the options that the rule says take an argument.
    """
    options: set[str] = set()
    operands: list[str] = []
    rest = list(words)
    ended = expression = False
    while rest:
        word = rest.pop(0)
        grammar = record or {}
        find = "leading" in grammar
        if ended:
            operands.append(word)
        elif word == "--":
            ended = not find
        elif word in ("", "-") or word[0] != "-":
            if "subcommands" in grammar:
                options = set() if grammar.get("apart") else options
                record = grammar["subcommands"].get(word, grammar["subcommands"].get(""))
                continue
            expression |= find and word in ("(", ")", "!", ",")
            operands += [] if expression else [word]
            ended = bool(grammar.get("stops"))
        elif grammar.get("words"):
            name, equals, _ = re.sub("^--?", "", word).partition("=")
            options |= {f"-{name}", f"--{name}"}
            expression |= find and name[:1] not in grammar["leading"]
            mark = _long(grammar, taken).get(name, "")
            if mark == "=;":
                _drop_command(rest)
            elif mark == "=" and not equals:
                rest = rest[1:]
        elif word.startswith("--"):
            name, equals, _ = word[2:].partition("=")
            name, mark = _full(name, record, taken)
            options.add(f"--{name}")
            rest = rest[1:] if mark == "=" and not equals else rest
        else:
            named, eats = _letters(word, record, taken)
            options |= named
            rest = rest[1:] if eats else rest
    return options, operands


def _short(grammar: Mapping[str, Any], taken: Sequence[str]) -> dict[str, str]:
    found = dict(re.findall("([^:])(:*)", grammar.get("short", "")))
    return {**found, **{option[1:]: ":" for option in taken if len(option) == 2}}


def _long(grammar: Mapping[str, Any], taken: Sequence[str]) -> dict[str, str]:
    found = dict(re.findall("^([^=]*)(.*)$", name)[0] for name in grammar.get("long", ()))
    return {**found, **{option.lstrip("-"): "=" for option in taken if len(option) > 2}}


def _full(name: str, record: Mapping[str, Any] | None, taken: Sequence[str]) -> tuple[str, str]:
    """What a long option means and takes."""
    long = _long(record or {}, taken)
    begun = [one for one in long if one.startswith(name)]
    if name in long or not name or len(begun) != 1 or (record or {}).get("exact"):
        return name, long.get(name, "")
    # Where nothing is known, it has the argument of what it may be, and stays what it is.
    return name if record is None else begun[0], long[begun[0]]


def _letters(word: str, record: Mapping[str, Any] | None, taken: Sequence[str]) -> tuple[set[str], bool]:
    """The options of a cluster, and whether the last takes the next word."""
    short = _short(record or {}, taken)
    options: set[str] = set()
    if record is None:
        name, equals, _ = word.partition("=")
        options.add(name)
        if name in taken and len(name) > 2:
            return options, not equals
    for at, letter in enumerate(word[1:], 1):
        if record is None and not re.fullmatch(r"[\w?#@]", letter.replace("_", "-")):
            break
        options.add(f"-{letter}")
        if short.get(letter):
            return options, short[letter] == ":" and at == len(word) - 1
    return options, False


def _drop_command(rest: list[str]) -> None:
    """Takes off words up to a `;`, or a `+` behind `{}`."""
    before = ""
    while rest:
        word = rest.pop(0)
        if word == ";" or (word == "+" and before == "{}"):
            return
        before = word

"""Redaction: secrets are taken out of a record before it is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import re2

if TYPE_CHECKING:
    from safeshell.audit.secrets import Rule

from safeshell.policy.patterns import EngineError, PatternSet, options

VALUE_MIN = 6
"""Characters of a secret that is looked for within other texts of its record too; shorter ones only as whole words."""

MESSAGE_MIN = 12
"""Likewise within a rule's message."""

_APART = "\n\0\n"
"""Separator of spellings in the text that the patterns see."""


class _Span(NamedTuple):
    start: int
    end: int
    name: str


class Redactor:
    """Replaces secrets by `[redacted:NAME]`, NAME being the rule that found them.

    One automaton over all rules tells in one pass which of them find anything; most records hold nothing, and cost no
    more than that. It is built when the first record comes.

    Args:
        extra: rules beside the known ones, each a name and an RE2 pattern that sees what theirs see.
        known: whether the known formats count.
    """

    __slots__ = ("_extra", "_filter", "_known", "_patterns", "_programs", "_rules")

    def __init__(self, extra: Iterable[tuple[str, str]] = (), *, known: bool = True) -> None:
        self._extra = tuple(extra)
        self._known = known
        self._rules: tuple[Rule, ...] | None = None
        self._programs = -1
        """Index of the pattern that finds programs whose arguments are looked into."""
        self._filter: PatternSet | None = None
        self._patterns: dict[int, Any] = {}

    def redact(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record without secrets, with `redacted`: the names of the rules that found some.

        Args:
            record: as `safeshell.audit.record.make` makes it, or what is told of a command that waits; not changed.
        """
        chunks = _chunks(record)
        subject = _APART.join(["\n".join(chunk) for chunk in chunks])
        found = self._matching(subject)
        spans = self._spans(chunks, subject, found) if found else []
        if not spans:
            return record
        clean: dict[str, Any] = _Replacer(chunks, subject, spans).replaced(record)
        clean["redacted"] = sorted({span.name for span in spans})
        return clean

    def _build(self) -> tuple[Rule, ...]:
        """The rules, and the automaton, when the first record comes: a hundredth of a second."""
        from safeshell.audit.secrets import KNOWN, Rule, programs_pattern  # noqa: PLC0415 # as much of the daemon's start

        self._rules = (*(Rule(*rule) for rule in self._extra), *(KNOWN if self._known else ()))
        patterns = [rule.hint or rule.pattern for rule in self._rules]
        if self._known:
            self._programs = len(patterns)
            patterns.append(programs_pattern())
        # Rules that don't fit one automaton are asked one by one.
        with contextlib.suppress(ValueError):
            self._filter = PatternSet(patterns, range(len(patterns)))
        return self._rules

    def _matching(self, subject: str) -> Sequence[int]:
        rules = self._rules if self._rules is not None else self._build()
        every = range(len(rules) + (self._programs >= 0))
        if self._filter is None:
            return every
        try:
            return self._filter.match(subject if subject.isascii() else subject.encode("utf-8", "replace"))
        except EngineError:
            return every

    def _spans(self, chunks: list[list[str]], subject: str, found: Iterable[int]) -> list[_Span]:
        """Spans that are to go, in order; what overlaps goes as one piece."""
        # A lone surrogate becomes one character too, so the places stay the same.
        plain = subject if subject.isascii() else subject.encode("utf-8", "replace").decode()
        rules = self._rules if self._rules is not None else self._build()
        spans: list[_Span] = []
        for index in sorted(found):
            if index == self._programs:
                spans += _in_arguments(chunks)
                continue
            name, pattern, holds, _ = rules[index]
            compiled = self._patterns.get(index)
            if compiled is None:
                compiled = self._patterns[index] = re2.compile(pattern, options())
            group = 1 if compiled.groups else 0
            for match in compiled.finditer(plain):
                start, end = match.span(group)
                if 0 <= start < end and (holds is None or holds(match)):
                    spans.append(_Span(start, end, name))
        merged: list[_Span] = []
        for span in sorted(spans, key=lambda one: one.start):  # stable: of equals the first rule's stays first
            if merged and span.start < merged[-1].end:
                last = merged[-1]
                merged[-1] = last._replace(end=max(last.end, span.end))
            else:
                merged.append(span)
        return merged


def _chunks(record: dict[str, Any]) -> list[list[str]]:
    """The texts of a record that may hold secrets: the words of each spelling, and what else came from outside."""
    chunks = [record["argv"]] if record.get("argv") else []
    worlds = [record]
    if "spellings" in record:
        worlds += record["spellings"]
        chunks += [spelling["argv"] for spelling in record["spellings"]]
    if isinstance(record.get("during"), list):
        chunks += [command["argv"] for command in record["during"]]
    others: list[str] = []
    for world in worlds:
        others += [world[field] for field in _TEXTS if isinstance(world.get(field), str)]
        if "facts" in world:
            for fact, value in world["facts"].items():
                others += _variables(value) if fact == "env" else _strings(value)
    if "approval" in record:
        others += _strings(record["approval"])
    return [*chunks, others] if others else chunks


_TEXTS = ("cwd", "source", "error", "branch", "command", "subject")
"""Fields of one text that came from outside: a path can have a secret in it, a repository's rules lie in one."""


def _variables(values: dict[str, Any]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items() if isinstance(value, str)]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _strings(inner)


def _in_arguments(chunks: list[list[str]]) -> Iterator[_Span]:
    """What the programs' data says."""
    from safeshell.audit.secret_arguments import ARGUMENT, Word, find_in_words  # noqa: PLC0415 # as above

    words = [Word(*place) for place in _places(chunks)]
    at = 0
    for chunk in chunks:
        for start, end in find_in_words(words[at : at + len(chunk)]):
            yield _Span(start, end, ARGUMENT)
        at += len(chunk)


class _Replacer:
    """Takes what was found out of a whole record: where it was found, and wherever else it stands."""

    def __init__(self, chunks: list[list[str]], subject: str, spans: list[_Span]) -> None:
        self._words: dict[str, str] = {}
        secrets = {subject[span.start : span.end]: f"[redacted:{span.name}]" for span in spans}
        for text, start in _places(chunks):
            parts = [span for span in spans if span.start < start + len(text) and start < span.end]
            if parts:
                self._words[text] = _cut(text, start, parts)
                secrets.update({subject[max(one.start, start) : one.end]: f"[redacted:{one.name}]" for one in parts})
        self._words.update({text: mark for text, mark in secrets.items() if text not in self._words})
        self._secrets = sorted(
            [(text, mark) for text, mark in secrets.items() if len(text) >= VALUE_MIN], key=lambda one: -len(one[0])
        )

    def replaced(self, value: Any) -> Any:
        """A value of the record, and all in it, without the secrets."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return [self.replaced(inner) for inner in value]
        if isinstance(value, dict):
            return {
                name if name in _OURS else self._text(name): inner if name in _OURS else self._entry(name, inner)
                for name, inner in value.items()
            }
        return value

    def _entry(self, name: str, value: Any) -> Any:
        if name == "message":
            return self._message(value)
        if isinstance(value, str):
            entry = self._words.get(f"{name}={value}") if value else None
            if entry is not None:
                return entry[len(name) + 1 :]
        return self.replaced(value)

    def _message(self, text: str) -> str:
        """The rule's words, which may name a word of the command; a short secret may be one of theirs."""
        for secret, mark in self._secrets:
            if len(secret) >= MESSAGE_MIN:
                text = text.replace(secret, mark)
        return text

    def _text(self, text: str) -> str:
        text = self._words.get(text, text)
        for secret, mark in self._secrets:
            text = text.replace(secret, mark)
        return text


_OURS = frozenset(("ts", "kind", "decision", "rule", "action", "context", "table", "reason", "placement", "exit"))
"""Fields that the rules or SafeShell word."""


def _places(chunks: list[list[str]]) -> Iterator[tuple[str, int]]:
    """Each text with the place where it starts."""
    at = 0
    for chunk in chunks:
        for text in chunk:
            yield text, at
            at += len(text) + 1
        at += len(_APART) - 1


def _cut(text: str, start: int, spans: list[_Span]) -> str:
    """A text without what is to go."""
    made = ""
    at = 0
    for span in spans:
        first, last = max(span.start - start, 0), min(span.end - start, len(text))
        made += text[at:first] + f"[redacted:{span.name}]"
        at = last
    return made + text[at:]

"""Redaction: secrets are taken out of a record before it is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import re2

from safeshell.audit.secrets import KNOWN, Rule
from safeshell.policy.patterns import EngineError, PatternSet, options

VALUE_MIN = 6
"""Characters of a secret that is looked for within other texts of its record too; shorter ones only as whole words."""


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
        extra: rules beside the known ones, each a name and an RE2 pattern (`safeshell.audit.secrets`).
        known: whether the known formats count.
    """

    __slots__ = ("_built", "_filter", "_patterns", "_rules")

    def __init__(self, extra: Iterable[Rule] = (), *, known: bool = True) -> None:
        self._rules = (*extra, *(KNOWN if known else ()))
        self._filter: PatternSet | None = None
        self._built = False
        self._patterns: dict[int, Any] = {}

    def redact(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record without secrets, with `redacted`: the names of the rules that found some.

        Args:
            record: as `safeshell.audit.record.make` makes it; not changed.
        """
        chunks = _chunks(record)
        subject = _APART.join(["\n".join(chunk) for chunk in chunks])
        found = self._matching(subject)
        spans = self._spans(subject, found) if found else []
        if not spans:
            return record
        clean: dict[str, Any] = _Replacer(chunks, subject, spans).replaced(record)
        clean["redacted"] = sorted({span.name for span in spans})
        return clean

    def _matching(self, subject: str) -> Sequence[int]:
        every = range(len(self._rules))
        if not self._built:
            self._built = True
            # Rules that don't fit one automaton are asked one by one.
            with contextlib.suppress(ValueError):
                self._filter = PatternSet([pattern for _, pattern in self._rules], every)
        if self._filter is None:
            return every
        try:
            return self._filter.match(subject if subject.isascii() else subject.encode("utf-8", "replace"))
        except EngineError:
            return every

    def _spans(self, subject: str, found: Iterable[int]) -> list[_Span]:
        """Spans that are to go, in order; what overlaps goes as one piece."""
        # A lone surrogate becomes one character too, so the places stay the same.
        plain = subject if subject.isascii() else subject.encode("utf-8", "replace").decode()
        spans: list[_Span] = []
        for index in sorted(found):
            name, pattern = self._rules[index]
            compiled = self._patterns.get(index)
            if compiled is None:
                compiled = self._patterns[index] = re2.compile(pattern, options())
            group = 1 if compiled.groups else 0
            for match in compiled.finditer(plain):
                start, end = match.span(group)
                if 0 <= start < end:
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
    others = [
        f"{name}={value}"
        for world in worlds
        if "facts" in world
        for name, value in world["facts"].get("env", {}).items()
        if isinstance(value, str)
    ]
    if "error" in record:
        others.append(record["error"])
    if "approval" in record:
        others += [value for value in record["approval"].values() if isinstance(value, str)]
    return [*chunks, others] if others else chunks


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
        if isinstance(value, str):
            entry = self._words.get(f"{name}={value}")
            if entry is not None:
                return entry[len(name) + 1 :]
        return self.replaced(value)

    def _text(self, text: str) -> str:
        text = self._words.get(text, text)
        for secret, mark in self._secrets:
            text = text.replace(secret, mark)
        return text


_OURS = frozenset(("ts", "kind", "decision", "rule", "source", "message", "observed", "context", "table", "reason"))
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

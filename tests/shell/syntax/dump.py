"""A tree as text, short enough to be compared in a table.

cat 'b'+${x} <> f>     a command: words, quoted text in quotes, parts of a word joined by +, redirections in <>
$(…) `…` <(…)          substitutions; `q` behind what stands in double quotes
if A then B; …         compound commands by their own names
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from safeshell.shell.syntax.tree import (
    AndOr,
    Array,
    Assignment,
    Broken,
    Case,
    CaseItem,
    Command,
    Coproc,
    For,
    Function,
    Group,
    If,
    Parameter,
    Part,
    Pipeline,
    Redirect,
    Repeat,
    Script,
    Sequence,
    Simple,
    Subshell,
    Substitution,
    Test,
    Text,
    While,
    Word,
)


def dump(script: Script) -> str:
    """A script; what is broken behind `!`, with the offset where its command begins."""
    return _sequence(script.body) + _broken(script.broken)


def _broken(broken: Broken | None) -> str:
    return f" !{broken.start}" if broken else ""


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace").replace("\n", "⏎").replace("\t", "⇥").replace("\r", "␍")


def _part(part: Part) -> str:
    quoted = "" if isinstance(part, Text) or not part.quoted else "q"
    if isinstance(part, Text):
        return f"'{_text(part.data)}'" if part.quoted else _text(part.data)
    if isinstance(part, Parameter):
        argument = "" if part.argument is None else f"|{word(part.argument)}"
        return f"${{{_text(part.name)}|{_text(part.operation)}{argument}}}{quoted}"
    if isinstance(part, Substitution):
        return f"{part.kind}{dump(part.script)}){quoted}"
    return f"$(({word(part.inside)})){quoted}"


def word(node: Word) -> str:
    """A word."""
    return "+".join(map(_part, node.parts))


def _value(value: Word | Array) -> str:
    return word(value) if isinstance(value, Word) else f"({' '.join(map(word, value.words))})"


def _argument(node: Word | Assignment | Redirect) -> str:
    if isinstance(node, Word):
        return word(node)
    if isinstance(node, Assignment):
        subscript = f"[{word(node.subscript)}]" if node.subscript else ""
        return f"{_text(node.name)}{subscript}{'+' if node.append else ''}:={_value(node.value)}"
    document = f" {word(node.document)}" if node.document else ""
    unfinished = "…" if node.unfinished else ""
    return f"<{_text(node.descriptor)}{_text(node.operator)} {word(node.target)}{document}{unfinished}>"


def _arguments(nodes: tuple[Word | Assignment | Redirect, ...]) -> str:
    return " ".join(map(_argument, nodes))


def _sequence(node: Sequence) -> str:
    return "; ".join(map(_and_or, node.items))


def _and_or(node: AndOr) -> str:
    text = _pipeline(node.pipelines[0])
    for operator, pipeline in zip(node.operators, node.pipelines[1:], strict=True):
        text += f" {operator.decode()} {_pipeline(pipeline)}"
    return text + (" &" if node.background else "")


def _pipeline(node: Pipeline) -> str:
    before = ("! " if node.negated else "") + ("time " if node.timed else "")
    return before + " | ".join(map(_command, node.commands))


def _command(node: Command) -> str:
    redirects = "" if isinstance(node, Coproc | Simple) else "".join(f" {_argument(each)}" for each in node.redirects)
    return _COMMANDS[type(node)](node) + redirects


def _if(node: If) -> str:
    arms = " ".join(f"if {_sequence(condition)} then {_sequence(body)}" for condition, body in node.arms)
    otherwise = f" else {_sequence(node.otherwise)}" if node.otherwise else ""
    return f"({arms}{otherwise})"


def _for(node: For) -> str:
    words = "@" if node.words is None else " ".join(map(word, node.words))
    return f"(for {' '.join(map(_text, node.names))} in {words} do {_sequence(node.body)})"


def _item(node: CaseItem) -> str:
    return f"{'|'.join(map(word, node.patterns))}) {_sequence(node.body)} {node.then.decode()}".rstrip()


def _function(node: Function) -> str:
    words = f" ({' '.join(map(word, node.words))})" if node.words else ""
    return f"(function {' '.join(map(word, node.names))} {_command(node.body)}{words})"


def _group(node: Group) -> str:
    return f"{{{_sequence(node.body)}}}" + (f" always {{{_sequence(node.always)}}}" if node.always else "")


_COMMANDS: dict[type, Callable[[Any], str]] = {
    Simple: lambda node: f"[{_arguments((*node.assignments, *node.words, *node.redirects))}]",
    Subshell: lambda node: f"({_sequence(node.body)})",
    Group: _group,
    If: _if,
    While: lambda node: f"({'until' if node.until else 'while'} {_sequence(node.condition)} do {_sequence(node.body)})",
    For: _for,
    Repeat: lambda node: f"(repeat {word(node.head)} do {_sequence(node.body)})",
    Case: lambda node: f"(case {word(node.word)} {' '.join(map(_item, node.items))})",
    Test: lambda node: f"(test {' '.join(map(word, node.words))})",
    Function: _function,
    Coproc: lambda node: f"(coproc {_text(node.name)} {_command(node.body)})",
}

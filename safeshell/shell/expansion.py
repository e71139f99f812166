"""Expansion of words by what the line itself and the environment tell; what only the run can tell stays open."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from safeshell.shell.nested_commands import Input
from safeshell.shell.parameter_operations import OPERATIONS, transformed
from safeshell.shell.scope import Scope, scalar
from safeshell.shell.syntax.tree import Arithmetic, Dialect, Parameter, Script, Substitution
from safeshell.shell.syntax.tree import Word as Node
from safeshell.shell.words import Literal, Part, Unknown, Word
from safeshell.shell.written import unquoted, with_patterns, written_value

_POSITIONAL = re.compile(r"[@*]|[1-9]\d*")

COMBINATIONS_MAX = 16
"""Ways to choose among the values of one command's variables; with more, those are left for the run."""

Choice = Mapping[str, tuple[Word, ...] | None]
"""The value that each variable with more than one is taken to have; None for one that only the run can tell."""

Value = list[tuple[Part, ...]]
"""What an expansion becomes: the elements of an array, or one. Unquoted text in them is split into words."""

Read = Callable[[Script, Scope], Input]
"""What commands write, as far as the line tells."""


def choices(words: Sequence[Word], scope: Scope) -> Iterator[Choice]:
    """Each way to choose among the values that the variables in words may have."""
    names: dict[str, tuple[tuple[Word, ...] | None, ...]] = {}
    for word in words:
        if word.literal is not None:
            continue
        for part in word.parts:
            if not isinstance(part, Unknown) or not part.variable or part.variable in names:
                continue
            if scope.argless and scope.positional is None and _POSITIONAL.fullmatch(part.variable):
                names[part.variable] = ((), None)
            else:
                variable = scope.lookup(part.variable)
                if variable.choices and variable.only is None:
                    names[part.variable] = (*variable.choices, *([None] if variable.open else []))
    count = 1
    for values in names.values():
        count *= len(values)
    if not names or count > COMBINATIONS_MAX:
        yield {}
        return
    for combination in itertools.product(*names.values()):
        yield dict(zip(names, combination, strict=True))


class Expander:
    """Expansion in a scope.

    Args:
        scope: where.
        script: the text whose nodes are expanded.
        read: what commands write.
        choice: the values of variables that may have several.
    """

    __slots__ = ("_choice", "_read", "_scope", "_script")

    def __init__(self, scope: Scope, script: Script, read: Read, choice: Choice) -> None:
        self._scope = scope
        self._script = script
        self._read = read
        self._choice = choice

    def words(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """The words with those parts expanded that are known; the others as they are."""
        if None not in [word.literal for word in words]:
            return words if isinstance(words, tuple) else tuple(words)
        found: list[Word] = []
        for word in words:
            if word.literal is None:
                found += self._fields(word)
            else:
                found.append(word)
        return tuple(found)

    def one(self, word: Word) -> Word:
        """The same where it stays one word, as a variable's value or a here-string does."""
        parts: list[Part] = []
        for part in word.parts:
            value = None if isinstance(part, Literal) else self._value(part)
            if value is None:
                parts.append(part if isinstance(part, Literal) else self._open(part))
            else:
                parts += _joined(value, " ")
        return Word(tuple([_quoted(part) for part in parts]), word.source)

    # Fields

    def _fields(self, word: Word) -> list[Word]:
        fields: list[list[Part]] = [[]]
        keeps = False  # the word, though nothing of it is left
        for part in word.parts:
            if isinstance(part, Literal):
                fields[-1].append(part)
                continue
            value = self._value(part)
            if value is None:
                fields[-1].append(self._open(part))
            elif not part.quoted:
                self._put(fields, value, part)
            elif _is_many(part):
                for index, element in enumerate(value):
                    if index:
                        fields.append([])
                    fields[-1] += [_quoted(one) for one in element] or [Literal("", quoted=True)]
            else:
                keeps = True
                fields[-1] += _joined(value, self._separator())
        keeps = keeps or any(isinstance(part, Literal) for part in word.parts)
        return [Word(tuple(one), word.source) for one in fields if one or keeps]

    def _put(self, fields: list[list[Part]], value: Value, part: Unknown) -> None:
        """Adds an unquoted expansion: its text is split, and patterns in it count."""
        splits = isinstance(part.node, Parameter) and part.node.operation.startswith(b"=")
        plain_text = self._scope.dialect is Dialect.ZSH and not (splits or self._scope.splits)
        for index, element in enumerate(value):
            if index:
                fields.append([])
            for one in element:
                if isinstance(one, Unknown):
                    fields[-1].append(one if plain_text else unquoted(one))
                elif one.quoted:
                    fields[-1].append(one)
                elif plain_text:
                    if one.text:
                        fields[-1].append(Literal(one.text, quoted=True))
                else:
                    self._split(fields, one.text)

    def _split(self, fields: list[list[Part]], text: str) -> None:
        separators = self._scope.value("IFS")
        if separators is None:
            fields[-1].append(Unknown(text, quoted=False))
            return
        # Without blanks beside them, separators end a field each; blanks only part what stands beside them.
        blanks = "".join([char for char in separators if char in " \t\n"])
        others = "".join([char for char in separators if char not in " \t\n"])
        if not separators:
            pieces = [text]
        elif not others:
            pieces = re.split(f"[{re.escape(blanks)}]+", text)
        else:
            blank = f"[{re.escape(blanks)}]" if blanks else "(?!)"
            pieces = re.split(f"{blank}*[{re.escape(others)}]{blank}*|{blank}+", text)
            if len(pieces) > 1 and not pieces[-1]:
                pieces.pop()
                fields[-1] += with_patterns(pieces.pop(0))
                fields.extend([list(with_patterns(piece)) or [Literal("", quoted=True)] for piece in pieces])
                fields.append([])
                return
        for index, piece in enumerate(pieces):
            if index and (fields[-1] or others):
                fields.append([])
            fields[-1] += with_patterns(piece)

    def _separator(self) -> str:
        known = self._scope.value("IFS")
        return " " if known is None else known[:1]

    # Values

    def _open(self, part: Unknown) -> Unknown:
        """An expansion that stays open; a process substitution with what can be read in it."""
        node = part.node
        if isinstance(node, Substitution):
            file = self._read(node.script, self._scope) if node.kind in ("<(", "=(") else None
            return part.told("it is what a command writes", file)
        if not part.variable:
            return part if part.why else part.told("it is a pattern" if node is None else "it is worked out")
        if part.variable in self._scope.variables:
            return part.told("the line gives it what only the run can tell")
        return part.told("the environment given doesn't have it")

    def _value(self, part: Unknown) -> Value | None:
        node = part.node
        if isinstance(node, Parameter):
            return self._parameter(node)
        if isinstance(node, Substitution):
            return self._substituted(node)
        if isinstance(node, Arithmetic):
            return self._number(node)
        return None

    def _substituted(self, node: Substitution) -> Value | None:
        if node.kind not in ("$(", "`", "${"):
            return None
        found = self._read(node.script, self._scope)
        if found.text is None or not found.whole:
            return None
        return [(Literal(found.text.replace("\0", "").rstrip("\n"), quoted=False),)]

    def _number(self, node: Arithmetic) -> Value | None:
        text = self.one(written_value(node.inside, self._script, lambda: None)).literal
        found = None if text is None else re.fullmatch(r"\s*(\d{1,18})(?:\s*([-+*])\s*(\d{1,18}))?\s*", text)
        if found is None or re.fullmatch(r"0\d+", found[1]) or re.fullmatch(r"0\d+", found[3] or ""):
            return None
        first, second = int(found[1]), int(found[3] or 0)
        number = {None: first, "+": first + second, "-": first - second, "*": first * second}[found[2]]
        return [(Literal(str(number), quoted=False),)] if -(2**63) <= number < 2**63 else None

    def _parameter(self, node: Parameter) -> Value | None:
        name, operation = node.name.decode("utf-8", "surrogateescape"), node.operation
        if name == "#" and not operation and self._scope.positional is not None:
            return [(Literal(str(len(self._scope.positional)), quoted=False),)]
        elements = self._elements(name)
        if operation == b"!":  # the value is the name of another
            elements, operation = self._referred(elements), b""
        array = name in ("@", "*") or (elements is not None and self._scope.lookup(name).array)
        if elements is not None and array and operation.startswith(b"["):
            elements, operation = _subscripted(elements, operation, first=int(self._scope.dialect is Dialect.ZSH))
        elif array and name not in ("@", "*") and self._scope.dialect is not Dialect.ZSH:
            elements = None if elements is None else elements[:1]  # `$a` is `${a[0]}`
        if elements is None:
            return None
        if not operation:
            return elements
        if operation in OPERATIONS:
            return self._or(node, elements, OPERATIONS[operation])
        if len(elements) == 1 and all(isinstance(part, Literal) for part in elements[0]):
            text = "".join([part.text for part in elements[0] if isinstance(part, Literal)])
            made = transformed(text, operation.decode("utf-8", "surrogateescape"))
            return None if made is None else [(Literal(made, quoted=False),)]
        return None

    def _referred(self, elements: Value | None) -> Value | None:
        """What the variable holds whose name this is."""
        if elements is None or len(elements) != 1:
            return None
        name = "".join([part.text if isinstance(part, Literal) else " " for part in elements[0]])
        return self._elements(name) if name.isidentifier() else None

    def _elements(self, name: str) -> Value | None:
        """What a parameter holds, None where only the run can tell; no element where it is unset."""
        positional = self._scope.positional
        if name in self._choice:
            found = self._choice[name]
        elif name in ("@", "*"):
            found = positional
        elif name == "0":
            found = None if self._scope.name is None else (self._scope.name,)
        elif name.isdigit():
            index = int(name) - 1
            found = None if positional is None or index < 0 else positional[index : index + 1]
        else:
            found = self._scope.lookup(name).only
        return None if found is None else [tuple([_split_later(part) for part in word.parts]) for word in found]

    def _or(self, node: Parameter, elements: Value, operation: str) -> Value | None:
        """`${X:-…}` and its kin."""
        kind, empty_too = operation[-1], len(operation) > 1
        length = sum(len(part.text) if isinstance(part, Literal) else 0 for element in elements for part in element)
        certain = length > 0 or not any(isinstance(part, Unknown) for element in elements for part in element)
        if empty_too and not certain:
            return None
        there = bool(elements) and (length > 0 or not empty_too)
        if kind == "+":
            return self._argument(node) if there else [()]
        if there:
            return elements
        value = self._argument(node)
        if kind == "=":
            name = node.name.decode("utf-8", "surrogateescape")
            self._scope.assign(name, scalar(Word(tuple([_quoted(part) for part in value[0]]))))
        return None if kind == "?" else value

    def _argument(self, node: Parameter) -> Value:
        argument = node.argument
        if argument is None:
            return [()]
        word = written_value(argument, self._script, lambda: self._scope.home)
        parts: list[Part] = []
        for part in word.parts:
            value = None if isinstance(part, Literal) else self._value(part)
            if isinstance(part, Literal):
                parts.append(part)
            elif value is None:
                parts.append(self._open(part))
            else:
                parts += [_quoted(one) for one in _joined(value, " ")] if part.quoted else _joined(value, " ")
        return [tuple(parts)]


def expanded_value(node: Node, scope: Scope, script: Script, read: Read, choice: Choice) -> Word:
    """The value of an assignment, expanded."""
    return Expander(scope, script, read, choice).one(written_value(node, script, lambda: scope.home))


def _is_many(part: Unknown) -> bool:
    """Whether a quoted expansion becomes a word an element."""
    return part.variable == "@" or part.operation.startswith("[@]")


def _subscripted(elements: Value, operation: bytes, *, first: int) -> tuple[Value | None, bytes]:
    """The elements that a subscript names, the first by that number, and the operation behind it."""
    inside, bracket, rest = operation[1:].partition(b"]")
    if not bracket:
        return None, operation
    if inside in (b"@", b"*"):
        return elements, rest
    at = int(inside) - first if inside.isdigit() and len(inside) < 9 else -1
    return (None if at < 0 else elements[at : at + 1]), rest


def _split_later(part: Part) -> Part:
    return Literal(part.text, quoted=False) if isinstance(part, Literal) else part


def _quoted(part: Part) -> Part:
    return Literal(part.text, quoted=True) if isinstance(part, Literal) else replace(part, quoted=True, several=False)


def _joined(value: Value, separator: str) -> list[Part]:
    """Elements as one, and text that is there though it is empty."""
    parts: list[Part] = []
    for index, element in enumerate(value):
        if index and separator:
            parts.append(Literal(separator, quoted=True))
        parts += element
    return parts or [Literal("", quoted=True)]

"""Words of nodes: what the parser's tree and the bytes below it make of a command's words."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence

import tree_sitter

from safeshell.shell.parse import LineSource, descendants
from safeshell.shell.quoting import Expansions, decode, read_pieces, simple_word, to_words
from safeshell.shell.words import Unknown, Word

SUBSTITUTIONS = ("command_substitution", "process_substitution")
_EXPANSIONS = ("simple_expansion", "expansion", "arithmetic_expansion", *SUBSTITUTIONS)
_BLANKS = re.compile(rb"(?:[ \t]|\\.)*", re.DOTALL)
_CHUNK = re.compile(rb"\\.|[^\\]+", re.DOTALL)


def read_words(
    data: bytes, nodes: Sequence[tree_sitter.Node], home: str | None, *, assignment: bool = False
) -> list[Word]:
    """The words of nodes; those that touch are one.

    Args:
        data: the text that the tree is of.
        nodes: of words, in order.
        home: what `~` stands for, or None where only the run can tell.
        assignment: they are a variable's value.
    """
    words: list[Word] = []
    waiting = deque(nodes)
    for start, end in _spans(data, nodes):
        inside = []
        while waiting and waiting[0].start_byte < end:
            inside.append(waiting.popleft())
        simple = simple_word(data[start:end])
        if simple is not None:
            words.append(simple)
            continue
        pieces = read_pieces(data, start, end, _expansions(data, inside))
        words += to_words(pieces, decode(data[start:end]), home, assignment=assignment)
    return words


def assigned_names(source: LineSource) -> Iterator[str]:
    """The variables that a text assigns anywhere, but for those before a command: they change nothing for its words."""
    for node in descendants(source.root):
        if node.type == "variable_assignment" and node.parent is not None and node.parent.type == "command":
            continue
        found: list[tree_sitter.Node] = []
        if node.type in ("variable_assignment", "for_statement", "select_statement"):
            found = [child for child in node.children if child.type in ("variable_name", "subscript")][:1]
        elif node.type == "expansion" and any(child.type in (":=", "=") for child in node.children):
            found = [child for child in node.children if child.type == "variable_name"]
        for name in found:
            yield decode(source.data[name.start_byte : name.end_byte]).split("[")[0]


def _chunks(gap: bytes) -> list[bytes]:
    """Blanks and escaped characters, apart."""
    return _CHUNK.findall(gap)


def _spans(data: bytes, nodes: Sequence[tree_sitter.Node]) -> list[tuple[int, int]]:
    """Where words begin and end. The grammar splits some words, and leaves escaped blanks out of others."""
    spans: list[tuple[int, int]] = []
    for index, node in enumerate(nodes):
        end = nodes[index - 1].end_byte if index else node.start_byte
        gap = data[end : node.start_byte]
        chunks = _chunks(gap) if _BLANKS.fullmatch(gap) else [gap]
        _join(spans, end, chunks, node)
    tail = _BLANKS.match(data, nodes[-1].end_byte) if nodes else None
    if tail is not None:
        _join(spans, tail.start(), _chunks(tail[0]), None)
    return spans


def _join(spans: list[tuple[int, int]], at: int, chunks: Sequence[bytes], node: tree_sitter.Node | None) -> None:
    """Adds what stands between two nodes, and the second of them."""
    apart = not spans
    for chunk in chunks:
        end = at + len(chunk)
        if chunk[:1] != b"\\":
            apart = True
        elif chunk != b"\\\n":
            spans[-1:] = [(spans[-1][0], end)] if not apart else [*spans[-1:], (at, end)]
            apart = False
        at = end
    if node is not None:
        joined = bool(spans) and not apart
        spans[-1:] = [(spans[-1][0], node.end_byte)] if joined else [*spans[-1:], (node.start_byte, node.end_byte)]


def _expansions(data: bytes, nodes: Sequence[tree_sitter.Node]) -> Expansions:
    found: dict[int, tuple[int, object]] = {}
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node.type in _EXPANSIONS:
            found[node.start_byte] = (node.end_byte, _maker(decode(data[node.start_byte : node.end_byte]), node.type))
        else:
            waiting.extend(node.children)
    return found  # type: ignore[return-value] # the makers below


def _maker(source: str, kind: str) -> object:
    variable = operation = ""
    if kind == "simple_expansion":
        variable = source[1:]
    elif kind == "expansion" and source[2:3] not in ("!", "#"):
        name = source[2:-1]
        length = next((at for at, char in enumerate(name) if not (char.isalnum() or char == "_")), len(name))
        length = length or (1 if name[:1] in ("@", "*") else 0)
        variable, operation = name[:length], name[length:]
    single = kind in ("arithmetic_expansion", "process_substitution") or variable in ("#", "?", "$", "!")

    def make(quoted: bool) -> Unknown:
        several = not single and (not quoted or variable == "@")
        return Unknown(source, quoted, variable, operation, several)

    return make

"""Another reader of bash as an oracle: no command that tree-sitter-bash sees in the corpora is missing here."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

import tree_sitter
import tree_sitter_bash
from corpus.lines.entries import guarded, harmless

from safeshell.shell.syntax.reader import parse
from safeshell.shell.syntax.tree import Dialect, Script, Simple, Word

WORDS = set(b"time coproc ! if fi do done then else esac { } in".split())
"""Words of the shell's that it takes for commands; descriptors before redirections, too."""

MISREAD = {"cat <<EOF\n EOF\nrm -rf /\nEOF", "rm$IFS-rf$IFS/"}
"""By tree-sitter: an end that is indented, a word that goes on behind a variable."""

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def nodes(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children)


def names_of(script: Script) -> Iterator[bytes]:
    """The first words of a script's commands, as they are written, those of what is in words among them."""
    waiting: list[tuple[object, bytes]] = [(script, script.data)]
    while waiting:
        value, data = waiting.pop()
        if isinstance(value, Script):
            data = value.data
        if isinstance(value, Simple) and value.words and isinstance(value.words[0], Word):
            yield data[value.words[0].start : value.words[0].end]
        if isinstance(value, tuple | list):
            waiting += [(each, data) for each in value]
        elif dataclasses.is_dataclass(value):
            waiting += [(getattr(value, field.name), data) for field in dataclasses.fields(value)]


def test_no_command_that_tree_sitter_sees_is_missing() -> None:
    lines = [entry.line for entry in harmless()]
    lines += [entry.line for entry in guarded() if entry.shell == "bash"]
    read = 0
    wrong = []
    for line in lines:
        data = line.encode("utf-8", "surrogateescape")
        root = PARSER.parse(data).root_node
        if root.has_error or not data.isascii():
            continue
        read += 1
        seen = Counter(
            data[node.start_byte : node.end_byte]
            for node in nodes(root)
            if node.type == "command_name" and b"\n" not in data[node.start_byte : node.end_byte]
        )
        ours = Counter(names_of(parse(data, Dialect.BASH)))
        missing = {name for name in seen - ours if name not in WORDS and not name.isdigit()}
        if missing:
            wrong.append((line, missing))
    assert {line for line, _ in wrong} == MISREAD, wrong
    assert read > 0.7 * len(lines)

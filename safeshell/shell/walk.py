"""Walk of a shell line: from its tree to the commands that it runs, whatever runs them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import tree_sitter

from safeshell.shell.builtins import take_effect
from safeshell.shell.expansion import expand
from safeshell.shell.limits import OverrunError
from safeshell.shell.nested_commands import Input, NestedCommand, NestedText
from safeshell.shell.node_words import SUBSTITUTIONS, assigned_names, read_words
from safeshell.shell.outputs import output
from safeshell.shell.parse import Deadline, LineSource, descendants
from safeshell.shell.programs import nested
from safeshell.shell.quoting import decode
from safeshell.shell.scope import Scope
from safeshell.shell.walked import LineCommand, WalkedLine
from safeshell.shell.words import Word, plain, unknown

COMMANDS_MAX = 4096
"""Commands of one line."""


def commands_of(text: str, *, environment: Mapping[str, str], directory: str | None) -> WalkedLine:
    """The commands that a shell line runs.

    Args:
        text: the line; bytes that are not UTF-8 as surrogates.
        environment: the request's.
        directory: where it runs, absolute; None where it is not known.
    """
    walk = _Walk()
    walk.guard(lambda: walk.script(text, Scope(environment, directory)))
    return walk.line


def commands_in_turn(command: LineCommand, *, environment: Mapping[str, str], depth: int) -> WalkedLine:
    """The commands that a command runs in turn, that one itself not among them.

    Args:
        command: it; what it changes is in `environment` already.
        environment: its own.
        depth: how many such commands are around it.
    """
    walk = _Walk(command.place)
    scope = Scope(environment, command.directory, shims=command.shims, depth=depth)
    walk.guard(lambda: walk.in_turn(command.words, scope))
    return walk.line


_SUBSHELLS = ("subshell", *SUBSTITUTIONS)
_REDIRECTS = ("file_redirect", "heredoc_redirect", "herestring_redirect")
_PIPE = Input(None)


class _Walk:
    """One line's walk.

    Attributes:
        line: what was found.
    """

    def __init__(self, place: tuple[int, int] | None = None) -> None:
        self.line = WalkedLine()
        self._deadline = Deadline()
        self._source: LineSource
        self._place = place

    def guard(self, walk: Callable[[], None]) -> None:
        """Walks, and notes where that goes too far."""
        try:
            walk()
        except OverrunError as error:
            self.line.overrun = str(error)
        except RecursionError:
            self.line.overrun = "it nests too deep"

    # Texts

    def script(self, text: str, scope: Scope) -> None:
        """Walks a shell text."""
        source = LineSource(text, self._deadline)
        scope.assigned |= set(assigned_names(source))
        outer, self._source = getattr(self, "_source", None), source
        try:
            self._statement(source.root, scope)
        finally:
            if outer is not None:
                self._source = outer

    @staticmethod
    def _raw(source: LineSource, node: tree_sitter.Node) -> str:
        return decode(source.data[node.start_byte : node.end_byte])

    # Statements

    def _statement(self, node: tree_sitter.Node, scope: Scope) -> None:
        self._deadline.check()
        kind = node.type
        if kind in ("command", "declaration_command", "unset_command"):
            self._command(node, scope)
        elif kind in _SUBSHELLS:
            self._children(node, scope.fork())
        elif kind == "pipeline":
            self._pipeline(node, scope, None)
        elif kind == "redirected_statement":
            self._redirected(node, scope)
        elif kind == "function_definition":
            self._function(node, scope)
        elif kind == "variable_assignment":
            self._assign(node, scope)
        elif kind == "ERROR":
            self._broken(node)
            self._children(node, scope)
        elif kind not in ("comment", "heredoc_body", "word", "string", "raw_string") or node.has_error:
            self._children(node, scope)
        elif kind == "string":
            self._substitutions(node, scope)

    def _children(self, node: tree_sitter.Node, scope: Scope) -> None:
        waiting = list(reversed(node.named_children))
        while waiting:
            child = waiting.pop()
            if child.type == "list" and not child.has_error:  # as deep as the line has commands
                waiting.extend(reversed(child.named_children))
            else:
                self._statement(child, scope)

    def _broken(self, node: tree_sitter.Node) -> None:
        for found in descendants(node):
            if found.type in ("word", "command_name", "variable_name") and found.child_count == 0:
                self.line.broken.append(os.path.basename(self._raw(self._source, found)))

    def _pipeline(self, node: tree_sitter.Node, scope: Scope, first: Input | None) -> None:
        stdin = first
        for child in node.named_children:
            part = scope.fork(stdin=stdin)
            stdin = self._output(child, part)
            self._statement(child, part)

    def _output(self, node: tree_sitter.Node, scope: Scope) -> Input:
        """What one element of a pipeline writes."""
        if node.type == "command":
            words = self._words(node, scope)[0]
            redirects = [child for child in node.children if child.type in _REDIRECTS]
            return output(expand(words, scope), self._stdin(redirects, scope)) if words else _PIPE
        if node.type == "redirected_statement" and node.named_children:
            body = node.named_children[0]
            redirects = [child for child in node.named_children if child.type in _REDIRECTS]
            if any(child.type == "file_redirect" for child in redirects):
                return _PIPE
            return self._output(body, replace(scope, stdin=self._stdin(redirects, scope)))
        return _PIPE

    def _redirected(self, node: tree_sitter.Node, scope: Scope) -> None:
        redirects = [child for child in node.named_children if child.type in _REDIRECTS]
        bodies = [child for child in node.named_children if child.type not in _REDIRECTS]
        outer = scope.stdin
        scope.stdin = self._stdin(redirects, scope)
        written = self._output(bodies[0], scope) if bodies else _PIPE
        for body in bodies:
            self._statement(body, scope)
        scope.stdin = outer
        for redirect in redirects:
            self._substitutions(redirect, scope)
            # What follows `<<EOF` on its line hangs below the redirection.
            for child in redirect.named_children:
                if child.type == "pipeline":
                    self._pipeline(child, scope, written)
                elif redirect.type == "heredoc_redirect" and child.type in ("command", "list", "redirected_statement"):
                    self._statement(child, scope)

    def _stdin(self, redirects: Sequence[tree_sitter.Node], scope: Scope) -> Input | None:
        found = scope.stdin
        for redirect in redirects:
            data = self._source.data
            if redirect.type == "heredoc_redirect":
                start = next((one for one in redirect.children if one.type == "heredoc_start"), None)
                body = next((one for one in redirect.children if one.type == "heredoc_body"), None)
                quoted = start is not None and any(char in self._raw(self._source, start) for char in "'\"\\")
                text = "" if body is None else self._raw(self._source, body)
                found = Input(None) if self._source.lost else Input(text, quoted or not set("$`") & set(text))
            elif redirect.type == "herestring_redirect" or (
                redirect.type == "file_redirect" and data[redirect.start_byte - 2 : redirect.start_byte + 1] == b"<<<"
            ):
                words = self._read(redirect.named_children[-1:], scope) if redirect.named_children else []
                words = expand(words, scope)
                text = " ".join([word.written for word in words])
                found = Input(text, all(word.literal is not None for word in words))
            elif any(child.type in ("<", "<&") for child in redirect.children):
                substituted = any(child.type == "process_substitution" for child in redirect.children)
                found = _PIPE if substituted else None
        return found

    def _function(self, node: tree_sitter.Node, scope: Scope) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is None or body is None:
            self._children(node, scope)
            return
        scope.functions[self._raw(self._source, name)] = (self._source, body)
        inner = scope.fork()
        inner.positional = None
        self._statement(body, inner)

    def _assign(self, node: tree_sitter.Node, scope: Scope) -> None:
        name, value = self._assignment(node, scope)
        self._substitutions(node, scope)
        if name in scope.environment or name in scope.changes:
            self._export(name, value, scope)

    def _export(self, name: str, value: Word | None, scope: Scope) -> None:
        scope.changes[name] = value
        scope.assigned.add(name)
        if name == "PATH" and (value is None or "$PATH" not in value.written.replace("{", "")):
            scope.shims = False

    def _assignment(self, node: tree_sitter.Node, scope: Scope) -> tuple[str, Word]:
        name = self._raw(self._source, node).partition("=")[0].rstrip("+").split("[")[0]
        value = node.child_by_field_name("value")
        if value is None:
            return name, Word(())
        words = expand(self._read([value], scope, assignment=True), scope)
        return name, words[0] if len(words) == 1 else unknown(self._raw(self._source, value))

    # Words

    def _read(self, nodes: Sequence[tree_sitter.Node], scope: Scope, *, assignment: bool = False) -> list[Word]:
        return read_words(self._source.data, nodes, scope.home, assignment=assignment)

    def _substitutions(self, node: tree_sitter.Node, scope: Scope) -> None:
        """Walks the substitutions in words."""
        waiting = [node]
        while waiting:
            found = waiting.pop()
            if found.type in _SUBSHELLS:
                self._children(found, scope.fork())
            elif found.type == "ERROR" and found is not node:
                self._broken(found)
            elif found is node or found.type not in ("pipeline", "command", "list", "redirected_statement"):
                waiting.extend(reversed(found.named_children))

    def _words(self, node: tree_sitter.Node, scope: Scope) -> tuple[list[Word], list[tree_sitter.Node]]:
        """A command's words, and its assignments."""
        if node.type != "command":
            keyword, *rest = node.children or [node]
            name = plain(self._raw(self._source, keyword))
            words = [one for rest_one in rest for one in self._read([rest_one], scope, assignment=True)]
            return [name, *words], [child for child in rest if child.type == "variable_assignment"]
        assignments = [child for child in node.children if child.type == "variable_assignment"]
        nodes = []
        for child in node.children:
            if child.type == "ERROR":
                nodes += [one for one in child.children if one.type == "word"]
            elif child.type == "command_name":
                nodes += child.children or [child]
            elif child.type != "variable_assignment" and child.type not in _REDIRECTS:
                nodes.append(child)
        words = self._read(nodes, scope)
        if any(child.type == "ERROR" for child in node.children):
            words.append(unknown("…"))
        return words, assignments

    # Commands

    def _command(self, node: tree_sitter.Node, scope: Scope) -> None:
        outer = self._place
        if outer is None:
            self._place = (node.start_byte, node.end_byte)
        try:
            self._simple(node, scope)
        finally:
            self._place = outer

    def _simple(self, node: tree_sitter.Node, scope: Scope) -> None:
        self._substitutions(node, scope)
        for child in node.children:
            if child.type == "ERROR":
                self._broken(child)
        words, assignments = self._words(node, scope)
        changes = [self._assignment(child, scope) for child in assignments]
        if node.type != "command":
            self._declared(node, words, changes, scope)
        redirects = [child for child in node.children if child.type in _REDIRECTS]
        inner = replace(scope, stdin=self._stdin(redirects, scope)) if redirects else scope
        if not words:
            return
        alias = scope.aliases.get(words[0].source)
        if alias is not None and node.type == "command":
            self._alias(words, alias, inner)
            return
        if changes and node.type == "command":
            inner = replace(inner, changes=dict(inner.changes))
            for name, value in changes:
                inner.changes[name] = value
                if name == "PATH":
                    inner.shims = False
        self._both(words, inner)
        take_effect(expand(words, scope), scope)

    def _declared(
        self, node: tree_sitter.Node, words: list[Word], changes: list[tuple[str, Word]], scope: Scope
    ) -> None:
        if node.type == "unset_command":
            for word in words[1:]:
                scope.assigned.add(word.written)
                scope.changes[word.written] = None
        exported = words[0].written == "export" or any(
            word.written.startswith("-") and "x" in word.written for word in words
        )
        for name, value in changes:
            scope.assigned.add(name)
            if exported or name in scope.environment:
                self._export(name, value, scope)

    def _alias(self, words: Sequence[Word], alias: str, scope: Scope) -> None:
        inner = scope.deeper()
        inner.aliases = {name: text for name, text in scope.aliases.items() if name != words[0].source}
        self.script(" ".join([alias, *[word.source for word in words[1:]]]), inner)
        scope.directory = inner.directory

    def _both(self, words: Sequence[Word], scope: Scope) -> None:
        """Judges a command as it is written and as it is expanded."""
        written = tuple(words)
        expanded = tuple(expand(words, scope))
        self._found(expanded, written, scope)
        if expanded != written:
            self.in_turn(written, scope)
        self.in_turn(expanded, scope)

    def _found(self, words: tuple[Word, ...], written: tuple[Word, ...], scope: Scope, *, bare: bool = False) -> None:
        if len(self.line.commands) >= COMMANDS_MAX:
            raise OverrunError(f"it has more than {COMMANDS_MAX} commands")
        place = self._place or (0, len(self._source.data))
        made = LineCommand(
            words, written, dict(scope.changes), scope.directory, place, scope.shims and not scope.remote, bare
        )
        if made not in self.line.commands[-8:]:
            self.line.commands.append(made)

    def in_turn(self, words: tuple[Word, ...], scope: Scope) -> None:
        """Walks what a command runs in turn."""
        if not words or words[0].literal is None:
            return
        self._deadline.check()
        name = words[0].literal
        if name in scope.functions:
            source, body = scope.functions[name]
            inner = scope.deeper()
            inner.positional = words[1:]
            inner.functions = {key: value for key, value in scope.functions.items() if key != name}
            outer, self._source = self._source, source
            try:
                self._statement(body, inner)
            finally:
                self._source = outer
            scope.directory = inner.directory
            return
        for answer in nested(words, scope.stdin):
            if isinstance(answer, NestedCommand):
                self._runs(answer, scope, words)
            else:
                self._reads(answer, scope)

    def _runs(self, answer: NestedCommand, scope: Scope, by: tuple[Word, ...]) -> None:
        inner = scope.deeper()
        inner.changes = {**({} if answer.bare else scope.changes), **dict(answer.changes)}
        if answer.directory is not None:
            inner.directory = scope.at(answer.directory)
        words = answer.words or (unknown("…"),)
        if by[0].literal == "command" and any(word.literal == "-p" for word in by[1 : -len(words)]):
            inner.shims = False  # it is looked up along the system's own PATH
        if "PATH" in dict(answer.changes):
            inner.shims = False
        self._found(words, words, inner, bare=answer.bare)
        self.in_turn(words, inner)

    def _reads(self, answer: NestedText, scope: Scope) -> None:
        inner = scope.deeper() if answer.inside else scope.fork()
        if answer.remote:
            inner.directory, inner.remote = None, True
        if not answer.inside:
            inner.positional = answer.positional
            inner.stdin = None
        if answer.text is None or not answer.whole:
            self._found((unknown("…"),), (unknown("…"),), inner)
        if answer.text is not None:
            self.script(answer.text, inner)
        if answer.inside:
            scope.directory = inner.directory

"""Walk of a shell line: from its tree to the commands that it runs, whatever runs them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping

from safeshell.shell.assignments import assigned_in
from safeshell.shell.compounds import COMPOUNDS
from safeshell.shell.encoding import decode, encode
from safeshell.shell.evaluated import evaluated, evaluated_in_assignment
from safeshell.shell.expansion import Expander, choices
from safeshell.shell.limits import Deadline, OverrunError
from safeshell.shell.nested_commands import Input
from safeshell.shell.opened_files import OpenedFiles
from safeshell.shell.outcomes import leaves, succeeds, word_is
from safeshell.shell.outputs_of import Outputs, is_output
from safeshell.shell.run import Runner
from safeshell.shell.scope import OPEN, Scope
from safeshell.shell.script_files import ScriptFiles
from safeshell.shell.syntax.accounting import unaccounted
from safeshell.shell.syntax.reader import parse, parse_expanded
from safeshell.shell.syntax.tree import (
    AndOr,
    Arithmetic,
    Array,
    Assignment,
    Command,
    Dialect,
    Function,
    Parameter,
    Part,
    Pipeline,
    Redirect,
    Script,
    Sequence,
    Simple,
    Substitution,
    Text,
)
from safeshell.shell.syntax.tree import Word as Node
from safeshell.shell.walked import LineCommand, WalkedLine
from safeshell.shell.words import Word
from safeshell.shell.written import written_words

LINE_MAX = 1 << 20
"""Bytes of a line."""

_EXPANDS = re.compile(rb"\([^()]*[eP%][^()]*\)")
"""zsh's flags with which a value is expanded once more."""

_EXPORTING = (b"export", b"declare", b"typeset")
_CALLED = re.compile(r"TRAP\w+|chpwd|precmd|preexec|periodic|zshexit|zshaddhistory")
"""Functions that zsh calls by itself."""

_NAME = re.compile(rb"[A-Za-z_]\w*")
_WORD = re.compile(rb"""[^\s;&|<>(){}'"`$\\]+""")


def commands_of(
    text: str,
    *,
    environment: Mapping[str, str],
    directory: str | None,
    dialect: Dialect = Dialect.BASH,
    deadline: Deadline | None = None,
    files: ScriptFiles | None = None,
) -> WalkedLine:
    """The commands that a shell line runs.

    Args:
        text: the line; bytes that are not UTF-8 as surrogates.
        environment: the request's.
        directory: where it runs, absolute; None where it is not known.
        dialect: the shell that reads it.
        deadline: the time that it may take; None: that of a line.
        files: reads the files that its commands run; None: they aren't read.
    """
    walk = _Walk(deadline or Deadline(), files)
    scope = Scope(environment, (directory,), dialect, argless=True)
    walk.guard(lambda: walk.script(encode(text), scope))
    return walk.line


def commands_in_turn(
    command: LineCommand,
    *,
    environment: Mapping[str, str],
    depth: int,
    deadline: Deadline | None = None,
    files: ScriptFiles | None = None,
) -> WalkedLine:
    """The commands that a command runs in turn, that one itself not among them.

    Args:
        command: it; what it changes is in `environment` already.
        environment: its own.
        depth: how many such commands are around it.
        deadline: the time that it may take; None: that of a line.
        files: as of `commands_of`.
    """
    walk = _Walk(deadline or Deadline(), files, command.place)
    walk.runner.file = command.file
    scope = Scope(environment, (command.directory,), shims=command.shims, depth=depth)
    walk.guard(lambda: walk.runner.in_turn(command.words, scope))
    return walk.line


class _Walk:
    """One line's walk.

    Attributes:
        line: what was found.
        runner: what runs simple commands.
    """

    def __init__(
        self, deadline: Deadline, files: ScriptFiles | None = None, place: tuple[int, int] | None = None
    ) -> None:
        self.line = WalkedLine()
        self._deadline = deadline
        self._script = Script(b"", Sequence((), 0, 0))
        self._outputs = Outputs(self._deadline.check)
        self._files = None if files is None else OpenedFiles(files, deadline, self._read)
        self.runner = Runner(self.line, self._deadline.check, self.script, self._expand, self.call, place, self._files)
        self._defined: dict[int, tuple[Script, Function, Scope, tuple[int, int] | None]] = {}

    def guard(self, walk: Callable[[], None]) -> None:
        """Walks, once, and notes where that goes too far."""
        try:
            walk()
            while self._defined:  # whoever reads the line's functions later may call them
                script, function, scope, self.runner.place = self._defined.pop(next(iter(self._defined)))
                scope.positional, scope.argless = None, False
                self._within(script, function.body, scope)
        except OverrunError as error:
            self.line.overrun = str(error)
        except RecursionError:
            self.line.overrun = "it nests too deep"
        finally:
            del self.runner  # it holds this one's methods: all nodes of the line would wait for the collector

    # Texts

    def script(self, data: bytes, scope: Scope) -> None:
        """Walks a shell text."""
        if len(data) > LINE_MAX:
            raise OverrunError("it is longer than 1 MiB")
        try:
            script = parse(data, scope.dialect, limit=self._deadline.check)
        except OverrunError as error:
            if isinstance(error.read, Script):  # it runs, whatever stands behind it
                self._read(error.read, scope)
            raise
        self._read(script, scope)

    def _expand(self, data: bytes, scope: Scope) -> None:
        script = Script(data, Sequence((), 0, 0), None, scope.dialect)
        parts = parse_expanded(data, scope.dialect, limit=self._deadline.check)
        outer, self._script = self._script, script
        try:
            self.inside(parts, scope.fork())
        finally:
            self._script = outer

    def _read(self, script: Script, scope: Scope) -> None:
        outer, self._script = self._script, script
        try:
            self.sequence(script.body, scope)
        finally:
            self._script = outer
        self._note_unread(script)

    def _note_unread(self, script: Script) -> None:
        """Notes the words of what could not be read, and of what was read as nothing; of the line itself only."""
        if self.runner.file:
            return
        broken = script.broken
        spans = unaccounted(script) if broken is None else [(broken.start, len(script.data))]
        for start, end in spans:
            self.line.broken += [decode(os.path.basename(word)) for word in _WORD.findall(script.data[start:end])]

    def call(self, function: tuple[Script, Function], scope: Scope) -> None:
        """Walks the body of a function that is called; what it is called with is in the scope."""
        script, definition = function
        self._defined.pop(id(definition), None)
        self._within(script, definition.body, scope)

    def _within(self, script: Script, command: Command, scope: Scope) -> None:
        outer, self._script = self._script, script
        try:
            self.command(command, scope)
        finally:
            self._script = outer

    # Lists

    def sequence(self, sequence: Sequence, scope: Scope) -> None:
        for item in sequence.items:
            self._and_or(item, scope.fork(stdin=Input("")) if item.background else scope)

    def _and_or(self, item: AndOr, scope: Scope) -> None:
        self._pipeline(item.pipelines[0], scope)
        sure = succeeds(item.pipelines[0])
        for operator, pipeline in zip(item.operators, item.pipelines[1:], strict=True):
            if operator == b"&&" and sure:
                self._pipeline(pipeline, scope)
                sure = succeeds(pipeline)
                continue
            inner = scope.copy()
            self._pipeline(pipeline, inner)
            if not (operator == b"||" and (sure or leaves(pipeline))):
                scope.join(inner)
            sure = sure and operator == b"||"

    def _pipeline(self, pipeline: Pipeline, scope: Scope) -> None:
        if len(pipeline.commands) == 1:
            self.command(pipeline.commands[0], scope)
            return
        stdin = scope.stdin
        last = pipeline.commands[-1]
        for command in pipeline.commands:
            if command is last and scope.dialect is Dialect.ZSH:  # which runs in the shell itself
                part = scope.alike()
                part.stdin = stdin
                self.command(command, part)
                scope.become(part)
                return
            part = scope.fork(stdin=stdin)
            if command is not last:
                stdin = self._outputs.of_command(command, self._script, part)
            self.command(command, part)

    def command(self, command: Command, scope: Scope) -> None:
        self._deadline.check()
        if isinstance(command, Simple):
            self._simple(command, scope)
        elif isinstance(command, Function):
            self._function(command, scope)
        else:
            COMPOUNDS[type(command)](self, command, scope)

    # What stands in words

    def inside(self, parts: tuple[Part, ...], scope: Scope) -> None:
        """Walks the substitutions in a word."""
        for part in parts:
            if isinstance(part, Text):
                continue
            if isinstance(part, Substitution):
                self._substituted(part, scope)
            elif isinstance(part, Parameter):
                if part.argument is not None:
                    self.inside(part.argument.parts, scope)
                    self._evaluated(part, evaluated(part, self._script.data[part.start : part.end]), scope)
                    if part.operation in (b"=", b":="):
                        scope.assign(decode(part.name), OPEN)
                if part.operation == b"@P" or _EXPANDS.match(part.operation):
                    for choice in scope.lookup(decode(part.name)).choices:
                        for word in choice:
                            self.runner.expand_text(word.written, scope)
            elif isinstance(part, Arithmetic):
                self._evaluated(part, evaluated(part, b""), scope)
                self.inside(part.inside.parts, scope)
                self.count(part.start, part.end, scope)

    def _evaluated(self, node: Parameter | Arithmetic | Assignment, texts: Iterable[bytes], scope: Scope) -> None:
        place = self.runner.place
        for text in texts:
            self.runner.place = place or (node.start, node.end)
            self.runner.expand_text(decode(text), scope)
        self.runner.place = place

    def _substituted(self, part: Substitution, scope: Scope) -> None:
        outer, place = self._script, self.runner.place
        self._script = part.script
        if place is None and part.script.data is not outer.data:  # what was unescaped has offsets of its own
            self.runner.place = (part.start, part.end)
        try:
            self.sequence(part.script.body, scope.fork(stdin=Input(None) if part.kind == ">(" else None))
        finally:
            self._script, self.runner.place = outer, place
        if part.script.data is not outer.data or part.script.broken is not None:
            self._note_unread(part.script)  # else the text around accounts for it

    def count(self, start: int, end: int, scope: Scope) -> None:
        """What arithmetic assigns is left for the run."""
        expression = self._script.data[start:end]
        for name in assigned_in(expression):
            scope.assign(name, OPEN)
        for found in _NAME.findall(expression):
            variable = scope.variables.get(decode(found))
            for choice in () if variable is None else variable.choices:
                for word in choice:
                    self.runner.expand_text(word.written, scope)  # a value is an expression, too

    def _inside_all(self, node: Simple, scope: Scope) -> None:
        for assignment in node.assignments:
            self._inside_assignment(assignment, scope)
        for word in node.words:
            if not isinstance(word, Node):
                self._inside_assignment(word, scope)
            elif len(word.parts) != 1 or not isinstance(word.parts[0], Text):  # most are one text, with nothing in it
                self.inside(word.parts, scope)

    def _inside_assignment(self, assignment: Assignment, scope: Scope) -> None:
        if assignment.subscript is not None:
            self.inside(assignment.subscript.parts, scope)
        self._evaluated(assignment, evaluated_in_assignment(assignment), scope)
        words = assignment.value.words if isinstance(assignment.value, Array) else (assignment.value,)
        for word in words:
            self.inside(word.parts, scope)

    def redirected(self, redirects: tuple[Redirect, ...], scope: Scope) -> Scope:
        """The shell with what redirections give it to read."""
        if not redirects:
            return scope
        for redirect in redirects:
            self.inside(redirect.target.parts, scope)
            if redirect.document is not None:
                self.inside(redirect.document.parts, scope)
        stdin, descriptors = self._outputs.read(redirects, self._script, scope)
        made = scope.alike()
        made.stdin, made.descriptors = stdin, descriptors
        return made

    # Commands

    def expanded(self, nodes: tuple[Node, ...], scope: Scope) -> list[Word]:
        """The words of a list, for every value that its variables may have."""
        words = [one for node in nodes for one in written_words(node, self._script, lambda: scope.home)]
        found: dict[Word, None] = {}
        for choice in choices(words, scope):
            expander = Expander(scope, self._script, self._outputs.of_script, choice)
            found.update(dict.fromkeys(expander.words(words)))
        return list(found)

    def _simple(self, node: Simple, scope: Scope) -> None:
        self._inside_all(node, scope)
        inner = self.redirected(node.redirects, scope)
        if self._files is not None and any(map(is_output, node.redirects)):
            self._write(node, scope, self._files)
        self.runner.run(node, self._script, inner, self._outputs.of_script)
        if self.runner.file and node.words and word_is(node.words[0], _EXPORTING):
            words = [
                word.written
                for word in self.expanded(tuple([one for one in node.words if isinstance(one, Node)]), scope)
            ]
            if any(word[:1] == "-" and "f" in word for word in words):
                self._runs_later(words[1:], scope)
        if inner is not scope:
            scope.become(inner)
            if len(node.words) == 1 and word_is(node.words[0], (b"exec",)):  # the shell's own from here on
                scope.stdin = inner.stdin
                scope.descriptors = inner.descriptors

    def _write(self, node: Simple, scope: Scope, files: OpenedFiles) -> None:
        """Notes what a command's output is in the files that it goes into."""
        text = self._outputs.into_file(node, self._script, scope)
        for redirect in filter(is_output, node.redirects):
            for target in self.expanded((redirect.target,), scope):
                files.write(target, scope, text, adds=b">>" in redirect.operator)

    def _function(self, node: Function, scope: Scope) -> None:
        if not node.names:  # zsh's anonymous one
            for word in node.words:
                self.inside(word.parts, scope)
            inner = self.redirected(node.redirects, scope).deeper()
            inner.positional = tuple(self.expanded(node.words, scope))
            self.command(node.body, inner)
            positional = scope.positional
            scope.become(inner)
            scope.positional = positional
            return
        definition = (self._script, node)
        for name in node.names:
            self.inside(name.parts, scope)
            for spelled in written_words(name, self._script, lambda: None):
                scope.functions[spelled.written] = (definition,)
        if not self.runner.file:
            self._defined[id(node)] = (self._script, node, scope.copy(), self.runner.place)
        elif scope.dialect is Dialect.ZSH:  # what a file defines and nothing calls is not run
            self._runs_later([name for name in scope.functions if _CALLED.fullmatch(name)], scope)

    def _runs_later(self, names: Iterable[str], scope: Scope) -> None:
        """Walks a file's functions that something calls which isn't in it."""
        for name in names:
            for definition in scope.functions.get(name, ()):
                inner = scope.fork()
                inner.positional, inner.argless = None, False
                self.call(definition, inner)

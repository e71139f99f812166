"""Outputs of scripts and commands of a line, as far as the line tells them; nothing is noted as run here."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from safeshell.command.programs.plain import PLAIN
from safeshell.command.programs.wrappers import TAKEN_OFF
from safeshell.shell.dialects import dialect_of
from safeshell.shell.encoding import encode
from safeshell.shell.expansion import Expander, choices, expanded_value
from safeshell.shell.limits import NEST_MAX
from safeshell.shell.nested_commands import Input, Nested, NestedCommand, NestedText
from safeshell.shell.outputs import TOLD, output
from safeshell.shell.programs import nested
from safeshell.shell.scope import OPEN, Scope, scalar
from safeshell.shell.syntax.reader import parse
from safeshell.shell.syntax.tree import (
    Array,
    Command,
    Dialect,
    Group,
    Pipeline,
    Redirect,
    Script,
    Sequence,
    Simple,
    Subshell,
    Text,
)
from safeshell.shell.syntax.tree import Word as Node
from safeshell.shell.words import Unknown, Word, plain
from safeshell.shell.written import written_value, written_words

UNTOLD = Input(None)
_REPORTING = ("command", "exec", "xargs", "time", "strace", "ltrace")
"""Wrappers of which the output may hold more than the command's."""

_WRITES = (b">", b">>", b">|", b"<>", b">!", b">>|", b"&>", b"&>>", b">&")
_WAYS_MAX = 8
"""Texts that commands one behind the other may write together."""


class Outputs:
    """What commands write, and what redirections give them to read.

    Args:
        check: raises once the line took too long.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check

    def of_script(self, script: Script, scope: Scope) -> Input:
        """What a substitution's commands write."""
        if script.broken is not None:
            return UNTOLD
        return self._of_sequence(script.body, script, scope.fork())

    def of_command(self, command: Command, script: Script, scope: Scope) -> Input:
        """What one command writes to its standard output.

        Args:
            command: it.
            script: the text that it stands in.
            scope: the shell that runs it; it is left as it is.
        """
        self._check()
        if isinstance(command, Simple):
            return UNTOLD if _is_never_told(command, scope) else self._of_simple(command, script, scope.copy())
        if isinstance(command, Group | Subshell) and not any(map(is_output, command.redirects)):
            inner = scope.fork(stdin=self.stdin(command.redirects, script, scope))
            return self._of_sequence(command.body, script, inner)
        return UNTOLD

    def into_file(self, node: Simple, script: Script, scope: Scope) -> str | None:
        """What a command writes whose output goes into a file; None where only the run can tell."""
        plainly = replace(node, redirects=tuple([one for one in node.redirects if not is_output(one)]))
        return self._of_simple(plainly, script, scope.copy()).text

    def _of_sequence(self, sequence: Sequence, script: Script, scope: Scope) -> Input:
        if len(sequence.items) == 1 and not sequence.items[0].operators and not sequence.items[0].background:
            return self._of_pipeline(sequence.items[0].pipelines[0], script, scope)
        ways = [""]
        exact = whole = True
        for item in sequence.items:
            if item.operators or item.background:
                return UNTOLD
            found = self._of_pipeline(item.pipelines[0], script, scope)
            more = found.maybe if found.text is None else (found.text,)
            exact, whole = exact and found.text is not None, whole and found.whole
            ways = [way + text for way in ways for text in more][:_WAYS_MAX]
        if exact:
            return Input(ways[0], whole)
        return Input(None, maybe=tuple(ways) if whole else ())

    def _of_pipeline(self, pipeline: Pipeline, script: Script, scope: Scope) -> Input:
        if len(pipeline.commands) == 1:
            only = pipeline.commands[0]
            return (
                self._of_simple(only, script, scope)
                if isinstance(only, Simple)
                else self.of_command(only, script, scope)
            )
        found = UNTOLD
        stdin = scope.stdin
        for command in pipeline.commands:
            part = scope.alike()
            part.stdin = stdin
            found = stdin = self.of_command(command, script, part)
        return found

    def _of_simple(self, node: Simple, script: Script, scope: Scope) -> Input:
        """What a simple command writes; what it assigns is assigned."""
        if not node.words:
            for assignment in node.assignments:
                name = assignment.name.decode("utf-8", "surrogateescape")
                known = isinstance(assignment.value, Node) and not assignment.append and assignment.subscript is None
                value = OPEN
                if known and not isinstance(assignment.value, Array):
                    value = scalar(expanded_value(assignment.value, scope, script, self.of_script, {}))
                scope.assign(name, value)
            return self._of_redirects(node, script, scope)
        if any(map(is_output, node.redirects)) or _is_never_told(node, scope):
            return UNTOLD
        words = self._words(node, script, scope)
        if words is None or not words:
            return UNTOLD
        first = words[0].literal
        if first is None or first in scope.functions or first in scope.aliases:
            return UNTOLD
        stdin = self.stdin(node.redirects, script, scope)
        found = output(words, stdin, scope.dialect)
        return found if found.text is not None or found.maybe else self._of_wrapped(words, stdin, scope)

    def _of_redirects(self, node: Simple, script: Script, scope: Scope) -> Input:
        """What a command without words writes: zsh runs cat, and bash reads the file of `$(<FILE)`."""
        if node.assignments or not node.redirects:
            return Input("")
        reads_file = len(node.redirects) == 1 and node.redirects[0].operator == b"<"
        if scope.dialect is not Dialect.ZSH and not reads_file:
            return Input("")
        if scope.dialect is Dialect.SH or any(map(is_output, node.redirects)):  # dash reads none, bash as sh does
            return UNTOLD
        return self.stdin(node.redirects, script, scope) or UNTOLD

    def _words(self, node: Simple, script: Script, scope: Scope) -> tuple[Word, ...] | None:
        """A command's words; None where it depends on the way that the run takes what they are."""
        written: list[Word] = []
        for word in node.words:
            if not isinstance(word, Node):
                return None
            written += written_words(word, script, lambda: scope.home)
        ways = list(choices(written, scope))
        return Expander(scope, script, self.of_script, ways[0]).words(written) if len(ways) == 1 else None

    def _of_wrapped(self, words: tuple[Word, ...], stdin: Input | None, scope: Scope) -> Input:
        """What a program's command writes, where it runs one: nothing else, of a wrapper; most likely so, of others."""
        if stdin is not None and stdin.text is None and stdin.maybe:
            ways = [self._of_wrapped(words, Input(text), scope) for text in stdin.maybe[:_WAYS_MAX]]
            texts = [text for way in ways for text in (way.maybe if way.text is None else (way.text,)) if way.whole]
            return Input(None, maybe=tuple(dict.fromkeys(texts)))
        name = os.path.basename(words[0].literal or "")
        runs = list(nested(words, stdin)) if name not in PLAIN else ()
        if len(runs) != 1:
            return UNTOLD
        found = self._of_nested(runs[0], stdin, scope)
        if name in TAKEN_OFF and isinstance(runs[0], NestedCommand) and name not in _REPORTING:
            return found
        return Input(None, maybe=(found.text,)) if found.text is not None and found.whole else replace(found, text=None)

    def _of_nested(self, runs: Nested, stdin: Input | None, scope: Scope) -> Input:
        self._check()
        if isinstance(runs, NestedText):
            dialect = dialect_of(runs.shell or "bash")
            if runs.text is None or not runs.whole or dialect is None or scope.depth >= NEST_MAX:
                return UNTOLD
            inner = Scope(scope.environment, scope.directories, dialect, stdin=stdin, depth=scope.depth + 1)
            return self.of_script(parse(encode(runs.text), dialect, limit=self._check), inner)
        program = runs.words[0].literal if runs.words else None
        if program is None or "/" in program:
            return UNTOLD
        found = output((plain(f"/usr/bin/{program}"), *runs.words[1:]), stdin, scope.dialect)  # no builtin
        return found if found.text is not None or found.maybe else self._of_wrapped(runs.words, stdin, scope)

    def stdin(self, redirects: tuple[Redirect, ...], script: Script, scope: Scope) -> Input | None:
        """What a command reads whose redirections these are."""
        return self.read(redirects, script, scope)[0] if redirects else scope.stdin

    def read(
        self, redirects: tuple[Redirect, ...], script: Script, scope: Scope
    ) -> tuple[Input | None, dict[bytes, Input | None]]:
        """The same, and what is read from each descriptor beside it."""
        found = scope.stdin
        others = dict(scope.descriptors)
        several = False
        for redirect in redirects:
            if redirect.descriptor not in (b"", b"0"):
                others[redirect.descriptor] = self.stdin((replace(redirect, descriptor=b""),), script, scope)
                continue
            before = found
            if redirect.document is not None:
                found = self._text(written_value(redirect.document, script, lambda: None), script, scope)
            elif redirect.operator == b"<<<":
                word = self._text(written_value(redirect.target, script, lambda: scope.home), script, scope)
                found = Input(None if word.text is None else f"{word.text}\n", word.whole)
            elif redirect.operator == b"<&" and _digits(redirect, script) in others:
                found = others[_digits(redirect, script)]
            elif redirect.operator in (b"<", b"<&", b"<>"):
                found = self._file(redirect, script, scope)
            else:
                continue
            if several and scope.dialect is Dialect.ZSH:  # which reads one after the other
                found = _joined(before, found)
            several = True
        return found, others

    def _text(self, word: Word, script: Script, scope: Scope) -> Input:
        """A text that is read, with what only the run can tell of it as it is written."""
        ways = list(choices([word], scope))
        made = Expander(scope, script, self.of_script, ways[0] if len(ways) == 1 else {}).one(word)
        return Input(made.written, made.literal is not None)

    def _file(self, redirect: Redirect, script: Script, scope: Scope) -> Input | None:
        """What stands in the file that a redirection reads: that of a process substitution may be told."""
        for word in Expander(scope, script, self.of_script, {}).words(
            written_words(redirect.target, script, lambda: scope.home)
        ):
            for part in word.parts:
                if isinstance(part, Unknown) and isinstance(part.file, Input):
                    return part.file
                if isinstance(part, Unknown) and part.source.startswith(("<(", "=(")):
                    return UNTOLD
        return None


def _digits(redirect: Redirect, script: Script) -> bytes:
    """The descriptor that a redirection copies, as it is written."""
    return script.data[redirect.target.start : redirect.target.end]


def _joined(first: Input | None, second: Input | None) -> Input:
    texts = [None if one is None else one.text for one in (first, second)]
    if texts[0] is None or texts[1] is None:
        return UNTOLD
    return Input(texts[0] + texts[1], all(one is not None and one.whole for one in (first, second)))


def _is_never_told(node: Simple, scope: Scope) -> bool:
    """Whether nothing is told of what a program writes, whatever its arguments are: no word has to be expanded."""
    first = node.words[0] if node.words else None
    only = first.parts[0] if isinstance(first, Node) and len(first.parts) == 1 else None
    if not isinstance(only, Text):
        return False
    name = only.data.decode("utf-8", "surrogateescape")
    return name in PLAIN and name not in TOLD and name not in scope.functions and name not in scope.aliases


def is_output(redirect: Redirect) -> bool:
    """Whether a redirection leads the standard output into a file."""
    return redirect.operator in _WRITES and redirect.descriptor in (b"", b"1") and redirect.operator != b"<>"

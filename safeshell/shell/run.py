"""Run of a simple command in a line: its words, what it changes in the shell, and what it runs in turn."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from types import MappingProxyType

from safeshell.shell.assignments import appended, array_of, begins_with_path, lettered, written_assignment
from safeshell.shell.builtins import take_effect
from safeshell.shell.dialects import dialect_of
from safeshell.shell.encoding import decode, encode
from safeshell.shell.expansion import Choice, Expander, Read, choices, expanded_value
from safeshell.shell.nested_commands import ANYTHING, NestedCommand, NestedText
from safeshell.shell.noted import Noted
from safeshell.shell.opened_files import OpenedFiles
from safeshell.shell.program_names import known_name
from safeshell.shell.programs import may_run_others, nested_by_text
from safeshell.shell.read_words import code_word, opened
from safeshell.shell.scope import OPEN, Scope, Variable, scalar
from safeshell.shell.syntax.tree import Array, Assignment, Dialect, Function, Script, Simple
from safeshell.shell.syntax.tree import Word as Node
from safeshell.shell.walked import LineCommand, WalkedLine
from safeshell.shell.words import Word, plain, unknown
from safeshell.shell.written import written_value, written_words

_RUN_LATER = ("functions", "aliases", "galiases", "saliases", "dis_functions", "commands")
"""zsh's tables of what runs by a name: what is put in is taken to run."""

_EXPORTED_FUNCTION = re.compile(r"BASH_FUNC_(.+)%%")
_PROMPTS = ("PS0", "PS1", "PS2", "PS3", "PS4", "PROMPT", "RPROMPT")
_READS_NAMES = frozenset(
    {
        *("test", "[", "let", "unset", "read", "printf", "mapfile", "readarray", "wait", "shift", "return", "exit"),
        *("declare", "typeset", "local", "export", "readonly", "integer", "break", "continue", "ulimit", "kill"),
    }
)
"""Builtins that evaluate a subscript, and the substitutions in it, wherever they take a name or a number."""

_ITSELF = NestedCommand(())
_NO_CHOICE: Choice = MappingProxyType({})


class Runner:
    """Runs simple commands, as far as that is known.

    Args:
        line: where commands are noted.
        check: raises once the line took too long.
        script: walks a shell text.
        expand: walks the substitutions in a text, as it is expanded in double quotes.
        call: walks the body of a function.
        place: offsets of the command that all belong to, where they stand in no line.
        files: follows commands into the files that they run; None: those aren't read.

    Attributes:
        place: as it was given; None where each has its own.
        file: where the commands stand that are walked now, as `FILE:LINE`; "" where that is the line.
    """

    def __init__(
        self,
        line: WalkedLine,
        check: Callable[[], None],
        script: Callable[[bytes, Scope], None],
        expand: Callable[[bytes, Scope], None],
        call: Callable[[tuple[Script, Function], Scope], None],
        place: tuple[int, int] | None,
        files: OpenedFiles | None = None,
    ) -> None:
        self._line = line
        self._check = check
        self._script = script
        self._expand = expand
        self._call = call
        self.place = place
        self.file = ""
        self._files = files
        self._parent: int | None = None
        self._noted = Noted(line.commands)

    def run(self, node: Simple, script: Script, scope: Scope, read: Read) -> None:
        """Runs one."""
        outer = self.place
        if outer is None:
            self.place = (node.start, node.end)
        file = self.file
        if self._files is not None:
            self.file = self._files.place(script, node.start) or file
        try:
            if node.words:
                self._run(node, script, scope, read)
            else:
                for assignment in node.assignments:
                    self._assign(assignment, script, scope, read)
        finally:
            self.place, self.file = outer, file

    def _run(self, node: Simple, script: Script, scope: Scope, read: Read) -> None:
        written = self._written(node, script, scope)
        if not written:
            return
        alias = scope.aliases.get(written[0].source)
        if alias is not None:
            self._alias(node, script, alias, scope)
            return
        if None not in [word.literal for word in written]:  # most; nothing is to be expanded
            self._start(node, script, written, written, scope, read, _NO_CHOICE)
            return
        ways: list[Scope] = []
        found = list(choices(written, scope))
        for choice in found:
            way = scope if len(found) == 1 else scope.copy()
            expander = Expander(way, script, read, choice)
            words = expander.words(written)
            self._start(node, script, words, written, way, read, choice)
            ways.append(way)
        if len(found) > 1:
            scope.become(ways[0])
            for way in ways[1:]:
                scope.join(way)

    def _start(
        self,
        node: Simple,
        script: Script,
        words: tuple[Word, ...],
        written: tuple[Word, ...],
        scope: Scope,
        read: Read,
        choice: Choice,
    ) -> None:
        """Runs the command that its words have become."""
        inner = scope
        if node.assignments:
            inner = scope.copy()
            for assignment in node.assignments:
                self._assign(assignment, script, inner, read, exported=True)
        if words:
            outer, self._parent = self._parent, self._found(words, written, inner)
            try:
                name = written[0].literal
                if name is not None and name not in inner.functions and may_run_others(name) and words != written:
                    self.in_turn(tuple([plain(word.written) for word in written]), inner.copy())  # `$HOME`, to rules
                self.in_turn(words, inner)
            finally:
                self._parent = outer
            self._expand_texts(words, inner)
            if scope.dialect is Dialect.ZSH and words[0].literal == "alias":
                self._zsh_alias(words, inner)
            take_effect(words, inner)
        for word in node.words:
            if isinstance(word, Assignment):
                self._declare(word, words, script, inner, read, choice)
        if inner is not scope:  # what stands before a command is gone behind it
            before = scope.held([decode(assignment.name) for assignment in node.assignments])
            scope.become(inner)
            scope.put_back(before)

    def _declare(
        self, word: Assignment, words: tuple[Word, ...], script: Script, scope: Scope, read: Read, choice: Choice
    ) -> None:
        """An assignment behind `declare`, `export`, `local` and their kin."""
        name, by = decode(word.name), words[0].literal if words else ""
        letters = {letter for one in words[1:] if one.written.startswith("-") for letter in one.written}
        if by not in ("export", "readonly") and "g" not in letters:
            scope.own(name)
        self._assign(word, script, scope, read, exported=by == "export" or "x" in letters, choice=choice)
        if by != "export" and letters & set("nliuc"):  # another's name, a number, or text in other letters
            scope.variables[name] = lettered(scope.variables[name], letters)

    def _written(self, node: Simple, script: Script, scope: Scope) -> tuple[Word, ...]:
        found: list[Word] = []

        def home() -> str | None:
            return scope.home

        for word in node.words:
            if isinstance(word, Node):
                found += written_words(word, script, home)
            else:
                found.append(written_assignment(word, script, scope))
        return tuple(found)

    def _alias(self, node: Simple, script: Script, alias: str, scope: Scope) -> None:
        first = node.words[0]
        name = decode(script.data[first.start : first.end])
        inner = scope.deeper()
        inner.aliases = {key: text for key, text in scope.aliases.items() if key != name}
        text, end = encode(alias), first.end
        for following in node.words[1:] if text[-1:] in (b" ", b"\t") else ():  # then the next word may be one, too
            more = inner.aliases.pop(decode(script.data[following.start : following.end]), None)
            if more is None:
                break
            text, end = text + encode(more), following.end
        self._script(text + b" " + script.data[end : node.end], inner)
        scope.become(inner)
        scope.aliases = {**scope.aliases, name: alias}

    # Variables

    def _assign(
        self,
        assignment: Assignment,
        script: Script,
        scope: Scope,
        read: Read,
        *,
        exported: bool = False,
        choice: Choice | None = None,
    ) -> None:
        name = decode(assignment.name)
        value = assignment.value
        adds = False
        if assignment.subscript is not None:
            made = OPEN
            if name in _RUN_LATER and isinstance(value, Node):
                text = expanded_value(value, scope, script, read, choice or {})
                self._script(encode(text.code), scope.fork())
                if name == "commands":
                    key = decode(script.data[assignment.subscript.start : assignment.subscript.end]).strip("[]")
                    scope.aliases[key] = shlex.quote(text.written)
        elif isinstance(value, Array):
            made = array_of(value, script, scope, read)
        else:
            written = written_value(value, script, lambda: scope.home)
            adds = name == "PATH" and begins_with_path(written)
            ways = [choice] if choice is not None else list(choices([written], scope))
            found = dict.fromkeys([(expanded_value(value, scope, script, read, way),) for way in ways])
            made = Variable(tuple(found))
        if assignment.append:
            made = appended(scope.lookup(name), made)
            adds = adds or name == "PATH"
        scope.assign(name, made, exported=exported, adds=adds)
        self._expand_prompt(name, made, scope)

    def _zsh_alias(self, words: tuple[Word, ...], scope: Scope) -> None:
        """Aliases of words and of endings, which stand anywhere: they are taken to run."""
        if any(word.written.startswith("-") and set(word.written) & {"g", "s"} for word in words[1:]):
            for word in words[1:]:
                self._script(encode(word.written.partition("=")[2]), scope.fork())

    # Texts in which substitutions run

    def expand_text(self, text: str, scope: Scope) -> None:
        """Walks the substitutions in a text that the shell expands once more, as it does prompts and subscripts."""
        if "$(" in text or "`" in text or "${" in text:
            self._expand(encode(text), scope)

    def _expand_texts(self, words: tuple[Word, ...], scope: Scope) -> None:
        """Those in the words of a builtin that reads the names of variables, or arithmetic."""
        name = words[0].literal
        if name in _READS_NAMES and (name != "printf" or (len(words) > 1 and words[1].literal == "-v")):
            for word in words[1:]:
                if "[" in word.written:
                    self.expand_text(word.written, scope)
        elif name == "print" and any(word.prefix[:1] == "-" and "P" in word.prefix for word in words[1:]):
            for word in words[1:]:  # zsh's, which expands them as it does a prompt
                self.expand_text(word.written, scope)

    def _expand_prompt(self, name: str, variable: Variable, scope: Scope) -> None:
        """What is in a prompt that is set, or in a function that the next shell takes from its environment."""
        function = _EXPORTED_FUNCTION.fullmatch(name)
        for choice in variable.choices:
            for word in choice:
                if function is not None:
                    called = f"\n{function[1]}" if self.file else ""  # else whatever is defined is taken to be called
                    self._script(encode(f"{function[1]} {word.written}{called}"), scope.fork())
                elif name == "PROMPT_COMMAND":
                    self._script(encode(word.written), scope.fork())
                elif name in _PROMPTS:
                    self.expand_text(word.written, scope)

    # Commands

    def _found(
        self, words: tuple[Word, ...], written: tuple[Word, ...], scope: Scope, by: NestedCommand = _ITSELF
    ) -> int:
        """Notes a command, once for each directory that it may run in; returns its place among them."""
        at = len(self._line.commands)
        place = self.place or (0, 0)
        commands = self._line.commands
        for directory in scope.directories:
            found = LineCommand(
                *(words, written, dict(scope.changes), directory, place, scope.shims, by.bare, self._parent),
                *(scope.away, scope.guess, by.shown, self.file),
            )
            count = len(commands)
            noted = self._noted.add(found)
            at = noted if noted < count else at
        return min(at, len(commands) - 1)

    def in_turn(self, words: tuple[Word, ...], scope: Scope) -> None:
        """Walks what a command runs in turn."""
        name = known_name(words[0]) if words else None
        if name is None:
            return
        literal = words[0].literal
        name = name if literal is None else literal
        if literal is None or scope.descriptors:
            words = (words[0] if literal is not None else plain(name), *[opened(word, scope) for word in words[1:]])
        if name in scope.functions:
            self._check()
            self._call_functions(name, words, scope)
            return
        if self._files is not None:
            self._files.follow(words, scope, self)
        if not may_run_others(name):
            return
        self._check()
        for answer in nested_by_text(words, scope.stdin, changes=scope.changes):
            if isinstance(answer, NestedCommand):
                self.runs(answer, scope, words)
            else:
                self.reads(answer, scope, words)

    def _call_functions(self, name: str, words: tuple[Word, ...], scope: Scope) -> None:
        ways: list[Scope] = []
        bodies = scope.functions[name]
        for body in bodies:
            inner = scope.copy().deeper()
            inner.enter(words[1:])
            inner.functions.pop(name)
            self._call(body, inner)
            inner.leave_function()
            inner.functions.setdefault(name, bodies)
            ways.append(inner)
        positional = scope.positional
        scope.become(ways[0])
        for way in ways[1:]:
            scope.join(way)
        scope.positional = positional

    def runs(self, answer: NestedCommand, scope: Scope, by: tuple[Word, ...]) -> None:
        """Walks a command that another runs."""
        inner = scope.deeper()
        changes = dict(answer.changes)
        for name, value in changes.items():
            if value is not None:
                self._expand_prompt(name, scalar(value), inner)
        inner.changes = {**({} if answer.bare else scope.changes), **changes}
        if answer.directory is not None:
            inner.directories = scope.at(answer.directory)
            inner.apart = scope.apart or (answer.directory.literal is None and not answer.shims)
        inner.guess = scope.guess or answer.guess
        words = answer.words or (unknown(ANYTHING),)
        if not answer.shims:
            inner.leave(f"it runs behind `{os.path.basename(by[0].written)}`")
        elif "PATH" in changes:
            inner.leave("it gets a PATH of its own")
        outer, self._parent = self._parent, self._found(words, words, inner, answer)
        try:
            self.in_turn(words, inner)
        finally:
            self._parent = outer

    def shell_of(self, answer: NestedText, scope: Scope, by: tuple[Word, ...]) -> Scope | None:
        """The shell that reads a text that a command runs; None where its language isn't read here."""
        inner = scope.deeper() if answer.inside else scope.child()
        if answer.remote:
            inner.directories, inner.remote, inner.apart = (None,), True, True
            inner.leave("it runs on another machine")
        elif not answer.shims:
            inner.leave(f"it runs behind `{os.path.basename(by[0].written)}`")
        if answer.shell:
            dialect = dialect_of(answer.shell)
            if dialect is None:
                return None
            inner.dialect = dialect
        elif not answer.inside:
            inner.dialect = Dialect.BASH  # whichever shell the program starts
        if not answer.inside:
            inner.name, inner.positional, inner.argless = answer.name, answer.positional, False
            if answer.read:
                inner.stdin = None
        return inner

    def reads(self, answer: NestedText, scope: Scope, by: tuple[Word, ...]) -> None:
        """Walks a text that a command has a shell run."""
        inner = self.shell_of(answer, scope, by)
        if inner is None:
            if not self.file:
                self._line.unread.append((answer.text or "", answer.shell))
            return
        if answer.text is None:
            code = code_word(by)
            self._found((code,), (code,), inner)
        else:  # what only the run can tell of it stands in it as it is written
            other = inner.copy() if not answer.inside and not answer.shell and "((" in answer.text else None
            self._script(encode(answer.text), inner)
            if other is not None:  # to a shell without that kind of arithmetic, these are subshells
                other.dialect = Dialect.SH
                self._script(encode(answer.text), other)
        if answer.inside:
            scope.become(inner)

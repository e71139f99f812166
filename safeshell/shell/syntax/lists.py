r"""Lists of commands, from a whole text's down to pipelines.

complete_command : list (newline | END)
compound_list    : linebreak [and_or ((';' | '&' | newline) linebreak and_or)* [';' | '&' | newline] linebreak]
and_or           : pipeline (('&&' | '||') linebreak pipeline)*
pipeline         : ('!' | 'time' ['-p'] ['--'])* [command (('|' | '|&') linebreak command)*]
"""

from __future__ import annotations

import re

from safeshell.shell.limits import OverrunError
from safeshell.shell.syntax.blanks import NEWLINE, SEMICOLON, skip_blanks, skip_newlines, take_newline
from safeshell.shell.syntax.documents import read_documents, take_jump
from safeshell.shell.syntax.state import State
from safeshell.shell.syntax.tree import AndOr, Command, Pipeline, Sequence, Simple

_JOIN = rb"(?:\\\n)*"
_CONNECTOR = re.compile(rb"&" + _JOIN + rb"&|\|" + _JOIN + rb"\|")
_PIPE = re.compile(rb"\|(?!" + _JOIN + rb"\|)(?:" + _JOIN + rb"&)?")
_POSIX_PIPE = re.compile(rb"\|(?!" + _JOIN + rb"\|)")
_AMPERSAND = re.compile(rb"&(?!" + _JOIN + rb"&)")
_ZSH_AMPERSAND = re.compile(rb"&(?!" + _JOIN + rb"&)[|!]?")
_BEFORE = re.compile(rb"(?:\\\n)*(?:(!)|(t(?:\\\n)*i(?:\\\n)*m(?:\\\n)*e))(?=[ \t\n;&|<>()\\]|\Z)(?!\\[^\n])(?:\\\n)*")
_TIME_OPTION = re.compile(rb"(?:[ \t]|\\\n)*(-p|--)(?=[ \t\n;&|<>()]|\Z)")


def read_complete(state: State) -> list[AndOr]:
    """complete_command; the blank lines before it as well."""
    state.limit()
    skip_newlines(state)
    items: list[AndOr] = []
    while True:
        try:
            item = read_and_or(state)
        except OverrunError as error:
            error.items = items
            raise
        if item is None:
            break
        items.append(item)
        if not _separator(state, item):
            break
        if state.zsh:
            skip_newlines(state)
        else:
            skip_blanks(state)
    if state.at >= state.end:
        read_documents(state)
        if state.jump:
            take_jump(state, state.end)
        return items
    if state.data[state.at] != NEWLINE:
        raise state.unexpected()
    take_newline(state)
    return items


def read_sequence(state: State) -> Sequence:
    """compound_list; whoever called looks at what ends it."""
    start = state.at
    items: list[AndOr] = []
    skip_newlines(state)
    while True:
        item = read_and_or(state)
        if item is None:
            break
        items.append(item)
        newline = state.peek() == NEWLINE
        if not newline and not _separator(state, item):
            break
        skip_newlines(state)
    return Sequence(tuple(items), start, state.at)


def _separator(state: State, item: AndOr) -> bool:
    """Takes `;` or `&`, which says that what stands before it runs in the background."""
    found = SEMICOLON.match(state.data, state.at, state.end)
    if not found:
        found = (_ZSH_AMPERSAND if state.zsh else _AMPERSAND).match(state.data, state.at, state.end)
        if not found:
            return False
        item.background = True
    state.at = found.end()
    return True


def read_and_or(state: State) -> AndOr | None:
    """and_or, and the blanks behind it; None where no command begins."""
    first = read_pipeline(state)
    if first is None:
        return None
    pipelines = [first]
    operators: list[bytes] = []
    while found := _CONNECTOR.match(state.data, state.at, state.end):
        state.at = found.end()
        skip_newlines(state)
        following = read_pipeline(state)
        if following is None:
            if state.zsh:
                break  # an operator may be the last thing
            raise state.unexpected()
        operators.append(b"&&" if found[0][:1] == b"&" else b"||")
        pipelines.append(following)
    return AndOr(tuple(pipelines), tuple(operators), False, first.start, pipelines[-1].end)  # not yet known


def read_pipeline(state: State) -> Pipeline | None:
    """Pipeline, and the blanks behind it; None where none begins."""
    start = state.at
    negated = timed = False
    end = start
    while state.at < state.end and state.data[state.at] in b"!t\\":
        found = _BEFORE.match(state.data, state.at, state.end)
        if found and state.zsh and state.data[found.end() : found.end() + 1] == b"(" and found[1]:
            break  # a pattern
        if not found or (found[2] and state.sh):
            break
        if negated and found[1] and not state.bash:
            raise state.unexpected()
        end = state.at = found.end()
        if found[1]:
            negated = True
        else:
            timed = True
            while state.bash and (option := _TIME_OPTION.match(state.data, state.at, state.end)):
                end = state.at = option.end()
                if option[1] == b"--":
                    break
        skip_blanks(state)
    commands: list[Command] = []
    command = state.grammar.command(state)
    if command is None:
        if not (negated or timed):
            return None
        if not _ends_list(state):
            raise state.unexpected()
        empty = Simple((), (), (), end, end)
        return Pipeline((empty,), start, end, negated, timed)
    commands.append(command)
    skip_blanks(state)
    while found := (_POSIX_PIPE if state.sh else _PIPE).match(state.data, state.at, state.end):
        state.at = found.end()
        skip_newlines(state)
        command = state.grammar.command(state)
        if command is None:
            raise state.unexpected()
        commands.append(command)
        skip_blanks(state)
    return Pipeline(tuple(commands), start, commands[-1].end, negated, timed)


def _ends_list(state: State) -> bool:
    """Whether a pipeline of nothing but `!` and `time` may end here."""
    if state.at >= state.end:
        return not state.sh
    byte = state.data[state.at]
    return (state.bash and byte in b"\n;") or (
        state.zsh and byte in b"\n;&|)}" and not _PIPE.match(state.data, state.at)
    )

"""Readings of a command of which only the run can tell some: what its unknown words are taken to be.

docs/rules.md ("Shell lines") says what is assumed, and why. In short: they are names and no options; of a command whose
reach hangs on a file name they may be any operand, and where those are known any option; a statement may be any text.
"""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from safeshell.command.programs.far_reaching import far_reaching
from safeshell.command.programs.statements import statements
from safeshell.policy.atom import OpenArguments
from safeshell.shell.open_arguments import (
    FILE,
    NO_NAME,
    OPTIONS,
    SOME,
    OpenAll,
    OpenOptions,
    OpenValues,
    before_files,
    grammar_of,
    is_open,
    is_several,
    marked,
    may_be_option,
    may_be_options,
    option_values,
    parts_of,
    unmarked,
)
from safeshell.shell.partial_match import Answers, answers
from safeshell.shell.program_names import known_name
from safeshell.shell.shapes import A_NAME, ANY_OPERAND, ANY_TEXT, ANYTHING, Fill, Many, OneOf, Piece, Shape, quoted
from safeshell.shell.words import Word


class Reading(NamedTuple):
    """What a command may be.

    Attributes:
        line: its command line.
        arguments: its options and operands.
        valueless: the same line, but that unknown values of options are none that a pattern could spell out.
        renamed: the same line, but that options with such values are others.
        by_operand: whether it counts for those rules only that ask about operands.
        known: its arguments before the first word that only the run can tell.
        whole: whether those are all.
    """

    line: Answers
    arguments: OpenArguments
    valueless: Answers
    renamed: Answers
    by_operand: bool = False
    known: tuple[str, ...] = ()
    whole: bool = False

    def could_match(self, pattern: str) -> bool:
        """Whether the pattern could be found in the command line.

        The value of an option is no verb and no operand: it counts where the pattern is about that option, and so no
        longer matches where the option is another.
        """
        if self.valueless.could(pattern):
            return True
        if self.line is self.valueless:
            return False
        return self.line.could(pattern) and not self.renamed.could(pattern)

    def has_to_match(self, pattern: str) -> bool:
        """Whether the pattern is found in it whatever the unknown words are."""
        return self.line.has_to(pattern)


def readings(name: str, words: Sequence[Word]) -> Iterator[Reading]:
    """The readings of a command.

    Args:
        name: its basename, or one that it may have.
        words: its arguments, its own name the first.
    """
    texts = [marked(word) for word in words[1:]]
    if words[0].several and known_name(words[0]) is None:  # there may be more in it than the name
        anyhow = answers((shlex.quote(name), OneOf(((), (" ", ANYTHING))), *_line(name, texts, A_NAME)))
        yield Reading(anyhow, OpenAll(), anyhow, anyhow)
        return
    begin: Shape = (shlex.quote(name),)
    far = far_reaching(name)
    arguments = OpenValues(name, texts, A_NAME)
    fill = A_NAME
    if far is not None and (not far or arguments.has(grammar_of(name), far) is not False):
        fill = ANY_OPERAND
        arguments = OpenValues(name, texts, fill)
    known = [] if words[0].several else itertools.takewhile(lambda word: word.literal is not None, words[1:])
    before = tuple([word.written for word in known])
    line = answers((*begin, *_line(name, texts, fill)))
    valueless, renamed = _with_values(begin, name, texts, fill) or (line, line)
    whole = len(before) == len(texts)
    yield Reading(line, arguments, valueless, renamed, known=before, whole=whole)
    end = texts.index("--") if "--" in texts else len(texts)
    may_be = may_be_option if far is not None else may_be_options
    if any(map(may_be, texts[:end])):
        fill = A_NAME if far is None else ANY_OPERAND
        pieces = [_options(text, far) if may_be(text) else _word(text, fill) for text in texts]
        line = answers((*begin, *[piece for shape in pieces for piece in shape]))
        called = OPTIONS in texts[:end]  # else they are options only where the operands are what a rule is about
        options = OpenOptions(name, texts, may_be, fill)
        yield Reading(line, options, line, line, by_operand=not called, known=before, whole=whole)


def _options(text: str, far: tuple[str, ...] | None) -> Shape:
    """Words that are options, each with the blank before it."""
    if far is not None:
        return (" ", ANYTHING)
    return (Many((" -", ANY_TEXT.safe)),) if text == OPTIONS else (f" --{NO_NAME}",)


def _with_values(begin: Shape, name: str, texts: Sequence[str], fill: Fill) -> tuple[Answers, Answers] | None:
    """The line without values that a pattern could spell out, and with other options; None where no option has any."""
    free = set(statements(name, texts))
    values = {at: option for at, option in option_values(name, texts).items() if at not in free}
    if not values:
        return None
    valueless = [unmarked(text) if at in values else text for at, text in enumerate(texts)]
    renamed = list(texts)
    for option in values.values():
        equals = max(texts[option].find("="), 0) or len(texts[option])
        renamed[option] = f"--{NO_NAME}{texts[option][equals:]}"
    return answers((*begin, *_line(name, valueless, fill))), answers((*begin, *_line(name, renamed, fill)))


def anything(name: str) -> Reading:
    """The reading of a command of which nothing is known but its name."""
    line = answers((shlex.quote(name), OneOf(((), (" ", ANYTHING)))))
    return Reading(line, OpenAll(), line, line)


def _line(name: str, texts: Sequence[str], fill: Fill) -> Iterator[Piece]:
    free = set(statements(name, texts))
    files = _files(name, texts) if fill is not A_NAME else 0
    for at, text in enumerate(texts):
        # Of a statement that is written out in part, the rest is a value in it.
        if at in free and is_open(text.partition("=")[2] if text.startswith("-") else text[:1]):
            yield from (" ", *quoted(parts_of(text, ANY_TEXT)))
        else:
            yield from _word(text, fill if at >= files else A_NAME)


def _files(name: str, texts: Sequence[str]) -> int:
    """Where a command's operands are files from."""
    before = before_files(name, texts)
    operands = [at for at, text in enumerate(texts) if not text.startswith("-")]
    return operands[before] if before < len(operands) else 0


def _word(text: str, fill: Fill) -> Shape:
    """A word with the blank before it; of one that may be several, all of them."""
    if not is_open(text):
        return (" ", shlex.quote(text))
    if text.strip(SOME + OPTIONS) == "":
        return (OneOf(((), (Many((" ", *quoted([fill]))),))),)
    one: Shape = (" ", *quoted(parts_of(text, fill)))
    return (Many(one),) if is_several(text) or FILE in text else one

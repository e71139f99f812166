"""Hidden commands: what a command runs that no spelling of it shows, as a shell's text or behind `find -exec`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from safeshell.command.command_line import unblock
from safeshell.command.unwrap import Spelling
from safeshell.shell.nested_commands import NestedCommand
from safeshell.shell.programs import nested
from safeshell.shell.words import Word, literals, plain


def hiding(known: Sequence[Spelling]) -> Iterator[Spelling]:
    """Those of a command's spellings that run in turn what is no spelling of it."""
    shown = [words_of(spelling) for spelling in known]
    texts = [literals(words) for words in shown]
    for spelling, words in zip(known, shown, strict=True):
        if words and any(
            not isinstance(answer, NestedCommand) or (not answer.guess and literals(answer.words) not in texts)
            for answer in nested(words, None)
        ):
            yield spelling


def words_of(spelling: Spelling, given: Sequence[Word] = ()) -> tuple[Word, ...]:
    """A spelling's arguments as words.

    Args:
        spelling: it.
        given: the words of the command that it is a spelling of. Those that it ends in are taken as they are: what
            only the run can tell of them is as open inside.
    """
    texts = [os.fsdecode(argument) for argument in unblock(spelling.arguments)]
    same = 0
    while same < min(len(given), len(texts)) and given[-1 - same].written == texts[-1 - same]:
        same += 1
    return (*map(plain, texts[: len(texts) - same]), *given[len(given) - same :])

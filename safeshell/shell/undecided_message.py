"""Messages about what only the run can tell: which word it is, and what could be written instead."""

from __future__ import annotations

import shlex
from typing import NamedTuple

from safeshell.policy.decision import Action, Decision
from safeshell.shell.nested_commands import ANYTHING
from safeshell.shell.words import Unknown, Word
from safeshell.text import printable

_DOES = {Action.DENY: "denies", Action.REQUIRE_APPROVAL: "asks about", Action.REDIRECT: "replaces"}

_SHOWN_MAX = 60
"""Characters of a word that are shown."""


class Doubt(NamedTuple):
    """What a decision hangs on that only the run can tell.

    Attributes:
        words: arguments.
        program: the command's own word.
        alone: whether that is the whole command.
        variables: names of variables that the line gives the command.
        directory: whether it is where the command runs.
    """

    words: tuple[Word, ...] = ()
    program: Word | None = None
    alone: bool = False
    variables: tuple[str, ...] = ()
    directory: bool = False

    def message(self, name: str, found: Decision) -> str:
        """What people are told.

        Args:
            name: the command's basename, as far as it is known.
            found: what would be decided, the rule's decision.
        """
        could = f"could be what {found.cited} {_DOES[found.action]}"
        if self.program is not None:
            part = next(part for part in self.program.parts if isinstance(part, Unknown))
            if self.alone and part.source == ANYTHING and part.why:
                why = printable(part.why)
                return f"Only the run can tell what runs here: {why}, and they {could}. Quote it, or write the words."
            if self.alone and (part.output or part.source == ANYTHING):
                what = f"what {_quoted(shlex.join(part.output))} prints" if part.output else "the text that is run here"
                return f"Only the run can tell {what}, and it {could}. Save it to a file, read it, and run that."
            word = _quoted(self.program.written)
            return (
                f"Only the run can tell which program {word} is{_why(part)}, and it {could}. Write the program's name."
            )
        if self.words:
            which = " and ".join([_quoted(word.written) for word in self.words])
            part = next(part for part in self.words[0].parts if isinstance(part, Unknown))
            return f"Only the run can tell {which}{_why(part)}, and with it `{name}` {could}. {_instead(part)}"
        if self.variables and not self.directory:
            which = " and ".join(self.variables)
            return f"Only the run can tell the value of {which}, and with it `{name}` {could}. Write the value itself."
        return f"Only the run can tell where `{name}` runs, and there it {could}. Write the directory itself."


def word_for(shell: str, name: str, found: Decision) -> str:
    """What people are told of a text for a shell that isn't read here, and names a restricted command."""
    return (
        f"This text is for {printable(shell)}, which isn't read here, and `{printable(name)}` in it could be what "
        f"{found.cited} {_DOES[found.action]}. Write it for sh, bash or zsh, or run that command by itself."
    )


def _quoted(source: str) -> str:
    shown = printable(source)
    return f"`{shown if len(shown) <= _SHOWN_MAX else shown[:_SHOWN_MAX] + '…'}`"


def _why(part: Unknown) -> str:
    return f" ({part.why})" if part.why and not _is_output(part) else ""


def _is_output(part: Unknown) -> bool:
    return bool(part.output) or part.source.startswith(("$(", "`"))


def _instead(part: Unknown) -> str:
    if _is_output(part):
        return "Run that command first, and write what it prints."
    return "Write the names themselves." if part.is_pattern else "Write the value itself."

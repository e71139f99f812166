"""Pattern found in the command line: `command_matches`, `command_contains`, `command_startswith`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from safeshell.policy.atom import AtomKind

_LITERAL = r"(?:\w|[^\x00-\x7f]|\\x\{[0-9a-f]+\})+"
"""What `safeshell.policy.patterns.quote` makes; compiled when it is asked for, which the daemon never does."""

_ESCAPED = r"\\x\{([0-9a-f]+)\}"


class _Line(AtomKind):
    """The kind that rows are found by: the evaluator looks at it before any other, so it binds nothing."""

    kind = "line"

    def plain(self, arguments: Sequence[Any]) -> str:
        # The table keeps each question once: a pattern of nothing but literal text asks the same as that text.
        pattern: str = arguments[0]
        anchored = pattern.startswith("^")
        literal = pattern[1:] if anchored else pattern
        if not re.fullmatch(_LITERAL, literal):
            return f"command_matches: {pattern}"
        text = re.sub(_ESCAPED, lambda found: chr(int(found[1], 16)), literal)
        return f"command_startswith: {text}" if anchored else f"command_contains: {text}"


KIND = _Line()

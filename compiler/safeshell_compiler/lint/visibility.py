"""Rules that name no commands: nothing is shimmed for them, so they see only what other rules bring in."""

from __future__ import annotations

from safeshell.policy.lies import USES
from safeshell_compiler.lint.view import View
from safeshell_compiler.reading.tree import locate


def check_visibility(view: View) -> None:
    """Reports a user's restricting rules without `commands`.

    A machine's and a repository's rules are made for the shims of whoever they apply to, a pack's author has thought,
    and a rule that restricts nothing misses nothing. A rule about files is asked about agents' file tools as well.
    """
    if view.pruned.lowered.policy.kind != "user":
        return
    for found in view.rules:
        source = found.rule.source
        files = any(view.atoms[literal >> 1][0] in USES for row in found.rows for literal in row)
        if source.rule.commands is None and source.restricts and not source.pack and not files:
            view.add("SS321", locate(source.node, ("name",)).place(source.file), source, name=source.rule.name)

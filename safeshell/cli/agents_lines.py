"""Lines judged as an agent's, by the rules in force in a directory; no daemon is asked, and nothing is counted."""

from __future__ import annotations

import os

from safeshell.home.paths import Home

TRIED_MAX = 50
"""Tests of rules that are looked through for a line: each is judged by a process of its own."""


class AgentsLines:
    """What is decided of lines of an agent that has no shims.

    Args:
        home: whose rules.
        directory: where the lines would run.

    Raises:
        SafeShellError: there are no rules, or they never compiled.
    """

    def __init__(self, home: Home, directory: str) -> None:
        from safeshell.cli.checkline import caller_of  # noqa: PLC0415 # `--help` need not wait for the parser
        from safeshell.cli.tables_in_force import TablesInForce  # noqa: PLC0415 # as above

        home.check_rules()
        self._home = home
        where, in_force = os.fsencode(os.path.realpath(directory)), TablesInForce(home, None)
        self._caller = caller_of(
            in_force.at(where),
            in_force.settings,
            {"HOME": os.path.expanduser("~"), "SAFESHELL_CONTEXT": "ai"},
            where,
            None,
            shims=False,
            tables_of=in_force.of,
        )

    def decision(self, line: str) -> str:
        """The action's word."""
        from safeshell.cli.checkline import answer_line  # noqa: PLC0415 # as above

        found: str = answer_line(line, self._caller)["decision"]
        return found

    def denied(self) -> str | None:
        """A line that is denied; None where no test of the user's rules states one."""
        from safeshell_compiler import compile_rules  # noqa: PLC0415 # as above
        from safeshell_compiler.rule_tests.run import collect  # noqa: PLC0415 # as above

        tried = 0
        for test in collect(compile_rules(self._home.rules)):
            line = test.case.command
            if line and test.expects == "match" and test.source.rule.action == "deny" and tried < TRIED_MAX:
                tried += 1
                if self.decision(line) == "deny":
                    return line
        return None

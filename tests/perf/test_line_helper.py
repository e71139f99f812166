"""The helper that the line judge is timed in: it is asked as the daemon asks it, and answers."""

from __future__ import annotations

import contextlib

from line_helper import Helper
from tree import ROOT
from workload import compiled_home


def test_the_helper_judges_lines_that_come_at_once() -> None:
    rules = "version: 1\ninclude: [pack:git]\nrules: []\n"
    with compiled_home(rules) as made, contextlib.closing(Helper(made, ROOT)) as helper:
        took, answer = helper.judge("ls", "git push -f origin main")
    assert (answer["decision"], answer["rule"]) == ("deny", "force-push")
    assert took.clock > 0
    assert took.processor > 0

"""Automata of patterns: what one remembers is bounded, whatever is walked over."""

from __future__ import annotations

from safeshell.policy.regex.automaton import EDGE, STEPS, automaton, beside


def test_the_steps_that_are_remembered_are_bounded() -> None:
    walker = automaton("remembered.+b")
    assert walker is not None
    state, before = frozenset[int](), EDGE
    for char in ("remembered", *map(chr, range(0x4E00, 0x4E00 + 2 * STEPS))):
        for one in char:
            state = walker.step(state, before, one) or frozenset()
            before = beside(one)
    assert len(walker._steps) <= STEPS
    assert walker.step(state, before, "b") is not None
    assert walker.found(walker.step(state, before, "b"), beside("b"))

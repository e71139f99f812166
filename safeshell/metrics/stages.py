"""Stages of a request's way through the daemon: the steps, and what is timed beside them. In their order."""

from __future__ import annotations

STAGES = {
    "accept": "taking the connection and who is at its other end",
    "receive": "the request's bytes into a command",
    "recall": "finding the answer to the same request, and that nothing it hangs on has changed",
    "envelope": "what an agent's hook was given, read by another process",
    "borrow": "taking the descriptors of a client that can't pass any",
    "locate": "the directory, what the command really runs, and which repository's rules apply",
    "refresh": "whether the rules' sources are unchanged",
    "decide": "every spelling of the command, from memory or by the automata",
    "act": "what the decision leads to",
    "place": "who runs it, and what the kernel says of the caller where the daemon could",
    "find": "the program, along the caller's PATH",
    "spawn": "starting it, where the daemon runs it",
    "child": "the command itself, in the daemon",
    "reap": "from the signal that a child ended to its status",
    "finish": "the answer sent and the connection closed",
    "record": "counts and records, once the answer is out",
}
"""Name → what its time is spent on."""

WHOLE = "whole"
"""All commands; and `whole.deny`, `whole.daemon` for each decision and each placement."""

WHOLE_IS = "all that a caller waits for the daemon, but for the command itself, a compilation, or people"

DECISIONS = ("allow", "deny", "require_approval", "redirect")
PLACEMENTS = ("daemon", "in_place")

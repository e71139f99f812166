"""The stages of a command's way through the daemon, as its statistics name them. In their order."""

from __future__ import annotations

STAGES = {
    "accept": "taking the connection and who is at its other end",
    "receive": "reading the request from the socket",
    "recall": "finding the answer to the same request, and that nothing it hangs on has changed",
    "decode": "the request's bytes into a command",
    "facts": "the directory, the repository, and whether their rules are unchanged",
    "decide": "every spelling of the command, from memory or by the automata",
    "confinement": "what the kernel says of the caller, where the command could run in the daemon",
    "spawn": "from the decision to the running child: placement, program, environment, posix_spawn",
    "reply": "from the decision, or the child's end, to the answer sent and the connection closed",
    "child": "the command itself, in the daemon",
    "reap": "from the signal that a child ended to its status",
}
"""Name → what its time is spent on."""

WHOLE = "whole"
"""All commands; and `whole.deny`, `whole.daemon` for each decision and each placement."""

WHOLE_IS = "all that a caller waits for the daemon, but for the command itself, a compilation, or people"

DECISIONS = ("allow", "deny", "require_approval", "redirect")
PLACEMENTS = ("daemon", "in_place")

"""Approvals: the queue of waiting commands, who may answer, grants and the PIN."""

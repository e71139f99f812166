"""Processes, as the kernel tells of them: ancestry, confinement, control groups."""

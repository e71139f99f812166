"""The agents, a file each: where their envelope has what, and how they take an answer (docs/hooks.md)."""

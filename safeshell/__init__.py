"""SafeShell: a guardrail for shell commands. Nothing is imported here: the daemon starts through this package."""

__version__ = "0.1.0"

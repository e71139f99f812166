"""Probes of `doctor`: not what is configured, but what happens to a command here and now."""

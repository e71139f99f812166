"""Wiring: what `hook install` puts into agents' settings, and takes out again."""

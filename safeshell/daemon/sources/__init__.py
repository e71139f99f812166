"""Policies and judged shell lines, made by other processes and kept here."""

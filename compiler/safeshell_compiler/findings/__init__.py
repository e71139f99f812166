"""Findings: their codes, their places, and how they are shown."""

"""Decisions: tables, the facts that they need, and their evaluation."""

"""Hooks of AI agents: what an agent sends before it runs a shell line, and how it takes an answer.

Rules of this room: an agent's file holds only what its documents or its real program say; nothing here decides.
"""

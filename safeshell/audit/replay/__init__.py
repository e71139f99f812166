"""Replay: deciding a recorded log again under other rules."""

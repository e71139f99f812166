"""Witnesses: commands and surroundings made so that some conditions hold and others fail."""

"""RE2 patterns as trees, sets of characters and automata."""

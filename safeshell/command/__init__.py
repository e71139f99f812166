"""Commands: what their arguments say, and which commands they run in turn. Reads no files."""

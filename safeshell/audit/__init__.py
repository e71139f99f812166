"""The audit log: what was decided, on what grounds, and what came of it; a chain of records (docs/audit.md)."""

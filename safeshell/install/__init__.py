"""Installation: shims and native build products."""

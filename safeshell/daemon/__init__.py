"""The daemon: decides commands and runs them, or tells the shim to."""

"""The event loop, connections and child processes."""

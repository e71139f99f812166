"""A request's way through the daemon, from its descriptors to its end."""

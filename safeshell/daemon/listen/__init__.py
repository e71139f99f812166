"""The listening socket: made, inherited, handed over, and reported to the service manager."""

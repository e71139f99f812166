"""Records, statistics and subscribers: what is told after the answer."""

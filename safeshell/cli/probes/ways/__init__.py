"""Ways in: how commands are run here, and whether each one leads to the guard, tried with the canary."""

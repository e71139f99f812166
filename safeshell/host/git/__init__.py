"""Git repositories without running git: their state, configuration and aliases."""

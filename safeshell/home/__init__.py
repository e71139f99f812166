"""A user's files: paths, settings, published tables, and where a repository's rules are."""

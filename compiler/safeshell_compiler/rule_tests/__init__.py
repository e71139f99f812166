"""The rules' own tests: run, explained, and reported."""

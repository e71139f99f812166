"""The machine: processes, paths and git repositories, as files and the kernel tell of them. Knows no rules."""

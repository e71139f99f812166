"""tables.lmdb: compiled tables under their digests, and which of them each rules file stands for now.

LMDB reads through a mapping, so a file that is cut short or damaged kills its reader (SIGBUS, SIGSEGV). Every access
therefore happens in a child process that hands the bytes back; a child that dies is a refusal with a reason. Only
`database` knows LMDB, and only such children import it.
"""

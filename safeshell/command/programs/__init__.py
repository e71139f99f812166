"""Programs' data: a module for each kind of program, each with its `GRAMMARS` by basename; and the wrappers' rows.

Where versions differ, the options of both are listed. tests/command/programs/test_grammars.py holds the
data to the programs.
"""

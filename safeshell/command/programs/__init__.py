"""Programs' data: a file a program (`grammars.py` loads them, `record.py` says what stands there); the wrappers' rows.

Where versions differ, the options of both are listed. tests/command/programs/ holds the data to the programs.
"""

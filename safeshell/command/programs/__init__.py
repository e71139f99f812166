"""Programs' data, a module a family: its `PROGRAMS` has all that is known of each; `record.py` says in what forms.

`grammars.py` finds a program's. Where versions differ, the options of both are listed. tests/command/programs/ holds
the data to the programs. Some questions are asked of few programs, and each has a module of all the answers:
far_reaching, plain, secrets, shell_code, statements.
"""

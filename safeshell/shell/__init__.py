"""Shell lines taken apart into the commands that they run, and judged.

`syntax/` reads a text into a tree, up to what the shell itself couldn't read. `walk` goes through it as the run would,
with what the line tells of variables, directories and outputs (`scope`, `expansion`, `outputs`); `run` notes the
commands, `programs` what those run in turn. `judge_command` judges one and `judge` all. Lines are long and strange when
somebody wants them to be: `worker` judges for the daemon and `isolated` for `check`, each in a process of its own, with
limits of time and memory. Of all this the daemon imports `frames` and `limits` only.
"""

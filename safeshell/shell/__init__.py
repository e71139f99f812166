"""Shell lines taken apart into the commands that they run, and judged.

`parse` reads a line with tree-sitter-bash, `walk` finds its commands, `programs` what those run in turn,
`judge_command` judges one and `judge` all. The parser may crash: `worker` judges for the daemon and `isolated` for
`check`, each in a process of its own. Of all this the daemon imports `frames` and `limits` only.
"""

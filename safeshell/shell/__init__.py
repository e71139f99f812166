"""Shell lines taken apart into the commands that they run, and judged.

`parse` reads a line with tree-sitter-bash, `walk` finds its commands, `programs` what those run in turn, `command`
judges one and `judge` all. The parser may crash: `helper` judges for the daemon and `apart` for `check`, each in a
process of its own. Of all this the daemon imports `frames` and `overrun` only.
"""

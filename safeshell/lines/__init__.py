"""Shell lines taken apart into the commands that they run, and judged. The daemon never imports this.

`parse` reads a line with tree-sitter-bash, `walk` finds its commands, `programs` what those run in turn, and
`judge` decides.
"""

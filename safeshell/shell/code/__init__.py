"""Code of other languages in a line: the commands that its literals give to a shell or a program, and what it deletes.

`lexer` makes tokens, `values` reads literals and calls among them, `languages` says which calls run or delete what,
`deeds` makes nested commands of those. What isn't read says nothing: no guess is made of it.
"""

"""The trash: where `safeshell-trash` puts what `rm` would delete, and how it comes back.

Laid out as the freedesktop.org trash specification has it (`files/`, `info/*.trashinfo`). Why not `send2trash`, which
writes the same layout: it moves a whole operand or nothing, so it can't leave what `rm` would have left; it follows
a link to decide whether a path exists, and asks for write permission on the file, which deleting doesn't need; across
file systems it copies with `shutil.move`, which drops owners, hard links and holes, and deletes as it goes along; two
of it at once can give two files the same record; and its home is ~/.local/share/Trash, which is not ours to empty.

`safeshell-trash` runs in place of every `rm`: nothing here imports dataclasses, typing, re or click before it needs to.
"""

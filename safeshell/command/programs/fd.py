"""Data of fd."""

from __future__ import annotations

from safeshell.command.programs.record import COMMAND, Record, getopt

PROGRAM: Record = getopt(
    "HIusiFapLl0d:E:t:e:S:o:x:X:c:j:q1C:hVgun:",
    "hidden no-ignore no-ignore-vcs no-require-git no-ignore-parent no-global-ignore-file unrestricted case-sensitive "
    "ignore-case glob regex fixed-strings and= absolute-path list-details follow full-path print0 max-depth= "
    "min-depth= exact-depth= exclude= prune type= extension= size= changed-within= changed-before= owner= format= "
    "exec=; exec-batch=; batch-size= ignore-file= color= threads= max-buffer-time= max-results= quiet show-errors "
    "base-directory= path-separator= search-path= strip-cwd-prefix one-file-system gen-completions help version "
    "hyperlink ignore-contain= relative-path no-follow no-hidden ignore ignore-vcs require-git",
    exact=True,
    runs={"-x": COMMAND, "-X": COMMAND, "--exec": COMMAND, "--exec-batch": COMMAND},
)

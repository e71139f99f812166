"""Data of tar."""

from __future__ import annotations

from safeshell.command.programs.record import COMMAND, ELSEWHERE, TEXT, Record, getopt

PROGRAM: Record = getopt(
    "AcdrtuxC:f:F:g:I:K:L:N:T:X:V:b:H:jJzZvwWkUmopPsSlBiaOhMRG0123456789?",
    "catenate concatenate create delete diff compare append list test-label update extract get directory= file= "
    "info-script= new-volume-script= listed-incremental= use-compress-program= starting-file= tape-length= newer= "
    "after-date= files-from= exclude-from= label= blocking-factor= format= bzip2 xz gzip compress lzip lzma lzop zstd "
    "verbose interactive verify keep-old-files unlink-first touch no-same-owner preserve-permissions absolute-names "
    "sparse to-stdout to-command= checkpoint checkpoint-action= rmt-command= rsh-command= exclude= strip-components= "
    "transform= xform= owner= group= mode= mtime= sort= dereference one-file-system remove-files wildcards totals "
    "null recursion no-recursion overwrite auto-compress help usage version",
    # Of `tar cf --help x` it is an archive: where it is not alone nothing shows.
    runs={
        "-I": TEXT,
        "--use-compress-program": TEXT,
        "--to-command": TEXT,
        "-F": TEXT,
        "--info-script": TEXT,
        "--new-volume-script": TEXT,
        "--checkpoint-action exec": TEXT,
        "--rsh-command": COMMAND,
        "--rmt-command": COMMAND + ELSEWHERE,
    },
)

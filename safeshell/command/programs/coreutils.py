"""GNU coreutils that work on files."""

from __future__ import annotations

from safeshell.command.programs.description import Program, Programs, Runs
from safeshell.command.programs.record import gnu

_OWNER = (
    "changes silent quiet verbose dereference no-dereference from= no-preserve-root preserve-root reference= recursive"
)
"""Of those that change whose a file is."""

_BACKUP = "backup suffix= target-directory= no-target-directory strip-trailing-slashes"
"""Of those that make files, and may keep what was there."""

# It takes a mode that begins with a dash for an option, as `chmod -w file` has it.
_MODES = "".join(f"{letter}::" for letter in "rwxXstugoa,+=01234567")
PROGRAMS: Programs = {
    **dict.fromkeys(("chgrp", "chown"), gnu("HLPRcfhv", _OWNER)),
    "chmod": gnu(
        f"Rcfv{_MODES}",
        "changes recursive no-preserve-root preserve-root quiet reference= silent verbose dereference no-dereference",
    ),
    "cp": gnu(
        "abdfHilLnprst:uvxPRS:TZ",
        f"{_BACKUP} archive attributes-only copy-contents dereference force interactive link no-clobber "
        "no-dereference no-preserve= one-file-system parents path preserve recursive remove-destination reflink "
        "sparse= symbolic-link update verbose context keep-directory-symlink debug",
    ),
    **dict.fromkeys(("dd", "unlink"), gnu("", "")),
    "install": gnu(
        "bcCsDdg:m:o:pt:TvS:Z",
        f"{_BACKUP} compare context debug directory group= mode= owner= preserve-timestamps preserve-context strip "
        "strip-program= verbose",
    ),
    "ln": gnu(
        "bdfinrst:vFLPS:T",
        f"{_BACKUP} directory no-dereference force interactive symbolic verbose logical physical relative",
    ),
    "mkdir": gnu("pm:vZ", "context mode= parents verbose"),
    "mv": gnu("bfint:uvS:TZ", f"{_BACKUP} context force interactive no-clobber update verbose no-copy exchange debug"),
    "rm": gnu(
        "dfiIrRv",
        # The last is called so: three dashes.
        "force interactive one-file-system no-preserve-root preserve-root recursive dir verbose -presume-input-tty",
    ),
    "rmdir": gnu("pv", "ignore-fail-on-non-empty parents path verbose"),
    "shred": gnu("fn:s:uvxz", "exact force iterations= size= random-source= remove verbose zero"),
    "sort": Program(
        gnu(
            "bdfghiMnRrVcCk:mo:sS:t:T:uz",
            "ignore-leading-blanks dictionary-order ignore-case general-numeric-sort ignore-nonprinting month-sort "
            "human-numeric-sort numeric-sort random-sort random-source= reverse sort= version-sort batch-size= check "
            "compress-program= debug files0-from= key= merge output= stable buffer-size= field-separator= "
            "temporary-directory= parallel= unique zero-terminated",
        ),
        runs=Runs(texts=("--compress-program",)),
    ),
    "split": Program(
        gnu(
            "a:b:C:dl:n:et:ux",
            "suffix-length= additional-suffix= bytes= line-bytes= numeric-suffixes hex-suffixes lines= number= "
            "elide-empty-files filter= separator= unbuffered verbose",
        ),
        runs=Runs(texts=("--filter",)),
    ),
    "tee": gnu("aip", "append ignore-interrupts output-error"),
    "touch": gnu("acd:fhmr:t:", "time= no-create date= reference= no-dereference"),
    "truncate": gnu("cor:s:", "no-create io-blocks reference= size="),
}

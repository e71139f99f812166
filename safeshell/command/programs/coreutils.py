"""Data of the coreutils."""

from __future__ import annotations

from safeshell.command.programs.record import Record, gnu

# chmod takes a mode that begins with a dash for an option, as `chmod -w file` has it.
_CHMOD_MODES = "".join(f"{letter}::" for letter in "rwxXstugoa,+=01234567")
_OWNER = (
    "changes silent quiet verbose dereference no-dereference from= no-preserve-root preserve-root reference= recursive"
)
_BACKUP = "backup suffix= target-directory= no-target-directory strip-trailing-slashes"

GRAMMARS: dict[str, Record] = {
    "rm": gnu(
        "dfiIrRv",
        # The last is called so: three dashes.
        "force interactive one-file-system no-preserve-root preserve-root recursive dir verbose -presume-input-tty",
    ),
    "rmdir": gnu("pv", "ignore-fail-on-non-empty parents path verbose"),
    "unlink": gnu("", ""),
    "mv": gnu("bfint:uvS:TZ", f"{_BACKUP} context force interactive no-clobber update verbose no-copy exchange debug"),
    "cp": gnu(
        "abdfHilLnprst:uvxPRS:TZ",
        f"{_BACKUP} archive attributes-only copy-contents dereference force interactive link no-clobber no-dereference "
        "no-preserve= one-file-system parents path preserve recursive remove-destination reflink sparse= "
        "symbolic-link update verbose context keep-directory-symlink debug",
    ),
    "ln": gnu(
        "bdfinrst:vFLPS:T",
        f"{_BACKUP} directory no-dereference force interactive symbolic verbose logical physical relative",
    ),
    "install": gnu(
        "bcCsDdg:m:o:pt:TvS:Z",
        f"{_BACKUP} compare context debug directory group= mode= owner= preserve-timestamps preserve-context strip "
        "strip-program= verbose",
    ),
    "chmod": gnu(
        f"Rcfv{_CHMOD_MODES}",
        "changes recursive no-preserve-root preserve-root quiet reference= silent verbose dereference no-dereference",
    ),
    "chown": gnu("HLPRcfhv", _OWNER),
    "chgrp": gnu("HLPRcfhv", _OWNER),
    "tee": gnu("aip", "append ignore-interrupts output-error"),
    "touch": gnu("acd:fhmr:t:", "time= no-create date= reference= no-dereference"),
    "mkdir": gnu("pm:vZ", "context mode= parents verbose"),
    "shred": gnu("fn:s:uvxz", "exact force iterations= size= random-source= remove verbose zero"),
    "truncate": gnu("cor:s:", "no-create io-blocks reference= size="),
    "dd": gnu("", ""),
}

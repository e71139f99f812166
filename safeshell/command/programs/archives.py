"""Archives: tar and zip."""

from __future__ import annotations

from safeshell.command.programs.description import Program, Programs, Runs
from safeshell.command.programs.record import getopt

_TAR = getopt(
    "AcdrtuxC:f:F:g:I:K:L:N:T:X:V:b:H:jJzZvwWkUmopPsSlBiaOhMRG0123456789?",
    "absolute-names acls add-file= after-date= anchored append atime-preserve auto-compress backup block-number "
    "blocking-factor= bzip2 catenate check-device check-links checkpoint checkpoint-action= clamp-mtime compare "
    "compress concatenate confirmation create delay-directory-restore delete dereference diff directory= "
    "exclude-backups exclude-caches exclude-caches-all exclude-caches-under exclude-from= exclude-ignore-recursive= "
    "exclude-ignore= exclude-tag-all= exclude-tag-under= exclude-tag= exclude-vcs exclude-vcs-ignores exclude= "
    "extract file= files-from= force-local format= full-time get group-map= group= gunzip gzip hard-dereference help "
    "hole-detection= ignore-case ignore-command-error ignore-failed-read ignore-zeros incremental index-file= "
    "info-script= interactive keep-directory-symlink keep-newer-files keep-old-files label= level= list "
    "listed-incremental= lzip lzma lzop mode= mtime= multi-volume new-volume-script= newer-mtime= newer= no-acls "
    "no-anchored no-auto-compress no-check-device no-delay-directory-restore no-ignore-case no-ignore-command-error "
    "no-null no-overwrite-dir no-quote-chars= no-recursion no-same-owner no-same-permissions no-seek no-selinux "
    "no-unquote no-verbatim-files-from no-wildcards no-wildcards-match-slash no-xattrs null numeric-owner occurrence "
    "old-archive one-file-system one-top-level overwrite overwrite-dir owner-map= owner= pax-option= portability "
    "posix preserve-order preserve-permissions quote-chars= quoting-style= read-full-records record-size= recursion "
    "recursive-unlink remove-files restrict rmt-command= rsh-command= same-order same-owner same-permissions seek "
    "selinux show-defaults show-omitted-dirs show-snapshot-field-ranges show-stored-names show-transformed-names "
    "skip-old-files sort= sparse sparse-version= starting-file= strip-components= suffix= tape-length= test-label "
    "to-command= to-stdout totals touch transform= uncompress ungzip unlink-first unquote update usage "
    "use-compress-program= utc verbatim-files-from verbose verify version volno-file= warning= wildcards "
    "wildcards-match-slash xattrs xattrs-exclude= xattrs-include= xform= xz zstd",
)
_TEXTS = "--to-command -I --use-compress-program -F --info-script --new-volume-script --rsh-command --rmt-command"
_RUNS = Runs(
    _TAR["short"],
    " ".join(_TAR["long"]),
    texts=tuple(_TEXTS.split()),
    settings=(("--checkpoint-action", ("exec",)),),
    options_in=("TAR_OPTIONS",),
    old=True,
)
PROGRAMS: Programs = {
    # Of `tar cf --help x` it is an archive: where it is not alone nothing shows.
    "tar": Program(_TAR, runs=_RUNS),
    **dict.fromkeys(("gtar", "bsdtar"), _RUNS),
    "zip": Runs(
        "b:i:n:R:s:t:TvrqjmgFfdeDlouXyx:P:",
        "TT= unzip-command= temp-path=",
        texts=("--TT", "--unzip-command"),
        single=True,
        options_in=("ZIPOPT",),
    ),
}

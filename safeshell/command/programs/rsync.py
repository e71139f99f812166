"""Data of rsync."""

from __future__ import annotations

from safeshell.command.programs.record import ELSEWHERE, SPLIT, TEXT, Record, getopt

PROGRAM: Record = getopt(
    "vqcarRbudlLkKHpEAXogDtUNOJSnWxB:e:mI@:T:yzCf:F0s8hPiM:46V",
    "info= debug= stderr= verbose quiet no-motd checksum archive recursive inc-recursive i-r relative no-implied-dirs "
    "backup backup-dir= suffix= update inplace append append-verify dirs old-dirs old-d mkpath links copy-links "
    "copy-unsafe-links safe-links insecure-links confine-root= munge-links copy-dirlinks keep-dirlinks hard-links "
    "perms executability chmod= acls xattrs owner group devices copy-devices write-devices specials drop-D times "
    "atimes open-noatime crtimes omit-dir-times omit-link-times super fake-super sparse preallocate dry-run "
    "whole-file checksum-choice= cc= one-file-system block-size= rsh= rsync-path= existing ignore-non-existing "
    "ignore-existing remove-source-files del delete delete-before delete-during delete-delay delete-after "
    "delete-excluded ignore-missing-args delete-missing-args ignore-errors force max-delete= max-size= min-size= "
    "max-alloc= partial partial-dir= delay-updates prune-empty-dirs numeric-ids usermap= groupmap= chown= timeout= "
    "contimeout= ignore-times size-only modify-window= temp-dir= fuzzy compare-dest= copy-dest= link-dest= compress "
    "compress-choice= zc= compress-level= zl= compress-threads= zt= skip-compress= cvs-exclude filter= exclude= "
    "exclude-from= include= include-from= files-from= from0 old-args secluded-args protect-args trust-sender copy-as= "
    "address= port= sockopts= blocking-io outbuf= stats 8-bit-output human-readable progress itemize-changes "
    "remote-option= out-format= log-format= log-file= log-file-format= password-file= early-input= list-only bwlimit= "
    "stop-after= time-limit= stop-at= fsync write-batch= only-write-batch= read-batch= protocol= iconv= "
    "checksum-seed= ipv4 ipv6 version help",
    exact=True,
    shows=["--help", "-V/--version"],
    tries=["-n/--dry-run"],
    # Files of its own.
    acts=["--log-file", "--write-batch", "--only-write-batch"],
    runs={
        "-e": SPLIT,
        "--rsh": SPLIT,
        "--rsync-path": TEXT + ELSEWHERE,
        "RSYNC_RSH=": SPLIT,
        "RSYNC_CONNECT_PROG=": TEXT,
    },
)

"""Wrappers: programs that run the command they are given, and are taken off when they start.

What runs commands and isn't taken off is in the other files; there are far more of those, and only lines are looked
through for them. Of git the options and subcommands stand here by which its aliases are found.

As the programs have it: GNU coreutils 9, findutils 4.9, util-linux 2.38, procps 4, time 1.9, strace 6, sudo 1.9,
OpenDoas 6.8, BusyBox 1.35, with what later versions added; and bash for `command` and `exec`. tests/command/unwrap/
holds the rows against the programs.
"""

from __future__ import annotations

from safeshell.command.programs.record import HELP, SHELL, UTIL, Wrapper

NAMESPACES = "mount uts ipc net pid cgroup user time"
WRAPPERS: dict[str, Wrapper] = {
    "env": Wrapper(
        "iC:S:u:v0a:",
        "ignore-environment null unset= chdir= split-string= debug argv0= default-signal ignore-signal block-signal "
        "list-signal-handling help version",
        HELP,
        assignments=True,
        clears=("-i", "--ignore-environment"),
        unsets=("-u", "--unset"),
        enters=("-C", "--chdir"),
        splits=("-S", "--split-string"),
    ),
    "nice": Wrapper("n:", "adjustment= help version", HELP, numbers=True),
    "nohup": Wrapper("", "help version", HELP),
    "timeout": Wrapper(
        "k:s:vfp", "kill-after= signal= verbose foreground preserve-status help version", HELP, operands=1
    ),
    "stdbuf": Wrapper("i:o:e:", "input= output= error= help version", HELP),
    "setsid": Wrapper("cfwhV", "ctty fork wait help version", UTIL),
    "ionice": Wrapper(
        "c:n:p:P:u:thV",
        "class= classdata= pid= pgid= uid= ignore help version",
        ("-p", "--pid", "-P", "--pgid", "-u", "--uid", *UTIL),
    ),
    "chrt": Wrapper(
        "abdefioprRmvhVD:P:T:",
        "all-tasks batch deadline ext fifo idle other pid rr reset-on-fork max verbose sched-deadline= sched-period= "
        "sched-runtime= help version",
        ("-p", "--pid", "-m", "--max", *UTIL),
        operands=1,
        numeric=True,
    ),
    "time": Wrapper("af:ho:pqvV", "append format= output= portability quiet verbose help version", UTIL),
    "command": Wrapper("pvV", "", ("-v", "-V"), unseen_with=("-p",)),
    "exec": Wrapper("cla:", clears=("-c",), unseen_with=("-l",)),
    "sudo": Wrapper(
        "Aa:BbC:c:D:Eeg:Hh::iKklNnPp:R:r:SsT:t:U:u:Vv",
        "askpass auth-type= background bell close-from= login-class= chdir= preserve-env edit group= set-home help "
        "host= login remove-timestamp reset-timestamp list no-update non-interactive preserve-groups prompt= chroot= "
        "role= stdin shell type= command-timeout= other-user= user= version validate",
        (
            *("-e", "--edit", "-h", "--help", "--host", "-K", "--remove-timestamp"),
            *("-l", "--list", "-V", "--version", "-v", "--validate"),
        ),
        assignments=True,
        options_after_assignments=True,
        enters=("-D", "--chdir"),
        leaves=("-i", "--login", "-R", "--chroot"),
        shells=("-s", "--shell", "-i", "--login"),
        unseen=True,
    ),
    "doas": Wrapper("C:Lnsu:", "", ("-C", "-L"), shells=("-s",), unseen=True),
    "xargs": Wrapper(
        "0a:E:e::i::I:l::L:n:oprs:txP:d:",
        "null arg-file= delimiter= eof replace max-lines max-args= open-tty interactive no-run-if-empty max-chars= "
        "verbose exit max-procs= process-slot-var= show-limits help version",
        HELP,
        default=(b"echo",),
    ),
    "busybox": Wrapper(
        "", "help list list-full install show=", ("--help", "--list", "--list-full", "--install", "--show")
    ),
    "toybox": Wrapper("", "help version long", HELP),
    "pkexec": Wrapper("u:", "user= disable-internal-agent keep-cwd version help", HELP, default=SHELL, unseen=True),
    "taskset": Wrapper("achpV", "all-tasks cpu-list pid help version", ("-p", "--pid", *UTIL), operands=1),
    "setpriv": Wrapper(
        "dhV",
        "dump nnp no-new-privs ambient-caps= inh-caps= bounding-set= ruid= euid= rgid= egid= reuid= regid= "
        "clear-groups keep-groups init-groups groups= securebits= pdeathsig= selinux-label= apparmor-profile= "
        "reset-env help version",
        ("-d", "--dump", *UTIL),
        clears=("--reset-env",),
    ),
    "strace": Wrapper(
        "a:Ab:cCdDe:E:fFhiI:kno:O:p:P:qrs:S:tTu:U:vVwxX:yYzZ",
        "env= attach= user= detach-on= daemonize follow-forks output-separately interruptible= trace= signal= status= "
        "trace-path= successful-only failed-only columns= abbrev= verbose= raw= read= write= quiet kvm= decode-fds "
        "instruction-pointer stack-traces syscall-number output= output-append-mode relative-timestamps string-limit= "
        "absolute-timestamps syscall-times no-abbrev strings-in-hex const-print-style= decode-pids= summary-only "
        "summary summary-syscall-overhead= summary-sort-by= summary-columns= summary-wall-clock inject= fault= debug "
        "help seccomp-bpf tips version",
        UTIL,
    ),
    "ltrace": Wrapper("a:A:bcCD:e:F:fhiLl:n:o:p:rs:STttu:Vw:x:", "", ("-h", "-V")),
    "unbuffer": Wrapper("p", "", ()),
    "caffeinate": Wrapper("dimsut:w:", "", ()),
    "unshare": Wrapper(
        "fhVmuinpCTUrR:w:S:G:c",
        f"{NAMESPACES} fork map-user= map-group= map-root-user map-current-user map-auto map-users= map-groups= "
        "kill-child mount-proc propagation= setgroups= keep-caps root= wd= setuid= setgid= monotonic= boottime= help "
        "version",
        UTIL,
        enters=("-w", "--wd"),
        leaves=("-R", "--root"),
        unseen_with=("-R", "--root"),
        default=SHELL,
    ),
    "flock": Wrapper(
        "sexnoFuw:E:c:hV",
        "shared exclusive unlock nonblock nb timeout= wait= conflict-exit-code= close command= no-fork verbose help "
        "version",
        UTIL,
        operands=1,
        texts=("-c", "--command"),
    ),
}
"""By basename."""

TAKEN_OFF = frozenset(WRAPPERS)
"""Those that are taken off when a command starts: what they run is judged with it."""

GLOBAL_OPTIONS = Wrapper(
    "C:c:pPhv",
    "git-dir= work-tree= namespace= config-env= attr-source= exec-path no-pager paginate bare no-replace-objects "
    "literal-pathspecs no-literal-pathspecs glob-pathspecs noglob-pathspecs icase-pathspecs no-optional-locks "
    "no-lazy-fetch shallow-file= super-prefix= list-cmds= help version html-path man-path info-path no-advice",
    ("--help", "-h", "--version", "-v", "--html-path", "--man-path", "--info-path", "--list-cmds"),
    exact=True,
)
"""git's before the subcommand, as a wrapper's before the command."""

BUILTINS = frozenset(
    b"""
    add am annotate apply archive backfill bisect blame branch bugreport bundle cat-file check-attr check-ignore
    check-mailmap check-ref-format checkout checkout-index cherry cherry-pick citool clean clone column commit
    commit-graph commit-tree config count-objects credential credential-cache credential-store cvsexportcommit
    cvsimport cvsserver daemon describe diagnose diff diff-files diff-index diff-pairs diff-tree difftool fast-export
    fast-import fetch fetch-pack filter-branch fmt-merge-msg for-each-ref for-each-repo format-patch fsck
    fsck-objects gc get-tar-commit-id grep gui hash-object help hook http-backend http-fetch http-push imap-send
    index-pack init init-db instaweb interpret-trailers last-modified log ls-files ls-remote ls-tree mailinfo
    mailsplit maintenance merge merge-base merge-file merge-index merge-octopus merge-one-file merge-ours
    merge-recursive merge-recursive-ours merge-recursive-theirs merge-resolve merge-subtree merge-tree mergetool
    mktag mktree multi-pack-index mv name-rev notes p4 pack-objects pack-refs patch-id pickaxe prune prune-packed pull
    push quiltimport range-diff read-tree rebase receive-pack reflog refs remote remote-ext remote-fd repack replace
    replay repo request-pull rerere reset restore rev-list rev-parse revert rm send-email send-pack shell shortlog
    show show-branch show-index show-ref sparse-checkout stage stash status stripspace submodule svn switch
    symbolic-ref tag unpack-file unpack-objects update-index update-ref update-server-info upload-archive
    upload-pack var verify-commit verify-pack verify-tag version web--browse worktree write-tree
    """.split()
)
"""git's own subcommands, which can't be aliases. What not every version has is rather left out: it is looked up in
vain, where an alias would be missed."""

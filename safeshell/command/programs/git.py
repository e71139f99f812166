"""Data of git and its subcommands."""

from __future__ import annotations

from typing import Any

from safeshell.command.programs.record import COMMAND, TEXT, Record, Wrapper, getopt


def _builtin(short: str, long: str = "", **more: Any) -> Record:
    """A subcommand that reads its options by git's own parse-options: both of these end it wherever they stand."""
    return getopt(f"{short}h", f"{long} help", shows=["-h", "--help"], **more)


_DRY = ["-n/--dry-run"]

_FOREACH = getopt("q", "quiet recursive", stops=True, runs={"1+": TEXT})

_GIT: dict[str, Record] = {
    "push": _builtin(
        "vqdnfuo:46",
        "verbose quiet repo= all branches mirror delete tags dry-run porcelain force force-with-lease "
        "force-if-includes recurse-submodules= thin receive-pack= exec= set-upstream progress prune no-verify "
        "follow-tags signed atomic push-option= ipv4 ipv6 verify",
        tries=_DRY,
        runs={"--receive-pack": TEXT, "--exec": TEXT},
    ),
    "reset": _builtin(
        "qpN",
        "quiet no-refresh mixed soft hard merge keep recurse-submodules patch intent-to-add pathspec-from-file= "
        "pathspec-file-nul refresh",
    ),
    "clean": _builtin("qnfide:xX", "quiet dry-run force interactive exclude=", tries=_DRY),
    "branch": _builtin(
        "vqt::u:radDmMcClfi",
        "verbose quiet track set-upstream set-upstream-to= unset-upstream color remotes contains= no-contains= with= "
        "without= abbrev all delete move copy list show-current create-reflog edit-description force merged= "
        "no-merged= column sort= points-at= ignore-case recurse-submodules format= omit-empty",
    ),
    "checkout": _builtin(
        "b:B:lqmdt::f23p",
        "guess overlay quiet recurse-submodules progress merge conflict= detach track force orphan= overwrite-ignore "
        "ignore-other-worktrees ours theirs patch ignore-skip-worktree-bits pathspec-from-file= pathspec-file-nul",
    ),
    "switch": _builtin(
        "c:C:qmdt::f",
        "create= force-create= guess discard-changes quiet recurse-submodules progress merge conflict= detach track "
        "force orphan= overwrite-ignore ignore-other-worktrees",
    ),
    "restore": _builtin(
        "s:SWqm23p",
        "source= staged worktree ignore-unmerged overlay quiet recurse-submodules progress merge conflict= ours "
        "theirs patch ignore-skip-worktree-bits pathspec-from-file= pathspec-file-nul",
    ),
    "rebase": _builtin(
        "qvnC:fmiS::x:kr::s:X:p",
        "onto= keep-base no-verify quiet verbose no-stat signoff committer-date-is-author-date reset-author-date "
        "ignore-date ignore-whitespace whitespace= force-rebase no-ff continue skip abort quit edit-todo "
        "show-current-patch apply merge interactive preserve-merges rerere-autoupdate empty= keep-empty autosquash "
        "update-refs gpg-sign autostash exec= allow-empty-message rebase-merges fork-point strategy= strategy-option= "
        "root reschedule-failed-exec reapply-cherry-picks verify stat ff",
        runs={"-x": TEXT, "--exec": TEXT},
    ),
    "commit": _builtin(
        "qvF:m:c:C:st:eS::aiponzu::",
        "quiet verbose file= author= date= message= reedit-message= reuse-message= fixup= squash= reset-author "
        "trailer= signoff template= edit cleanup= status gpg-sign all include interactive patch only no-verify "
        "dry-run short branch ahead-behind porcelain long null amend no-post-rewrite untracked-files "
        "pathspec-from-file= pathspec-file-nul allow-empty allow-empty-message verify post-rewrite",
        tries=["--dry-run"],
    ),
    "gc": _builtin("q", "quiet prune cruft aggressive auto force keep-largest-pack"),
    "prune": _builtin("nv", "dry-run verbose progress expire= exclude-promisor-objects", tries=_DRY),
    "worktree": {
        "subcommands": {
            "add": _builtin(
                "fdb:B:q", "force detach checkout lock reason= quiet track guess-remote orphan relative-paths"
            ),
            "remove": _builtin("f", "force"),
            "prune": _builtin("nv", "dry-run verbose expire=", tries=_DRY),
        }
    },
    "stash": {"subcommands": {"drop": _builtin("q", "quiet"), "clear": _builtin("")}},
    "reflog": {
        "subcommands": {
            "expire": _builtin(
                "n",
                "dry-run rewrite updateref stale-fix verbose all single-worktree expire= expire-unreachable=",
                tries=_DRY,
            ),
            "delete": _builtin("n", "dry-run rewrite updateref verbose", tries=_DRY),
        }
    },
    "remote": {"subcommands": {"prune": _builtin("n", "dry-run", tries=_DRY), "remove": _builtin("")}},
    "bisect": {"subcommands": {"run": {"stops": True, "runs": {"1+": COMMAND}}}},
    "submodule": {"subcommands": {"foreach": _FOREACH}},
    "rm": _builtin(
        "nqrf", "dry-run quiet cached force ignore-unmatch sparse pathspec-from-file= pathspec-file-nul", tries=_DRY
    ),
    "mv": _builtin("vnfk", "verbose dry-run force sparse", tries=_DRY),
    "add": _builtin(
        "nvipefuNA",
        "dry-run verbose interactive patch edit force update renormalize intent-to-add all no-all ignore-removal "
        "refresh ignore-errors ignore-missing sparse chmod= pathspec-from-file= pathspec-file-nul",
        tries=_DRY,
    ),
}

_GLOBALS = (
    "git-dir= work-tree= namespace= config-env= attr-source= exec-path no-pager paginate bare no-replace-objects "
    "literal-pathspecs no-literal-pathspecs glob-pathspecs noglob-pathspecs icase-pathspecs no-optional-locks "
    "no-lazy-fetch shallow-file= super-prefix= list-cmds= help version html-path man-path info-path no-advice"
)

_SETTINGS = [
    f"-c {name}"
    for name in (
        *(
            "core.sshcommand",
            "core.pager",
            "pager.*",
            "core.editor",
            "sequence.editor",
            "core.fsmonitor",
            "core.askpass",
        ),
        *("diff.external", "diff.*.command", "diff.*.textconv", "difftool.*.cmd", "mergetool.*.cmd", "merge.*.driver"),
        *("filter.*.clean", "filter.*.smudge", "filter.*.process", "credential.helper", "credential.*.helper"),
        *("gpg.program", "gpg.*.program", "remote.*.uploadpack", "remote.*.receivepack", "uploadpack.packobjectshook"),
    )
]
_VARIABLES = (
    *("GIT_SSH_COMMAND=", "GIT_EXTERNAL_DIFF=", "GIT_PAGER=", "PAGER=", "GIT_EDITOR=", "VISUAL=", "EDITOR="),
    "GIT_SEQUENCE_EDITOR=",
)

PROGRAM: Record = getopt(
    "C:c:pPhv",
    _GLOBALS,
    exact=True,
    apart=True,
    subcommands=_GIT,
    shows=["-h/--help", "-v/--version", "help", "version"],
    runs={
        **dict.fromkeys(_SETTINGS, TEXT),
        **dict.fromkeys(_VARIABLES, TEXT),
        "GIT_SSH=": COMMAND,
        "GIT_PROXY_COMMAND=": COMMAND,
        "GIT_ASKPASS=": COMMAND,
        "SSH_ASKPASS=": COMMAND,
    },
)

GLOBAL_OPTIONS = Wrapper(
    "C:c:pPhv",
    _GLOBALS,
    ("--help", "-h", "--version", "-v", "--html-path", "--man-path", "--info-path", "--list-cmds"),
    exact=True,
)
"""Those before the subcommand, as a wrapper's before the command."""

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
"""What comes with git and can't be an alias. What not every version has is rather left out: it is looked up in vain,
where an alias would be missed."""

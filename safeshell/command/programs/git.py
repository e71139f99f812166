"""git and its subcommands; wrappers.py has what the daemon takes off with."""

from __future__ import annotations

from typing import Any

from safeshell.command.programs.description import EDITORS, Program, Programs, Runs
from safeshell.command.programs.record import Record, getopt
from safeshell.command.programs.wrappers import GLOBAL_OPTIONS


def _builtin(short: str, long: str = "", **more: Any) -> Record:
    """A subcommand that reads its options by git's own parse-options: both of these end it wherever they stand."""
    return getopt(f"{short}h", f"{long} help", shows=["-h", "--help"], **more)


_DRY = ["-n/--dry-run"]

_FOREACH = getopt("q", "quiet recursive", stops=True)

_GIT: dict[str, Record] = {
    "push": _builtin(
        "vqdnfuo:46",
        "verbose quiet repo= all branches mirror delete tags dry-run porcelain force force-with-lease "
        "force-if-includes recurse-submodules= thin receive-pack= exec= set-upstream progress prune no-verify "
        "follow-tags signed atomic push-option= ipv4 ipv6 verify",
        tries=_DRY,
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
    "bisect": {"subcommands": {"run": {"stops": True}}},
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

SETTINGS = (
    *("core.sshcommand", "core.pager", "core.editor", "core.askpass", "core.fsmonitor", "core.gitproxy"),
    *("sequence.editor", "diff.external", "diff.*.command", "diff.*.textconv", "merge.*.driver", "filter.*.clean"),
    *("filter.*.smudge", "filter.*.process", "credential.helper", "credential.*.helper", "gpg.program"),
    *("gpg.*.program", "pager.*", "difftool.*.cmd", "mergetool.*.cmd", "sendemail.*cmd", "trailer.*.command"),
    *("trailer.*.cmd", "interactive.difffilter", "browser.*.cmd", "man.*.cmd", "remote.*.uploadpack"),
    *("remote.*.receivepack", "uploadpack.packobjectshook", "tar.*.command"),
)
_TRANSPORT = r"(?s)ext::(?P<text>.*)"
_RUNS = Runs(
    settings=(("-c", SETTINGS),),
    variables=(
        *("GIT_SSH_COMMAND", "GIT_SSH", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_PAGER", "GIT_EXTERNAL_DIFF"),
        *("GIT_ASKPASS", "GIT_PROXY_COMMAND", "SSH_ASKPASS", "PAGER", *EDITORS),
    ),
    verbs={
        "rebase": Runs(texts=("-x", "--exec")),
        "difftool": Runs(
            "dgyt:x:",
            "gui prompt no-prompt tool= tool-help extcmd= dir-diff symlinks trust-exit-code",
            texts=("-x", "--extcmd"),
        ),
        "filter-branch": Runs(
            "d:f",
            "setup= subdirectory-filter= env-filter= tree-filter= index-filter= parent-filter= msg-filter= "
            "commit-filter= tag-name-filter= prune-empty original= force state-branch=",
            texts=(
                "--setup",
                "--env-filter",
                "--tree-filter",
                "--index-filter",
                "--parent-filter",
                "--msg-filter",
                "--commit-filter",
                "--tag-name-filter",
            ),
        ),
        "grep": Runs(
            "O::e:f:A:B:C:m:", "open-files-in-pager threads= max-depth=", texts=("-O", "--open-files-in-pager")
        ),
        "clone": Runs(
            "o:b:u:c:j:lsnqv",
            "origin= branch= upload-pack= config= depth= template= reference= separate-git-dir= jobs= shallow-since= "
            "filter= recurse-submodules bundle-uri= server-option= revision=",
            texts=("-u", "--upload-pack"),
            settings=(("-c", SETTINGS), ("--config", SETTINGS)),
            operands=_TRANSPORT,
        ),
        **dict.fromkeys(
            ("fetch", "pull", "ls-remote", "fetch-pack"),
            Runs(
                "u:o:j:",
                "upload-pack= exec= depth= jobs= server-option= refmap= filter= shallow-since= sort=",
                texts=("--upload-pack", "--exec"),
                operands=_TRANSPORT,
            ),
        ),
        "push": Runs(texts=("--receive-pack", "--exec"), operands=_TRANSPORT),
        "archive": Runs("o:", "exec= remote= format= prefix= output= add-file=", texts=("--exec",)),
        "send-email": Runs(
            "",
            "sendmail-cmd= to-cmd= cc-cmd= header-cmd= smtp-server= to= cc= from= subject=",
            texts=("--sendmail-cmd", "--to-cmd", "--cc-cmd", "--header-cmd"),
        ),
        "remote": Runs(operands=_TRANSPORT),
        "config": Runs("f:t:", "file= blob= type= default= comment= value= url=", operands="(?!)"),
    },
)
CONFIGURED = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")
"""The names, but for their number, of variables by which git is given settings."""

_RECORD = getopt(
    GLOBAL_OPTIONS.short,
    GLOBAL_OPTIONS.long,
    exact=True,
    apart=True,
    subcommands=_GIT,
    shows=["-h/--help", "-v/--version", "help", "version"],
)
PROGRAMS: Programs = {"git": Program(_RECORD, runs=_RUNS)}

"""Options, settings, variables and scripts that hold commands, of programs whose operands are no command."""

from __future__ import annotations

from typing import NamedTuple


class Runs(NamedTuple):
    """What of a program's arguments holds shell text.

    Attributes:
        short: its options of one letter, as a getopt(3) string; those of its other data where both are "".
        long: its long ones, as `record.getopt` takes them.
        texts: options whose value is shell text.
        remote: options whose value is shell text for another machine.
        settings: options whose value is `KEY=VALUE` or `KEY VALUE`, and which keys have shell text, as patterns of
            lower case.
        operands: patterns of the operands of which the group `text` is shell text.
        variables: environment variables that are shell text for it.
        options_in: environment variables that hold more options.
        scripts: options whose value is a script of its own language, in which `escape` finds shell text.
        operand: the number of the first operand that is such a script, or -1.
        reads: whether its standard input is one where none is given.
        escape: a pattern of which the group `text` is shell text.
        single: one dash begins a long option too.
        old: a first word without a dash holds options of one letter, whose values follow in order.
        read_by: the shell that reads the texts.
    """

    short: str = ""
    long: str = ""
    texts: tuple[str, ...] = ()
    remote: tuple[str, ...] = ()
    settings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    operands: str = ""
    variables: tuple[str, ...] = ()
    options_in: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    operand: int = -1
    reads: bool = False
    escape: str = ""
    single: bool = False
    old: bool = False
    read_by: str = "sh"


_EDITORS = ("VISUAL", "EDITOR")
_EDITING = Runs(variables=_EDITORS)
_SSH_SETTINGS = ("proxycommand", "localcommand", "knownhostscommand")
GIT_SETTINGS = (
    *("core.sshcommand", "core.pager", "core.editor", "core.askpass", "core.fsmonitor", "core.gitproxy"),
    *("sequence.editor", "diff.external", "diff.*.command", "diff.*.textconv", "merge.*.driver", "filter.*.clean"),
    *("filter.*.smudge", "filter.*.process", "credential.helper", "credential.*.helper", "gpg.program"),
    *("gpg.*.program", "pager.*", "difftool.*.cmd", "mergetool.*.cmd", "sendemail.*cmd", "trailer.*.command"),
    *("trailer.*.cmd", "interactive.difffilter", "browser.*.cmd", "man.*.cmd", "remote.*.uploadpack"),
    *("remote.*.receivepack", "uploadpack.packobjectshook", "tar.*.command"),
)
_GIT_TRANSPORT = r"(?s)ext::(?P<text>.*)"
_VIM_ESCAPE = (
    r"(?m)(?:^|\|)[\s:]*(?:(?:sil(?:ent)?|noa(?:utocmd)?|keepj(?:umps)?)!?\s+)*(?:[0-9.,$%'<>]*\s*(?:r(?:ead)?|w(?:rite)?)?\s*!|"
    r"te(?:r(?:m(?:inal)?)?)?\s+(?:\+\+\S+\s+)*)(?P<text>.+)|\bsystem(?:list)?\(\s*(?P<q>['\"])(?P<call>.*?)(?P=q)"
)
_VIM = Runs(
    "c:S:u:U:i:s:w:W:t:T:q:r:L:o::O::p::dDeEvynNRmMbhlAZ",
    "cmd= servername= remote= remote-send= remote-expr= startuptime= listen= embed headless clean noplugin",
    scripts=("-c", "--cmd"),
    operands=r"\+(?P<script>.+)",
    escape=_VIM_ESCAPE,
    reads=True,
    variables=("SHELL",),
)
_GREP_PRE = Runs(
    "A:B:C:E:M:T:d:e:f:g:j:m:r:t:",
    "pre= pre-glob= hostname-bin= regexp= file= glob= type= max-depth= max-count= replace= sort= threads= color= "
    "context= engine= encoding= ignore-file= iglob= max-columns= max-filesize= path-separator= type-add= type-not=",
    texts=("--pre", "--hostname-bin"),
)
_SQL_ESCAPE = r"(?m)\\(?:!|(?:g|gx|o|w|watch)\s*\|)\s*(?P<text>[^\n]+)|\bPROGRAM\s+'(?P<call>[^']*)'"
_MYSQL = Runs(
    "e:h:u:P:D:p::S:A",
    "execute= host= user= port= database= password pager= init-command= socket= protocol= default-character-set=",
    texts=("--pager",),
    scripts=("-e", "--execute"),
    reads=True,
    escape=r"(?m)(?:^\s*system\s+|\\!\s*)(?P<text>[^\n;]+)",
)
_GDB = Runs(
    "hbqwx:c:d:p:s:",
    "args symbols= exec= se= core= pid= command= eval-command= ex= iex= init-command= init-eval-command= directory= "
    "cd= data-directory= batch nx quiet tui tty=",
    single=True,
    scripts=("--eval-command", "--ex", "--iex", "--init-eval-command"),
    reads=True,
    escape=r"(?m)^\s*(?:shell\b|!|pipe\s+[^|\n]*\|)\s*(?P<text>[^\n]+)",
)
_ED = Runs(reads=True, escape=r"(?m)^[0-9.,$%;'a-z]*?(?:[rwe]\s+)?!(?P<text>[^\n]+)")
_TCL_ESCAPE = (
    r"(?m)(?:^|[;\[{])\s*(?:spawn(?:\s+-(?:noecho|console|ignore\s+\S+))*|exec(?:\s+-\S+)*|system|overlay)\s+"
    r"(?P<text>[^\n;\]}]+)"
)
_EMACS_ESCAPE = r'\((?:async-)?shell-command(?:-to-string)?\s+"(?P<call>(?:[^"\\]|\\.)*)"'
_EMACS = Runs(
    "f:l:L:q",
    "eval= execute= batch funcall= load= script=",
    scripts=("--eval", "--execute"),
    single=True,
    escape=_EMACS_ESCAPE,
)
_APT = Runs(
    "o:c:t:yqdsmufa:h",
    "option= config-file= target-release= yes quiet",
    settings=(
        ("-o", ("*::pre-invoke*", "*::post-invoke*", "*::pre-install-pkgs*", "*changelogs::*")),
        ("--option", ("*::pre-invoke*", "*::post-invoke*", "*::pre-install-pkgs*")),
    ),
)

RUNS: dict[str, Runs] = {
    "git": Runs(
        settings=(("-c", GIT_SETTINGS),),
        variables=(
            *("GIT_SSH_COMMAND", "GIT_SSH", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_PAGER", "GIT_EXTERNAL_DIFF"),
            *("GIT_ASKPASS", "GIT_PROXY_COMMAND", "SSH_ASKPASS", "PAGER", *_EDITORS),
        ),
    ),
    "git rebase": Runs(texts=("-x", "--exec")),
    "git difftool": Runs(
        "dgyt:x:",
        "gui prompt no-prompt tool= tool-help extcmd= dir-diff symlinks trust-exit-code",
        texts=("-x", "--extcmd"),
    ),
    "git filter-branch": Runs(
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
    "git grep": Runs(
        "O::e:f:A:B:C:m:", "open-files-in-pager threads= max-depth=", texts=("-O", "--open-files-in-pager")
    ),
    "git clone": Runs(
        "o:b:u:c:j:lsnqv",
        "origin= branch= upload-pack= config= depth= template= reference= separate-git-dir= jobs= "
        "shallow-since= filter= recurse-submodules bundle-uri= server-option= revision=",
        texts=("-u", "--upload-pack"),
        settings=(("-c", GIT_SETTINGS), ("--config", GIT_SETTINGS)),
        operands=_GIT_TRANSPORT,
    ),
    **dict.fromkeys(
        ("git fetch", "git pull", "git ls-remote", "git fetch-pack"),
        Runs(
            "u:o:j:",
            "upload-pack= exec= depth= jobs= server-option= refmap= filter= shallow-since= sort=",
            texts=("--upload-pack", "--exec"),
            operands=_GIT_TRANSPORT,
        ),
    ),
    "git push": Runs(texts=("--receive-pack", "--exec"), operands=_GIT_TRANSPORT),
    "git archive": Runs("o:", "exec= remote= format= prefix= output= add-file=", texts=("--exec",)),
    "git send-email": Runs(
        "",
        "sendmail-cmd= to-cmd= cc-cmd= header-cmd= smtp-server= to= cc= from= subject=",
        texts=("--sendmail-cmd", "--to-cmd", "--cc-cmd", "--header-cmd"),
    ),
    "git remote": Runs(operands=_GIT_TRANSPORT),
    "ssh": Runs(settings=(("-o", _SSH_SETTINGS),)),
    **dict.fromkeys(
        ("scp", "sftp"),
        Runs(
            "c:D:F:i:J:l:o:P:S:X:b:B:R:s:346ABCOpqrTvaf",
            texts=("-S", "-D"),
            reads=True,
            escape=r"(?m)^\s*!\s*(?P<text>[^\n]+)",
            settings=(("-o", _SSH_SETTINGS),),
        ),
    ),
    "sshfs": Runs("o:p:F:fdsC", settings=(("-o", ("*ssh_command", *_SSH_SETTINGS)),)),
    "rsync": Runs(
        "e:f:T:B:M:@:vqcarRubldLkKHpEAXogDtUNSnWxCIzPsh46y",
        "rsh= rsync-path= filter= exclude= include= exclude-from= include-from= files-from= temp-dir= partial-dir= "
        "backup-dir= suffix= compare-dest= copy-dest= link-dest= block-size= bwlimit= timeout= contimeout= port= "
        "sockopts= out-format= log-file= log-file-format= password-file= chmod= chown= usermap= groupmap= max-size= "
        "min-size= max-delete= modify-window= compress-level= compress-choice= checksum-choice= checksum-seed= "
        "skip-compress= address= protocol= iconv= info= debug= early-input= outbuf= remote-option= stop-after= "
        "write-batch= only-write-batch= read-batch= copy-as= delete",
        texts=("-e", "--rsh"),
        remote=("--rsync-path",),
        variables=("RSYNC_RSH", "RSYNC_CONNECT_PROG"),
    ),
    **dict.fromkeys(
        ("tar", "gtar", "bsdtar"),
        Runs(
            "Ab:BC:cdf:F:g:GhH:iI:jJkK:lL:mMnN:oOpPrsStT:uUvV:wWxX:zZa",
            "to-command= use-compress-program= checkpoint checkpoint-action= info-script= new-volume-script= "
            "rsh-command= rmt-command= file= directory= exclude= exclude-from= files-from= transform= xform= "
            "strip-components= format= group= owner= mode= mtime= label= newer= newer-mtime= after-date= "
            "listed-incremental= level= tape-length= blocking-factor= record-size= starting-file= suffix= sort= "
            "occurrence backup warning= pax-option= add-file= index-file= volno-file= one-file-system",
            texts=(
                "--to-command",
                "-I",
                "--use-compress-program",
                "-F",
                "--info-script",
                "--new-volume-script",
                "--rsh-command",
                "--rmt-command",
            ),
            settings=(("--checkpoint-action", ("exec",)),),
            options_in=("TAR_OPTIONS",),
            old=True,
        ),
    ),
    "zip": Runs(
        "b:i:n:R:s:t:TvrqjmgFfdeDlouXyx:P:",
        "TT= unzip-command= temp-path=",
        texts=("--TT", "--unzip-command"),
        single=True,
        options_in=("ZIPOPT",),
    ),
    "sort": Runs(
        "k:o:S:t:T:bdfgiMhnRrVcCmsuz",
        "compress-program= buffer-size= field-separator= key= output= "
        "temporary-directory= parallel= random-source= batch-size= files0-from= sort=",
        texts=("--compress-program",),
    ),
    "split": Runs(
        "a:b:C:l:n:t:dxeu",
        "filter= suffix-length= additional-suffix= bytes= line-bytes= lines= number= "
        "separator= numeric-suffixes hex-suffixes",
        texts=("--filter",),
    ),
    "rg": _GREP_PRE,
    "man": Runs(
        "P:H::C:R:L:m:M:S:s:e:r:p:T::X::Z",
        "pager= html config-file= locale= systems= manpath= sections= extension= prompt= preprocessor=",
        texts=("-P", "--pager", "-H", "--html"),
        variables=("MANPAGER", "PAGER", "BROWSER"),
    ),
    "less": Runs(variables=("LESSOPEN", "LESSCLOSE", *_EDITORS)),
    "socat": Runs("dD:hvxb:st:T:l:L:W:V", operands=r"(?is)(?:!!)?(?P<kind>exec|system|shell):(?P<address>.*)"),
    **dict.fromkeys(
        ("nc", "ncat", "netcat", "nc.traditional"),
        Runs(
            "e:c:g:G:i:o:p:q:s:w:x:X:m:d:",
            "exec= sh-exec= lua-exec= proxy= proxy-type= source= wait= delay=",
            texts=("-e", "-c", "--exec", "--sh-exec"),
        ),
    ),
    "wget": Runs(
        "e:o:a:i:O:P:U:t:T:w:Q:A:R:D:I:X:l:B:",
        "use-askpass= execute= output-document=",
        texts=("--use-askpass",),
        settings=(("-e", ("use_askpass", "use-askpass")), ("--execute", ("use_askpass", "use-askpass"))),
    ),
    "sqlite3": Runs(
        "",
        "cmd= init= separator= newline= nullvalue= mmap= vfs= lookaside= maxsize= pagecache=",
        single=True,
        scripts=("--cmd",),
        operand=1,
        reads=True,
        escape=r"(?m)^\s*\.(?:shell|system)\s+(?P<text>[^\n]+)",
    ),
    "psql": Runs(
        scripts=("-c", "--command"),
        reads=True,
        escape=_SQL_ESCAPE,
        variables=("PSQL_PAGER", "PAGER", "PSQL_EDITOR", *_EDITORS),
    ),
    **dict.fromkeys(("mysql", "mariadb"), _MYSQL),
    "ed": _ED,
    "red": _ED,
    **dict.fromkeys(
        (
            "vim",
            "vi",
            "nvim",
            "ex",
            "view",
            "gvim",
            "rvim",
            "vimdiff",
            "gview",
            "evim",
            "nvim-qt",
            "vim.basic",
            "vim.tiny",
        ),
        _VIM,
    ),
    **dict.fromkeys(("emacs", "emacsclient", "emacs-nox"), _EMACS),
    "gdb": _GDB,
    "expect": Runs("c:f:b:d:D:inNv", scripts=("-c",), reads=True, escape=_TCL_ESCAPE),
    **dict.fromkeys(("tclsh", "wish", "jimsh"), Runs(reads=True, escape=_TCL_ESCAPE)),
    **dict.fromkeys(
        ("ftp", "lftp", "telnet", "tnftp"),
        Runs("e:c:u:p:", scripts=("-e", "-c"), reads=True, escape=r"(?m)(?:^|;)\s*!\s*(?P<text>[^\n]+)"),
    ),
    "dc": Runs(
        "e:f:",
        "expression= file=",
        scripts=("-e", "--expression"),
        reads=True,
        escape=r"(?m)!\s*(?P<text>[^<=>\n][^\n]*)",
    ),
    "gnuplot": Runs(
        "e:d",
        scripts=("-e",),
        reads=True,
        escape=r"(?m)^\s*!\s*(?P<text>[^\n]+)|\bsystem\(?\s*(?P<q>['\"])(?P<call>.*?)(?P=q)",
    ),
    "fzf": Runs(
        "f:q:m:n:d:",
        "preview= bind= query= filter= execute=",
        texts=("--preview",),
        variables=("FZF_DEFAULT_COMMAND",),
        scripts=("--bind",),
        escape=r"(?:execute|execute-silent|become|reload|transform)(?:-multi)?[(:\[{](?P<text>[^)\]}]+)",
    ),
    **dict.fromkeys(("apt", "apt-get"), _APT),
    **dict.fromkeys(("crontab", "visudo", "sudoedit", "vipw", "vigr", "vidir", "vipe", "edquota"), _EDITING),
    "sudo": Runs(variables=("SUDO_ASKPASS", "SUDO_EDITOR", *_EDITORS)),
    **dict.fromkeys(
        ("systemctl", "journalctl", "loginctl"), Runs(variables=("SYSTEMD_PAGER", "SYSTEMD_EDITOR", "PAGER", *_EDITORS))
    ),
    "kubectl": Runs(variables=("KUBE_EDITOR", "KUBECTL_EXTERNAL_DIFF", *_EDITORS)),
    "gh": Runs(variables=("GH_PAGER", "GH_EDITOR", "GH_BROWSER", "BROWSER", "PAGER", *_EDITORS)),
    "aws": Runs(variables=("AWS_PAGER", "PAGER")),
    "hg": Runs(
        "R:",
        "config= repository= cwd=",
        settings=(("--config", ("alias.*", "hooks.*", "ui.editor", "ui.ssh", "extdiff.cmd.*", "pager.pager")),),
        variables=("HGEDITOR", "PAGER", *_EDITORS),
    ),
    "svn": Runs(
        "",
        "editor-cmd= diff-cmd= diff3-cmd= config-option=",
        texts=("--editor-cmd", "--diff-cmd", "--diff3-cmd"),
        variables=("SVN_EDITOR", "SVN_SSH", *_EDITORS),
    ),
    **dict.fromkeys(
        ("bat", "delta", "batcat"), Runs("", "pager=", texts=("--pager",), variables=("BAT_PAGER", "PAGER"))
    ),
    "cargo": Runs(
        variables=("RUSTC_WRAPPER", "RUSTC", "RUSTDOC", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER")
    ),
    "perf": Runs(variables=("PAGER", "PERF_PAGER")),
    "xdg-open": Runs(variables=("BROWSER",)),
    "logrotate": Runs("m:s:l:", "mail= state= log=", texts=("-m", "--mail")),
    "watchman-make": Runs("p:t:", "make= pattern= run= target=", texts=("--make", "--run")),
}
"""By basename; of git's subcommands with git before."""

CONFIGURED = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")
"""The names, but for their number, of variables by which git is given settings."""

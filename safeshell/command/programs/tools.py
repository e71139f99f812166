"""Other programs that hold commands in options, variables or scripts."""

from __future__ import annotations

from safeshell.command.programs.description import EDITORS, Program, Programs, Runs
from safeshell.command.programs.record import Wrapper

_TCL_ESCAPE = (
    r"(?m)(?:^|[;\[{])\s*(?:spawn(?:\s+-(?:noecho|console|ignore\s+\S+))*|exec(?:\s+-\S+)*|system|overlay)\s+"
    r"(?P<text>[^\n;\]}]+)"
)
_SED = Wrapper(
    "nrEe:f:i::I::l:suzb",
    "quiet silent debug expression= file= follow-symlinks in-place line-length= null-data posix regexp-extended "
    "separate sandbox unbuffered help version",
    ("--help", "--version", "--sandbox", "--posix"),
    permutes=True,
)
_MAKE = Wrapper(
    "f:C:I:j::l::o:W:E:O::bBdehiknpqrRsStvwm",
    "file= makefile= directory= include-dir= old-file= assume-old= what-if= new-file= assume-new= eval=",
    ("-h", "--help", "-v", "--version"),
    permutes=True,
)
_AT = Wrapper("V:q:f:t:lmMdrbcv", "", ("-l", "-d", "-r", "-c", "-V"))
PROGRAMS: Programs = {
    "sed": Program(options=_SED),
    **dict.fromkeys(("at", "batch"), Program(options=_AT)),
    **dict.fromkeys(("make", "gmake"), Program(options=_MAKE)),
    "rg": Runs(
        "A:B:C:E:M:T:d:e:f:g:j:m:r:t:",
        "pre= pre-glob= hostname-bin= regexp= file= glob= type= max-depth= max-count= replace= sort= threads= color= "
        "context= engine= encoding= ignore-file= iglob= max-columns= max-filesize= path-separator= type-add= type-not=",
        texts=("--pre", "--hostname-bin"),
    ),
    "expect": Runs("c:f:b:d:D:inNv", scripts=("-c",), reads=True, escape=_TCL_ESCAPE),
    **dict.fromkeys(("tclsh", "wish", "jimsh"), Runs(reads=True, escape=_TCL_ESCAPE)),
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
    **dict.fromkeys(
        ("systemctl", "journalctl", "loginctl"), Runs(variables=("SYSTEMD_PAGER", "SYSTEMD_EDITOR", "PAGER", *EDITORS))
    ),
    "hg": Runs(
        "R:",
        "config= repository= cwd=",
        settings=(("--config", ("alias.*", "hooks.*", "ui.editor", "ui.ssh", "extdiff.cmd.*", "pager.pager")),),
        variables=("HGEDITOR", "PAGER", *EDITORS),
    ),
    "svn": Runs(
        "",
        "editor-cmd= diff-cmd= diff3-cmd= config-option=",
        texts=("--editor-cmd", "--diff-cmd", "--diff3-cmd"),
        variables=("SVN_EDITOR", "SVN_SSH", *EDITORS),
    ),
    "go": Runs("C:", "exec= toolexec= run= o=", texts=("--exec", "--toolexec"), single=True),
    "logrotate": Runs("m:s:l:", "mail= state= log=", texts=("-m", "--mail")),
    "watchman-make": Runs("p:t:", "make= pattern= run= target=", texts=("--make", "--run")),
}

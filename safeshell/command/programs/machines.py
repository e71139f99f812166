"""Other machines and virtual ones: ssh and its kin, lxc, VMs."""

from __future__ import annotations

from functools import partial

from safeshell.command.programs.description import ELSEWHERE, Program, Programs, Runs, kept
from safeshell.command.programs.record import SHELL, Wrapper

_inside = partial(Wrapper, elsewhere=True)
_remote = partial(Wrapper, remote=True, unseen=True)
_SSH_SETTINGS = ("proxycommand", "localcommand", "knownhostscommand")
_SSH = _remote(
    "B:b:c:D:E:e:F:I:i:J:L:l:m:O:o:P:p:Q:R:S:W:w:46AaCfGgKkMNnqsTtVvXxYy",
    "",
    ("-V", "-Q", "-O", "-G", "-N"),
    operands=1,
    joined=True,
)
_AFTER_DASHES = _inside("", dashed=True)
_CTR_EXEC = _inside("dt", "exec-id= cwd= user= log-uri= fifo-dir= detach tty", operands=1)
_LXC = Wrapper(
    "v",
    "force-local debug project= quiet verbose help version",
    ("--help", "--version"),
    {
        "exec": _inside(
            "nTtu:g:",
            "cwd= env= mode= disable-stdin force-interactive force-noninteractive project= user= group=",
            dashed=True,
            operands=1,
        )
    },
)
_MULTIPASS_EXEC = _inside("d:nv", "working-directory= no-map-working-directory", dashed=True, operands=1)
_VAGRANT_SSH = _remote(
    "c:p", "command= plain no-tty tty", permutes=True, texts=("-c", "--command"), needs=("-c", "--command")
)
_DISTROBOX_ENTER = _inside(
    "n:a:e", "name= additional-flags= exec no-tty no-workdir clean-path root verbose", operands=1, dashed=True
)
_DEVCONTAINER_EXEC = _inside(
    "", "workspace-folder= container-id= id-label= config= docker-path= remote-env= log-level="
)
_APPTAINER = Wrapper(
    "c:dhqsv",
    "config= debug quiet silent verbose nocolor",
    ("-h", "--help"),
    {
        "exec": _inside(
            "B:H:W:S:o:pceCiu",
            "bind= home= workdir= scratch= overlay= pwd= cwd= env= env-file= app= mount= net network= network-args= "
            "security= dns= hostname= fusemount= add-caps= drop-caps= cleanenv contain containall nv rocm writable",
            operands=1,
        )
    },
)
_ELSEWHERE = {
    "autossh": _SSH._replace(short=f"{_SSH.short}M:", idle=("-V",)),
    "rsh": _remote("l:p:nKxdFf", operands=1, joined=True),
    "dbclient": _remote("p:l:i:L:R:W:K:I:B:J:c:m:o:b:TtNfgysuAVhv", "", ("-V", "-h"), operands=1, joined=True),
    "plink": _remote("P:l:i:m:D:L:R:XxAaTtN12460VCsv", "", ("-V",), operands=1, joined=True),
    "mosh": _inside(
        "p:anh46",
        "client= server= predict= port= ssh= family= no-init local experimental-remote-ip= help version",
        ("-h", "--help", "--version"),
        operands=1,
    ),
    "pdsh": _remote("w:x:g:X:l:t:u:f:R:M:P:SbqVLhn:", "", ("-V", "-L", "-h", "-q"), joined=True),
    "clush": _remote(
        "w:x:aG:g:X:f:t:u:l:o:bBLNvqdSrR:O:nH:",
        "options= user= fanout= worker= nodes= group= all",
        ("-h", "--help"),
        joined=True,
    ),
    "ansible": _remote(
        "a:bB:Ce:f:hi:kKl:m:M:oP:t:u:vc:T:D",
        "args= become background= check extra-vars= forks= inventory= ask-pass limit= module-name= module-path= "
        "one-line poll= tree= user= verbose connection= timeout= private-key= become-user= become-method= vault-id= "
        "vault-password-file= playbook-dir= list-hosts help version diff",
        ("-h", "--help", "--version", "--list-hosts"),
        permutes=True,
        texts=("-a", "--args"),
        needs=("-a", "--args"),
    ),
    "crictl": Wrapper(
        "c:r:i:t:D",
        "config= runtime-endpoint= image-endpoint= timeout= debug",
        ("--help",),
        {"exec": _inside("istre:", "interactive sync timeout= tty transport= env=", operands=1)},
    ),
    "ctr": Wrapper(
        "a:n:",
        "address= namespace= timeout= connect-timeout= debug",
        ("--help",),
        {name: Wrapper("", verbs={"exec": _CTR_EXEC}) for name in ("task", "tasks", "t")},
    ),
    **dict.fromkeys(("lxc", "incus"), _LXC),
    "lxc-attach": _inside(
        "n:P:f:l:e:s:R:o:a:u:g:v:q",
        "name= lxcpath= rcfile= logpriority= elevated-privileges namespaces= remount-sys-proc arch= clear-env "
        "keep-env keep-var= set-var= uid= gid= logfile=",
        ("--help", "--version"),
        default=SHELL,
    ),
    "multipass": Wrapper("v", verbs={"exec": _MULTIPASS_EXEC}),
    "limactl": Wrapper(
        "", "debug log-level= tty", verbs={"shell": _inside("", "workdir= shell= debug instance=", operands=1)}
    ),
    "lima": _inside(""),
    "colima": Wrapper("p:v", "profile= verbose", verbs={"ssh": _AFTER_DASHES}),
    "orb": Wrapper(
        "m:u:w:sp", "machine= user= workdir= shell path", verbs={"run": _inside("m:u:w:"), "": _inside("m:u:w:")}
    ),
    "vagrant": Wrapper("", verbs={"ssh": _VAGRANT_SSH}),
    "machinectl": Wrapper(
        "hqp:ln:o:H:M:E:",
        "help version quiet property= all value full no-pager no-legend uid= setenv= mkdir read-only",
        ("-h", "--help", "--version"),
        {"shell": _inside("qE:", "uid= setenv= quiet", operands=1)},
    ),
    "toolbox": Wrapper(
        "yv",
        "assumeyes log-level= log-podman verbose",
        ("-h", "--help"),
        {"run": _inside("c:d:r:", "container= distro= release= preserve-fds=")},
    ),
    "distrobox": Wrapper("", verbs={"enter": _DISTROBOX_ENTER}),
    "devcontainer": Wrapper("", verbs={"exec": _DEVCONTAINER_EXEC}),
    **dict.fromkeys(("apptainer", "singularity"), _APPTAINER),
    "wsl": _inside("d:u:e", "distribution= user= cd= exec shell-type= system list shutdown", ("--list", "--shutdown")),
    "flatpak-spawn": Wrapper(
        "v",
        "verbose forward-fd= clear-env watch-bus env= latest-version no-network sandbox host directory=",
        ("--help",),
        enters=("--directory",),
        unseen=True,
    ),
    "adb": Wrapper("ads:t:H:P:L:", verbs={"shell": _remote("e:nTtx", joined=True)}),
    "heroku": Wrapper(
        "",
        verbs={
            "run": _inside("a:r:s:e:", "app= remote= size= env= exit-code no-tty type=", joined=True),
            "run:detached": _inside("a:r:s:e:", "app= remote= size= env=", joined=True),
        },
    ),
    "railway": Wrapper(
        "",
        verbs={
            "run": Wrapper("s:e:p:", "service= environment= project="),
            "ssh": _inside("s:e:p:", "service= environment= project="),
        },
    ),
}
_SCP = Runs(
    "c:D:F:i:J:l:o:P:S:X:b:B:R:s:346ABCOpqrTvaf",
    texts=("-S", "-D"),
    reads=True,
    escape=r"(?m)^\s*!\s*(?P<text>[^\n]+)",
    settings=(("-o", _SSH_SETTINGS),),
)
PROGRAMS: Programs = {
    **kept(ELSEWHERE, _ELSEWHERE),
    "ssh": Program(row=_SSH._replace(kept=ELSEWHERE), runs=Runs(settings=(("-o", _SSH_SETTINGS),))),
    **dict.fromkeys(("scp", "sftp"), _SCP),
    "sshfs": Runs("o:p:F:fdsC", settings=(("-o", ("*ssh_command", *_SSH_SETTINGS)),)),
}

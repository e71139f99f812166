"""Runners on other machines and in containers, by a name of the machine's: ssh and its kin, docker, lxc, VMs."""

from __future__ import annotations

from safeshell.command.programs.docker import PROGRAM as CONTAINER
from safeshell.command.programs.docker_compose import PROGRAM as COMPOSE
from safeshell.command.programs.record import Record, Wrapper
from safeshell.command.programs.runners.reasons import ELSEWHERE, SHELL


def _inside(record: Record) -> Wrapper:
    """The row of a verb by its grammar: its operands are the container, then the command."""
    return Wrapper(
        record["short"],
        " ".join(record["long"]),
        ("--help",),
        operands=1,
        elsewhere=True,
        exact=True,
        program=("--entrypoint",),
    )


_VERBS = {name: _inside(CONTAINER["subcommands"][name]) for name in ("run", "create", "exec")}
_SERVICE = Wrapper(
    "de:itTu:w:v:l:p:Ph",
    "detach env= env-from-file= index= interactive no-TTY no-tty privileged tty user= workdir= build cap-add= "
    "cap-drop= "
    "entrypoint= label= name= no-deps publish= quiet quiet-pull remove-orphans rm service-ports use-aliases volume= "
    "dry-run help",
    ("-h", "--help"),
    operands=1,
    elsewhere=True,
    exact=True,
    program=("--entrypoint",),
)
_COMPOSED = Wrapper(
    COMPOSE["short"],
    " ".join(COMPOSE["long"]),
    ("--help", "--version"),
    ELSEWHERE,
    {"exec": _SERVICE, "run": _SERVICE},
    exact=True,
)
_DOCKER = Wrapper(
    CONTAINER["short"],
    " ".join(CONTAINER["long"]),
    ("--help", "--version"),
    ELSEWHERE,
    {**_VERBS, "container": Wrapper("", verbs=_VERBS), "compose": _COMPOSED},
    exact=True,
)
_SSH = Wrapper(
    "B:b:c:D:E:e:F:I:i:J:L:l:m:O:o:P:p:Q:R:S:W:w:46AaCfGgKkMNnqsTtVvXxYy",
    "",
    ("-V", "-Q", "-O", "-G", "-N"),
    ELSEWHERE,
    operands=1,
    joined=True,
    remote=True,
    unseen=True,
)
_AFTER_DASHES = Wrapper("", dashed=True, elsewhere=True)

RUNNERS: dict[str, Wrapper] = {
    "ssh": _SSH,
    "autossh": _SSH._replace(short=f"{_SSH.short}M:", idle=("-V",)),
    "rsh": Wrapper("l:p:nKxdFf", "", (), ELSEWHERE, operands=1, joined=True, remote=True, unseen=True),
    "dbclient": Wrapper(
        "p:l:i:L:R:W:K:I:B:J:c:m:o:b:TtNfgysuAVhv",
        "",
        ("-V", "-h"),
        ELSEWHERE,
        operands=1,
        joined=True,
        remote=True,
        unseen=True,
    ),
    "plink": Wrapper(
        "P:l:i:m:D:L:R:XxAaTtN12460VCsv",
        "",
        ("-V",),
        ELSEWHERE,
        operands=1,
        joined=True,
        remote=True,
        unseen=True,
    ),
    "mosh": Wrapper(
        "p:anh46",
        "client= server= predict= port= ssh= family= no-init local experimental-remote-ip= help version",
        ("-h", "--help", "--version"),
        ELSEWHERE,
        operands=1,
        elsewhere=True,
    ),
    "pdsh": Wrapper(
        "w:x:g:X:l:t:u:f:R:M:P:SbqVLhn:",
        "",
        ("-V", "-L", "-h", "-q"),
        ELSEWHERE,
        joined=True,
        remote=True,
        unseen=True,
    ),
    "clush": Wrapper(
        "w:x:aG:g:X:f:t:u:l:o:bBLNvqdSrR:O:nH:",
        "options= user= fanout= worker= nodes= group= all",
        ("-h", "--help"),
        ELSEWHERE,
        joined=True,
        remote=True,
        unseen=True,
    ),
    "ansible": Wrapper(
        "a:bB:Ce:f:hi:kKl:m:M:oP:t:u:vc:T:D",
        "args= become background= check extra-vars= forks= inventory= ask-pass limit= module-name= module-path= "
        "one-line poll= tree= user= verbose connection= timeout= private-key= become-user= become-method= "
        "vault-id= vault-password-file= playbook-dir= list-hosts help version diff",
        ("-h", "--help", "--version", "--list-hosts"),
        ELSEWHERE,
        permutes=True,
        texts=("-a", "--args"),
        needs=("-a", "--args"),
        remote=True,
        unseen=True,
    ),
    **dict.fromkeys(("docker", "podman", "nerdctl", "finch"), _DOCKER),
    **dict.fromkeys(("docker-compose", "podman-compose"), _COMPOSED),
    "crictl": Wrapper(
        "c:r:i:t:D",
        "config= runtime-endpoint= image-endpoint= timeout= debug",
        ("--help",),
        ELSEWHERE,
        {"exec": Wrapper("istre:", "interactive sync timeout= tty transport= env=", operands=1, elsewhere=True)},
    ),
    "ctr": Wrapper(
        "a:n:",
        "address= namespace= timeout= connect-timeout= debug",
        ("--help",),
        ELSEWHERE,
        {
            name: Wrapper(
                "",
                verbs={
                    "exec": Wrapper(
                        "dt", "exec-id= cwd= user= log-uri= fifo-dir= detach tty", operands=1, elsewhere=True
                    )
                },
            )
            for name in ("task", "tasks", "t")
        },
    ),
    **dict.fromkeys(
        ("lxc", "incus"),
        Wrapper(
            "v",
            "force-local debug project= quiet verbose help version",
            ("--help", "--version"),
            ELSEWHERE,
            {
                "exec": Wrapper(
                    "nTtu:g:",
                    "cwd= env= mode= disable-stdin force-interactive force-noninteractive project= user= group=",
                    dashed=True,
                    operands=1,
                    elsewhere=True,
                )
            },
        ),
    ),
    "lxc-attach": Wrapper(
        "n:P:f:l:e:s:R:o:a:u:g:v:q",
        "name= lxcpath= rcfile= logpriority= elevated-privileges "
        "namespaces= remount-sys-proc arch= clear-env keep-env keep-var= set-var= uid= gid= logfile=",
        ("--help", "--version"),
        ELSEWHERE,
        elsewhere=True,
        default=SHELL,
    ),
    "multipass": Wrapper(
        "v",
        "",
        (),
        ELSEWHERE,
        {
            "exec": Wrapper(
                "d:nv", "working-directory= no-map-working-directory", dashed=True, operands=1, elsewhere=True
            )
        },
    ),
    "limactl": Wrapper(
        "",
        "debug log-level= tty",
        (),
        ELSEWHERE,
        {"shell": Wrapper("", "workdir= shell= debug instance=", operands=1, elsewhere=True)},
    ),
    "lima": Wrapper("", "", (), ELSEWHERE, elsewhere=True),
    "colima": Wrapper("p:v", "profile= verbose", (), ELSEWHERE, {"ssh": _AFTER_DASHES}),
    "orb": Wrapper(
        "m:u:w:sp",
        "machine= user= workdir= shell path",
        (),
        ELSEWHERE,
        {"run": Wrapper("m:u:w:", elsewhere=True), "": Wrapper("m:u:w:", elsewhere=True)},
    ),
    "vagrant": Wrapper(
        "",
        "",
        (),
        ELSEWHERE,
        {
            "ssh": Wrapper(
                "c:p",
                "command= plain no-tty tty",
                permutes=True,
                texts=("-c", "--command"),
                needs=("-c", "--command"),
                remote=True,
                unseen=True,
            )
        },
    ),
    "machinectl": Wrapper(
        "hqp:ln:o:H:M:E:",
        "help version quiet property= all value full no-pager no-legend uid= setenv= mkdir read-only",
        ("-h", "--help", "--version"),
        ELSEWHERE,
        {"shell": Wrapper("qE:", "uid= setenv= quiet", operands=1, elsewhere=True)},
    ),
    "toolbox": Wrapper(
        "yv",
        "assumeyes log-level= log-podman verbose",
        ("-h", "--help"),
        ELSEWHERE,
        {"run": Wrapper("c:d:r:", "container= distro= release= preserve-fds=", elsewhere=True)},
    ),
    "distrobox": Wrapper(
        "",
        "",
        (),
        ELSEWHERE,
        {
            "enter": Wrapper(
                "n:a:e",
                "name= additional-flags= exec no-tty no-workdir clean-path root verbose",
                operands=1,
                dashed=True,
                elsewhere=True,
            )
        },
    ),
    "devcontainer": Wrapper(
        "",
        "",
        (),
        ELSEWHERE,
        {
            "exec": Wrapper(
                "",
                "workspace-folder= container-id= id-label= config= docker-path= remote-env= log-level=",
                elsewhere=True,
            )
        },
    ),
    **dict.fromkeys(
        ("apptainer", "singularity"),
        Wrapper(
            "c:dhqsv",
            "config= debug quiet silent verbose nocolor",
            ("-h", "--help"),
            ELSEWHERE,
            {
                "exec": Wrapper(
                    "B:H:W:S:o:pceCiu",
                    "bind= home= workdir= scratch= overlay= pwd= cwd= env= env-file= app= mount= net network= "
                    "network-args= "
                    "security= dns= hostname= fusemount= add-caps= drop-caps= cleanenv contain containall nv rocm "
                    "writable",
                    operands=1,
                    elsewhere=True,
                )
            },
        ),
    ),
    "wsl": Wrapper(
        "d:u:e",
        "distribution= user= cd= exec shell-type= system list shutdown",
        ("--list", "--shutdown"),
        ELSEWHERE,
        elsewhere=True,
    ),
    "flatpak-spawn": Wrapper(
        "v",
        "verbose forward-fd= clear-env watch-bus env= latest-version no-network sandbox host directory=",
        ("--help",),
        ELSEWHERE,
        enters=("--directory",),
        unseen=True,
    ),
    "adb": Wrapper(
        "ads:t:H:P:L:", "", (), ELSEWHERE, {"shell": Wrapper("e:nTtx", joined=True, remote=True, unseen=True)}
    ),
    "heroku": Wrapper(
        "",
        "",
        (),
        ELSEWHERE,
        {
            "run": Wrapper("a:r:s:e:", "app= remote= size= env= exit-code no-tty type=", joined=True, elsewhere=True),
            "run:detached": Wrapper("a:r:s:e:", "app= remote= size= env=", joined=True, elsewhere=True),
        },
    ),
    **dict.fromkeys(
        ("fly", "flyctl"),
        Wrapper(
            "t:",
            "access-token=",
            (),
            ELSEWHERE,
            {
                "ssh": Wrapper(
                    "",
                    verbs={
                        "console": Wrapper(
                            "a:C:o:r:u:s",
                            "app= command= org= region= user= address= machine= container= pty select",
                            permutes=True,
                            texts=("-C", "--command"),
                            needs=("-C", "--command"),
                            remote=True,
                            unseen=True,
                        )
                    },
                )
            },
        ),
    ),
    "railway": Wrapper(
        "",
        "",
        (),
        ELSEWHERE,
        {
            "run": Wrapper("s:e:p:", "service= environment= project="),
            "ssh": Wrapper("s:e:p:", "service= environment= project=", elsewhere=True),
        },
    ),
    "gcloud": Wrapper(
        "",
        "project= account= configuration= zone= region= quiet verbosity=",
        ("--help",),
        ELSEWHERE,
        {
            "compute": Wrapper(
                "",
                verbs={
                    "ssh": Wrapper(
                        "",
                        "command= zone= project= ssh-key-file= ssh-flag= container= tunnel-through-iap internal-ip",
                        permutes=True,
                        texts=("--command",),
                        needs=("--command",),
                        remote=True,
                        unseen=True,
                    )
                },
            )
        },
    ),
}

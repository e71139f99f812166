"""Containers: docker and its kin, and compose."""

from __future__ import annotations

from safeshell.command.programs.description import ELSEWHERE, Program, Programs
from safeshell.command.programs.record import Record, Wrapper, getopt

_GLOBALS = (
    "config= context= debug host= log-level= tls tlscacert= tlscert= tlskey= tlsverify version help connection= url= "
    "identity= root= runroot= log-opt= cgroup-manager= conmon= events-backend= hooks-dir= imagestore= module= "
    "namespace= network-cmd-path= network-config-dir= noout out= remote runtime= runtime-flag= ssh= storage-driver= "
    "storage-opt= syslog tmpdir= transient-store volumepath="
)
_RUN_OPTIONS = (
    "add-host= annotation= attach= blkio-weight= blkio-weight-device= cap-add= cap-drop= cgroup-parent= cgroupns= "
    "cidfile= cpu-count= cpu-percent= cpu-period= cpu-quota= cpu-rt-period= cpu-rt-runtime= cpu-shares= cpus= "
    "cpuset-cpus= cpuset-mems= detach detach-keys= device= device-cgroup-rule= device-read-bps= device-read-iops= "
    "device-write-bps= device-write-iops= disable-content-trust dns= dns-option= dns-search= domainname= entrypoint= "
    "env= env-file= expose= gpus= group-add= health-cmd= health-interval= health-retries= health-start-interval= "
    "health-start-period= health-timeout= help hostname= init interactive io-maxbandwidth= io-maxiops= ip= ip6= ipc= "
    "isolation= kernel-memory= label= label-file= link= link-local-ip= log-driver= log-opt= mac-address= memory= "
    "memory-reservation= memory-swap= memory-swappiness= mount= name= net= net-alias= network= network-alias= "
    "no-healthcheck oom-kill-disable oom-score-adj= pid= pids-limit= platform= privileged publish= publish-all pull= "
    "quiet read-only restart= rm runtime= security-opt= shm-size= sig-proxy stop-signal= stop-timeout= storage-opt= "
    "sysctl= tmpfs= tty ulimit= user= userns= uts= volume= volume-driver= volumes-from= workdir= arch= authfile= "
    "cgroup-conf= cgroups= chrootdirs= conmon-pidfile= env-merge= gidmap= health-on-failure= hostuser= image-volume= "
    "init-path= os= passwd-entry= personality= pidfile= pod= pod-id-file= preserve-fds= requires= sdnotify= "
    "seccomp-policy= secret= subgidname= subuidname= systemd= timeout= tz= uidmap= umask= unsetenv= variant="
)
_STOPPING: Record = {"exact": True, "stops": True, "tries": ["--help"]}
_RUN: Record = getopt("a:c:de:h:il:m:Pp:qtu:v:w:", _RUN_OPTIONS, **_STOPPING)
_EXEC: Record = getopt(
    "de:itu:w:",
    "detach detach-keys= env= env-file= interactive preserve-fds= privileged tty user= workdir= help",
    **_STOPPING,
)
_HELP: Record = {"exact": True, "tries": ["--help"]}
_NAMED = getopt("f", "force help", **_HELP)
_REMOVED = getopt("aft:", "all force time= help", **_HELP)
# Nothing but this is the same in all others.
_OTHER: Record = getopt("", "help", **_HELP)
# Of the second version from docs.docker.com/reference/cli/docker/compose.
_COMPOSE: Record = {
    **getopt(
        "f:p:c:H:v",
        "file= project-name= profile= project-directory= env-file= ansi= parallel= progress= all-resources "
        "compatibility dry-run context= host= log-level= no-ansi verbose version help tls tlscacert= tlscert= tlskey= "
        "tlsverify skip-hostname-check",
    ),
    "exact": True,
    "apart": True,
    "shows": ["help", "version"],
    "tries": ["--dry-run"],
    "subcommands": {
        # The first version takes abbreviations.
        "down": getopt("t:vh", "remove-orphans rmi= timeout= volumes dry-run help", tries=["-h/--help", "--dry-run"]),
        "exec": getopt(
            "de:itTu:w:",
            "detach env= index= interactive no-tty privileged user= workdir= help",
            stops=True,
            tries=["--help"],
        ),
        "": getopt("h", "help", tries=["-h/--help"]),
    },
}
_DOCKER: Record = {
    **getopt("c:DH:l:rv", _GLOBALS),
    "exact": True,
    "apart": True,
    "shows": ["help", "version"],
    "subcommands": {
        "run": _RUN,
        "create": _RUN,
        "exec": _EXEC,
        "container": {"subcommands": {"run": _RUN, "create": _RUN, "exec": _EXEC, "": _OTHER}},
        "compose": _COMPOSE,
        "volume": {
            "subcommands": {
                "rm": _REMOVED,
                "remove": _REMOVED,
                "prune": getopt("af", "all filter= force help", **_HELP),
                "": _OTHER,
            }
        },
        "system": {"subcommands": {"prune": getopt("af", "all filter= force volumes help", **_HELP), "": _OTHER}},
        "swarm": {"subcommands": {"leave": _NAMED, "": _OTHER}},
        "rm": getopt("aflvt:", "all force link volumes help time=", **_HELP),
        "rmi": getopt("af", "all force no-prune help", **_HELP),
        "kill": getopt("as:", "all signal= help", **_HELP),
        "push": getopt("aq", "all-tags quiet disable-content-trust help", **_HELP),
        **{group: {"subcommands": {"": _OTHER}} for group in ("image", "network", "builder", "pod", "secret", "stack")},
        "": _OTHER,
    },
}


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


_VERBS = {name: _inside(_DOCKER["subcommands"][name]) for name in ("run", "create", "exec")}
_SERVICE = Wrapper(
    "de:itTu:w:v:l:p:Ph",
    "detach env= env-from-file= index= interactive no-TTY no-tty privileged tty user= workdir= build cap-add= "
    "cap-drop= entrypoint= label= name= no-deps publish= quiet quiet-pull remove-orphans rm service-ports use-aliases "
    "volume= dry-run help",
    ("-h", "--help"),
    operands=1,
    elsewhere=True,
    exact=True,
    program=("--entrypoint",),
)
_COMPOSE_ROW = Wrapper(
    _COMPOSE["short"],
    " ".join(_COMPOSE["long"]),
    ("--help", "--version"),
    {"exec": _SERVICE, "run": _SERVICE},
    kept=ELSEWHERE,
    exact=True,
)
_DOCKER_ROW = Wrapper(
    _DOCKER["short"],
    " ".join(_DOCKER["long"]),
    ("--help", "--version"),
    {**_VERBS, "container": Wrapper("", verbs=_VERBS), "compose": _COMPOSE_ROW},
    kept=ELSEWHERE,
    exact=True,
)
PROGRAMS: Programs = {
    **dict.fromkeys(("docker", "podman"), Program(_DOCKER, _DOCKER_ROW)),
    **dict.fromkeys(("nerdctl", "finch"), _DOCKER_ROW),
    **dict.fromkeys(("docker-compose", "podman-compose"), Program(_COMPOSE, _COMPOSE_ROW)),
}

"""Data of docker."""

from __future__ import annotations

from safeshell.command.programs.docker_compose import PROGRAM as COMPOSE
from safeshell.command.programs.record import COMMAND, ELSEWHERE, PFLAG, Record, getopt

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
_RUN = {
    **getopt("a:c:de:h:il:m:Pp:qtu:v:w:", _RUN_OPTIONS),
    **PFLAG,
    "stops": True,
    "tries": ["--help"],
    "runs": {"2+": COMMAND + ELSEWHERE},
}
_EXEC = {
    **getopt(
        "de:itu:w:", "detach detach-keys= env= env-file= interactive preserve-fds= privileged tty user= workdir= help"
    ),
    **PFLAG,
    "stops": True,
    "tries": ["--help"],
    "runs": {"2+": COMMAND + ELSEWHERE},
}
_HELP: Record = {**PFLAG, "tries": ["--help"]}
_NAMED = {**getopt("f", "force help"), **_HELP}
_REMOVED = {**getopt("aft:", "all force time= help"), **_HELP}
# Nothing but this is the same in all others.
_OTHER: Record = {**getopt("", "help"), **_HELP}
PROGRAM: Record = {
    **getopt("c:DH:l:rv", _GLOBALS),
    **PFLAG,
    "apart": True,
    "shows": ["help", "version"],
    "subcommands": {
        "run": _RUN,
        "create": _RUN,
        "exec": _EXEC,
        "container": {"subcommands": {"run": _RUN, "create": _RUN, "exec": _EXEC, "": _OTHER}},
        "compose": COMPOSE,
        "volume": {
            "subcommands": {
                "rm": _REMOVED,
                "remove": _REMOVED,
                "prune": {**getopt("af", "all filter= force help"), **_HELP},
                "": _OTHER,
            }
        },
        "system": {"subcommands": {"prune": {**getopt("af", "all filter= force volumes help"), **_HELP}, "": _OTHER}},
        "swarm": {"subcommands": {"leave": _NAMED, "": _OTHER}},
        "rm": {**getopt("aflvt:", "all force link volumes help time="), **_HELP},
        "rmi": {**getopt("af", "all force no-prune help"), **_HELP},
        "kill": {**getopt("as:", "all signal= help"), **_HELP},
        "push": {**getopt("aq", "all-tags quiet disable-content-trust help"), **_HELP},
        **{group: {"subcommands": {"": _OTHER}} for group in ("image", "network", "builder", "pod", "secret", "stack")},
        "": _OTHER,
    },
}

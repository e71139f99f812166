"""Data of kubectl."""

from __future__ import annotations

from safeshell.command.programs.record import COMMAND, ELSEWHERE, PFLAG, Record, getopt

_GLOBALS = (
    "as= as-group= as-uid= cache-dir= certificate-authority= client-certificate= client-key= cluster= context= "
    "disable-compression insecure-skip-tls-verify kubeconfig= log-flush-frequency= match-server-version namespace= "
    "password= profile= profile-output= request-timeout= server= tls-server-name= token= user= username= v= vmodule= "
    "warnings-as-errors"
)
# A word is an argument in one of the subcommands or a flag in all of them; where they differ they stand apart.
_INNER = (
    f"{_GLOBALS} accept-hosts= accept-paths= address= all all-containers all-namespaces annotations= "
    "api-group= api-prefix= api-version= cascade categories= chunk-size= cluster-ip= concurrency= container= copy-to= "
    "cpu-percent= current-replicas= custom= delete-emptydir-data disable-eviction dry-run env= external-ip= "
    "field-manager= field-selector= filename= follow for= force grace-period= ignore-daemonsets ignore-not-found "
    "image= image-pull-policy= interactive keepalive= kustomize= label-columns= labels= limit-bytes= "
    "load-balancer-ip= local max= max-log-requests= min= name= now output= override-type= overrides= patch= "
    "patch-file= pod-running-timeout= pod-selector= port= previous protocol= prune prune-allowlist= raw= recursive "
    "reject-methods= reject-paths= replicas= resource-version= restart= retries= selector= session-affinity= "
    "set-image= since= since-time= skip-wait-for-delete-timeout= sort-by= stdin subresource= tail= target= "
    "target-port= template= timeout= tty type= types= unix-socket= validate verbs= wait watch www= www-prefix= help"
)
_SHOWN: Record = {
    **PFLAG,
    "tries": ["-h/--help", "--dry-run/--dry-run=client/--dry-run=server/--dry-run=true/--dry-run=unchanged"],
}
PROGRAM: Record = {
    **getopt("hn:s:v:", f"{_GLOBALS} help"),
    **PFLAG,
    "shows": ["help", "version"],
    "tries": ["-h/--help"],
    "subcommands": {
        "logs": {**getopt("c:fhl:n:ps:v:", _INNER), **_SHOWN},
        "proxy": {**getopt("hn:p:P:s:u:v:w:", _INNER), **_SHOWN},
        "exec": {
            **getopt("c:f:hin:qs:tv:", _INNER),
            **_SHOWN,
            "runs": {"--": COMMAND + ELSEWHERE, "2+": COMMAND + ELSEWHERE},
        },
        "": {**getopt("Ac:f:hik:l:L:n:o:p:qRs:tv:w", _INNER), **_SHOWN},
    },
}

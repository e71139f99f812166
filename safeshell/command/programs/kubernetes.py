"""kubectl and its kin."""

from __future__ import annotations

from safeshell.command.programs.description import EDITORS, ELSEWHERE, Program, Programs, Runs, kept
from safeshell.command.programs.record import Record, Wrapper, getopt

_GLOBALS = (
    "as= as-group= as-uid= cache-dir= certificate-authority= client-certificate= client-key= cluster= context= "
    "disable-compression insecure-skip-tls-verify kubeconfig= log-flush-frequency= match-server-version namespace= "
    "password= profile= profile-output= request-timeout= server= tls-server-name= token= user= username= v= vmodule= "
    "warnings-as-errors"
)
# A word is an argument in one of the subcommands or a flag in all of them; where they differ they stand apart.
_INNER = (
    f"{_GLOBALS} accept-hosts= accept-paths= address= all all-containers all-namespaces annotations= api-group= "
    "api-prefix= api-version= cascade categories= chunk-size= cluster-ip= concurrency= container= copy-to= "
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
    "exact": True,
    "tries": ["-h/--help", "--dry-run/--dry-run=client/--dry-run=server/--dry-run=true/--dry-run=unchanged"],
}
_RECORD: Record = {
    **getopt("hn:s:v:", f"{_GLOBALS} help"),
    "exact": True,
    "shows": ["help", "version"],
    "tries": ["-h/--help"],
    "subcommands": {
        "logs": getopt("c:fhl:n:ps:v:", _INNER, **_SHOWN),
        "proxy": getopt("hn:p:P:s:u:v:w:", _INNER, **_SHOWN),
        "exec": getopt("c:f:hin:qs:tv:", _INNER, **_SHOWN),
        "": getopt("Ac:f:hik:l:L:n:o:p:qRs:tv:w", _INNER, **_SHOWN),
    },
}
_IN_POD = Wrapper(
    "c:f:in:qs:tv:",
    f"{_INNER} quiet share-processes attach rm limits= requests= command serviceaccount= profile=",
    ("--help",),
    dashed=True,
    operands=1,
    elsewhere=True,
    exact=True,
)
_AFTER_DASHES = _IN_POD._replace(operands=0)
_KUBECTL = Wrapper(
    "n:s:v:",
    f"{_GLOBALS} help",
    ("--help",),
    {"exec": _IN_POD, "run": _AFTER_DASHES, "debug": _AFTER_DASHES},
    exact=True,
    kept=ELSEWHERE,
)
_OC = _KUBECTL._replace(verbs={**_KUBECTL.verbs, "rsh": _IN_POD})
_K3S = Wrapper("", verbs={"kubectl": _KUBECTL})
_ELSEWHERE = {
    **dict.fromkeys(("kubecolor", "k"), _KUBECTL),
    "okd": _OC,
    **dict.fromkeys(("k3s", "k0s", "rke2", "microk8s"), _K3S),
    "minikube": Wrapper(
        "p:v:",
        "profile= alsologtostderr bootstrapper= stderrthreshold= user=",
        ("--help",),
        {
            "ssh": Wrapper("n:", "node= native-ssh", operands=0, joined=True, remote=True, unseen=True),
            "kubectl": _KUBECTL,
        },
    ),
}
PROGRAMS: Programs = {
    **kept(ELSEWHERE, _ELSEWHERE),
    "kubectl": Program(_RECORD, _KUBECTL, Runs(variables=("KUBE_EDITOR", "KUBECTL_EXTERNAL_DIFF", *EDITORS))),
    "oc": Program(_RECORD, _OC),
}

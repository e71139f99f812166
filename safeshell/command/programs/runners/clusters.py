"""Runners in clusters: kubectl and its kin."""

from __future__ import annotations

from safeshell.command.programs.record import Wrapper
from safeshell.command.programs.runners.reasons import ELSEWHERE

_GLOBALS = (
    "as= as-group= as-uid= cache-dir= certificate-authority= client-certificate= client-key= cluster= context= "
    "kubeconfig= namespace= password= profile= profile-output= request-timeout= server= tls-server-name= token= user= "
    "username= v= vmodule= log-flush-frequency= insecure-skip-tls-verify match-server-version warnings-as-errors help"
)
_IN_POD = Wrapper(
    "c:f:in:qs:tv:",
    f"container= filename= pod-running-timeout= quiet stdin tty image= profile= target= copy-to= env= share-processes "
    f"set-image= attach restart= labels= overrides= rm port= limits= requests= command serviceaccount= {_GLOBALS}",
    ("--help",),
    dashed=True,
    operands=1,
    elsewhere=True,
    exact=True,
)
_AFTER_DASHES = _IN_POD._replace(operands=0)
_KUBECTL = Wrapper(
    "n:s:v:",
    _GLOBALS,
    ("--help",),
    ELSEWHERE,
    {"exec": _IN_POD, "run": _AFTER_DASHES, "debug": _AFTER_DASHES},
    exact=True,
)
_OC = _KUBECTL._replace(verbs={**_KUBECTL.verbs, "rsh": _IN_POD})
_K3S = Wrapper("", verbs={"kubectl": _KUBECTL})

RUNNERS: dict[str, Wrapper] = {
    **dict.fromkeys(("kubectl", "kubecolor", "k"), _KUBECTL),
    **dict.fromkeys(("oc", "okd"), _OC),
    **dict.fromkeys(("k3s", "k0s", "rke2", "microk8s"), _K3S._replace(kept=ELSEWHERE)),
    "minikube": Wrapper(
        "p:v:",
        "profile= alsologtostderr bootstrapper= stderrthreshold= user=",
        ("--help",),
        ELSEWHERE,
        {
            "ssh": Wrapper("n:", "node= native-ssh", operands=0, joined=True, remote=True, unseen=True),
            "kubectl": _KUBECTL,
        },
    ),
}

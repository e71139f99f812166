"""Data of kubectl, terraform and aws."""

from __future__ import annotations

from safeshell.command.programs.record import PFLAG, Record, getopt, words

_KUBECTL_GLOBALS = (
    "as= as-group= as-uid= cache-dir= certificate-authority= client-certificate= client-key= cluster= context= "
    "disable-compression insecure-skip-tls-verify kubeconfig= log-flush-frequency= match-server-version namespace= "
    "password= profile= profile-output= request-timeout= server= tls-server-name= token= user= username= v= vmodule= "
    "warnings-as-errors"
)
# A word is an argument in one of the subcommands or a flag in all of them; where they differ they stand apart.
_KUBECTL_INNER = (
    f"{_KUBECTL_GLOBALS} accept-hosts= accept-paths= address= all all-containers all-namespaces annotations= "
    "api-group= api-prefix= api-version= cascade categories= chunk-size= cluster-ip= concurrency= container= copy-to= "
    "cpu-percent= current-replicas= custom= delete-emptydir-data disable-eviction dry-run env= external-ip= "
    "field-manager= field-selector= filename= follow for= force grace-period= ignore-daemonsets ignore-not-found "
    "image= image-pull-policy= interactive keepalive= kustomize= label-columns= labels= limit-bytes= "
    "load-balancer-ip= local max= max-log-requests= min= name= now output= override-type= overrides= patch= "
    "patch-file= pod-running-timeout= pod-selector= port= previous protocol= prune prune-allowlist= raw= recursive "
    "reject-methods= reject-paths= replicas= resource-version= restart= retries= selector= session-affinity= "
    "set-image= since= since-time= skip-wait-for-delete-timeout= sort-by= stdin subresource= tail= target= "
    "target-port= template= timeout= tty type= types= unix-socket= validate verbs= wait watch www= www-prefix="
)
_KUBECTL: Record = {
    **getopt("n:s:v:", _KUBECTL_GLOBALS),
    **PFLAG,
    "subcommands": {
        "logs": {**getopt("c:fl:n:ps:v:", _KUBECTL_INNER), **PFLAG},
        "proxy": {**getopt("n:p:P:s:u:v:w:", _KUBECTL_INNER), **PFLAG},
        "": {**getopt("Ac:f:ik:l:L:n:o:p:qRs:tv:w", _KUBECTL_INNER), **PFLAG},
    },
}

_TERRAFORM_INNER: Record = {
    "words": True,
    "stops": True,
    "long": words(
        "var= var-file= target= replace= out= state= state-out= backup= parallelism= lock-timeout= config= "
        "backend-config= from-module= plugin-dir= generate-config-out="
    ),
}
_TERRAFORM_NESTED: Record = {"words": True, "subcommands": {"": _TERRAFORM_INNER}}
_TERRAFORM: Record = {
    "words": True,
    "apart": True,
    "long": ["chdir"],  # only ever attached
    "subcommands": {"state": _TERRAFORM_NESTED, "workspace": _TERRAFORM_NESTED, "": _TERRAFORM_INNER},
}

_AWS_GLOBALS = (
    "debug endpoint-url= no-verify-ssl no-paginate output= query= profile= region= version color= no-sign-request "
    "ca-bundle= cli-read-timeout= cli-connect-timeout= cli-binary-format= no-cli-pager cli-auto-prompt "
    "no-cli-auto-prompt v2-debug"
)
_S3_EACH = f"{_AWS_GLOBALS} dryrun quiet include= exclude= only-show-errors page-size= request-payer="
_S3_COPY = (
    f"{_S3_EACH} acl= follow-symlinks no-follow-symlinks no-guess-mime-type sse= sse-c= sse-c-key= sse-kms-key-id= "
    "sse-c-copy-source= sse-c-copy-source-key= storage-class= grants= website-redirect= content-type= cache-control= "
    "content-disposition= content-encoding= content-language= expires= source-region= no-progress progress-frequency= "
    "progress-multiline ignore-glacier-warnings force-glacier-transfer checksum-mode= checksum-algorithm= metadata= "
    "metadata-directive= copy-props= expected-size= case-conflict="
)
# A word may be abbreviated, among the program's own options or the subcommand's.
_S3: dict[str, Record] = {
    "cp": getopt("", f"{_S3_COPY} recursive"),
    "mv": getopt("", f"{_S3_COPY} recursive validate-same-s3-paths"),
    "sync": getopt("", f"{_S3_COPY} size-only exact-timestamps delete"),
    "rm": getopt("", f"{_S3_EACH} recursive"),
    "ls": getopt(
        "",
        f"{_AWS_GLOBALS} recursive page-size= human-readable summarize request-payer= bucket-name-prefix= "
        "bucket-region=",
    ),
    "rb": getopt("", f"{_AWS_GLOBALS} force"),
    "mb": getopt("", f"{_AWS_GLOBALS} tags"),
    "presign": getopt("", f"{_AWS_GLOBALS} expires-in="),
    "website": getopt("", f"{_AWS_GLOBALS} index-document= error-document="),
}
_AWS: Record = {
    **getopt("", _AWS_GLOBALS),
    "subcommands": {
        "s3": {**getopt("", _AWS_GLOBALS), "subcommands": _S3},
        # Of the other services each command has options of its own, nearly all of which take an argument.
        "": {**getopt("", _AWS_GLOBALS), "subcommands": {}},
    },
}

GRAMMARS: dict[str, Record] = {
    "kubectl": _KUBECTL,
    "oc": _KUBECTL,
    "terraform": _TERRAFORM,
    "tofu": _TERRAFORM,
    "aws": _AWS,
}

"""Clouds' programs, and what sets things up there."""

from __future__ import annotations

from functools import partial

from safeshell.command.programs.description import EDITORS, ELSEWHERE, Program, Programs, Runs
from safeshell.command.programs.record import Record, Wrapper, cobra, getopt, words

_remote = partial(Wrapper, remote=True, unseen=True)
# Looked for before anything else is read.
_SHOWN: Record = {"shows": ["-help/-h", "-version/-v"]}
_INNER: Record = {
    "words": True,
    "stops": True,
    "long": words(
        "var= var-file= target= replace= out= state= state-out= backup= parallelism= lock-timeout= config= "
        "backend-config= from-module= plugin-dir= generate-config-out= auto-approve destroy lock input "
        "compact-warnings json no-color refresh refresh-only detailed-exitcode force dry-run ignore-remote-version "
        "allow-missing help h version v"
    ),
    **_SHOWN,
}
_NESTED: Record = {"words": True, "long": ["help", "h", "version", "v"], **_SHOWN, "subcommands": {"": _INNER}}
_TRIED: Record = {**_INNER, "tries": ["-dry-run"]}
_TERRAFORM: Record = {
    "words": True,
    "apart": True,
    "long": ["chdir", "help", "h", "version", "v"],  # chdir's argument is only ever attached
    "shows": ["-help/-h", "-version/-v", "version"],
    "tries": ["plan"],
    "subcommands": {
        "plan": {**_INNER, "acts": ["-out", "-generate-config-out"]},
        "state": {**_NESTED, "subcommands": {"rm": _TRIED, "mv": _TRIED, "": _INNER}},
        "workspace": _NESTED,
        "": _INNER,
    },
}
_SSH = _remote(
    "",
    "command= zone= project= ssh-key-file= ssh-flag= container= tunnel-through-iap internal-ip",
    permutes=True,
    dashed=True,
    behind=("--",),
    texts=("--command",),
)
_CONSOLE = _remote(
    "a:C:o:r:u:s",
    "app= command= org= region= user= address= machine= container= pty select",
    permutes=True,
    texts=("-C", "--command"),
    needs=("-C", "--command"),
)
_FLYCTL = Program(
    cobra("a:c:t:yo:", "app= config= access-token= yes org= verbose debug"),
    Wrapper("t:", "access-token=", verbs={"ssh": Wrapper("", verbs={"console": _CONSOLE})}, kept=ELSEWHERE),
)
PROGRAMS: Programs = {
    "gcloud": Program(
        getopt(
            "hqv",
            "help project= account= quiet format= configuration= verbosity= impersonate-service-account= "
            "billing-project= zone= region= version async flags-file= log-http trace-token= user-output-enabled",
            shows=["-h/--help", "help", "--version"],
        ),
        Wrapper(
            "",
            "project= account= configuration= zone= region= quiet verbosity=",
            ("--help",),
            {"compute": Wrapper("", verbs={"ssh": _SSH})},
            kept=ELSEWHERE,
        ),
    ),
    "gh": Program(
        cobra(
            "R:",
            "repo= yes confirm",
            "alias api attestation auth browse cache codespace completion config extension gist gpg-key issue label "
            "org pr project release repo ruleset run search secret ssh-key status variable workflow",
        ),
        runs=Runs(variables=("GH_PAGER", "GH_EDITOR", "GH_BROWSER", "BROWSER", "PAGER", *EDITORS)),
    ),
    "az": getopt(
        "hg:n:o:y",
        "help name= resource-group= output= query= subscription= yes verbose debug only-show-errors no-wait ids= "
        "version",
        shows=["-h/--help"],
    ),
    "doctl": cobra("t:c:u:o:vf", "access-token= config= context= api-url= output= verbose trace force"),
    "eksctl": cobra("f:n:r:p:v:", "config-file= name= region= profile= verbose= wait cluster= force approve"),
    **dict.fromkeys(("flyctl", "fly"), _FLYCTL),
    "helm": cobra(
        "n:",
        "namespace= kube-context= kubeconfig= debug values= set= set-string= set-file= set-json= output= timeout= "
        "wait no-hooks keep-history description= cascade= ignore-not-found dry-run install version= force atomic "
        "reuse-values",
        "completion create dependency env get history install lint list ls package plugin pull push registry repo "
        "rollback search show status template test uninstall delete del un upgrade verify",
        tries=["--dry-run/--dry-run=client/--dry-run=server/--dry-run=true"],
    ),
    "pulumi": cobra(
        "s:C:y",
        "stack= cwd= yes force verbose= message= non-interactive logtostderr color= emoji tracing= refresh "
        "preview-only target= exclude-protected skip-preview remove preserve-config",
        tries=["--preview-only"],
    ),
    "terraform": _TERRAFORM,
    "tofu": _TERRAFORM,
}

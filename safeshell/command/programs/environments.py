"""Runners that give a command secrets or variables: op, doppler, dotenv, direnv, aws-vault and their kin."""

from __future__ import annotations

from safeshell.command.programs.description import PATH, TEXT, Programs, kept
from safeshell.command.programs.record import Wrapper, words

_DASHED = Wrapper("", dashed=True)
_SOPS_TEXT = Wrapper("", "background no-fifo filename= user=", operands=1, joined=True, read_by="sh")
_DOPPLER_RUN = Wrapper(
    "p:c:",
    "project= config= command= fallback= mount= mount-template= mount-format= preserve-env only-secrets= "
    "forward-signals",
    dashed=True,
    texts=("--command",),
    read_by="sh",
)
_INFISICAL_RUN = Wrapper(
    "e:c:t:",
    "env= path= command= projectId= token= tags= expand include-imports recursive watch",
    dashed=True,
    texts=("-c", "--command"),
    read_by="sh",
)
_AWS_VAULT_EXEC = Wrapper(
    "d:nt:j",
    "duration= region= mfa-token= json server ecs-server lazy stdout no-session prompt= backend=",
    dashed=True,
    operands=1,
)
_DOTENVX_RUN = Wrapper("f:e:o", "env-file= env-vault-file= env= overload convention= strict", dashed=True, operands=0)
_PATH = {
    "op": Wrapper(
        "",
        "account= config= session= vault= debug",
        verbs={
            "run": Wrapper("", "env-file= no-masking environment=", dashed=True),
            "plugin": Wrapper("", verbs={"run": _DASHED}),
        },
    ),
    "doppler": Wrapper("t:", "token= api-host= scope= config-dir= debug silent", verbs={"run": _DOPPLER_RUN}),
    "infisical": Wrapper("l:", "log-level= token=", verbs={"run": _INFISICAL_RUN}),
    "chamber": Wrapper(
        "b:r:v", "backend= retries= kms-key-alias=", verbs={"exec": Wrapper("", "pristine strict", dashed=True)}
    ),
    "aws-vault": Wrapper("", "backend= debug prompt=", verbs={"exec": _AWS_VAULT_EXEC}),
    "aws-sso": Wrapper("", verbs={"exec": Wrapper("p:A:R:", "profile= account= role=", dashed=True)}),
    "assume": Wrapper("", behind=("--exec",)),
    "vaultenv": Wrapper("", dashed=True),
    "envconsul": Wrapper("", "config= prefix= secret= once upcase pristine sanitize vault-addr= consul-addr= exec="),
    "teller": Wrapper("c:", "config=", verbs={"run": Wrapper("rs", "reset shell", dashed=True, operands=0)}),
    "berglas": Wrapper("", verbs={"exec": _DASHED}),
    "bws": Wrapper(
        "t:o:c:p:",
        "access-token= output= config-file= profile=",
        verbs={"run": Wrapper("", "shell= no-inherit-env project-id= uuids-as-keynames", dashed=True, joined=True)},
    ),
    "direnv": Wrapper("", verbs={"exec": Wrapper("", operands=1)}),
    "dotenv": Wrapper(
        "f:e:q:",
        "file= quote= export= override no-override debug",
        verbs={"run": Wrapper("", "override no-override"), "": Wrapper("")},
    ),
    "dotenvx": Wrapper("q", "quiet verbose debug log-level=", verbs={"run": _DOTENVX_RUN}),
    "env-cmd": Wrapper("f:r:e:x", "file= rc-file= environments= fallback no-override silent use-shell expand-envs"),
    "cross-env": Wrapper("", assignments=True),
    **dict.fromkeys(words("wait-for-it wait-for-it.sh wait-for wait-for.sh dockerize wait4x onchange"), _DASHED),
    "retry": Wrapper(
        "d:m:t:u:w:hv", "delay= message= times= until= while= help version", ("-h", "--help", "-v", "--version")
    ),
}
_TEXT = {
    "sops": Wrapper("", verbs={"exec-env": _SOPS_TEXT, "exec-file": _SOPS_TEXT}),
    "cross-env-shell": Wrapper("", assignments=True, joined=True, read_by="sh"),
}
PROGRAMS: Programs = {**kept(PATH, _PATH), **kept(TEXT, _TEXT)}

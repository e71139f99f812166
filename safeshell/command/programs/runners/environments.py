"""Runners that give a command secrets or variables: op, doppler, dotenv, direnv, aws-vault and their kin."""

from __future__ import annotations

from safeshell.command.programs.record import Wrapper
from safeshell.command.programs.runners.reasons import PATH, TEXT

_DASHED = Wrapper("", dashed=True)
_SOPS_TEXT = Wrapper("", "background no-fifo filename= user=", operands=1, joined=True, read_by="sh")

RUNNERS: dict[str, Wrapper] = {
    "op": Wrapper(
        "",
        "account= config= session= vault= debug",
        (),
        PATH,
        {
            "run": Wrapper("", "env-file= no-masking environment=", dashed=True),
            "plugin": Wrapper("", verbs={"run": _DASHED}),
        },
    ),
    "doppler": Wrapper(
        "t:",
        "token= api-host= scope= config-dir= debug silent",
        (),
        PATH,
        {
            "run": Wrapper(
                "p:c:",
                "project= config= command= fallback= mount= mount-template= mount-format= preserve-env only-secrets= "
                "forward-signals",
                dashed=True,
                texts=("--command",),
                read_by="sh",
            )
        },
    ),
    "infisical": Wrapper(
        "l:",
        "log-level= token=",
        (),
        PATH,
        {
            "run": Wrapper(
                "e:c:t:",
                "env= path= command= projectId= token= tags= expand include-imports recursive watch",
                dashed=True,
                texts=("-c", "--command"),
                read_by="sh",
            )
        },
    ),
    "chamber": Wrapper(
        "b:r:v", "backend= retries= kms-key-alias=", (), PATH, {"exec": Wrapper("", "pristine strict", dashed=True)}
    ),
    "aws-vault": Wrapper(
        "",
        "backend= debug prompt=",
        (),
        PATH,
        {
            "exec": Wrapper(
                "d:nt:j",
                "duration= region= mfa-token= json server ecs-server lazy stdout no-session prompt= backend=",
                dashed=True,
                operands=1,
            )
        },
    ),
    "aws-sso": Wrapper("", "", (), PATH, {"exec": Wrapper("p:A:R:", "profile= account= role=", dashed=True)}),
    "assume": Wrapper("", "", (), PATH, behind=("--exec",)),
    "vaultenv": Wrapper("", "", (), PATH, dashed=True),
    "envconsul": Wrapper(
        "", "config= prefix= secret= once upcase pristine sanitize vault-addr= consul-addr= exec=", (), PATH
    ),
    "teller": Wrapper("c:", "config=", (), PATH, {"run": Wrapper("rs", "reset shell", dashed=True, operands=0)}),
    "sops": Wrapper("", "", (), TEXT, {"exec-env": _SOPS_TEXT, "exec-file": _SOPS_TEXT}),
    "berglas": Wrapper("", "", (), PATH, {"exec": _DASHED}),
    "bws": Wrapper(
        "t:o:c:p:",
        "access-token= output= config-file= profile=",
        (),
        PATH,
        {"run": Wrapper("", "shell= no-inherit-env project-id= uuids-as-keynames", dashed=True, joined=True)},
    ),
    "direnv": Wrapper("", "", (), PATH, {"exec": Wrapper("", operands=1)}),
    "dotenv": Wrapper(
        "f:e:q:",
        "file= quote= export= override no-override debug",
        (),
        PATH,
        {"run": Wrapper("", "override no-override"), "": Wrapper("")},
    ),
    "dotenvx": Wrapper(
        "q",
        "quiet verbose debug log-level=",
        (),
        PATH,
        {
            "run": Wrapper(
                "f:e:o", "env-file= env-vault-file= env= overload convention= strict", dashed=True, operands=0
            )
        },
    ),
    "env-cmd": Wrapper(
        "f:r:e:x", "file= rc-file= environments= fallback no-override silent use-shell expand-envs", (), PATH
    ),
    "cross-env": Wrapper("", "", (), PATH, assignments=True),
    "cross-env-shell": Wrapper("", "", (), TEXT, assignments=True, joined=True, read_by="sh"),
    **dict.fromkeys(
        ("wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh", "dockerize", "wait4x", "onchange", "retry"),
        _DASHED._replace(kept=PATH),
    ),
}

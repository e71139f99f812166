"""Data of docker-compose."""

from __future__ import annotations

from safeshell.command.programs.record import COMMAND, ELSEWHERE, PFLAG, Record, getopt

# Of the second version from docs.docker.com/reference/cli/docker/compose.
PROGRAM: Record = {
    **getopt(
        "f:p:c:H:v",
        "file= project-name= profile= project-directory= env-file= ansi= parallel= progress= all-resources "
        "compatibility dry-run context= host= log-level= no-ansi verbose version help tls tlscacert= tlscert= tlskey= "
        "tlsverify skip-hostname-check",
    ),
    **PFLAG,
    "apart": True,
    "shows": ["help", "version"],
    "tries": ["--dry-run"],
    "subcommands": {
        # The first version takes abbreviations.
        "down": getopt("t:vh", "remove-orphans rmi= timeout= volumes dry-run help", tries=["-h/--help", "--dry-run"]),
        "exec": {
            **getopt("de:itTu:w:", "detach env= index= interactive no-tty privileged user= workdir= help"),
            "stops": True,
            "tries": ["--help"],
            "runs": {"2+": COMMAND + ELSEWHERE},
        },
        "": {**getopt("h", "help"), "tries": ["-h/--help"]},
    },
}

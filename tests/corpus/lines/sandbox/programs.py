"""What the programs of the sandbox are: real ones that note their arguments, or stand-ins that do nothing else."""

from __future__ import annotations

import os
import shutil

from corpus.lines.sandbox.standin import FORMS, SPECIAL

SYSTEM = "/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin"
PYTHON = shutil.which("python3", path=SYSTEM) or "python3"
"""The system's: another may be where nobody but its owner can read it."""

COVERED = ("/usr/local/bin", "/usr/bin", "/usr/sbin")

SHELLS = frozenset({"bash", "dash", "sh", "zsh"})
INTERPRETERS = frozenset(
    {
        *("Rscript", "awk", "ed", "expect", "gawk", "lua", "make", "node", "perl", "php", "python", "python3", "ruby"),
        *("sed", "tar", "tclsh", "vim"),
    }
)
"""They run what their texts say."""

RUNNERS = frozenset(
    {
        *(
            "chrt",
            "env",
            "find",
            "flock",
            "ionice",
            "nice",
            "nohup",
            "prlimit",
            "script",
            "setarch",
            "setsid",
            "stdbuf",
        ),
        *("taskset", "timeout", "xargs"),
    }
)
"""They run their operand, and need nothing for it that the sandbox hasn't."""

TEXT = frozenset(
    {
        *("base32", "base64", "basename", "bc", "cat", "column", "cut", "date", "dirname", "expr", "false", "fold"),
        *("grep", "gunzip", "gzip", "head", "hostname", "id", "ls", "mkdir", "mktemp", "nl", "od", "openssl", "paste"),
        *(
            "printf",
            "readlink",
            "realpath",
            "rev",
            "seq",
            "sleep",
            "sort",
            "split",
            "tac",
            "tail",
            "tee",
            "test",
            "touch",
        ),
        *("tr", "true", "uname", "uniq", "wc", "which", "whoami", "xxd", "yes", "zcat"),
    }
)
"""They print, or make files in the project's copy."""

REAL = SHELLS | INTERPRETERS | RUNNERS | TEXT
LEFT = frozenset(
    {
        *("Rscript", "expect", "lua", "node", "perl", "php", "python", "python3", "ruby", "tclsh", "vim"),
        *("dash", "sh"),
    }
)
"""Programs that stay where they are, being large, or what other programs run by that path: there they note nothing."""

END = "\1end\1"
PROGRAM = """#!{reader}
printf '%s\\0' {name} "$@" '{end}' >>{root}/trace
{then}
"""


def real_program(name: str) -> str | None:
    """Where the machine has a program."""
    return shutil.which("python3" if name == "python" else name, path=SYSTEM)


def install(name: str, root: str) -> list[str]:
    """Puts a program into the sandbox's `bin`.

    Args:
        name: its name.
        root: the sandbox's directory, which has `bin` and `real`.

    Returns:
        The options of bwrap that put it over the machine's own.
    """
    reader, then = f"{root}/real/dash", ""
    real = real_program(name)
    if name in REAL and real is not None:
        if name not in LEFT or name in SHELLS:
            shutil.copy(real, f"{root}/real/{name}")
            real = f"{root}/real/{name}"
        then = f'exec {real} "$@"'
    elif name in SPECIAL or any(form[0] == name for form in FORMS):
        then = f'exec {PYTHON} -IS {root}/standin.py {name} "$@"'
    if name == "bash":  # dash drops functions from the environment
        reader = f"{root}/real/bash"
    path = f"{root}/bin/{name}"
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(PROGRAM.format(reader=reader, name=name, end=END, root=root, then=then))
    os.chmod(path, 0o755)
    there = [os.path.join(directory, name) for directory in COVERED]
    # A link may lead to a program that has to run.
    found = [one for one in there if name not in LEFT and os.path.isfile(one) and not os.path.islink(one)]
    return [option for one in found for option in ("--ro-bind", path, one)]

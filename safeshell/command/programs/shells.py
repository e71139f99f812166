"""Shells."""

from __future__ import annotations

from safeshell.command.programs.description import WORD, Program, Programs, kept
from safeshell.command.programs.record import Record, Wrapper, getopt, words

SHELLS = frozenset(words("sh bash dash zsh ksh ksh93 mksh lksh oksh pdksh ash rbash rzsh hush yash posh osh csh tcsh"))
"""Programs that read shell text, with options as sh has them."""

DIALECTS = {
    "bash": words("bash rbash ksh ksh93 mksh rksh yash oksh"),
    "sh": words("dash ash hush busybox"),
    "zsh": words("zsh rzsh"),
}
"""Whose text is read as which shell's. Korn shells are read as bash: what they have besides, bash calls an error."""

ATTACHING = ("zsh", "rzsh", "ksh", "ksh93")
"""Those that take the name behind `-o` in the same word too."""

CMD = ("cmd", "cmd.exe")
POWERSHELLS = ("pwsh", "powershell", "pwsh-preview", "powershell.exe", "pwsh.exe")
OPTIONED = {
    "fish": Wrapper(
        "c:C:d:D:f:o:p:hilnNPv",
        "command= init-command= debug= debug-output= debug-stack-frames= features= profile= profile-startup= help "
        "interactive login no-config no-execute private print-rusage-self print-debug-categories version",
        ("-n", "--no-execute", "-h", "--help", "-v", "--version"),
        beside=("-C", "--init-command"),
        texts=("-c", "--command"),
        unseen_with=("-l", "--login"),
    ),
    "nu": Wrapper(
        "c:e:I:m:t:hlinv",
        "commands= execute= include-path= config= env-config= plugins= log-level= log-target= table-mode= threads= "
        "testbin= login interactive no-config-file stdin help version",
        ("-h", "--help", "-v", "--version"),
        texts=("-c", "--commands", "-e", "--execute"),
    ),
    "xonsh": Wrapper("c:D:hilVs", "rc= no-rc login interactive shell-type= help version", ("-h", "-V"), texts=("-c",)),
    "elvish": Wrapper(
        "c", "compileonly version rc= norc sock= db=", ("--compileonly", "--version"), joined_with=("-c",)
    ),
}
"""Shells whose options are read as every program's."""

READERS = frozenset({*SHELLS, *OPTIONED, *POWERSHELLS, *CMD})
"""All of them."""

# Without running anything: but at a terminal, and where it is switched off again.
_TRIES: Record = {"stops": True, "tries": ["-n"], "acts": ["-i", "-o", "+"]}
BASH = getopt(
    "abefhkmnptuvxBCEHPTilsrDcO:o:",
    "debug debugger dump-po-strings dump-strings help init-file= login noediting noprofile norc posix pretty-print "
    "protected rcfile= restricted verbose version wordexp",
    exact=True,
    shows=["--help", "--version"],
    **_TRIES,
)
_DASH = getopt("aCefnuvxIimqVEbpsclo:", exact=True, **_TRIES)
PROGRAMS: Programs = {
    **dict.fromkeys(("mapfile", "readarray"), Program(options=Wrapper("d:n:O:s:tu:C:c:"))),
    **dict.fromkeys(("compgen", "complete"), Program(options=Wrapper("abcdefgjksuvprDEIo:A:G:W:F:C:X:P:S:V:"))),
    "emulate": Program(options=Wrapper("LRlc:", permutes=True)),
    **kept(
        WORD,
        {
            "zpty": Wrapper("debvrwLtn", "", ("-d", "-L", "-r", "-t", "-w"), operands=1, joined=True, read_by="zsh"),
            "sched": Wrapper("o", operands=1, joined=True, read_by="zsh"),
        },
    ),
    "bash": BASH,
    "dash": _DASH,
    "sh": _DASH,
    "zsh": getopt(
        "abcdefghijklmnprstuvwxyACDEFGHIJKLMNOPQRSTUVWXYZ0123456789o:",
        "help version",
        exact=True,
        shows=["--help", "--version"],
        **{**_TRIES, "acts": ["-i", "-o", "--exec", "+"]},  # options have names, too
    ),
}

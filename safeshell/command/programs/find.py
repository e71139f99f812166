"""Data of find, and which words of find and fd run commands."""

from __future__ import annotations

from safeshell.command.programs.record import Record, words

GRAMMARS: dict[str, Record] = {
    "find": {
        "words": True,
        "leading": "HLPOD",
        "long": words(
            "exec=; execdir=; ok=; okdir=; D= amin= anewer= atime= cmin= cnewer= context= ctime= files0-from= fls= "
            "fprint= fprint0= fprintf= fstype= gid= group= ilname= iname= inum= ipath= iregex= iwholename= links= "
            "lname= maxdepth= mindepth= mmin= mtime= name= newer= newerat= newerct= newermt= newermm= newerma= "
            "newermc= newerBt= newerBm= path= perm= printf= regex= regextype= samefile= size= type= uid= used= user= "
            "wholename= xtype="
        ),
    }
}

_FD = ("-x", "-X", "--exec", "--exec-batch")

EXECUTING = {"find": ("-exec", "-execdir", "-ok", "-okdir"), "fd": _FD, "fdfind": _FD}
"""The words that a command follows, up to a `;`, or a `+` behind `{}`; by program."""

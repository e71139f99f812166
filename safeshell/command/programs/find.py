"""Data of find."""

from __future__ import annotations

from safeshell.command.programs.record import COMMAND, Record, words

PROGRAM: Record = {
    "words": True,
    "leading": "HLPOD",
    "long": words(
        "exec=; execdir=; ok=; okdir=; D= amin= anewer= atime= cmin= cnewer= context= ctime= files0-from= fls= "
        "fprint= fprint0= fprintf= fstype= gid= group= ilname= iname= inum= ipath= iregex= iwholename= links= "
        "lname= maxdepth= mindepth= mmin= mtime= name= newer= newerat= newerct= newermt= newermm= newerma= "
        "newermc= newerBt= newerBm= path= perm= printf= regex= regextype= samefile= size= type= uid= used= user= "
        "wholename= xtype= "
        "H L P and a o or not daystart depth d empty executable false follow help ignore_readdir_race ls mount nogroup "
        "noignore_readdir_race noleaf nouser nowarn print print0 prune quit delete readable true version warn writable "
        "xdev"
    ),
    "shows": ["-help", "-version"],
    "runs": {"-exec": COMMAND, "-execdir": COMMAND, "-ok": COMMAND, "-okdir": COMMAND},
}

"""Programs that find files, and may run a command for each."""

from __future__ import annotations

from safeshell.command.programs.description import Program, Programs, Runs
from safeshell.command.programs.record import Record, getopt, words

_FIND: Record = {
    "words": True,
    "leading": "HLPOD",
    "long": words(
        "exec=; execdir=; ok=; okdir=; D= amin= anewer= atime= cmin= cnewer= context= ctime= files0-from= fls= fprint= "
        "fprint0= fprintf= fstype= gid= group= ilname= iname= inum= ipath= iregex= iwholename= links= lname= maxdepth= "
        "mindepth= mmin= mtime= name= newer= newerat= newerct= newermt= newermm= newerma= newermc= newerBt= newerBm= "
        "path= perm= printf= regex= regextype= samefile= size= type= uid= used= user= wholename= xtype= H L P and a o "
        "or not daystart depth d empty executable false follow help ignore_readdir_race ls mount nogroup "
        "noignore_readdir_race noleaf nouser nowarn print print0 prune quit delete readable true version warn writable "
        "xdev"
    ),
    "shows": ["-help", "-version"],
}
_FD = getopt(
    "HIusiFapLl0d:E:t:e:S:o:x:X:c:j:q1C:hVgun:",
    "hidden no-ignore no-ignore-vcs no-require-git no-ignore-parent no-global-ignore-file unrestricted case-sensitive "
    "ignore-case glob regex fixed-strings and= absolute-path list-details follow full-path print0 max-depth= "
    "min-depth= exact-depth= exclude= prune type= extension= size= changed-within= changed-before= owner= format= "
    "exec=; exec-batch=; batch-size= ignore-file= color= threads= max-buffer-time= max-results= quiet show-errors "
    "base-directory= path-separator= search-path= strip-cwd-prefix one-file-system gen-completions help version "
    "hyperlink ignore-contain= relative-path no-follow no-hidden ignore ignore-vcs require-git",
    exact=True,
)
PROGRAMS: Programs = {
    "find": Program(_FIND, runs=Runs(commands=("-exec", "-execdir", "-ok", "-okdir"))),
    **dict.fromkeys(("fd", "fdfind"), Program(_FD, runs=Runs(commands=("-x", "-X", "--exec", "--exec-batch")))),
}

"""Databases' clients."""

from __future__ import annotations

from safeshell.command.programs.description import EDITORS, Program, Programs, Runs
from safeshell.command.programs.record import getopt

_CONNECTION = "host= port= username= no-password password help version"


_SQL_ESCAPE = r"(?m)\\(?:!|(?:g|gx|o|w|watch)\s*\|)\s*(?P<text>[^\n]+)|\bPROGRAM\s+'(?P<call>[^']*)'"
_MYSQL = Runs(
    "e:h:u:P:D:p::S:A",
    "execute= host= user= port= database= password pager= init-command= socket= protocol= default-character-set=",
    texts=("--pager",),
    scripts=("-e", "--execute"),
    reads=True,
    escape=r"(?m)(?:^\s*system\s+|\\!\s*)(?P<text>[^\n;]+)",
)
_PSQL = getopt(
    "aAbc:d:eEf:F:h:HlL:no:p:P:qR:sStT:U:v:VwWxXz01?",
    f"{_CONNECTION} echo-all no-align command= dbname= echo-queries echo-errors echo-hidden file= field-separator= "
    "field-separator-zero html list log-file= no-readline single-transaction output= pset= quiet record-separator= "
    "record-separator-zero single-step single-line tuples-only table-attr= set= variable= expanded no-psqlrc csv",
    shows=["-?/--help/--help=options/--help=commands/--help=variables", "-V/--version"],
)
PROGRAMS: Programs = {
    "psql": Program(
        _PSQL,
        runs=Runs(
            scripts=("-c", "--command"),
            reads=True,
            escape=_SQL_ESCAPE,
            variables=("PSQL_PAGER", "PAGER", "PSQL_EDITOR", *EDITORS),
        ),
    ),
    **dict.fromkeys(("mysql", "mariadb"), _MYSQL),
    "sqlite3": Runs(
        "",
        "cmd= init= separator= newline= nullvalue= mmap= vfs= lookaside= maxsize= pagecache=",
        single=True,
        scripts=("--cmd",),
        operand=1,
        reads=True,
        escape=r"(?m)^\s*\.(?:shell|system)\s+(?P<text>[^\n]+)",
    ),
    "dropdb": getopt("efh:iU:wWp:V?", f"{_CONNECTION} echo force interactive maintenance-db= if-exists"),
    "dropuser": getopt("eh:iU:wWp:V?", f"{_CONNECTION} echo interactive if-exists"),
    **dict.fromkeys(
        ("redis-cli", "valkey-cli"),
        getopt(
            "h:p:s:a:u:r:i:n:X:d:D:23xcev",
            "user= pass= askpass tls sni= cacert= cacertdir= insecure cert= key= tls-ciphers= tls-ciphersuites= raw "
            "no-raw quoted-input csv json quoted-json show-pushes= stat latency latency-history latency-dist "
            "lru-test= replica slave rdb= functions-rdb= pipe pipe-timeout= bigkeys memkeys memkeys-samples= hotkeys "
            "scan pattern= quoted-pattern= count= intrinsic-latency= eval= ldb ldb-sync-mode cluster= verbose "
            "no-auth-warning help version",
            exact=True,
            stops=True,
            shows=["--help", "-v/--version"],
        ),
    ),
}

"""Data of the clients of databases."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

_CONNECTION = "host= port= username= no-password password help version"

GRAMMARS: dict[str, Record] = {
    "psql": getopt(
        "aAbc:d:eEf:F:h:HlL:no:p:P:qR:sStT:U:v:VwWxXz01?",
        f"{_CONNECTION} echo-all no-align command= dbname= echo-queries echo-errors echo-hidden file= field-separator= "
        "field-separator-zero html list log-file= no-readline single-transaction output= pset= quiet "
        "record-separator= record-separator-zero single-step single-line tuples-only table-attr= set= variable= "
        "expanded no-psqlrc csv",
    ),
    "dropdb": getopt("efh:iU:wWp:V?", f"{_CONNECTION} echo force interactive maintenance-db= if-exists"),
    "dropuser": getopt("eh:iU:wWp:V?", f"{_CONNECTION} echo interactive if-exists"),
    # Options end where the command begins.
    "redis-cli": getopt(
        "h:p:s:a:u:r:i:n:X:d:D:23xce",
        "user= pass= askpass tls sni= cacert= cacertdir= insecure cert= key= tls-ciphers= tls-ciphersuites= raw "
        "no-raw quoted-input csv json quoted-json show-pushes= stat latency latency-history latency-dist lru-test= "
        "replica slave rdb= functions-rdb= pipe pipe-timeout= bigkeys memkeys memkeys-samples= hotkeys scan pattern= "
        "quoted-pattern= count= intrinsic-latency= eval= ldb ldb-sync-mode cluster= verbose no-auth-warning help "
        "version",
        exact=True,
        stops=True,
    ),
}
GRAMMARS["valkey-cli"] = GRAMMARS["redis-cli"]

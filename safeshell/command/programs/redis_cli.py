"""Data of redis-cli."""

from __future__ import annotations

from safeshell.command.programs.record import Record, getopt

PROGRAM: Record = getopt(
    "h:p:s:a:u:r:i:n:X:d:D:23xcev",
    "user= pass= askpass tls sni= cacert= cacertdir= insecure cert= key= tls-ciphers= tls-ciphersuites= raw "
    "no-raw quoted-input csv json quoted-json show-pushes= stat latency latency-history latency-dist lru-test= "
    "replica slave rdb= functions-rdb= pipe pipe-timeout= bigkeys memkeys memkeys-samples= hotkeys scan pattern= "
    "quoted-pattern= count= intrinsic-latency= eval= ldb ldb-sync-mode cluster= verbose no-auth-warning help "
    "version",
    exact=True,
    stops=True,
    shows=["--help", "-v/--version"],
)

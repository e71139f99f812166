"""The AWS command line."""

from __future__ import annotations

from safeshell.command.programs.description import Program, Programs, Runs
from safeshell.command.programs.record import Record, getopt

_GLOBALS = (
    "debug endpoint-url= no-verify-ssl no-paginate output= query= profile= region= version color= no-sign-request "
    "ca-bundle= cli-read-timeout= cli-connect-timeout= cli-binary-format= no-cli-pager cli-auto-prompt "
    "no-cli-auto-prompt v2-debug help"
)
_S3_EACH = f"{_GLOBALS} dryrun quiet include= exclude= only-show-errors page-size= request-payer="
_S3_COPY = (
    f"{_S3_EACH} acl= follow-symlinks no-follow-symlinks no-guess-mime-type sse= sse-c= sse-c-key= sse-kms-key-id= "
    "sse-c-copy-source= sse-c-copy-source-key= storage-class= grants= website-redirect= content-type= cache-control= "
    "content-disposition= content-encoding= content-language= expires= source-region= no-progress progress-frequency= "
    "progress-multiline ignore-glacier-warnings force-glacier-transfer checksum-mode= checksum-algorithm= metadata= "
    "metadata-directive= copy-props= expected-size= case-conflict="
)
# A word may be abbreviated, among the program's own options or the subcommand's.
_S3: dict[str, Record] = {
    "cp": getopt("", f"{_S3_COPY} recursive", shows=["help"], tries=["--dryrun"]),
    "mv": getopt("", f"{_S3_COPY} recursive validate-same-s3-paths", shows=["help"], tries=["--dryrun"]),
    "sync": getopt("", f"{_S3_COPY} size-only exact-timestamps delete", shows=["help"], tries=["--dryrun"]),
    "rm": getopt("", f"{_S3_EACH} recursive", shows=["help"], tries=["--dryrun"]),
    "ls": getopt(
        "",
        f"{_GLOBALS} recursive page-size= human-readable summarize request-payer= bucket-name-prefix= bucket-region=",
    ),
    "rb": getopt("", f"{_GLOBALS} force", shows=["help"]),
    "mb": getopt("", f"{_GLOBALS} tags", shows=["help"]),
    "presign": getopt("", f"{_GLOBALS} expires-in=", shows=["help"]),
    "website": getopt("", f"{_GLOBALS} index-document= error-document=", shows=["help"]),
}
_AWS: Record = {
    **getopt("", _GLOBALS),
    "shows": ["help", "--version"],
    "subcommands": {
        "s3": {**getopt("", _GLOBALS), "shows": ["help"], "subcommands": _S3},
        "ec2": {
            **getopt("", _GLOBALS),
            "shows": ["help"],
            "subcommands": {
                "": getopt("", f"{_GLOBALS} dry-run no-dry-run instance-ids=", shows=["help"], tries=["--dry-run"])
            },
        },
        # Of the other services each command has options of its own, nearly all of which take an argument.
        "": {**getopt("", _GLOBALS), "shows": ["help"], "subcommands": {"": getopt("", _GLOBALS, shows=["help"])}},
    },
}
PROGRAMS: Programs = {"aws": Program(_AWS, runs=Runs(variables=("AWS_PAGER", "PAGER")))}

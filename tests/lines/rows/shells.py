"""Texts for shells: as an argument, on standard input, as a file that isn't one, by `eval`; with shells' options."""

from __future__ import annotations

from lines.draft import Row

_TO_BASH = (
    "bash -c §T",
    "bash -ec §T",
    "bash -c -- §T",
    "bash -c §T §W §W",
    "bash -xc §T",
    "bash +e -c §T",
    "bash -ce §T",
)
_BASH_CLUSTERS = (
    "bash -euo pipefail -c §T",
    "bash -eo pipefail -c §T",
    "bash -euxo pipefail -c §T",
    "bash -o pipefail -ec §T",
    "bash -O extglob -c §T",
    "bash +O extglob -e -c §T",
    "bash -oc pipefail §T",
    "bash -euoc pipefail §T",
    "bash --norc --noprofile -c §T",
    "bash --posix -c §T",
    "bash --rcfile a.txt -c §T",
    "bash --init-file a.txt -euc §T",
    "bash -o errexit -o nounset -c §T",
    "bash -Oc extglob §T",
    "/bin/bash -eu -o pipefail -c §T",
)
_SH = ("sh -c §T", "sh -ec §T", "sh -e -c §T", "dash -c §T", "sh -c -- §T", "sh -c §T §W", "/bin/sh -xc §T")
_SH_CLUSTERS = ("sh -o errexit -c §T", "sh -eo nounset -c §T", "sh -euo noglob -c §T", "dash -euc §T")
_ZSH = ("zsh -c §T", "zsh -fc §T", "zsh -f -c §T")
_ZSH_CLUSTERS = (
    "zsh -fo extendedglob -c §T",
    "zsh -o ERR_EXIT -ec §T",
    "zsh -euo pipefail -c §T",
    "zsh --no-rcs -c §T",
)

_INPUTS = (
    ("{0} §h", "document-to-shell", 1.5),
    ("{0} -s §h", "document-to-shell", 0.7),
    ("{0} -s -- §W §h", "document-to-shell", 0.4),
    ("{0} /dev/stdin §h", "document-to-shell", 0.3),
    ("{0} - §h", "document-to-shell", 0.3),
    ("{0} -e <<<§T", "here-string-to-shell", 1.0),
    ("{0} < <(echo §T)", "L12 process-substitution", 0.4),
    ("{0} <(echo §T)", "L12 process-substitution", 0.6),
    ("{0} <(printf '%s\\n' §T)", "L12 process-substitution", 0.4),
    ("{0} <(cat §h)", "L12 process-substitution document", 0.4),
)

SHELLS = (
    *(Row(text, "shell", into="bash", weight=0.4) for text in _TO_BASH),
    *(Row(text, "L6 shell", into="bash", weight=0.5) for text in _BASH_CLUSTERS),
    *(Row(text, "shell", into="sh", weight=0.4) for text in _SH),
    *(Row(text, "L6 shell", into="sh", weight=0.5) for text in _SH_CLUSTERS),
    *(Row(text, "shell zsh", into="zsh", weight=0.25) for text in _ZSH),
    *(Row(text, "L6 shell zsh", into="zsh", weight=0.1) for text in _ZSH_CLUSTERS),
    *(
        Row(text.format(shell), kinds, "bash zsh" if "<(" in text or "<<<" in text else "bash sh zsh", weight, shell)
        for shell in ("bash", "sh")
        for text, kinds, weight in _INPUTS
    ),
    Row("busybox sh -c §T", "shell busybox", into="sh", weight=0.3),
    Row("busybox ash -ec §T", "shell busybox", into="sh", weight=0.2),
    Row("eval §T", "eval", weight=1.5),
    Row("eval §n §a", "eval", weight=0.5),
    Row("eval -- §T", "eval", "bash zsh", weight=0.2),
    Row(". /dev/stdin §h", "source", weight=0.5),
    Row("source /dev/stdin <<<§T", "source here-string", "bash zsh", weight=0.4),
    Row(". <(echo §T)", "L12 source process-substitution", "bash zsh", weight=0.6),
    Row("source <(cat §h)", "L12 source process-substitution", "bash zsh", weight=0.5),
    Row("command eval §T", "eval wrapper", "bash sh", weight=0.3),
    Row("builtin eval §T", "eval wrapper", "bash zsh", weight=0.3),
    Row("emulate sh -c §T", "eval", "zsh", weight=0.3),
    Row("bash -c '\"$@\"' _ §n §a", "shell arguments", open=True, weight=0.4),
    Row("sh -c '$0 \"$@\"' §n §a", "shell arguments", open=True, weight=0.4),
    Row("sh -c 'eval \"$1\"' x §T", "shell arguments eval unknown-text", into="sh", open=True, weight=0.4),
    Row('bash -c \'exec "$0" "$@"\' §n §a', "shell arguments", open=True, weight=0.3),
)
"""Each is one command, the shell's."""

PIPES = (
    Row("echo §T | sh", "L12 pipe-to-shell", into="sh", weight=1.2),
    Row("echo §T | bash", "L12 pipe-to-shell", into="bash", weight=1.2),
    Row("echo '§6' | base64 -d | sh", "L12 base64", into="sh"),
    Row("echo §6 | base64 --decode | bash", "L12 base64", into="bash", weight=0.7),
    Row("base64 -d <<<§6 | bash -e", "L12 base64", "bash zsh", into="bash", weight=0.5),
    Row('eval "$(echo §6 | base64 -d)"', "L12 base64 eval"),
    Row("bash <(base64 -d <<<§6)", "L12 base64 process-substitution", "bash zsh", into="bash", weight=0.5),
    Row('bash -c "$(base64 -d <<<§6)"', "L12 base64", "bash zsh", into="bash", weight=0.5),
    Row("printf §x | sh", "L7 printf", into="sh", weight=1.5),
    Row("printf §x | bash", "L7 printf", into="bash", weight=1.5),
    Row('eval "$(printf §x)"', "L7 printf eval"),
    Row("eval `printf '%s ' §n §a`", "L12 printf eval backticks", weight=0.4),
    Row("printf '%s\\n' §T | sh", "L12 printf", into="sh"),
    Row("printf '%s %s\\n' §n fire | sh", "L12 printf", weight=0.5),
    Row("printf '%b\\n' §e | sh", "L7 printf", into="sh", weight=0.7),
    Row("printf -- '%s' §T | bash", "L12 printf", into="bash", weight=0.4),
    Row("printf 'cana%s %s' ry fire | sh", "L12 printf", weight=0.5),
    Row("printf 'canary \\x66ire\\n' | sh", "L7 printf", weight=0.5),
    Row("printf 'canary%bfire\\n' '\\x20' | bash", "L7 printf", weight=0.4),
    Row("printf 'c%cnary fire\\n' anary | sh", "L7 printf", weight=0.2),
    Row("printf 'canary fire%d' 1 | sh", "L7 printf", weight=0.3),
    Row("printf '%.6sx fire\\n' canaryyy | sed s/x// | sh", "printf", open=True, weight=0.2),
    Row("printf 'can\\141ry f\\151re' | sh", "L7 printf", weight=0.4),
    Row("echo -e §e | bash", "L7 echo", "bash zsh", into="bash", weight=1.2),
    Row("echo -ne §e | bash", "L7 echo", "bash zsh", into="bash", weight=0.4),
    Row("echo §e | sh", "L7 echo", "sh zsh", into="sh", weight=0.7),
    Row("echo -n §T | bash", "L12 echo", into="bash", weight=0.4),
    Row("echo -E §T | bash", "L12 echo", "bash zsh", into="bash", weight=0.3),
    Row("cat §h | sh", "L12 document pipe-to-shell", into="sh"),
    Row("cat §h | bash -s", "L12 document pipe-to-shell", into="bash", weight=0.7),
    Row('bash -c "$(cat §h\n)"', "L12 document", into="bash", weight=0.7),
    Row("cat §H §h | sh", "L12 document several-documents", into="sh", weight=0.4),
    Row("echo §T | cat | sh", "L12 pipe-to-shell", into="sh", weight=0.4),
    Row("echo §T | tee /dev/null | sh", "pipe-to-shell unknown-text", into="sh", open=True, weight=0.3),
    Row("echo §T | sed s/zz/y/ | sh", "pipe-to-shell unknown-text", into="sh", open=True, weight=0.3),
    Row("{ echo §T; } | sh", "pipe-to-shell group", into="sh", weight=0.4),
    Row("(echo :; echo §T) | sh", "pipe-to-shell subshell", into="sh", weight=0.4),
    Row("§N && echo §T | sh", "L12 pipe-to-shell list", into="sh", weight=0.4),
    Row("cat script | sh", "file-to-shell", open=True, weight=0.4),
    Row('eval "$(cat script)"', "file-to-shell eval", open=True, weight=0.4),
    Row('sh -c "$(cat script)"', "file-to-shell", open=True, weight=0.4),
    Row("$(cat script)", "file-to-shell", open=True, shells="bash sh", weight=0.4),
)
"""Lists: one command's output is another's text."""

r"""A dot that was meant as a dot: `secrets.yaml` finds `secrets-yaml` too.

Only where nothing else makes sense: a whole word before the dot and a file name's ending after it, or the name of a
well-known hidden file after a dot at a word's start. `.*`, `[.]`, `\.` and `^git push.force` are left alone.
"""

from __future__ import annotations

import re

from safeshell_compiler.lint.view import View, leaves

_ENDINGS = (
    "bak|bash|bashrc|cert|cfg|conf|cpp|crt|css|csv|db|der|dll|doc|docx|env|exe|gif|gpg|gz|htm|html|img|ini|iso|java|jpeg|"
    "jpg|js|json|jsonl|jsx|kdbx|key|lock|log|md|mov|mp3|mp4|odt|p12|pdf|pem|pfx|php|png|ps1|pub|py|pyc|rb|rpm|rs|rst|sh|"
    "sqlite|sqlite3|sql|svg|tar|tf|tfstate|tfvars|tgz|toml|ts|tsx|txt|wasm|xls|xlsx|xml|xz|yaml|yml|zip|zsh|zst"
)
_HIDDEN = (
    "aws|bash_history|bash_profile|bashrc|cargo|config|docker|dockerignore|editorconfig|env|envrc|git|git-credentials|"
    "gitattributes|gitconfig|github|gitignore|gitlab-ci|gitmodules|gnupg|htpasswd|kube|local|netrc|npmrc|pgpass|profile|"
    "pypirc|safeshell|ssh|terraform|venv|vscode|zsh_history|zshrc"
)
# An ending goes to the word's end: in `mail.log` the pattern may go on with anything but a letter or a repetition.
_FILE = re.compile(rf"(?<![\w.-])[\w-]{{2,}}(\.)(?:{_ENDINGS})(?![\w*+?{{-])")
_HIDDEN_FILE = re.compile(rf"(?:^|[ /'\"=(|])(\.)(?:{_HIDDEN})(?![\w*+?{{-])")
_ESCAPE_OR_CLASS = re.compile(r"\\s|\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]", re.DOTALL)


def check_dots(view: View) -> None:
    """Reports the dots."""
    for found in view.rules:
        source = found.rule.source
        for leaf in leaves(source):
            if not leaf.may_name_files or "." not in leaf.value:
                continue
            for offset in unescaped(leaf.value):
                word = _around(leaf.value, offset)
                view.add("SS323", view.at(leaf, offset), source, word=word, escaped=word.replace(".", "\\."))


def unescaped(pattern: str) -> list[int]:
    """The offsets of the dots that stand for themselves in all likelihood."""
    if "\\Q" in pattern or "(?x" in pattern:
        return []
    # What is escaped or in brackets is no text; white space begins a word.
    plain = _ESCAPE_OR_CLASS.sub(lambda m: (" " if m[0] == "\\s" else "\0") * len(m[0]), pattern)
    found = {match.start(1) for form in (_FILE, _HIDDEN_FILE) for match in form.finditer(plain)}
    return sorted(found)


def _around(pattern: str, offset: int) -> str:
    start = offset
    while start and (pattern[start - 1].isalnum() or pattern[start - 1] in "_-") and not _escaped(pattern, start - 1):
        start -= 1
    end = offset + 1
    while end < len(pattern) and (pattern[end].isalnum() or pattern[end] in "_-"):
        end += 1
    return pattern[start:end]


def _escaped(pattern: str, index: int) -> bool:
    return index > 0 and pattern[index - 1] == "\\"

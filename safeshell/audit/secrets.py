r"""Formats of secrets, as RE2 patterns. What a pattern's first group finds is redacted, or all that it finds.

A pattern sees each argument on a line of its own, and so each `NAME=value` of the environment that was read; a line
with a NUL stands between the spellings of the command. `.` matches a newline. Rather too much is redacted than too
little: a look-alike costs a readable word, a miss costs a secret.
"""

from __future__ import annotations

from collections.abc import Iterable

Rule = tuple[str, str]
"""A name, and a pattern."""

_VALUE = r"""("[^"\n]*"|'[^'\n]*'|[^\s"'\x00]+)"""
"""A value within a shell line or a script."""

_NAMES = (
    "password|passwd|passphrase|passwort|token|secret|api-?key|api_key|access-?key|secret-?key|private-?key-?data|"
    "pass|credential|bearer"
)
_OWNERS = (
    "user|db|database|admin|root|master|http|https|proxy|ftp|auth|access|api|bearer|client|registry|github|gitlab|npm|"
    "vault|session|service|app|bot|refresh|id|key|keystore|truststore|store|ssl|tls|secret|deploy|personal|oauth2?|"
    "mysql|redis|smtp|ldap|new|old|current|private|remote|source|target|cluster|join|ca|aws|azure|gcp|gh|x|"
    "docker|wifi|bind|webhook|signing|shared|discovery"
)
_OPTION = rf"--?(?i:(?:(?:{_OWNERS})[-_])*(?:{_NAMES}))"
_VARIABLE = (
    r"[A-Za-z0-9_.]*(?i:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SECRET_?KEY|"
    r"CREDENTIALS?|MYSQL_PWD|REDISCLI_AUTH)(?:_[A-Za-z0-9_]*)?|[A-Z0-9_]*KEY(?:_[A-Z0-9_]*)?"
)
_PEM = "[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_HEADERS = (
    "x-api-key|api-key|apikey|x-auth-token|x-access-token|x-vault-token|x-amz-security-token|private-token|job-token|"
    "deploy-token|x-goog-api-key|x-csrf-token|cookie|set-cookie"
)


def _command(names: str) -> str:
    """A program among the arguments: first, or behind a word that isn't an option (`docker exec db mysql …`)."""
    return rf"(?:\A|\x00\n|\n(?:--|[^-\n\x00][^\n\x00]*)\n)(?:[^\n\x00]*/)?(?:{names})\n(?:[^\n\x00]*\n)*?"


def _in_line(names: str) -> str:
    """A program in a shell line."""
    return rf"\b(?:{names})[ \t](?:[^\n\x00;|&]*?[ \t])?"


_TOKENS = (
    ("github-token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36}[A-Za-z0-9]*|github_pat_[A-Za-z0-9]{22}_?[A-Za-z0-9_]*)"),
    ("gitlab-token", r"\bgl(?:pat|ptt|dt|rt|cbt|soat|ft|agent|oas|imt|ffct|wt)-[A-Za-z0-9_-]{20}[A-Za-z0-9_.-]*"),
    ("aws-access-key", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    (
        "aws-secret-key",
        r"(?i)\baws_(?:secret_access_key|session_token)[\s=:]+[\"']?([A-Za-z0-9/+=]{20}[A-Za-z0-9/+=]*)",
    ),
    ("slack-token", r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10}[A-Za-z0-9-]*"),
    ("slack-webhook", r"\bhooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{20}[A-Za-z0-9/_-]*)"),
    ("google-key", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("google-token", r"\b(?:ya29\.[A-Za-z0-9_-]{20}[A-Za-z0-9_.-]*|GOCSPX-[A-Za-z0-9_-]{28})"),
    ("stripe-key", r"\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16}[A-Za-z0-9]*|whsec_[A-Za-z0-9+/=]{32}[A-Za-z0-9+/=]*)"),
    ("anthropic-key", r"\bsk-ant-[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*"),
    (
        "openai-key",
        r"\bsk-(?:(?:proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*|[A-Za-z0-9]{32}[A-Za-z0-9]*)",
    ),
    ("npm-token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("pypi-token", r"\bpypi-AgE[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*"),
    ("rubygems-key", r"\brubygems_[0-9a-f]{48}\b"),
    ("docker-token", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{27}[A-Za-z0-9_-]*"),
    ("huggingface-token", r"\b(?:hf|api_org)_[A-Za-z]{34}\b"),
    ("vault-token", r"\bhv[sbr]\.[A-Za-z0-9_-]{24}[A-Za-z0-9_-]*"),
    ("digitalocean-token", r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    ("sendgrid-key", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    ("telegram-token", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
    ("shopify-token", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    ("twilio-key", r"\bSK[0-9a-f]{32}\b"),
    ("grafana-token", r"\bgls?[ac]_[A-Za-z0-9+/=_]{32}[A-Za-z0-9+/=_]*"),
    ("databricks-token", r"\bdapi[0-9a-f]{32}\b"),
    ("linear-key", r"\blin_(?:api|oauth)_[A-Za-z0-9]{32}[A-Za-z0-9]*"),
    ("atlassian-token", r"\bATATT3[A-Za-z0-9_=-]{60}[A-Za-z0-9_=-]*"),
    ("azure-key", r"(?i)\b(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40}[A-Za-z0-9+/=]*)"),
    ("age-key", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"),
    ("jwt", r"\beyJ[A-Za-z0-9_-]{10}[A-Za-z0-9_-]*\.eyJ[A-Za-z0-9_-]{10}[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"),
    (
        "private-key",
        rf"-----BEGIN {_PEM}(?:[^\x00]*?-----END {_PEM}|[^\x00]*)",
    ),
)
"""Recognised by their own shape, wherever they stand. RE2 writes a `{20,}` out, so does the loop behind `{20}`."""

_PLACES = (
    ("url-password", r"""\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'?#\x00]*:([^\s/"'?#\x00]+)@"""),
    ("authorization", r"(?i)\bauthorization[\"']?[ \t]*[:=][ \t]*[\"']?(?:[a-z][a-z0-9-]*[ \t]+)?([^\s\"'\\\x00]+)"),
    ("authorization", r"(?i)\bbearer[ \t]+([A-Za-z0-9+/._~=-]{20}[A-Za-z0-9+/._~=-]*)"),
    ("header", rf"(?i)(?:\b|[^-\w])(?:{_HEADERS})[ \t]*:[ \t]*([^\n\"'\\\x00]+)"),
    ("variable", rf"(?m)^(?:{_VARIABLE})=([^\n\x00]+)"),
    ("variable", rf"""[\s"'`?&;({{,\x00](?:{_VARIABLE})=""" + _VALUE),
    (
        "variable",
        r"""["'](?i:[A-Za-z0-9_-]*(?:token|secret|password|passwd|passphrase|api_?key))["']\s*:\s*["']([^"'\x00]+)""",
    ),
    ("option", rf"(?m)^{_OPTION}=([^\n\x00]+)"),
    ("option", rf"(?m)^{_OPTION}\n([^-\n\x00][^\n\x00]*|-[^-\n\x00][^\n\x00]*[^a-z\n\x00-][^\n\x00]*)"),
    ("option", rf"""[\s"'`(;]{_OPTION}(?:=|[ \t]+)("[^"\n]*"|'[^'\n]*'|[^\s"'\x00-][^\s"'\x00]*)"""),
    ("option", r"(?m)\b(?:pass|pw):([^\s\"'\x00/][^\s\"'\x00]*)$"),
    ("mysql-password", _command("(?:mysql|mariadb)[a-z]*") + r"-p([^\n\x00]+)"),
    ("mysql-password", _in_line("(?:mysql|mariadb)[a-z]*") + r"-p" + _VALUE),
    ("sshpass-password", _command("sshpass") + r"-p\n?([^\n\x00]+)"),
    ("sshpass-password", _in_line("sshpass") + r"-p[ \t]*" + _VALUE),
    ("redis-password", _command("redis-cli") + r"-a\n([^\n\x00]+)"),
    ("redis-password", _in_line("redis-cli") + r"-a[ \t]+" + _VALUE),
    ("curl-password", _command("curl") + r"(?:-[A-Za-z#]*[uU]|--(?:proxy-)?user=?)\n?[^:\n\x00]*:([^\n\x00]+)"),
    (
        "curl-password",
        _in_line("curl") + r"(?:-[A-Za-z#]*[uU]|--(?:proxy-)?user)[ \t=]*[\"']?[^\s:\"'\x00]*:([^\s\"'\x00]+)",
    ),
)
"""Recognised by where they stand. `(?m)^` is the start of an argument, or of a line within one."""

KNOWN: Iterable[Rule] = (*_TOKENS, *_PLACES)
"""The most telling name first: where two find the same text, the first names it."""

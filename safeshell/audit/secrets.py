r"""Rules that find secrets, as RE2 patterns. What a pattern's first group finds is redacted, or all that it finds.

A pattern sees each argument on a line of its own, and so each `NAME=value` of the environment that was read, each path
and what else came from outside; a line with a NUL stands between the spellings of the command. `.` matches a newline.
Rather too much is redacted than too little: a look-alike costs a readable word, a miss costs a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from safeshell.audit.randomness import is_token, looks_random
from safeshell.audit.token_shapes import TOKENS
from safeshell.command.programs.secrets import secret_arguments


class Rule(NamedTuple):
    """A rule.

    Attributes:
        name: what stands in the place of what it found.
        pattern: an RE2 pattern.
        holds: whether a match of it counts.
        hint: a pattern that finds all that it finds, where that is a smaller one.
    """

    name: str
    pattern: str
    holds: Callable[[Any], bool] | None = None
    hint: str = ""


_END = r"""\s"'`\\\x00"""

_VALUE = rf"""("[^"\n]*"|'[^'\n]*'|[^{_END}]+)"""
"""A value within a shell line or a script."""

_LONG = (
    "password|passwd|passphrase|passwort|token|secret|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|"
    "account[_-]?key|shared[_-]?key|signing[_-]?key|encryption[_-]?key|master[_-]?key|auth[_-]?key|admin[_-]?key|"
    "subscription[_-]?key|license[_-]?key|service[_-]?key|app[_-]?key|storage[_-]?key|instrumentation[_-]?key|"
    "credentials?|client[_-]?secret|authorization|signature|session[_-]?id|secret[_-]?id|pass[_-]?code|rediscli_auth"
)
_SHORT = "pass|pwd|pw|sig|sas|psk|otp|auth|jwt|bearer|cookie|creds"
_NAME = (
    rf"(?:(?i:[A-Za-z0-9_.-]*(?:{_LONG})|(?:[A-Za-z0-9_.-]*[_.-])?(?:{_SHORT}))|"
    r"[A-Za-z0-9_.-]*[a-z0-9](?:Pass|Pwd|Sig|Auth))"
)
"""What a secret is called: a long word at a name's end, or a short one that is a part by itself."""

_VARIABLE = (
    r"[A-Za-z0-9_.]*(?i:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SECRET_?KEY|"
    r"CREDENTIALS?|MYSQL_PWD|REDISCLI_AUTH)(?:_[A-Za-z0-9_]*)?|[A-Z0-9_]*KEY(?:_[A-Z0-9_]*)?"
)
_OPTION = rf"--?(?:(?i:[a-z0-9_.-]*(?:{_LONG})|(?:[a-z0-9_.-]*[_.-])?(?:{_SHORT})))"
_FLAGS = (
    "no|ask|prompt|with|use|save|store|require|skip|show|print|reset|force|allow|disable|enable|read|insecure|change|"
    "without|get|set|clear|list|rotate|revoke|max"
)
"""Words that begin options which say something of a secret and take none."""

_IS_FLAG = re.compile(rf"[\s\S]?--?(?:{_FLAGS})[-_]")

_PEM = "[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
_STDIN = r"-stdin\b|--with-token|--passphrase-fd|chpasswd|sudo[^|;&\n\x00]* -[A-Za-z]*S|\bsu\b"
"""What takes a secret from its input."""

_HEADERS = (
    "x-api-key|api-key|apikey|x-auth-token|x-access-token|x-vault-token|x-amz-security-token|private-token|job-token|"
    "deploy-token|x-goog-api-key|x-csrf-token|cookie|set-cookie"
)
_VENDORS = (
    "adafruit|adobe|airtable|algolia|alibaba|asana|atlassian|beamer|bitbucket|bittrex|cloudflare|codecov|cohere|"
    "coinbase|confluent|contentful|datadog|deepgram|discord|droneci|dropbox|etsy|facebook|fastly|finicity|finnhub|"
    "flickr|freshbooks|gitter|heroku|hubspot|intercom|jfrog|artifactory|jira|kraken|kucoin|launchdarkly|linkedin|"
    "mailchimp|mailgun|mapbox|mattermost|meraki|messagebird|mistral|netlify|new_?relic|nytimes|okta|pagerduty|plaid|"
    "rapidapi|sendbird|sentry|snyk|sonar|squarespace|sumo|telegram|travis|twilio|twitch|twitter|yandex|zendesk"
)

_REFERENCE = re.compile(
    r"""["']?(?:true|false|yes|no|on|off|null|none|nil|\$\w+|\$\{\w+\}|\$\(.*|%[a-z]|\{\}|<[^>]*>|[*.]+|[xX]+)["']?,?""",
    re.IGNORECASE,
)
_COUNTS = re.compile(r"(?:^|[^A-Za-z])(?:max|min|num|n|total|count)[-_]", re.IGNORECASE)
_PLAIN_WORD = re.compile(r"[A-Za-z]?[a-z]*[.,:;!?]?|[A-Z]+|\W*")


def _says_something(found: Any) -> bool:
    """A value that is no switch and no variable, and no number of tokens."""
    return _REFERENCE.fullmatch(found[1]) is None and not (found[1].isdigit() and _COUNTS.search(found[0]))


def _is_value(found: Any) -> bool:
    """A value behind `name:`, which prose has too: no plain word."""
    return _says_something(found) and _PLAIN_WORD.fullmatch(found[1]) is None


def _is_random(found: Any) -> bool:
    return looks_random(found[1])


def _is_drawn_token(found: Any) -> bool:
    """A token by its looks; not in front of an extension: files are called by what was drawn, or hashed, too."""
    behind = found.string[found.end(1) : found.end(1) + 2]
    return not (behind[:1] == "." and behind[1:].isalpha()) and is_token(found[1])


def _takes_value(found: Any) -> bool:
    return _IS_FLAG.match(found[0]) is None and _says_something(found)


_PLACES = (
    Rule(
        "aws-secret-key",
        r"(?i)\baws_(?:secret_access_key|session_token)[\s=:]+[\"']?([A-Za-z0-9/+=]{20}[A-Za-z0-9/+=]*)",
    ),
    Rule("azure-key", r"(?i)\b(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40}[A-Za-z0-9+/=]*)"),
    Rule("private-key", rf"-----BEGIN {_PEM}(?:[^\x00]*?-----END {_PEM}|[^\x00]*)"),
    Rule("url-password", r"""\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'?#\x00]*:([^\s/"'?#\x00]+)@"""),
    Rule(
        "url-token",
        r"""\b[A-Za-z][A-Za-z0-9+.-]*://([^\s/:@"'?#\x00]{16}[^\s/:@"'?#\x00]*)(?::[^\s/"'?#\x00]*)?@""",
        _is_random,
    ),
    Rule(
        "authorization", r"(?i)\bauthorization[\"']?[ \t]*[:=][ \t]*[\"']?(?:[a-z][a-z0-9-]*[ \t]+)?([^\s\"'\\\x00]+)"
    ),
    Rule("authorization", r"(?i)\bbearer[ \t]+([A-Za-z0-9+/._~=-]{20}[A-Za-z0-9+/._~=-]*)"),
    Rule("header", rf"(?i)(?:\b|[^-\w])(?:{_HEADERS})[ \t]*:[ \t]*([^\n\"'\\\x00]+)"),
    Rule(
        "header",
        r"(?i)(?:^|[^\w-])[a-z0-9]+(?:-[a-z0-9]+)*-(?:key|token|secret|auth|password|signature|session)[ \t]*:"
        rf"[ \t]*([^{_END}]{{6}}[^{_END}]*)",
        _is_value,
    ),
    Rule("option", rf"(?m)^{_OPTION}=([^\n\x00]+)", _says_something),
    Rule(
        "option", rf"(?m)^{_OPTION}\n([^-\n\x00][^\n\x00]*|-[^-\n\x00][^\n\x00]*[^a-z\n\x00-][^\n\x00]*)", _takes_value
    ),
    Rule("option", rf"""[\s"'`(;]{_OPTION}(?:=|[ \t]+)("[^"\n]*"|'[^'\n]*'|[^\s"'\x00-][^\s"'\x00]*)""", _takes_value),
    Rule("option", r"(?m)\b(?:pass|pw):([^\s\"'\x00/][^\s\"'\x00]*)$"),
    Rule("variable", rf"(?m)^(?:{_VARIABLE})=([^\n\x00]+)", _says_something),
    Rule("variable", rf"""[\s"'`?&;({{,\x00](?:{_VARIABLE})=""" + _VALUE, _says_something),
    Rule("variable", rf"(?m)^--?[A-Za-z0-9-]+=(?:{_NAME})=([^\n\x00]+)", _says_something),
    Rule("variable", rf"""(?m)(?:^|[^A-Za-z0-9_.-])(?:{_NAME})=("[^"\n]*"|'[^'\n]*'|[^&;{_END}]+)""", _says_something),
    Rule("variable", r"[?&](?:key|code|hmac|sign|k)=([A-Za-z0-9_.~%+/=-]{16}[A-Za-z0-9_.~%+/=-]*)"),
    Rule(
        "variable",
        rf"""(?:{_NAME})(?:\\*["'`])?\s*(?:=>|:=|=|:|,)\s*\\*["']((?:[^"'\\\x00]|\\[^"'\x00])+)""",
        _says_something,
    ),
    Rule("variable", rf"""(?:{_NAME})["']?[ \t]*(?:=>|:=|=|:)[ \t]+([^{_END},}}]{{6}}[^{_END},}}]*)""", _is_value),
    Rule("variable", rf"""(?:{_NAME})["']?:([^{_END},}}/]{{6}}[^{_END},}}]*)""", _is_value),
    Rule(
        "variable",
        rf"""(?i)(?:{_VENDORS})[a-z0-9_.-]*["']?[ \t]*(?:=>|:=|=|:)[ \t]*["']?([A-Za-z0-9_=-]{{16}}[A-Za-z0-9_=-]*)""",
        _is_value,
    ),
    Rule(
        "variable", rf"\bconfig(?:ure)?[\s:][^\x00]*?[\s/:]{_NAME}(?:\n|[ \t]+)([^-\s\x00][^\s\x00]*)", _says_something
    ),
    Rule(
        "sql-password",
        r"(?i)\b(?:identified\s+(?:with\s+\w+\s+)?(?:by|as)|password(?:\s*\()?)\s*'([^'\x00]+)'",
    ),
    Rule("xml-secret", rf"(?i)<[\w:.-]*(?:{_LONG})[^<>\x00]*>([^<\s\x00][^<\x00]*)</"),
    Rule("netrc-password", r"(?i)\blogin\s+\S+\s+password\s+([^\s\x00\"']+)"),
    Rule(
        "piped-secret",
        r"\b(?:echo|printf)[ \t]+(?:-[neE]+[ \t]+|[\"']?%s(?:\\n)?[\"']?[ \t]+)*"
        + _VALUE
        + rf"[ \t]*\|[^|;&\x00]*(?:{_STDIN})",
    ),
    Rule("piped-secret", rf"(?:{_STDIN})[^|;&\n\x00]*<<<[ \t]*" + _VALUE),
    Rule("token", r"(?:^|[^A-Za-z0-9])([A-Za-z][A-Za-z0-9]{0,11}[-_][A-Za-z0-9_-]{20}[A-Za-z0-9_-]*)", _is_drawn_token),
)
"""Recognised by where they stand, and at the end what looks drawn behind a prefix. `(?m)^` is the start of an argument,
or of a line within one."""


def programs_pattern() -> str:
    """A pattern that finds one of those programs."""
    names = "|".join(re.escape(name) for name in secret_arguments())
    return rf"(?:^|[^A-Za-z0-9_.-])(?:{names})[\s\"'\x00]"


KNOWN: tuple[Rule, ...] = (
    *(Rule(shape.name, shape.pattern, _is_random if shape.drawn else None, shape.hint) for shape in TOKENS),
    *_PLACES,
)
"""The most telling name first: where two find the same text, the first names it."""

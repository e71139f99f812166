"""Secrets in made-up values of the real formats, put together here so that no scanner takes this file for a leak."""

from __future__ import annotations

import json
from typing import Any

import pytest

from safeshell.audit import redact as redacting
from safeshell.audit.redact import Redactor
from safeshell.policy.patterns import EngineError, PatternSet

LOWER = "abcdefghijklmnopqrstuvwxyz"
MIXED = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8"
HEX = "0123456789abcdef"


def _of(alphabet: str, length: int) -> str:
    return (alphabet * (length // len(alphabet) + 1))[:length]


TOKENS = {
    "github-token": [
        *["gh" + kind + "_" + _of(MIXED, 36) for kind in "pousr"],
        "github" + "_pat_" + _of(MIXED, 22) + "_" + _of(MIXED, 59),
    ],
    "gitlab-token": ["gl" + "pat-" + _of(MIXED, 20), "gl" + "ptt-" + _of(HEX, 40)],
    "aws-access-key": ["AK" + "IA" + _of(MIXED.upper(), 16), "AS" + "IA" + _of(MIXED.upper(), 16)],
    "slack-token": ["xox" + "b-" + _of("0123456789", 12) + "-" + _of(MIXED, 24), "xapp" + "-1-A0-" + _of(HEX, 40)],
    "google-key": ["AI" + "za" + _of(MIXED, 35)],
    "google-token": ["ya" + "29." + _of(MIXED, 60)],
    "stripe-key": ["sk_" + "live_" + _of(MIXED, 24), "rk_" + "live_" + _of(MIXED, 99), "whsec" + "_" + _of(MIXED, 32)],
    "anthropic-key": ["sk-" + "ant-api03-" + _of(MIXED, 90) + "-" + _of(MIXED, 8)],
    "openai-key": ["sk-" + _of(MIXED, 48), "sk-" + "proj-" + _of(MIXED, 74), "sk-" + "or-v1-" + _of(HEX, 64)],
    "npm-token": ["np" + "m_" + _of(MIXED, 36)],
    "pypi-token": ["py" + "pi-AgEIcHlwaS5vcmc" + _of(MIXED, 140)],
    "rubygems-key": ["ruby" + "gems_" + _of(HEX, 48)],
    "docker-token": ["dckr" + "_pat_" + _of(MIXED, 27)],
    "huggingface-token": ["h" + "f_" + _of(LOWER, 34)],
    "vault-token": ["hv" + "s." + _of(MIXED, 90)],
    "digitalocean-token": ["dop" + "_v1_" + _of(HEX, 64)],
    "sendgrid-key": ["S" + "G." + _of(MIXED, 22) + "." + _of(MIXED, 43)],
    "telegram-token": [_of("1234567890", 10) + ":" + "AA" + _of(MIXED, 33)],
    "shopify-token": ["shp" + "at_" + _of(HEX, 32)],
    "twilio-key": ["S" + "K" + _of(HEX, 32)],
    "grafana-token": ["gl" + "sa_" + _of(MIXED, 32) + "_" + _of(HEX, 8)],
    "databricks-token": ["da" + "pi" + _of(HEX, 32)],
    "linear-key": ["lin" + "_api_" + _of(MIXED, 40)],
    "atlassian-token": ["ATA" + "TT3" + _of(MIXED, 180)],
    "age-key": ["AGE-SECRET" + "-KEY-1" + _of(MIXED.upper(), 58)],
    "jwt": ["ey" + "J" + _of(MIXED, 33) + ".ey" + "J" + _of(MIXED, 70) + "." + _of(MIXED, 43)],
    "private-key": [
        f"-----BEGIN {kind}PRIVATE KEY-----\n" + _of(MIXED, 64) + f"\n-----END {kind}PRIVATE KEY-----"
        for kind in ("", "RSA ", "OPENSSH ", "EC ", "ENCRYPTED ")
    ],
}
"""Values that are recognised by their own shape, by the rule that names them."""


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


def _record(*argv: str, **more: Any) -> dict[str, Any]:
    return {"ts": "2026-11-22T10:00:00.000000Z", "decision": "allow", "argv": list(argv), **more}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in TOKENS.items() for value in values])
def test_a_token_goes_wherever_it_stands(redactor: Redactor, name: str, value: str) -> None:
    for argv, left in (
        ([value], f"[redacted:{name}]"),
        (["x", f"a={value}"], f"[redacted:{name}]"),
        (["sh", "-c", f"echo {value}; ls"], f"[redacted:{name}]; ls"),
        (["echo", f'{{"a": "{value}"}}'], f'[redacted:{name}]"}}'),
    ):
        made = redactor.redact(_record(*argv))
        assert value not in json.dumps(made)
        assert made["argv"][-1].endswith(left)
        assert made["redacted"] == [name]


SECRET = "hun" + "ter2!xyzzy"

PLACES = [
    ("option", ["x", f"--password={SECRET}"]),
    ("option", ["x", "--password", SECRET]),
    ("option", ["x", "--token", SECRET, "y"]),
    ("option", ["x", f"--api-key={SECRET}"]),
    ("option", ["x", "--db-password", SECRET]),
    ("option", ["x", "--auth_token", SECRET]),
    ("option", ["terraform", f"-token={SECRET}"]),
    ("option", ["sh", "-c", f"deploy --password {SECRET} && ls"]),
    ("option", ["openssl", "enc", "-pass", f"pass:{SECRET}"]),
    ("option", ["x", "--password", f"-{SECRET}"]),
    ("option", ["x", "--password", f"{SECRET} with blanks"]),
    ("variable", ["env", f"PGPASSWORD={SECRET}", "psql"]),
    ("variable", ["env", f"PGPASSWORD={SECRET} with blanks", "psql"]),
    ("variable", ["env", f"AWS_SECRET_ACCESS_KEY={SECRET}", "aws"]),
    ("variable", ["env", f"MY_TOKEN={SECRET}", "x"]),
    ("variable", ["env", f"my_secret={SECRET}", "x"]),
    ("variable", ["env", f"STRIPE_KEY={SECRET}", "x"]),
    ("variable", ["env", f"APP_KEY_PROD={SECRET}", "x"]),
    ("variable", ["env", f"MYSQL_PWD={SECRET}", "x"]),
    ("variable", ["docker", "run", "-e", f"DB_PASSWORD={SECRET}", "x"]),
    ("variable", ["sh", "-c", f"cd x && PGPASSWORD={SECRET} psql"]),
    ("variable", ["sh", "-c", f"export TOKEN='{SECRET} with blanks'; x"]),
    ("variable", ["curl", "-d", f"user=a&password={SECRET}", "https://x"]),
    ("variable", ["curl", "-d", f'{{"user": "a", "password": "{SECRET}"}}', "https://x"]),
    ("url-password", ["git", "clone", f"https://user:{SECRET}@example.com/x.git"]),
    ("url-password", ["psql", f"postgres://user:{SECRET}@db:5432/x"]),
    ("url-password", ["psql", f"postgres://user:p@{SECRET}@db/x"]),
    ("url-password", ["redis-cli", "-u", f"redis://:{SECRET}@db/0"]),
    ("authorization", ["curl", "-H", f"Authorization: Bearer {SECRET}", "https://x"]),
    ("authorization", ["curl", "-H", f"authorization: Basic {SECRET}", "https://x"]),
    ("authorization", ["curl", "-H", f"Authorization: {SECRET}", "https://x"]),
    ("authorization", ["sh", "-c", f"curl -H 'Authorization: token {SECRET}' https://x"]),
    ("authorization", ["git", "-c", f"http.extraHeader=Authorization: Basic {SECRET}", "fetch"]),
    ("header", ["curl", "-H", f"X-Api-Key: {SECRET}", "https://x"]),
    ("header", ["curl", "-H", f"PRIVATE-TOKEN: {SECRET}", "https://x"]),
    ("header", ["curl", "-H", f"Cookie: session={SECRET}; a=b", "https://x"]),
    ("argument", ["mysql", "-u", "root", f"-p{SECRET}", "x"]),
    ("argument", ["/usr/bin/mysqldump", f"-p{SECRET}", "x"]),
    ("argument", ["docker", "exec", "db", "mysql", f"-p{SECRET}"]),
    ("argument", ["kubectl", "exec", "-it", "db-0", "--", "mariadb", f"-p{SECRET}"]),
    ("argument", ["sh", "-c", f"cd x; mysql -u root -p{SECRET} x"]),
    ("argument", ["sshpass", "-p", SECRET, "ssh", "x"]),
    ("argument", ["sh", "-c", f"sshpass -p {SECRET} ssh x"]),
    ("argument", ["redis-cli", "-a", SECRET, "ping"]),
    ("argument", ["curl", "-u", f"user:{SECRET}", "https://x"]),
    ("argument", ["curl", "-su", f"user:{SECRET}", "https://x"]),
    ("argument", ["curl", "--user", f"user:{SECRET}", "https://x"]),
    ("argument", ["curl", f"--proxy-user=user:{SECRET}", "https://x"]),
    ("argument", ["sh", "-c", f"curl -s -u user:{SECRET} https://x | jq ."]),
    ("azure-key", ["x", "AccountName=a;AccountKey=" + _of(MIXED, 86) + "==;Endpoint=x"]),
    ("aws-secret-key", ["aws", "configure", "set", "aws_secret_access_key", _of(MIXED, 40)]),
    ("slack-webhook", ["curl", "https://hooks.slack.com/services/T0000/B0000/" + _of(MIXED, 24)]),
]
"""Secrets that are recognised by where they stand."""


@pytest.mark.parametrize(("name", "argv"), PLACES, ids=[" ".join(argv)[:40] for _, argv in PLACES])
def test_a_secret_goes_from_where_secrets_stand(redactor: Redactor, name: str, argv: list[str]) -> None:
    made = redactor.redact(_record(*argv))
    assert SECRET not in json.dumps(made)
    assert _of(MIXED, 20) not in json.dumps(made)
    assert made["redacted"] == [name]
    assert len(made["argv"]) == len(argv)
    assert made["argv"][0] == argv[0]


HARMLESS = [
    ["find", ".", "-print"],
    ["find", ".", "-name", "mysql", "-print"],
    ["mkdir", "-p", "x"],
    ["git", "show", _of(HEX, 40)],
    ["git", "show", _of(HEX, 64)],
    ["echo", "123e4567-e89b-12d3-a456-426614174000"],
    ["sha256sum", "--check", _of(HEX, 64) + "  x"],
    ["git", "clone", "git@example.com:a/b.git"],
    ["git", "clone", "ssh://git@example.com:22/a/b.git"],
    ["curl", "http://localhost:8080/@scope/x"],
    ["curl", "https://example.com/a?b=c:d@e"],
    ["docker", "run", "-u", "1000:1000", "-p", "8080:80", "x"],
    ["docker", "login", "--password-stdin"],
    ["psql", "--no-password", "mydb"],
    ["mysql", "-u", "root", "-p", "mydb"],
    ["mysql", "-P3306", "--protocol=tcp"],
    ["mysql", "--password", "--host", "db"],
    ["x", "--token-file", "/run/x", "--tokenizer=bert", "--max-tokens", "100"],
    ["env", "TOKENIZERS_PARALLELISM=false", "MAX_TOKENS=4096", "KEYBOARD=us", "python"],
    ["sort", "--key=2", "-k", "3"],
    ["git", "checkout", "-b", "sk-refactor-the-login-form-of-the-portal"],
    ["pip", "install", "scikit-learn", "sk-learn", "pypi-publish-with-a-long-name-like-this"],
    ["npm", "run", "npm_config_registry_that_is_a_long_variable_name"],
    ["git", "commit", "-m", "Basic internationalization of the password form; token refresh"],
    ["echo", "the bearer of this letter"],
    ["rg", "password", "src"],
    ["rg", "--", "PASSWORD", "src"],
    ["ssh", "-i", "/home/a/.ssh/id_rsa", "host"],
    ["openssl", "x509", "-in", "cert.pem"],
    ["cat", "private.key", "-----BEGIN CERTIFICATE-----"],
    ["base64", "-d", _of(MIXED, 60)],
]
"""What looks a little like a secret, and is none."""


@pytest.mark.parametrize("argv", HARMLESS, ids=[" ".join(argv)[:40] for argv in HARMLESS])
def test_look_alikes_stay(redactor: Redactor, argv: list[str]) -> None:
    record = _record(*argv)
    assert redactor.redact(record) is record


def test_a_variable_that_was_read_goes_by_its_name(redactor: Redactor) -> None:
    made = redactor.redact(_record("x", facts={"env": {"APP_TOKEN": SECRET, "CI": "1", "HOME": None}, "branch": "b"}))
    assert made["facts"] == {"env": {"APP_TOKEN": "[redacted:variable]", "CI": "1", "HOME": None}, "branch": "b"}


def test_what_is_found_in_one_place_goes_from_all_of_them(redactor: Redactor) -> None:
    argv = ["deploy", "--password", SECRET, "x"]
    record = _record(
        "sudo",
        *argv,
        facts={
            "file": {f"/x/{SECRET}": True},
            "under": [{"paths": ["/x"], "operands": [SECRET, "x"], "value": False}],
        },
        spellings=[{"argv": argv}],
        error=f"can't run {SECRET}",
    )
    before = json.dumps(record)
    made = redactor.redact(record)
    assert SECRET not in json.dumps(made)
    assert made["spellings"] == [{"argv": ["deploy", "--password", "[redacted:option]", "x"]}]
    assert made["facts"]["under"] == [{"paths": ["/x"], "operands": ["[redacted:option]", "x"], "value": False}]
    assert made["error"] == "can't run [redacted:option]"
    assert json.dumps(record) == before


def test_two_secrets_of_two_kinds_both_go(redactor: Redactor) -> None:
    token = TOKENS["github-token"][0]
    made = redactor.redact(_record("curl", "-u", f"a:{SECRET}", "-H", f"X: {token}", f"https://b:{SECRET}z@x"))
    assert made["redacted"] == ["argument", "github-token", "url-password"]
    assert made["argv"][2:] == [
        "a:[redacted:argument]",
        "-H",
        "X: [redacted:github-token]",
        "https://b:[redacted:url-password]@x",
    ]


def test_a_key_that_several_arguments_make_up_goes_from_each(redactor: Redactor) -> None:
    made = redactor.redact(
        _record("x", "-----BEGIN RSA PRIVATE KEY-----", _of(MIXED, 64), "-----END RSA PRIVATE KEY-----")
    )
    assert made["argv"] == ["x", *["[redacted:private-key]"] * 3]


def test_bytes_that_are_no_text_move_nothing(redactor: Redactor) -> None:
    made = redactor.redact(_record("x", "\udcff\udcfe", "é\U0001f600", f"--token={SECRET}", "\udcff"))
    assert made["argv"] == ["x", "\udcff\udcfe", "é\U0001f600", "--token=[redacted:option]", "\udcff"]


def test_own_rules_come_beside_the_known_ones_or_instead() -> None:
    extra = [("house", r"\bHT-[0-9]{6}\b"), ("badge", r"badge\s+(\S+)")]
    record = _record("open", "badge", "B7", "HT-123456", f"--token={SECRET}")
    both = Redactor(extra).redact(record)
    assert both["argv"] == ["open", "badge", "[redacted:badge]", "[redacted:house]", "--token=[redacted:option]"]
    assert both["redacted"] == ["badge", "house", "option"]
    assert Redactor(extra, known=False).redact(record)["redacted"] == ["badge", "house"]
    assert Redactor((), known=False).redact(record) is record


def test_rules_that_fit_no_automaton_together_still_count(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    def refuse(patterns: list[str], _ids: object) -> None:
        built.append(len(patterns))
        raise ValueError("the set does not fit its memory")

    monkeypatch.setattr(redacting, "PatternSet", refuse)
    redactor = Redactor([("house", "HT-[0-9]+")])
    for _ in range(2):
        made = redactor.redact(_record("x", "HT-1", f"--token={SECRET}"))
        assert made["argv"] == ["x", "[redacted:house]", "--token=[redacted:option]"]
    assert len(built) == 1


def test_an_automaton_that_fails_costs_time_and_no_secret(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: PatternSet, _text: str | bytes) -> list[int]:
        raise EngineError

    monkeypatch.setattr(PatternSet, "match", fail)
    assert redactor.redact(_record("x", f"--token={SECRET}"))["argv"] == ["x", "--token=[redacted:option]"]

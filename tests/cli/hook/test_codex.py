"""Codex's trust: given by its own program, noticed where it is missing, and taken out again."""

from __future__ import annotations

import glob
import json
import os
import re
import sys
from pathlib import Path

import pytest
from cli.hook.places import AGENTS, settings_of
from harness import PATH, Cli
from needs import need

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.hooks.wiring import codex_server
from safeshell.hooks.wiring.codex_server import Server
from safeshell.hooks.wiring.codex_trust import hash_of

CONFIG = '# mine\nmodel = "x" # as ever\n\n[features]\nweb_search_request = true'
HOOKS = f'{CONFIG}\n\n[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "true"\n'

# Answers as Codex 0.171.0 was seen to, about the first hook of hooks.json.
STAND_IN = """\
#!{python}
import json, os, sys
if "--version" in sys.argv:
    sys.exit(print("codex-cli 0.171.0"))
home = os.path.expanduser("~/.codex")
config = os.path.join(home, "config.toml")
source = os.path.join(home, "hooks.json")
said = {said!r}
for line in sys.stdin:
    message = json.loads(line)
    print("no part of the conversation", json.dumps({{"method": "a/notification"}}), sep="\\n", flush=True)
    if said == "end":
        break
    if "id" not in message:
        continue
    if message["method"] == "hooks/list":
        with open(source) as stream:
            handler = json.load(stream)["hooks"]["PreToolUse"][0]["hooks"][0]
        text = open(config).read() if os.path.exists(config) else ""
        result = {{"data": [{{"hooks": [{{
            "key": source + ":pre_tool_use:0:0", "command": handler["command"], "sourcePath": source,
            "currentHash": "sha256:1", "trustStatus": "trusted" if "sha256:1" in text else "untrusted",
            "enabled": True}}]}}]}}
        if said == "odd":
            result = {{"data": [{{"hooks": [{{}}]}}]}}
    elif message["method"] == "config/batchWrite":
        if said == "refuse":
            print(json.dumps({{"id": message["id"], "error": {{"message": "not here"}}}}), flush=True)
            continue
        [(key, value)] = message["params"]["edits"][0]["value"].items()
        with open(config, "a") as stream:
            stream.write(f'\\n[hooks.state."{{key}}"]\\ntrusted_hash = "{{value["trusted_hash"]}}"\\n')
        result = {{}}
    else:
        result = {{}}
    print(json.dumps({{"id": message["id"], "result": result}}), flush=True)
"""


@pytest.fixture
def codex(monkeypatch: pytest.MonkeyPatch) -> str:
    """The real program: of the tests' own cache, else on PATH."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(REAL_HOME, ".cache")
    kept = glob.glob(os.path.join(cache, "safeshell-tests/agents/codex-*/node_modules/.bin/codex"))
    found = kept[0] if kept else need("codex")
    node = need("node")
    monkeypatch.setenv("PATH", f"{os.path.dirname(found)}:{os.path.dirname(node)}:{PATH}")
    return found


REAL_HOME = os.path.expanduser("~")
"""Of whoever runs the tests, before a test has another."""


def stand_in(user: Path, monkeypatch: pytest.MonkeyPatch, said: str = "") -> str:
    path = user / "bin" / "codex"
    path.parent.mkdir(exist_ok=True)
    path.write_text(STAND_IN.format(python=os.path.realpath(sys.executable), said=said))
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{PATH}")
    return str(path)


def state(cli: Cli) -> str:
    (row,) = [row for row in json.loads(cli("hook", "list", "--json").out) if row["agent"] == "codex"]
    found: str = row["user"]["state"]
    return found


@pytest.mark.parametrize(("config", "name"), [(None, "hooks.json"), (CONFIG, "hooks.json"), (HOOKS, "config.toml")])
def test_its_own_program_trusts_the_hook(
    config: str | None, name: str, cli: Cli, codex: str, home: Home, user: Path
) -> None:
    directory = user / ".codex"
    if config is not None:
        directory.mkdir()
        (directory / "config.toml").write_text(config)
    done = cli("hook", "install", "codex")
    assert done.out == f"Codex: wired in {directory / name}\n"
    assert "trust" not in done.err
    assert state(cli) == "current"
    done = cli("hook", "test", "codex")
    assert done.out == "Codex: guarded, `rm precious` is refused: That is precious.\n"
    with Server(codex) as server:
        (hook,) = [hook for hook in server.hooks("/") if hook.command.endswith(" codex")]
    assert (hook.status, hook.source) == ("trusted", str(directory / name))
    text = (directory / name).read_text()
    changed, count = re.subn(r'(timeout"?(?: =|:)) 120', r"\1 60", text)
    assert count == 1
    (directory / name).write_text(changed)  # as somebody else might
    done = cli("hook", "test", "codex")
    assert done.status == 1
    assert "by codex's own word it is modified" in done.out
    assert cli("hook", "install", "codex").status == 0  # trusted as it was before
    assert cli("hook", "test", "codex").status == 0
    assert cli("hook", "uninstall", "codex").status == 0
    assert not (directory / "hooks.json").exists()
    if config is None:
        assert not (directory / "config.toml").exists()
    else:
        assert (directory / "config.toml").read_text() == config
    assert home.root


def test_our_hash_is_its_own(codex: str, user: Path) -> None:
    entries = [
        {"matcher": "^Bash$", "hooks": [{"type": "command", "command": "'/a b/\u00e4' codex", "timeout": 120}]},
        {"hooks": [{"type": "command", "command": "x"}]},
        {"matcher": "", "hooks": [{"type": "command", "command": "x", "timeout": 7, "statusMessage": "asking"}]},
    ]
    (user / ".codex").mkdir()
    (user / ".codex" / "hooks.json").write_text(json.dumps({"hooks": {"PreToolUse": entries}}))
    with Server(codex) as server:
        hashes = {hook.key.rsplit(":", 2)[1]: hook.hash for hook in server.hooks("/")}
    assert hashes == {str(at): hash_of(entry) for at, entry in enumerate(entries)}


def test_without_its_program_a_person_is_told_what_to_do(cli: Cli, user: Path) -> None:
    done = cli("hook", "install", "codex")
    assert done.status == 0
    assert "Codex does not trust the hook yet, and so leaves it out: codex is not on PATH" in done.err
    assert "hint: start codex, type /hooks" in done.err
    assert state(cli) == "untrusted"
    done = cli("hook", "test", "codex")
    assert done.status == 1
    assert "type /hooks" in done.out
    entry = json.loads(settings_of(user, "codex").read_text())["hooks"]["PreToolUse"][0]
    key = f"{settings_of(user, 'codex')}:pre_tool_use:0:0"
    (user / ".codex" / "config.toml").write_text(
        f"[hooks.state.{json.dumps(key)}]\ntrusted_hash = {json.dumps(hash_of(entry))}\n"
    )
    assert state(cli) == "current"
    assert cli("hook", "test", "codex").status == 0


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("end", "codex app-server ended"),
        ("odd", "in a form that isn't known here"),
        ("refuse", "codex does not do config/batchWrite: not here"),
    ],
)
def test_what_it_does_not_do_is_said(
    said: str, why: str, cli: Cli, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(user, monkeypatch, said)
    done = cli("hook", "install", "codex")
    assert done.status == 0
    assert why in done.err
    assert cli("hook", "test", "codex").status == 1


def test_what_it_adds_is_taken_out_and_what_came_later_stays(
    cli: Cli, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(user, monkeypatch)
    config = user / ".codex" / "config.toml"
    config.parent.mkdir()
    config.write_text(CONFIG + "\n")
    cli("hook", "install", "codex")
    assert "sha256:1" in config.read_text()
    with config.open("a") as stream:
        stream.write("\n[later]\na = 1\n")
    assert cli("hook", "uninstall", "codex").status == 0
    assert config.read_text() == CONFIG + "\n" + "\n[later]\na = 1\n"


def test_a_program_that_says_nothing_is_given_up(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = user / "codex"
    path.write_text("#!/bin/sh\ncat >/dev/null\n")
    path.chmod(0o755)
    monkeypatch.setattr(codex_server, "ANSWER_S", 0.2)
    with pytest.raises(SafeShellError, match="said nothing to initialize"), Server(str(path)):
        pass


def test_hooks_are_off_by_its_other_file(cli: Cli, user: Path) -> None:
    cli("hook", "install", "codex")
    (user / ".codex" / "config.toml").write_text("[features]\nhooks = false\n")
    assert state(cli) == "off"
    assert AGENTS["codex"].off

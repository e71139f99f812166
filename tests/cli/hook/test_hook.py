"""`safeshell hook`: agents' settings in homes of their own, with a stand-in for the hook program."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli.hook.places import AGENTS, settings_of, tree
from harness import MARKER, PATH, Cli, write
from needs import need

from safeshell.home.paths import Home
from safeshell.hooks.wiring import program
from safeshell.hooks.wiring.agent import WholeFile
from safeshell.install.copies import MODE


@pytest.mark.parametrize("name", AGENTS)
def test_each_agent_is_wired_tried_and_left_as_it_was(name: str, cli: Cli, home: Home, user: Path) -> None:
    before = tree(user)
    done = cli("hook", "install", name)
    assert done.status == 0, done.err
    path = settings_of(user, name)
    assert done.out == f"{AGENTS[name].title}: wired in {path}\n"
    installed = tree(user)
    assert cli("hook", "install", name).out == f"{AGENTS[name].title}: was wired already in {path}\n"
    assert tree(user) == installed
    (row,) = [row for row in json.loads(cli("hook", "list", "--json").out) if row["agent"] == name]
    assert row["user"]["state"] == ("untrusted" if name == "codex" else "current")
    assert row["user"]["calls"] == program.path(home)
    if name != "codex":
        done = cli("hook", "test", name)
        assert (done.status, done.err) == (0, ""), done.out
        assert done.out.startswith(f"{AGENTS[name].title}: guarded, `rm precious` is refused: ")
        assert name == "cline" or "That is precious." in done.out
    assert cli("hook", "uninstall", name).status == 0
    assert tree(user) == before
    assert not os.path.exists(program.path(home))


@pytest.mark.parametrize("name", AGENTS)
def test_dry_run_writes_nothing(name: str, cli: Cli, home: Home, user: Path) -> None:
    done = cli("hook", "install", name, "--dry-run")
    assert done.status == 0
    assert done.out.startswith(f"--- /dev/null\n+++ {settings_of(user, name)}\n@@ ")
    assert tree(user) == {}
    assert not os.path.exists(home.hooks)


@pytest.mark.parametrize("name", AGENTS)
def test_a_repositorys_settings(name: str, cli: Cli, home: Home, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = user / "work"
    (repository / ".git").mkdir(parents=True)
    (repository / "deep").mkdir()
    before = tree(user)
    monkeypatch.chdir(repository / "deep")
    assert cli("hook", "install", name, "--project").status == 0
    path = repository / AGENTS[name].places[0].project
    assert path.exists()
    (row,) = [row for row in json.loads(cli("hook", "list", "--json").out) if row["agent"] == name]
    assert row["user"]["state"] == "none"
    assert (row["project"]["state"], row["project"]["path"]) == (
        "untrusted" if name == "codex" else "current",
        str(path),
    )
    assert cli("hook", "test", name).status == 1
    assert cli("hook", "test", name, "--project").status == (1 if name == "codex" else 0)
    monkeypatch.chdir(user)  # by its note it is found from anywhere
    assert cli("hook", "uninstall", name).out == f"{AGENTS[name].title}: removed {path}\n"
    assert tree(user) == before
    assert home.root


def test_what_else_is_in_the_settings_stays(cli: Cli, user: Path) -> None:
    path = settings_of(user, "claude-code")
    text = '\ufeff{\r\n\t"env": {"A": "\\u00e4"},\r\n\t"hooks": {"Stop": [ ]}\r\n}'
    write(str(path), "", 0o640)
    path.write_bytes(text.encode())
    assert cli("hook", "install", "claude-code").status == 0
    installed = path.read_bytes().decode("utf-8-sig")
    assert "\n" not in installed.replace("\r\n", "")
    assert json.loads(installed)["hooks"]["PreToolUse"][0]["hooks"][0]["onFailure"] == "block"
    assert installed.startswith('{\r\n\t"env": {"A": "\\u00e4"},\r\n\t"hooks": {"Stop": [ ], "PreToolUse": [')
    assert cli("hook", "uninstall", "--all").status == 0
    assert path.read_bytes() == text.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_was_done_since_stays(cli: Cli, user: Path) -> None:
    path = settings_of(user, "claude-code")
    cli("hook", "install", "claude-code")
    value = json.loads(path.read_text())
    value["hooks"]["PreToolUse"].insert(0, {"matcher": "Edit", "hooks": []})
    value["model"] = "x"
    path.write_text(json.dumps(value))
    assert cli("hook", "uninstall", "claude-code").status == 0
    assert json.loads(path.read_text()) == {
        "hooks": {"PreToolUse": [{"matcher": "Edit", "hooks": []}]},
        "model": "x",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n  "env": {,}\n}\n', ":2:11: expected a name in double quotes"),
        ('{"hooks": []}', ":1:11: hooks should be an object"),
        ("[]", ":1:1: the document should be an object"),
    ],
)
def test_a_broken_file_is_left_with_a_line_that_says_where(cli: Cli, user: Path, text: str, said: str) -> None:
    path = settings_of(user, "claude-code")
    write(str(path), text)
    for words in (("install",), ("uninstall",)):
        done = cli("hook", *words, "claude-code")
        assert done.status == 1
        assert done.err.splitlines()[0] == f"safeshell: {path}{said}"
    assert path.read_text() == text
    (row,) = [row for row in json.loads(cli("hook", "list", "--json").out) if row["agent"] == "claude-code"]
    assert row["user"]["state"] == "broken"


def state(cli: Cli, name: str) -> str:
    (row,) = [row for row in json.loads(cli("hook", "list", "--json").out) if row["agent"] == name]
    found: str = row["user"]["state"]
    return found


def test_states(cli: Cli, home: Home, user: Path) -> None:
    path = settings_of(user, "claude-code")
    assert state(cli, "claude-code") == "none"
    cli("hook", "install", "claude-code")
    text = path.read_text()
    path.write_text(text.replace('"timeout": 120', '"timeout": 1'))
    assert state(cli, "claude-code") == "changed"
    assert cli("hook", "test", "claude-code").status == 0
    cli("hook", "install", "claude-code")
    assert path.read_text() == text
    path.write_text(text.replace("{\n", '{\n  "disableAllHooks": true,\n', 1))
    assert state(cli, "claude-code") == "off"
    done = cli("hook", "test", "claude-code")
    assert done.status == 1
    assert "turn all hooks off" in done.out
    path.write_text(text)
    os.unlink(program.path(home))
    assert state(cli, "claude-code") == "gone"
    assert cli("hook", "test", "claude-code").status == 1
    cli("hook", "install", "claude-code")
    assert state(cli, "claude-code") == "current"
    os.chmod(program.path(home), 0o755)
    with open(program.path(home), "a", encoding="utf-8") as stream:
        stream.write("# older\n")
    assert state(cli, "claude-code") == "old"
    inode = os.stat(program.path(home)).st_ino
    cli("hook", "install", "claude-code")
    assert state(cli, "claude-code") == "current"
    assert os.stat(program.path(home)).st_ino != inode
    assert stat.S_IMODE(os.stat(program.path(home)).st_mode) == MODE


def test_an_entry_of_another_home_is_replaced_in_place(cli: Cli, home: Home, user: Path) -> None:
    path = settings_of(user, "claude-code")
    entry = {"matcher": "Bash", "hooks": [{"type": "command", "command": "/gone/hooks/safeshell-hook claude-code"}]}
    theirs = {"matcher": "Edit", "hooks": [{"type": "command", "command": "theirs"}]}
    write(str(path), json.dumps({"hooks": {"PreToolUse": [entry, theirs]}}))
    assert state(cli, "claude-code") == "gone"
    cli("hook", "install", "claude-code")
    found = json.loads(path.read_text())["hooks"]["PreToolUse"]
    assert found[1] == theirs
    assert program.path(home) in found[0]["hooks"][0]["command"].replace("'\"'\"'", "'")


def test_an_entry_that_asks_about_lines_alone_is_widened_in_place(cli: Cli, user: Path) -> None:
    path = settings_of(user, "claude-code")
    cli("hook", "install", "claude-code")
    wanted = json.loads(path.read_text())
    value = json.loads(path.read_text())
    value["hooks"]["PreToolUse"][0]["matcher"] = "Bash|Monitor"
    value["hooks"]["PreToolUse"].append({"matcher": "Write", "hooks": []})
    path.write_text(json.dumps(value))
    assert state(cli, "claude-code") in ("old", "changed")
    cli("hook", "install", "claude-code")
    assert state(cli, "claude-code") == "current"
    found = json.loads(path.read_text())["hooks"]["PreToolUse"]
    assert found == [*wanted["hooks"]["PreToolUse"], {"matcher": "Write", "hooks": []}]
    assert cli("hook", "uninstall", "claude-code").status == 0
    assert json.loads(path.read_text())["hooks"]["PreToolUse"] == [{"matcher": "Write", "hooks": []}]


def test_anothers_file_of_that_name_is_left(cli: Cli, user: Path) -> None:
    path = settings_of(user, "cline")
    write(str(path), "#!/bin/sh\nexec their-guard\n", 0o755)
    done = cli("hook", "install", "cline")
    assert done.status == 1
    assert done.err.startswith(f"safeshell: {path}:1:1: another hook of that name is there\n")
    assert path.read_text() == "#!/bin/sh\nexec their-guard\n"
    assert cli("hook", "uninstall", "cline").status == 0
    assert path.exists()


def test_a_file_of_ours_that_was_changed_takes_a_person(cli: Cli, user: Path) -> None:
    path = settings_of(user, "opencode")
    cli("hook", "install", "opencode")
    with open(path, "a", encoding="utf-8") as stream:
        stream.write("// mine\n")
    assert state(cli, "opencode") == "changed"
    done = cli("hook", "uninstall", "opencode")
    assert done.status == 1
    assert "changed since it was written" in done.err
    assert path.exists()
    cli("hook", "install", "opencode")
    assert cli("hook", "uninstall", "opencode").status == 0


def test_two_agents_share_a_directory(cli: Cli, user: Path) -> None:
    cli("hook", "install", "copilot", "vscode")
    assert sorted(os.listdir(user / ".copilot/hooks")) == ["safeshell-vscode.json", "safeshell.json"]
    assert cli("hook", "uninstall", "copilot").out == f"Copilot CLI: removed {user}/.copilot/hooks/safeshell.json\n"
    assert cli("hook", "uninstall", "copilot").out == "Copilot CLI: nothing to take out\n"
    assert os.listdir(user / ".copilot/hooks") == ["safeshell-vscode.json"]
    cli("hook", "uninstall", "vscode")
    assert tree(user) == {}


def test_all_are_those_that_are_here(cli: Cli, user: Path) -> None:
    done = cli("hook", "install", "--all")
    assert done.status == 1
    assert "no agent that is known is installed here" in done.err
    (user / ".cursor").mkdir()
    (user / ".qwen").mkdir()
    assert cli("hook", "install", "--all").out.split("\n")[0] == f"Cursor: wired in {user}/.cursor/hooks.json"
    assert sorted(tree(user)) == sorted(
        f"{user}/{name}" for name in (".cursor", ".cursor/hooks.json", ".qwen", ".qwen/settings.json")
    )
    (user / ".copilot" / "hooks").mkdir(parents=True)
    assert "VS Code" not in cli("hook", "install", "--all").out
    assert cli("hook", "uninstall", "--all").status == 0
    shutil.rmtree(user / ".copilot")
    assert sorted(os.listdir(user)) == [".cursor", ".qwen", ".safeshell"]


def test_uninstall_takes_a_person(cli: Cli, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("hook", "install", "claude-code")
    installed = tree(user)
    monkeypatch.setenv(MARKER, "1")
    done = cli("hook", "uninstall", "claude-code")
    assert (done.status, done.out) == (77, "")
    assert "`safeshell hook uninstall` takes a person" in done.err
    assert tree(user) == installed
    assert cli("hook", "install", "qwen").status == 0  # what guards more takes nobody


def test_without_a_hook_program_nothing_is_written(cli: Cli, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "native_hook", lambda: None)
    done = cli("hook", "install", "claude-code")
    assert done.status == 1
    assert "has no hook program" in done.err
    assert "hint: " in done.err
    assert tree(user) == {}


def test_what_comes_back_is_judged_as_the_agent_does(cli: Cli, home: Home) -> None:
    cli("hook", "install", "claude-code")
    copy = program.path(home)
    os.chmod(copy, 0o755)

    def answers(script: str) -> tuple[int, str]:
        Path(copy).write_text(f"#!/bin/sh\ncat >/dev/null\n{script}\n")
        done = cli("hook", "test", "claude-code", "--json")
        (found,) = json.loads(done.out)
        assert found["guarded"] == (done.status == 0)
        return done.status, found["why"]

    assert answers("exit 0")[0] == 1
    assert answers("echo nonsense")[1].endswith("the hook said: nonsense")
    assert answers("echo broken >&2; exit 1")[1].endswith("the hook said: broken")
    assert answers("exit 2")[0] == 1  # an empty stderr blocks in some agents only
    assert answers("echo no >&2; exit 2") == (0, "no")
    assert answers("kill -9 $$")[0] == 1


@pytest.mark.rules("version: 1\nrules: []\n")
def test_usage(cli: Cli) -> None:
    assert cli("hook", "install").status == 2
    assert cli("hook", "install", "--all", "codex").status == 2
    assert cli("hook", "test").status == 2
    assert cli("hook", "install", "netscape").status == 2
    done = cli("hook", "list")
    assert done.status == 0
    assert [line.split()[0] for line in done.out.splitlines()] == ["agent", *AGENTS]


def test_a_plugin_guards_as_opencode_loads_it(cli: Cli, user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = need("node")
    monkeypatch.setenv("PATH", f"{os.path.dirname(node)}:{PATH}")
    cli("hook", "install", "opencode")
    path = settings_of(user, "opencode")
    script = (
        f"import({json.dumps(str(path))}).then(async (module) => {{"
        "console.log(JSON.stringify([Object.keys(module), module.default.id]));"
        'const hooks = await module.default.server({directory: "/"});'
        'await hooks["tool.execute.before"]({tool: "bash", sessionID: "s"}, {args: {command: "ls"}});'
        'const args = {command: "another", workdir: "/"};'
        'await hooks["tool.execute.before"]({tool: "bash", sessionID: "s"}, {args});'
        "console.log(JSON.stringify(args));"
        'await hooks["tool.execute.before"]({tool: "bash", sessionID: "s"}, {args: {command: "rm precious"}})'
        ".catch((error) => console.log(error.message));})"
    )
    done = subprocess.run([node, "-e", script], capture_output=True, encoding="utf-8", check=False)
    assert done.stdout.splitlines() == [
        '[["default"],"safeshell"]',
        '{"command":"instead","workdir":"/"}',
        "That is precious.",
    ]


def test_one_call_is_answered_by_the_hook_program(user: Path, tmp_path: Path) -> None:
    found = f"hook_answer.native_hook = lambda: {str(tmp_path / 'safeshell-hook')!r}"
    code = f"from safeshell.cli import hook, hook_answer\n{found}\nhook.command.main(['gemini'])"
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"rm precious", capture_output=True, check=False, cwd=user
    )
    assert json.loads(done.stdout) == {"decision": "deny", "reason": "That is precious."}
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("name", AGENTS)
def test_data_is_whole(name: str) -> None:
    """What each agent's file says holds together, so that a mistake in one shows."""
    agent = AGENTS[name]
    assert agent.programs
    for place in agent.places:
        shown: Any = place.wiring.text if isinstance(place.wiring, WholeFile) else place.wiring.value
        text = shown if isinstance(shown, str) else json.dumps(shown)
        assert text.count("$COMMAND") + text.count("$PROGRAM") == 1
    assert json.dumps(agent.envelope).count("$LINE") == 1

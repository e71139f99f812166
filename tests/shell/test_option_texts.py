"""Options, settings, variables and scripts that hold commands."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from needs import need
from shell.nesting import answers, words

from safeshell.shell.nested_commands import Input, NestedText
from safeshell.shell.programs import nested
from safeshell.shell.words import Literal, Unknown, Word, plain

TEXT = "|rm -rf /"


@pytest.mark.parametrize(
    "line",
    [
        "git -c core.sshCommand='rm -rf /' fetch",
        "git -c Core.Pager='rm -rf /' log",
        "git -c diff.x.textconv='rm -rf /' diff",
        "git -c credential.helper='!rm -rf /' fetch",
        "git -c filter.x.smudge='rm -rf /' checkout .",
        "git difftool -x 'rm -rf /'",
        "git difftool --extcmd='rm -rf /' a b",
        "git rebase -i main -x 'rm -rf /'",
        "git filter-branch --tree-filter 'rm -rf /' HEAD",
        "git filter-branch -f --index-filter='rm -rf /' HEAD",
        "git submodule foreach 'rm -rf /'",
        "git submodule --quiet foreach --recursive 'rm -rf /'",
        "git grep -O'rm -rf /' x",
        "git grep --open-files-in-pager='rm -rf /' x",
        "git clone -u 'rm -rf /' x",
        "git clone -c core.sshCommand='rm -rf /' x",
        "git clone 'ext::rm -rf /'",
        "git fetch --upload-pack='rm -rf /' x",
        "git push --receive-pack 'rm -rf /' x",
        "git config core.pager 'rm -rf /'",
        "git config --global alias.x '!rm -rf /'",
        "git config set core.editor 'rm -rf /'",
        "less '+!rm -rf /' x",
        "vim -es '+!rm -rf /'",
        "nvim -c 'lua os.execute(\"rm -rf /\")'",
        "go test -exec 'rm -rf /' ./...",
        "go build -toolexec='rm -rf /' .",
        "make CC='rm -rf /' x.o",
        "rsync -e 'rm -rf /' a h:b",
        "rsync -av --rsh='rm -rf /' a h:b",
        "tar --checkpoint=1 --checkpoint-action=exec='rm -rf /' -cf x y",
        "tar -xf x --to-command='rm -rf /'",
        "tar -I 'rm -rf /' -xf x",
        "tar cIf 'rm -rf /' x y",
        "tar --use-compress-program 'rm -rf /' -cf x y",
        "ssh -o ProxyCommand='rm -rf /' h",
        "ssh -o 'proxycommand rm -rf /' h",
        "ssh h -oLocalCommand='rm -rf /'",
        "scp -o ProxyCommand='rm -rf /' a h:",
        "scp -S 'rm -rf /' a h:",
        "sftp -D 'rm -rf /' h",
        "zip x y -T -TT 'rm -rf /'",
        "sort --compress-program='rm -rf /' x",
        "split --filter='rm -rf /' x",
        "rg --pre 'rm -rf /' x",
        "man -P 'rm -rf /' ls",
        "socat - EXEC:'rm -rf /',pty",
        "socat TCP-LISTEN:1 SYSTEM:'\"rm -rf /\"'",
        "nc -l -p 1 -c 'rm -rf /'",
        "ncat --sh-exec 'rm -rf /' h 1",
        "sqlite3 x '.shell rm -rf /'",
        "sqlite3 -cmd '.system rm -rf /' x",
        "psql -c '\\! rm -rf /'",
        "psql -c \"COPY t FROM PROGRAM 'rm -rf /'\"",
        "mysql -e '\\! rm -rf /'",
        "vim -c ':!rm -rf /'",
        "vim '+!rm -rf /' f",
        "nvim --headless --cmd 'silent !rm -rf /'",
        "vim -c 'call system(\"rm -rf /\")'",
        "gdb -q -ex 'shell rm -rf /'",
        "gdb -ex='!rm -rf /' x",
        "expect -c 'spawn rm -rf /'",
        "emacs --batch --eval '(shell-command \"rm -rf /\")'",
        "apt-get -o APT::Update::Pre-Invoke::='rm -rf /' update",
        "wget --use-askpass='rm -rf /' x",
        "hg --config hooks.pre-log='rm -rf /' log",
        "fzf --preview 'rm -rf /'",
    ],
)
def test_p6_options_that_run_commands(line: str) -> None:
    assert TEXT in list(answers(line))


def test_p6_a_blank_that_git_has_within_a_word() -> None:
    assert list(answers("git clone 'ext::sh -c rm% -rf% /'")) == [r"|sh -c rm\ -rf\ /"]


def test_p6_what_git_takes_from_the_environment() -> None:
    assert TEXT in answers("git --config-env=core.pager=P log", P="rm -rf /")


def test_p6_an_alias_of_gits_own_is_no_text() -> None:
    assert not [*answers("git config alias.x 'log --oneline'")]


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("1e rm -rf /", ["|rm -rf /"]),
        ("2!{/x/,+2e rm -rf /\n}", ["|rm -rf /"]),
        ("s/.*/rm -rf \\//e", ["|rm -rf /"]),
        ("s|^.*$|rm -rf /|ge;s/a/b/", ["|rm -rf /"]),
        ("s/x/rm -rf &/e", ["|?rm -rf &"]),
        ("e", ["|??"]),
        ("s/e/e/g; y/abc/eee/; /e/d", []),
        ("a e rm -rf /", []),
        ("s/x/e/w e", []),
        (":e;be;n;te", []),
        ("\\,e,d", []),
    ],
)
def test_p6_sed(script: str, found: list[str]) -> None:
    for line in (f"sed {shlex.quote(script)} f", f"sed -n -e {shlex.quote(script)} f"):
        assert list(answers(line)) == found


@pytest.mark.parametrize("script", ["1e CANARY a", "s/.*/CANARY a/e", "1{s/x/y/;e CANARY a\n}"])
def test_p6_sed_runs_what_is_said(script: str, tmp_path: Path) -> None:
    mark, canary = tmp_path / "mark", tmp_path / "canary"
    canary.write_text(f"#!/bin/sh\necho ran >{mark}\n")
    canary.chmod(0o755)
    text = script.replace("CANARY", str(canary).replace("/", "\\/") if script.startswith("s") else str(canary))
    subprocess.run(["sed", text], input=b"x\n", capture_output=True, check=True, timeout=20)
    assert mark.exists()
    assert list(answers(f"sed {shlex.quote(text)}")) == [f"|{canary} a"]


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        ("git fetch", {"GIT_SSH_COMMAND": "rm -rf /"}),
        ("git commit", {"GIT_EDITOR": "rm -rf /"}),
        ("git log", {"PAGER": "rm -rf /"}),
        (
            "git fetch",
            {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.sshCommand", "GIT_CONFIG_VALUE_0": "rm -rf /"},
        ),
        ("man ls", {"MANPAGER": "rm -rf /"}),
        ("less x", {"LESSOPEN": "|rm -rf /"}),
        ("crontab -e", {"EDITOR": "rm -rf /"}),
        ("rsync a h:", {"RSYNC_RSH": "rm -rf /"}),
        ("tar -xf x", {"TAR_OPTIONS": "--to-command='rm -rf /'"}),
        ("bash -i", {"PROMPT_COMMAND": "rm -rf /"}),
        ("sudo -A true", {"SUDO_ASKPASS": "rm -rf /"}),
        ("cargo build", {"RUSTC_WRAPPER": "rm -rf /"}),
    ],
)
def test_p6_variables_that_are_commands(line: str, changes: dict[str, str]) -> None:
    assert TEXT in list(answers(line, **changes))


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        ("ls", {"PAGER": "rm -rf /"}),
        ("git status", {"PATH": "/x"}),
        ("bash -c :", {"PROMPT_COMMAND": "rm -rf /"}),
        ("less x", {"LESSOPEN": ""}),
    ],
)
def test_p6_variables_that_nobody_reads(line: str, changes: dict[str, str]) -> None:
    assert TEXT not in list(answers(line, **changes))


def test_p6_a_file_that_bash_reads_first_is_not_known() -> None:
    assert list(answers("bash x", BASH_ENV="f")) == ["|?", "~!x"]
    assert list(answers("bash -xc :", PS4="$(rm -rf /)")) == ['|: "$(rm -rf /)"', "|:"]


@pytest.mark.parametrize(
    ("line", "stdin", "found"),
    [
        ("sqlite3 x", "select 1;\n.shell rm -rf /\n", [TEXT]),
        ("psql", "select 1;\n\\! rm -rf /\n", [TEXT]),
        ("ed -s f", "1d\n!rm -rf /\nq\n", [TEXT]),
        ("ed f", "1,2w !rm -rf /\n", [TEXT]),
        ("tclsh", "exec rm -rf /\n", [TEXT]),
        ("expect", "spawn -noecho rm -rf /\n", [TEXT]),
        ("dc", "2 3 +\n!rm -rf /\n", [TEXT]),
        ("crontab -", "# x\nA=b\n* * * * * rm -rf /\n@daily x\n", ["!|rm -rf /", "!|x"]),
        ("crontab f", "* * * * * rm -rf /", []),
        ("at now", "rm -rf /", [TEXT]),
        ("batch", "rm -rf /", [TEXT]),
        ("at -l", "rm -rf /", []),
        ("sqlite3 x 'select 1'", ".shell rm -rf /", []),
    ],
)
def test_p6_scripts_on_the_input(line: str, stdin: str, found: list[str]) -> None:
    assert list(answers(line, stdin)) == found


@pytest.mark.parametrize(
    "line",
    [
        "git -c user.name='rm -rf /' commit -m x",
        "git -c credential.helper=store fetch",
        "git commit -m 'rm -rf /'",
        "git log --grep 'rm -rf /'",
        "ssh-keygen -C 'rm -rf /'",
        "tar -cf 'rm -rf /' x",
        "tar --checkpoint-action=echo='rm -rf /' -cf x y",
        "rsync -av --exclude='rm -rf /' a b",
        "psql -c 'select 1'",
        "vim file",
        "socat - TCP:h:1",
        "sqlite3 x \"select 'a .shell b'\"",
        "sort -k 2 x",
    ],
)
def test_p6_what_holds_no_command(line: str) -> None:
    assert [one for one in answers(line) if "|" in one] == []


def test_p6_remote_paths_run_elsewhere() -> None:
    assert "!@|rm -rf /" in list(answers("rsync --rsync-path 'rm -rf /' a h:b"))


def test_p6_an_unknown_part_leaves_the_rest() -> None:
    value = Word((Literal("ssh -i ", quoted=True), Unknown("$KEY", quoted=True, variable="KEY")))
    (text,) = nested(words("git fetch"), None, changes={"GIT_SSH_COMMAND": value})
    assert isinstance(text, NestedText)
    assert (text.text, text.whole) == ("ssh -i $KEY", False)


@pytest.mark.parametrize(
    ("program", "argv", "stdin"),
    [
        (
            "tar",
            ["tar", "-cf", "/dev/null", "--checkpoint=1", "--checkpoint-action=exec=CANARY a", "/etc/passwd"],
            "",
        ),
        ("tar", ["tar", "cIf", "CANARY a", "/dev/null", "/etc/passwd"], ""),
        ("git", ["git", "-c", "core.sshCommand=CANARY a", "ls-remote", "ssh://h/x"], ""),
        ("git", ["git", "ls-remote", "ext::CANARY a"], ""),
        ("rsync", ["rsync", "-e", "CANARY a", "/etc/passwd", "h:"], ""),
        ("ssh", ["ssh", "-F", "/dev/null", "-o", "ProxyCommand CANARY a", "h"], ""),
        ("socat", ["socat", "-u", "EXEC:CANARY a", "-"], ""),
        ("socat", ["socat", "-u", "SYSTEM:CANARY a", "-"], ""),
        ("sqlite3", ["sqlite3", ":memory:", ".shell CANARY a"], ""),
        ("sqlite3", ["sqlite3"], ".shell CANARY a\n"),
        ("vim", ["vim", "-e", "-s", "-u", "NONE", "-c", "silent !CANARY a", "-c", "q!"], ""),
        ("ed", ["ed", "-s"], "!CANARY a\nq\n"),
        ("gdb", ["gdb", "-q", "-batch", "-ex", "shell CANARY a"], ""),
        ("expect", ["expect", "-c", "spawn CANARY a; expect eof"], ""),
        ("tclsh", ["tclsh"], "exec CANARY a\n"),
        ("split", ["split", "--filter=CANARY a", "/etc/passwd"], ""),
        ("rg", ["rg", "--pre", "CANARY", "x", "/etc/passwd"], ""),
    ],
)
def test_p6_the_program_runs_what_is_said(program: str, argv: list[str], stdin: str, tmp_path: Path) -> None:
    need(program)
    mark, canary = tmp_path / "mark", tmp_path / "canary"
    canary.write_text(f"#!/bin/sh\necho ran >{mark}\n")
    canary.chmod(0o755)
    given = [word.replace("CANARY", str(canary)) for word in argv]
    text = stdin.replace("CANARY", str(canary))
    subprocess.run(
        given,
        input=text.encode(),
        capture_output=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb", "GIT_ALLOW_PROTOCOL": "ext:ssh"},
    )
    assert mark.exists(), "the program was called wrongly"
    said = list(nested([plain(word) for word in given], Input(text)))
    assert any(isinstance(one, NestedText) and (one.text or "").startswith(str(canary)) for one in said)

"""Shell lines into commands: what is found, and that bash itself sees the same words."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safeshell.shell.walk import LINE_MAX, commands_of
from safeshell.shell.walked import WalkedLine

ENVIRONMENT = {"HOME": "/home/ann", "ONE": "one", "TWO": "two words", "GLOB": "*"}


def found(text: str) -> WalkedLine:
    return commands_of(text, environment=ENVIRONMENT, directory="/tmp")


def argvs(text: str) -> list[list[str | None]]:
    return [[word.literal for word in command.words] for command in found(text).commands if not command.guess]


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("a b; c d | e && f &", [["a", "b"], ["c", "d"], ["e"], ["f"]]),
        ('a $ONE $TWO "$TWO" $GLOB "$GLOB" x$ONE', [["a", "one", "two", "words", "two words", None, "*", "xone"]]),
        ("ONE=1; a $ONE", [["a", "1"]]),
        ("ONE=1 a $ONE", [["a", "one"]]),
        ("a ~ ~/x '~' ~root", [["a", "/home/ann", "/home/ann/x", "~", None]]),
        ("a {b,c{d,e}}f {1..3} {x} '{y,z}'", [["a", "bf", "cdf", "cef", "1", "2", "3", "{x}", "{y,z}"]]),
        ('f() { a "$1"; }; f b', [["f", "b"], ["a", "b"]]),
        ('f() { a "$1"; }', [["a", None]]),
        ("bash -c 'a \"$1\" $0' b c", [["bash", "-c", 'a "$1" $0', "b", "c"], ["a", "c", "b"]]),
        ("a <<A <<B\nx\nA\ny\nB\nb", [["a"], ["b"]]),
        ("case x in a) b ;& c) d ;;& e) f ;; esac", [["b"], ["d"], ["f"]]),
        ("exec 3<>f; a", [["exec"], ["a"]]),
        ("a !(b|c) d", [["a", None, "d"]]),
        ("a -r !(b|c)", [["a", "-r", None]]),
        ('a "b"\\ c', [["a", "b c"]]),
        ("a b\\\nc # d", [["a", "bc"]]),
        ("ssh -p 1 h -v a 'b c'", [["ssh", "-p", "1", "h", "-v", "a", "b c"], ["a", "b", "c"]]),
        ("ls | xargs -n 1 a", [["ls"], ["xargs", "-n", "1", "a"], ["a", None]]),
        ("x | sh", [["x"], ["sh"], [None]]),
        ("sh script", [["sh", "script"]]),
        ("sudo -k a", [["sudo", "-k", "a"], ["a"]]),
        ("su b -c 'a $1'", [["su", "b", "-c", "a $1"], ["a"]]),
        ("runuser -u b -- a -x", [["runuser", "-u", "b", "--", "a", "-x"], ["a", "-x"]]),
        ("echo a | su b", [["echo", "a"], ["su", "b"], ["a"]]),
        ("script -q /dev/null -c a", [["script", "-q", "/dev/null", "-c", "a"], ["a"]]),
        (
            "flock -n l -c a; flock l a -c",
            [["flock", "-n", "l", "-c", "a"], ["a"], ["flock", "l", "a", "-c"], ["a", "-c"]],
        ),
        ("bash -eo pipefail -c a", [["bash", "-eo", "pipefail", "-c", "a"], ["a"]]),
        ("bash +eO extglob -norc -c a", [["bash", "+eO", "extglob", "-norc", "-c", "a"], ["a"]]),
        ("unshare --map-root-user -w /usr a", [["unshare", "--map-root-user", "-w", "/usr", "a"], ["a"]]),
        ("echo a | unshare -r", [["echo", "a"], ["unshare", "-r"], ["sh"], ["a"]]),
        ("git rebase main -x a", [["git", "rebase", "main", "-x", "a"], ["a"]]),
        ("command -v rm; sudo -l rm", [["command", "-v", "rm"], ["sudo", "-l", "rm"]]),
        ("env -u A -C d B=1 a", [["env", "-u", "A", "-C", "d", "B=1", "a"], ["a"]]),
        (
            "find . -exec a {} + -ok b \\;",
            [["find", ".", "-exec", "a", "{}", "+", "-ok", "b", ";"], ["a", None], ["b"]],
        ),
    ],
)
def test_commands(line: str, commands: list[list[str | None]]) -> None:
    assert argvs(line) == commands
    assert not found(line).broken


@pytest.mark.parametrize(
    ("line", "directories"),
    [
        ("cd /usr && a; cd bin; b", ["/tmp", "/usr", "/usr", "/usr/bin"]),
        ("(cd /usr; a); b", ["/tmp", "/usr", "/tmp"]),
        ("cd /usr | a; b", ["/tmp", "/tmp", "/tmp"]),
        ('cd "$X"; a; cd /usr; b', ["/tmp", None, None, "/usr"]),
        ("cd; a", ["/tmp", "/home/ann"]),
        ("env -C /usr a; b", ["/tmp", "/usr", "/tmp"]),
        ("git -C /usr a", ["/tmp", "/usr"]),
        ("eval 'cd /usr'; a", ["/tmp", "/tmp", "/usr"]),
        ("bash -c 'cd /usr'; a", ["/tmp", "/tmp", "/tmp"]),
        ("ssh h a", ["/tmp", None]),
    ],
)
def test_directories(line: str, directories: list[str | None]) -> None:
    assert [command.directory for command in found(line).commands] == directories


def test_the_environment_of_each() -> None:
    line = "A=1 a; b; export C=2; d; E=3; f; ONE=4; g; unset C; h"
    seen = {
        command.words[0].literal: {name: value and value.literal for name, value in command.changes.items()}
        for command in found(line).commands
    }
    assert seen["a"] == {"A": "1"}
    assert seen["b"] == {}
    assert seen["d"] == seen["f"] == {"C": "2"}
    assert seen["g"] == {"C": "2", "ONE": "4"}
    assert seen["h"] == {"C": None, "ONE": "4"}


@pytest.mark.parametrize(
    ("line", "shims"),
    [("a", True), ("PATH=/x a", False), ("export PATH=$PATH:/x; a", True), ("PATH=/x:$PATH; a", False)],
)
def test_a_path_of_its_own_passes_the_shims_by(line: str, shims: bool) -> None:
    commands = commands_of(line, environment={"PATH": "/bin"}, directory="/").commands
    assert commands[-1].shims is shims


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("a" * (LINE_MAX + 1), "longer than 1 MiB"),
        ("( " * 65 + "a" + " )" * 65, "64 deep"),
        ("eval " * 70 + "a", "64 deep|200 ms"),  # which comes first, a busy machine decides
        ("a;" * 500_000, "200 ms"),
        ("f() { f; g() { f; }; g; }; f" + "; f() { f; }; f" * 3, ""),
    ],
)
def test_overruns(line: str, why: str) -> None:
    overrun = found(line).overrun
    assert any(reason in overrun for reason in why.split("|"))
    assert bool(overrun) is bool(why)


def test_an_overrun_leaves_the_next_line_alone() -> None:
    assert found("a;" * 500_000).overrun
    assert argvs("b c") == [["b", "c"]]


@given(st.text(st.characters(exclude_categories=())) | st.text(" ab$\"'`(){}[]<>|&;!\\\n*?~=-#@,", max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read(text: str) -> None:
    line = found(text)
    assert all(0 <= command.place[0] <= command.place[1] for command in line.commands)


END = "= end ="
PLAIN = st.text("ab/-.=:,%+@_é", min_size=1, max_size=4)
SPECIAL = st.text("ab *?[]{}~#!$;&|<>()'\"\\`\t\n", max_size=5)


@st.composite
def quoted(draw: st.DrawFn) -> str:
    """A piece of a word, quoted somehow."""
    kind = draw(st.sampled_from(["plain", "single", "double", "backslash", "ansi"]))
    if kind == "plain":
        return draw(PLAIN)
    text = draw(SPECIAL)
    if kind == "single":
        return "'" + text.replace("'", "") + "'"
    if kind == "double":
        return '"' + "".join("\\" + char if char in '$`"\\' else char for char in text) + '"'
    if kind == "ansi":
        return "$'" + "".join(f"\\x{ord(char):02x}" for char in text) + "'"
    return "".join("\\" + char for char in text.replace("\n", ""))


WORDS = st.lists(st.lists(quoted(), min_size=1, max_size=4).map("".join).filter(bool), max_size=5)


@given(st.lists(WORDS, min_size=8, max_size=8))
@settings(max_examples=40, deadline=None)
def test_words_are_those_of_bash(lines: list[list[str]]) -> None:
    texts = ["printf '%s\\0' x " + " ".join(words) for words in lines]
    script = "\n".join(f"{text}\nprintf '{END}\\0'" for text in texts)
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={"LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
        cwd="/proc/self/fdinfo",
    )
    for text, seen in zip(texts, _groups(done.stdout), strict=True):
        assert argvs(text) == [["printf", "%s\\0", *seen]], text


def _groups(output: bytes) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    for item in output.decode().split("\0")[:-1]:
        if item == END:
            groups.append([])
        else:
            groups[-1].append(item)
    return groups[:-1]

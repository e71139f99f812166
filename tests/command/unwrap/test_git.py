"""git's global options and aliases against git itself: an external subcommand and `!` aliases say what was executed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from command.unwrap.probe import Executed, Probe, environment_block
from harness import temporary_directory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safeshell.command.command_line import block, unblock
from safeshell.command.programs.wrappers import BUILTINS
from safeshell.command.unwrap import Spelling, StatedWorld, spellings
from safeshell.host.git.parameters import parse_parameters, quote


class Repository:
    """A repository with `git show-args`, an external subcommand, on PATH.

    Attributes:
        root: its top, also HOME.
        environment: what git is run with.
    """

    def __init__(self, root: str) -> None:
        self.probe = Probe(root)
        self.root = self.probe.root
        os.mkdir(f"{self.root}/bin")
        shutil.copy(self.probe.path, f"{self.root}/bin/git-show-args")
        shutil.copy(self.probe.path, f"{self.root}/bin/run")
        self.environment = {
            b"PATH": os.fsencode(f"{self.root}/bin:/usr/bin:/bin"),
            b"HOME": os.fsencode(f"{self.root}/home"),
            b"GIT_CONFIG_NOSYSTEM": b"1",
            b"V": b"from the environment",
        }
        os.mkdir(f"{self.root}/home")
        self.git("init", "-q", ".")
        self.git("init", "-q", "sub")

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], env=self.environment, cwd=self.root, check=True, capture_output=True)

    def write(self, path: str, text: str) -> None:
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)

    def executed(self, words: list[bytes]) -> Executed | None:
        return self.probe.executed([b"git", *words], self.environment)

    def spellings(self, words: list[bytes]) -> list[Spelling]:
        where = os.fsencode(self.root)
        return spellings("git", block([b"git", *words]), environment_block(self.environment), where)


@pytest.fixture
def repository() -> Iterator[Repository]:
    with temporary_directory() as root:
        yield Repository(root)


def compare(repository: Repository, words: list[bytes]) -> bool:
    """Holds the last spelling against what git runs, if it runs the probe; says whether it did."""
    executed = repository.executed(words)
    if executed is None:
        return False
    found = repository.spellings(words)[-1]
    arguments = unblock(found.arguments)
    if found.name == "git":
        assert executed.arguments[0].endswith(b"/git-show-args"), words
        assert arguments[1] == b"show-args", words
        arguments = arguments[1:]
    assert tuple(arguments[1:]) == executed.arguments[1:], words
    assert found.directory == executed.directory, words
    variables = dict(entry.split(b"=", 1) for entry in executed.environment)
    for name, value in found.git_environment:
        assert variables.get(name) == value, words
    said = [entry for entry in unblock(found.environment) if entry.startswith(b"GIT_CONFIG_PARAMETERS=")]
    assert said == [entry for entry in executed.environment if entry.startswith(b"GIT_CONFIG_PARAMETERS=")], words
    return True


GLOBAL = [
    ["-C", "sub"], ["-C", "a b"], ["-C", "."], ["-C", ""], ["-C", "sub/.."], ["-c", "a.b=c"], ["-c", "a.b"],
    ["-c", "a.b=it's!"], ["--git-dir=.git"], ["--git-dir", "sub/.git"], ["--work-tree", "."], ["--work-tree=sub"],
    ["--namespace=x"], ["--namespace", "x"], ["-p"], ["--paginate"], ["-P"], ["--no-pager"], ["--bare"],
    ["--no-optional-locks"],
    ["--literal-pathspecs"], ["--glob-pathspecs"], ["--noglob-pathspecs"], ["--icase-pathspecs"],
    ["--exec-path=/usr/lib/git-core"],
    ["--no-replace-objects"], ["--config-env=x.y=V"], ["--config-env", "x.y=V"], ["--config-env=x.y=NONE"],
    ["--exec-path"],
    ["--html-path"], ["--git-dir"], ["-c"], ["--unknown"], ["-Csub"],
]  # fmt: skip


def encoded(options: list[list[str]]) -> list[bytes]:
    return [word.encode() for option in options for word in option]


def test_each_global_option(repository: Repository) -> None:
    ran = {" ".join(option): compare(repository, [*encoded([option]), b"show-args", b"-x", b""]) for option in GLOBAL}
    refused = {option for option, done in ran.items() if not done}
    assert refused == {
        "-c a.b", "--config-env=x.y=NONE", "--exec-path", "--html-path", "--git-dir", "-c", "--unknown", "-Csub",
    } - ({"-c a.b"} if ran["-c a.b"] else set())  # fmt: skip
    # Of an option that git does not have it is read on: git fails, so nothing is let through.
    for option in refused - {"-c a.b", "--unknown", "-Csub"}:
        assert not any(
            b"show-args" in unblock(one.arguments)[1:2]
            for one in repository.spellings([*option.encode().split(), b"show-args"])[1:]
        ), option


def test_global_options_together(repository: Repository) -> None:
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(GLOBAL[:28]), min_size=1, max_size=4))
    def check(chosen: list[list[str]]) -> None:
        compare(repository, [*encoded(chosen), b"show-args", b"end"])

    check()


ALIASES = {
    "plain": "show-args -a",
    "quoted": r"""show-args 'a "b' "c 'd" e\ f "g\\h" """,
    "paged": "-p show-args",
    "again": "plain -b",
    "bang": "!run one",
    "word": "!run",
    "quoting": "!run 'x y' \"\" a'b'",
    "group": "!{ run x; }",
    "blank": "  show-args",
    "open": "show-args 'x",
    "loop": "loop",
}


@pytest.mark.parametrize("name", ALIASES)
def test_aliases_are_expanded_as_git_does(repository: Repository, name: str) -> None:
    for key, value in ALIASES.items():
        repository.git("config", f"alias.{key}", value)
    fails = name in ("open", "loop", "blank")
    for words in ([name], [name.upper(), "x y", ""], ["-C", "a b", name], ["-C", "sub", name]):
        elsewhere = "sub" in words  # a repository of its own, which has no aliases
        argv = [word.encode() for word in words]
        if name == "group":
            assert repository.spellings(argv)[-1].name == ("git" if elsewhere else "sh")
        else:
            assert compare(repository, argv) is not (fails or elsewhere), words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/bin/rm -rf / && x", ["/bin/rm -rf /", "x end"]),
        ("a; b 'c d' | e&", ["a", "b c d", "e", "end"]),
        ("a\nb", ["a", "b end"]),
        ("a || b;", ["a", "b", "end"]),
        ("cd sub && a", []),
        ("a > b", []),
        ("A=1 a; b", []),
        ("a $B; c", []),
        ("if a; then b; fi", []),
        ('f() { a "$@"; }; f', []),
    ],
)
def test_the_commands_of_a_plain_line_are_spellings(line: str, expected: list[str]) -> None:
    argv = block([b"git", b"-c", f"alias.x=!{line}".encode(), b"x", b"end"])
    found = spellings("git", argv, b"\0", b"/srv", StatedWorld())
    assert [unblock(one.arguments)[0] for one in found[:3]] == [b"git", b"git", b"sh"]
    assert [b" ".join(unblock(one.arguments)).decode() for one in found[3:]] == expected


@pytest.mark.parametrize(
    ("files", "variables"),
    [
        ({"home/.gitconfig": "[alias]\n\tx = show-args home\n"}, {}),
        ({"home/.config/git/config": "[alias]\n\tX = show-args xdg\n"}, {}),
        ({"home/.config/git/config": "[alias]x=show-args xdg", "home/.gitconfig": "[alias]x=show-args home"}, {}),
        ({"xdg/git/config": "[alias]\n\tx = show-args xdg\n"}, {"XDG_CONFIG_HOME": "ROOT/xdg"}),
        ({"g": "[alias]x=show-args g", "home/.gitconfig": "[alias]x=show-args home"}, {"GIT_CONFIG_GLOBAL": "ROOT/g"}),
        ({"s": "[alias]x = show-args system"}, {"GIT_CONFIG_SYSTEM": "ROOT/s", "GIT_CONFIG_NOSYSTEM": "0"}),
        ({"s": "[alias]x = show-args system"}, {"GIT_CONFIG_SYSTEM": "ROOT/s", "GIT_CONFIG_NOSYSTEM": "1"}),
        ({"home/.gitconfig": "[include]path=more\n", "home/more": "[alias]x=show-args more"}, {}),
        ({"home/.gitconfig": "[include]path=~/more\n", "home/more": "[alias]x=show-args more"}, {}),
        ({"home/.gitconfig": '[includeIf "gitdir:ROOT/"]path=more\n', "home/more": "[alias]x=show-args more"}, {}),
        ({"home/.gitconfig": '[includeIf "gitdir:/elsewhere/"]path=m\n', "home/m": "[alias]x=show-args more"}, {}),
        ({"home/.gitconfig": '[includeIf "gitdir:**/.git"]path=m\n', "home/m": "[alias]x=show-args more"}, {}),
        ({"home/.gitconfig": '[includeIf "gitdir:NAME/.g*"]path=m\n', "home/m": "[alias]x=show-args more"}, {}),
        ({"home/.gitconfig": '[includeIf "gitdir/i:.GIT"]path=m\n', "home/m": "[alias]x=show-args more"}, {}),
        ({"home/.gitconfig": "[alias]x = show-args a # b\n\tx = show-args 'it''s' \\\n more\n"}, {}),
        ({"home/.gitconfig": "[alias]x = show-args\n[broken"}, {}),
        ({}, {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "alias.x", "GIT_CONFIG_VALUE_0": "show-args count"}),
        ({}, {"GIT_CONFIG_PARAMETERS": "'alias.x'='show-args new'"}),
        ({}, {"GIT_CONFIG_PARAMETERS": "'alias.x=show-args old'"}),
        ({}, {"GIT_CONFIG_PARAMETERS": r"'alias.x'='show-args it'\''s'\'''"}),
        ({"home/m": "[alias]x=show-args m"}, {"GIT_CONFIG_PARAMETERS": "'include.path'='ROOT/home/m'"}),
        ({".git/config": "[core]\n\trepositoryformatversion = 0\n[alias]\n\tx = show-args repository\n"}, {}),
    ],
)  # fmt: skip
def test_configuration_is_found_where_git_finds_it(
    repository: Repository, files: dict[str, str], variables: dict[str, str]
) -> None:
    def placed(text: str) -> str:
        return text.replace("ROOT", repository.root).replace("NAME", os.path.basename(repository.root))

    for path, text in files.items():
        repository.write(path, placed(text))
    repository.environment.update({name.encode(): placed(value).encode() for name, value in variables.items()})
    ran = compare(repository, [b"x", b"y"])
    if not ran:
        assert not any(b"show-args" in unblock(one.arguments) for one in repository.spellings([b"x", b"y"])[1:])


def test_what_the_command_line_says_comes_last(repository: Repository) -> None:
    repository.git("config", "alias.x", "show-args file")
    assert compare(repository, [b"-c", b"alias.x=show-args line", b"x"])
    assert compare(repository, [b"-c", b"alias.x=!run it", b"-C", b"a b", b"x", b"more words"])
    assert repository.spellings([b"-c", b"alias.x=!run it", b"x"])[-1].arguments == b"run\0it\0"


def test_an_include_that_can_not_be_told_counts_both_ways(repository: Repository) -> None:
    repository.write("home/.gitconfig", '[alias]\nx = push\n[includeIf "onbranch:topic"]\npath = m\n')
    repository.write("home/m", "[alias]\nx = push --force\n")
    found = repository.spellings([b"x"])
    assert [one.arguments for one in found[1:]] == [b"git\0push\0", b"git\0push\0--force\0"]


def test_built_ins_are_never_looked_up(repository: Repository) -> None:
    repository.git("config", "alias.push", "show-args")
    repository.git("config", "alias.help-me", "show-args")
    assert len(repository.spellings([b"push"])) == 1
    assert len(repository.spellings([b"help-me", b"--help"])) == 1
    listed = subprocess.run(["git", "--list-cmds=builtins"], capture_output=True, check=True).stdout.split()
    left_out = {b"pack-redundant", b"whatchanged"}
    assert {name for name in listed if b"--" not in name} - BUILTINS <= left_out


@settings(max_examples=100)
@given(st.lists(st.tuples(st.binary(min_size=1, max_size=6), st.none() | st.binary(max_size=6)), max_size=4))
def test_what_is_handed_on_reads_back(pairs: list[tuple[bytes, bytes | None]]) -> None:
    text = b" ".join(quote(key) + b"=" + (b"" if value is None else quote(value)) for key, value in pairs)
    assert list(parse_parameters(text)) == pairs


def test_a_stated_world_has_no_configuration_but_what_the_command_carries() -> None:
    environment = b"\0HOME=/root\0"
    argv = b"git\0-C\0sub\0-c\0alias.x=push -f\0x\0"
    found = spellings("git", argv, environment, b"/srv", StatedWorld())
    assert (found[-1].arguments, found[-1].directory) == (b"git\0push\0-f\0", b"/srv/sub")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(alphabet="ab \t'\"\\", min_size=1, max_size=12))
def test_aliases_are_split_as_git_does(shared: Repository, text: str) -> None:
    words = [b"-c", f"alias.x=show-args {text}".encode(), b"x", b"end"]
    executed = shared.executed(words)
    found = unblock(shared.spellings(words)[-1].arguments)
    if executed is None:
        assert found[1] == b"x"
    else:
        assert tuple(found[2:]) == executed.arguments[1:]


@pytest.fixture(scope="module")
def shared() -> Iterator[Repository]:
    with temporary_directory() as root:
        yield Repository(root)

"""Whatever the words: no exception, the original first, what is wrapped comes out again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from safeshell.command.command_line import block, unblock
from safeshell.command.programs.wrappers import TAKEN_OFF
from safeshell.command.unwrap import SPELLINGS_MAX, UNWRAPPED, Spelling, StatedWorld, spellings

WORDS = st.one_of(
    st.sampled_from(sorted(UNWRAPPED)).map(str.encode),
    st.sampled_from(
        [b"-i", b"-", b"--", b"A=1", b"-u", b"-S", b"-C", b"-c", b"alias.x=!y z", b"x", b"5", b"--split", b"rm"]
    ),
    st.binary(max_size=8).filter(lambda word: b"\0" not in word),
)
ENVIRONMENT = b"\0A=1\0FOO=2\0=odd\0none\0"

WRAPPINGS: dict[str, list[bytes]] = {
    "env": [b"-u", b"A", b"B=1"],
    "nice": [b"-n5"],
    "nohup": [],
    "timeout": [b"-k", b"1", b"5"],
    "stdbuf": [b"-oL"],
    "setsid": [b"-w"],
    "ionice": [b"-c", b"3"],
    "chrt": [b"-f", b"10"],
    "time": [b"-p"],
    "command": [],
    "exec": [b"-a", b"x"],
    "sudo": [b"-n", b"-u", b"x"],
    "doas": [b"-u", b"x"],
    "xargs": [b"-n", b"1"],
    "busybox": [],
    "toybox": [],
    "pkexec": [b"--user", b"x"],
    "taskset": [b"-c", b"0"],
    "setpriv": [b"--nnp", b"--groups", b"1"],
    "strace": [b"-f", b"-o", b"log"],
    "ltrace": [b"-n", b"2"],
    "unbuffer": [b"-p"],
    "caffeinate": [b"-t", b"5"],
    "unshare": [b"-r", b"--kill-child"],
    "flock": [b"-w", b"1", b"lock"],
}


@settings(max_examples=400)
@given(st.sampled_from(sorted(UNWRAPPED)), st.lists(WORDS, max_size=12), st.sampled_from([b"/", b"/a", None]))
def test_any_words_have_spellings(name: str, words: list[bytes], directory: bytes | None) -> None:
    arguments = block([name.encode(), *words])
    found = spellings(name, arguments, ENVIRONMENT, directory, StatedWorld())
    assert found[0][:4] == (name, arguments, ENVIRONMENT, directory)
    assert len(found) <= SPELLINGS_MAX + 1
    for spelling in found:
        assert spelling.environment.startswith(b"\0")
        assert spelling.environment.endswith(b"\0")
        assert spelling.arguments.endswith(b"\0")


def test_every_wrapper_is_tried() -> None:
    assert WRAPPINGS.keys() == TAKEN_OFF


@given(st.lists(st.sampled_from(sorted(WRAPPINGS)), max_size=6), st.lists(st.binary(max_size=5), max_size=3))
def test_what_is_wrapped_comes_out_at_every_step(names: list[str], operands: list[bytes]) -> None:
    inner = [b"rm", *[word.replace(b"\0", b"") for word in operands]]
    layers = [inner]
    for name in names:
        layers.append([name.encode(), *WRAPPINGS[name], *layers[-1]])
    found = spellings(layers[-1][0].decode(), block(layers[-1]), ENVIRONMENT, b"/", StatedWorld())
    assert [unblock(spelling.arguments) for spelling in found] == layers[::-1]


def shown(found: list[Spelling]) -> list[str]:
    return [b" ".join(unblock(spelling.arguments)).decode() for spelling in found]


def test_each_step_has_its_own_directory_and_environment() -> None:
    argv = b"sudo -n -u x env -i A=1 nice -n5 rm -rf /".split()
    found = spellings("sudo", block(argv), ENVIRONMENT, b"/srv", StatedWorld())
    assert shown(found) == [
        "sudo -n -u x env -i A=1 nice -n5 rm -rf /",
        "env -i A=1 nice -n5 rm -rf /",
        "nice -n5 rm -rf /",
        "rm -rf /",
    ]
    assert [one.environment for one in found] == [ENVIRONMENT, ENVIRONMENT, b"\0A=1\0", b"\0A=1\0"]
    argv = b"env -C a env -C ../b -u FOO A=2 rm".split()
    found = spellings("env", block(argv), ENVIRONMENT, b"/srv", StatedWorld())
    assert [one.directory for one in found] == [b"/srv", b"/srv/a", b"/srv/b"]
    assert found[-1].environment == b"\0A=2\0=odd\0none\0"


def test_a_nest_that_is_too_deep_is_said_to_be_cut() -> None:
    deepest = spellings("env", b"env\0" * SPELLINGS_MAX + b"rm\0", b"\0", b"/")
    assert (deepest[-1].name, deepest[-1].cut) == ("rm", False)
    beyond = spellings("env", b"env\0" * (SPELLINGS_MAX + 1) + b"rm\0", b"\0", b"/")
    assert (beyond[-1].name, beyond[-1].cut) == ("env", True)


def test_a_directory_that_is_not_there_can_not_be_told() -> None:
    assert spellings("env", b"env\0-C\0/no/such\0rm\0", b"\0", b"/")[-1].directory is None
    assert spellings("git", b"git\0-C\0/no/such\0push\0", b"\0", b"/")[-1].directory is None
    assert spellings("env", b"env\0-C\0sub\0rm\0", b"\0", None)[-1].directory is None

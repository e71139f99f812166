"""The table of wrappers against the programs themselves: what they execute, with which environment, where."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from command.unwrap.probe import Executed, Probe, environment_block, kept, missing
from harness import temporary_directory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safeshell.command.command_line import block, unblock
from safeshell.command.unwrap import Spelling, spellings

ENVIRONMENT = {b"PATH": b"/usr/bin:/bin", b"HOME": b"/nonexistent", b"A": b"1", b"B": b"two words", b"AB": b""}

OPTIONS: dict[str, list[list[str]]] = {
    "env": [
        ["-i"], ["-"], ["--ignore"], ["-u", "A"], ["-uB"], ["--unset=A"], ["--uns", "B"], ["-C", "sub"], ["-Ca b"],
        ["--chdir=sub/.."], ["--chd", "sub/deeper"], ["-iuA"], ["-vi"], ["A=2"], ["C=x=y"], ["--"], ["-v"],
        ["--block-signal"], ["--default-signal=PIPE"], ["--list-signal-handling"], ["-S", "A=3"], ["-S", "-u A"],
        ["-S-i 'D=a b'"], ["-vS", r'E="${B}\_\t"'], ["--split-string=-C sub"],
        ["--split-string", "F=x # comment"], ["-u"], ["-C"], ["--help"], ["--i"], ["-x"],
    ],
    "nice": [["-n", "1"], ["-n2"], ["-3"], ["--adjustment=1"], ["--adj", "2"], ["--"], ["-+1"], ["-n"], ["--help"]],
    "nohup": [["--"], ["--help"], ["--version"]],
    "timeout": [
        ["-k", "5"], ["-k5"], ["--kill=5"], ["-s", "TERM"], ["-sKILL"], ["--signal", "9"], ["-v"], ["--foreground"],
        ["--pres"], ["--"], ["9"], ["9s"], ["-vk", "1"], ["--help"],
    ],
    "stdbuf": [["-o", "L"], ["-oL"], ["--output=0"], ["-e0", "-i0"], ["--err", "0"], ["--"], ["--help"]],
    "setsid": [["-w"], ["--wait"], ["-wf"], ["--"], ["-h"], ["-V"], ["--ver"]],
    "ionice": [["-c3"], ["-c", "2"], ["-c2", "-n", "7"], ["--class=idle"], ["-t"], ["--classdata", "4"],
               ["-p", "1"], ["--"]],
    "xargs": [
        ["-n", "1"], ["-n1"], ["-0"], ["-r"], ["-I", "{}"], ["-I{}"], ["-i"], ["-i%"], ["--replace"], ["--replace=R"],
        ["-L", "1"], ["-l"], ["-l2"], ["-P4"], ["--max-procs", "2"], ["-d", ","], ["-d\\n"], ["-e"], ["-eX"],
        ["-E", "X"], ["--eof=X"], ["-s", "4096"], ["-tx"], ["-a", "/dev/null"], ["--arg-file=/dev/null"], ["--"],
        ["--max-lines"], ["--max-lines=2"], ["--show-limits"],
    ],
    "chrt": [["-o"], ["--other"], ["-b"], ["-i"], ["0"], ["-v"], ["-R"], ["-m"], ["-p"], ["--"], ["-T", "1000"]],
    "time": [["-p"], ["-o", "/dev/null"], ["-f", "%e"], ["-f%e"], ["-av"], ["--format=%e"],
             ["--out", "/dev/null"], ["--"]],
    "sudo": [
        ["-n"], ["-u", "root"], ["-uroot"], ["--user=root"], ["-E"], ["A=4"], ["G=x y"], ["-H"], ["-k"], ["-S"],
        ["-nu", "root"],
        ["--preserve-env=A"], ["--preserve-env"], ["-D", "/"], ["--chdir=/tmp"], ["--"], ["-l"], ["-v"],
        ["-p", "x"],        ["--non-inter"], ["-T", "10"], ["-h"], ["-hhost"],
    ],
    "doas": [
        ["-n"], ["-u", "root"], ["-uroot"], ["-nu", "root"], ["--"], ["-s"], ["-L"], ["-C", "/dev/null"],
        ["-C/dev/null"], ["-u"], ["-x"],
    ],
    "taskset": [["-a"], ["0x1"], ["--all"], ["-p"], ["--"], ["-h"], ["-x"]],
    "setpriv": [["--nnp"], ["--no-new"], ["--pdeathsig", "keep"], ["--clear-groups", "-d"], ["--"], ["-V"]],
    "unshare": [["-w", "sub"], ["--wd=sub/deeper"], ["-f"], ["--fork", "-wa b"], ["--kill"], ["--"], ["-h"]],
    "flock": [["-n"], ["-w", "9"], ["--time=9"], ["-xE5"], ["--nb"], ["-o"], ["--"], ["-c", "true"], ["-h"]],
    "strace": [["-f"], ["-o", "/dev/null"], ["-e", "trace=none"], ["-qqo/dev/null"], ["--output=/dev/null"], ["-h"]],
    "busybox": [
        ["env"], ["nice"], ["env", "-i"], ["timeout", "9"], ["nice", "-n", "1"], ["env", "-iu", "A"], ["env", "-uB"],
        ["env", "-"], ["timeout", "-s", "KILL", "-k", "1", "9"], ["nohup"], ["setsid"], ["setsid", "-c"],
        ["ionice", "-c3"], ["ionice", "-c", "2", "-n", "7"], ["ionice", "-t"], ["chrt", "-o", "0"], ["chrt", "-b", "0"],
        ["chrt", "-m"], ["time"], ["time", "-po", "/dev/null"], ["xargs"], ["xargs", "-n", "1"], ["xargs", "-0r"],
        ["xargs", "-I", "{}"], ["xargs", "-s4096"], ["busybox", "env"], ["/usr/bin/env", "A=2"], ["nice", "-3"],
        ["--list"], ["--listed"], ["--list-full"], ["--help"], ["--show", "env"], ["--"], ["-x"], ["nice", "-n"],
    ],
}  # fmt: skip
"""Words that are tried before the command, alone and together; some make the program fail or do something else."""

ENVIRONMENT_OF_ITS_OWN = ("sudo", "doas")
"""They make an environment by a configuration that isn't ours; the contract has it be the request's."""


@pytest.fixture(scope="module")
def probe() -> Iterator[Probe]:
    with temporary_directory() as root:
        yield Probe(root)


def innermost(argv: list[bytes], probe: Probe) -> Spelling:
    name = argv[0].rpartition(b"/")[2].decode()
    return spellings(name, block(argv), environment_block(ENVIRONMENT), os.fsencode(probe.root))[-1]


def expected(spelling: Spelling) -> Executed:
    return Executed(
        tuple(unblock(spelling.arguments)),
        kept(unblock(spelling.environment[1:])),
        spelling.directory or b"",
    )


def compare(probe: Probe, argv: list[bytes]) -> bool:
    """Holds the last spelling against what runs, if the probe does; says whether it did."""
    executed = probe.executed(argv, ENVIRONMENT)
    if executed is None:
        return False
    said = expected(innermost(argv, probe))
    if argv[0].decode() in ENVIRONMENT_OF_ITS_OWN:
        said, executed = said._replace(environment=frozenset()), executed._replace(environment=frozenset())
    assert said == executed, argv
    return True


def words(name: str, chosen: list[list[str]], probe: Probe) -> list[bytes]:
    operands = {"timeout": ["9"], "chrt": ["0"], "taskset": ["1"], "flock": ["/dev/null"]}.get(name, [])
    flat = [word for option in chosen for word in option]
    return [os.fsencode(word) for word in [name, *flat, *operands, probe.path, "-x", "", "A=9", "--"]]


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_alone(name: str, probe: Probe) -> None:
    if reason := missing(name):
        pytest.skip(reason)
    ran = [compare(probe, words(name, [option], probe)) for option in OPTIONS[name]]
    assert any(ran), "nothing was compared"


@pytest.mark.parametrize("name", OPTIONS)
def test_options_together(name: str, probe: Probe) -> None:
    if reason := missing(name):
        pytest.skip(reason)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(OPTIONS[name]), min_size=1, max_size=4))
    def check(chosen: list[list[str]]) -> None:
        compare(probe, words(name, chosen, probe))

    check()


@pytest.mark.parametrize(
    "argv",
    [
        ["nice", "-n", "1", "env", "-i", "A=5", "nohup", "timeout", "9", "PROBE", "x"],
        ["env", "-C", "sub", "env", "-C", "deeper", "-u", "A", "setsid", "-w", "PROBE"],
        ["timeout", "9", "xargs", "-n1", "env", "X=1", "PROBE", "y"],
        ["env", "-S", "nice -n 1 env Z=${A}", "PROBE"],
    ],
)
def test_nests(argv: list[str], probe: Probe) -> None:
    assert compare(probe, [os.fsencode(probe.path if word == "PROBE" else word) for word in argv])


def test_sudo_in_the_background_runs_the_command(probe: Probe) -> None:
    """Not compared with sudo itself: nobody knows when what it leaves in the background has run."""
    assert innermost([b"sudo", b"-b", b"-n", b"rm", b"x"], probe).arguments == b"rm\0x\0"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(alphabet="ab \t'\"\\_#$c{}AB=nt", max_size=14))
def test_env_splits_texts_as_the_program_does(probe: Probe, text: str) -> None:
    argv = [b"env", b"-S", os.fsencode(f"{probe.path} {text}"), b"end"]
    executed = probe.executed(argv, ENVIRONMENT)
    found = innermost(argv, probe)
    if executed is None:
        assert found.name != "probe"
    else:
        assert tuple(unblock(found.arguments)) == executed.arguments


@pytest.mark.parametrize(
    "argv",
    [
        ["env"], ["env", "-i"], ["env", "A=1"], ["env", "--help", "rm"], ["command", "-v", "rm"],
        ["command", "-V", "rm"],
        ["sudo", "-l", "rm"], ["sudo", "-v"], ["sudo", "-ln", "rm"], ["sudo", "-e", "file"],
        ["sudo", "A=1", "-l", "rm"],
        ["ionice", "-p", "1"], ["chrt", "-p", "1"], ["chrt", "-m"], ["doas", "-C", "f", "rm"], ["timeout", "5"],
        ["busybox", "--list"], ["nice"], ["env", "-S", "'open", "rm"], ["env", "-S", r"\q", "rm"], [],
    ],
)  # fmt: skip
def test_what_runs_nothing_has_one_spelling(argv: list[str]) -> None:
    name = argv[0] if argv else "env"
    assert len(spellings(name, block([word.encode() for word in argv]), b"\0", b"/")) == 1


@pytest.mark.parametrize(
    ("line", "inner"),
    [
        ("command -p rm x", "rm x"),
        ("exec -cl -a name rm x", "rm x"),
        ("doas -n -u ann rm x", "rm x"),
        ("busybox rm -rf /", "rm -rf /"),
        ("sudo -s rm x", "rm x"),
        ("sudo -u ann A=1 -n B=2 rm x", "rm x"),
        ("sudo -- A=1 rm", "A=1 rm"),
        ("xargs", "echo"),
        ("chrt -b rm x", "rm x"),
        ("time -f %e rm x", "rm x"),
        ("/usr/bin/env /bin/rm x", "/bin/rm x"),
    ],
)
def test_what_can_not_be_run_here(line: str, inner: str) -> None:
    argv = line.encode().split()
    found = spellings(argv[0].rpartition(b"/")[2].decode(), block(argv), b"\0A=0\0", b"/")[-1]
    assert found.arguments == block(inner.encode().split())
    assert found.name == inner.split(maxsplit=1)[0].rpartition("/")[2]


def test_where_sudo_goes_by_login_or_root_directory_can_not_be_told() -> None:
    for option in (b"-i", b"--login", b"-R/x"):
        assert spellings("sudo", block([b"sudo", option, b"rm"]), b"\0", b"/srv")[-1].directory is None
    assert spellings("exec", block([b"exec", b"-c", b"rm"]), b"\0A=1\0", b"/")[-1].environment == b"\0"

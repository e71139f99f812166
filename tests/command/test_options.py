"""Options and operands told apart as getopt does, and as real programs do with the compiler's data."""

from __future__ import annotations

import getopt
import itertools
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import slowoptions
from budget import examples
from counting import calls
from hypothesis import given, settings
from hypothesis import strategies as st

from safeshell.command.getopt import Grammar
from safeshell.command.options import grammar_for, parse, shown, split
from safeshell.command.programs.grammars import grammars_for

SHORT = "rfo:n:"
LONG = ["force", "format", "output=", "out-dir=", "recursive"]
_WORDS = [
    "-r",
    "-f",
    "-rf",
    "-ofile",
    "-o",
    "-rno",
    "-fn5",
    "--force",
    "--forc",
    "--for",
    "--out",
    "--outp",
    "--output=x",
]
WORDS = st.lists(
    st.sampled_from([*_WORDS, "--out-dir", "--r", "--", "-", "a", "b c", "", "--force=", "-é"]), max_size=7
)


def read(line: str, *taken: str) -> tuple[set[str], list[str]]:
    """A line's options and operands, by the compiler's data."""
    name, *words = line.split()
    parsed = parse(words, grammar_for(grammars_for([name]), name, taken))
    return set(parsed.options), list(parsed.operands)


@examples(200)
@given(WORDS, st.booleans())
def test_it_is_what_getopt_makes_of_it(words: list[str], stops: bool) -> None:
    reader = getopt.getopt if stops else getopt.gnu_getopt
    try:
        options, operands = reader(words, SHORT, LONG)
    except getopt.GetoptError:
        return  # the program would end with its usage
    parsed = parse(words, Grammar.read({"short": SHORT, "long": LONG, "stops": stops}))
    assert (set(parsed.options), list(parsed.operands)) == ({name for name, _ in options}, operands)


NAMES = ["all", "alter", "out", "out-dir", "exec"]


@st.composite
def records(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """A grammar of a few letters and words, with subcommands or without."""
    letters = draw(st.lists(st.sampled_from("abc"), unique=True))
    record: dict[str, Any] = {
        "short": "".join(letter + draw(st.sampled_from(["", ":", "::"])) for letter in letters),
        "long": [
            name + draw(st.sampled_from(["", "="])) for name in draw(st.lists(st.sampled_from(NAMES), unique=True))
        ],
    }
    flags = st.sampled_from(["exact", "words", "stops", "apart"])
    record |= dict.fromkeys(draw(st.lists(flags, max_size=2)), True)
    if record.get("words") and not record.get("stops") and draw(st.booleans()):
        return record | {"leading": "a", "long": [*(name for name in record["long"] if name[:4] != "exec"), "exec=;"]}
    if depth and draw(st.booleans()):
        names = st.sampled_from(["", "x", "y"])
        record["subcommands"] = draw(st.dictionaries(names, records(depth - 1), max_size=2))
    return record


SPELLED = st.sampled_from(
    [
        *("x", "y", "", "-", "--", "(", "!", ";", "+", "{}"),
        *("-a", "-ab", "-bc", "-ca", "-a=1", "-b/x", "-d", "-é", "-all", "-out", "-out=x", "-exec"),
        *("--all", "--al", "--alt", "--o", "--out", "--out-", "--out=x", "--out-dir", "--none", "--=x"),
    ]
)
TAKEN = st.lists(st.sampled_from(["-a", "-d", "--out", "--none", "-out"]), max_size=2)


@examples(200)
@given(st.lists(SPELLED, max_size=7), st.none() | records(), TAKEN)
def test_it_is_what_the_grammar_says(words: list[str], record: dict[str, Any] | None, taken: list[str]) -> None:
    parsed = parse(words, (Grammar() if record is None else Grammar.read(record)).taking(taken))
    assert (set(parsed.options), list(parsed.operands)) == slowoptions.read(words, record, taken)


@pytest.mark.parametrize(
    ("line", "options", "operands"),
    [
        ("git push -fu origin +main", {"-f", "-u"}, ["origin", "+main"]),
        ("git -C sub -c a=b push -o ci.skip origin", {"-o"}, ["origin"]),
        ("git push -ovalue origin -f", {"-o", "-f"}, ["origin"]),
        ("git branch -C old new", {"-C"}, ["old", "new"]),
        ("git worktree remove --forc ../a", {"--force"}, ["../a"]),
        ("git frobnicate -ab x", {"-a", "-b", "-ab"}, ["x"]),
        ("find -L a b -name x -exec rm -rf {} ; -delete", {"-L", "-name", "-exec", "-delete"}, ["a", "b"]),
        ("find a ! -newer b ( -size +1 ) -delete", {"-newer", "-size", "-delete"}, ["a"]),
        ("find -L -- a -delete", {"-L", "-delete"}, ["a"]),
        ("find a -exec rm {} + -delete", {"-exec", "-delete"}, ["a"]),
        ("dd if=/dev/zero of=/dev/sda", set(), ["if=/dev/zero", "of=/dev/sda"]),
        ("docker -H tcp://x run --rm -v /:/x alpine rm -rf /", {"--rm", "-v"}, ["alpine", "rm", "-rf", "/"]),
        ("docker compose -f a.yaml down -v web", {"-v"}, ["web"]),
        ("kubectl -n prod delete pods --all --dry-run=client", {"-n", "--all", "--dry-run"}, ["pods"]),
        ("kubectl exec web -- rm -rf /", set(), ["web", "rm", "-rf", "/"]),
        ("terraform -chdir=prod apply -auto-approve -var a=b plan", {"-auto-approve", "-var"}, ["plan"]),
        ("terraform apply plan -auto-approve", set(), ["plan", "-auto-approve"]),
        ("aws --profile prod s3 rm --recursive s3://a", {"--profile", "--recursive"}, ["s3://a"]),
        ("psql -h db shop -c drop", {"-h", "-c"}, ["shop"]),
        ("curl -sSLo out https://a -XPOST --data x", {"-s", "-S", "-L", "-o", "-X", "--data"}, ["https://a"]),
        ("crontab -u ann -ir", {"-u", "-i", "-r"}, []),
        ("mkfs -t xfs /dev/sda", {"-t"}, ["/dev/sda"]),
        ("mkfs.ext4 -L -x /dev/sda", {"-L"}, ["/dev/sda"]),
        ("chmod -R -w a", {"-R", "-w"}, ["a"]),
        ("rm --preserve-root=all --rec x", {"--preserve-root", "--recursive"}, ["x"]),
    ],
)
def test_what_is_known_of_a_command_counts(line: str, options: set[str], operands: list[str]) -> None:
    found, left = read(line)
    # A word behind one dash may be written with two.
    assert {name for name in found if not (name.startswith("--") and name[1:] in found)} == options
    assert left == operands


def test_what_a_rule_says_takes_an_argument_does() -> None:
    assert read("tool -o out a")[1] == ["out", "a"]
    assert read("tool -o out -rofile --output x --outp y --output=z a", "-o", "--output")[1] == ["a"]
    assert read("tool -out x a", "-out") == ({"-out"}, ["a"])
    assert read("git frobnicate -o out a", "-o")[1] == ["a"]
    assert read("rm -o out a", "-o")[1] == ["a"]


@pytest.mark.parametrize(
    ("word", "names", "there"),
    [
        ("--forc", ["--force"], True),
        ("--f", ["--force", "--first"], True),
        ("--f", ["--force"], True),
        ("--out", ["--outline"], False),  # --output, the rule says, is there too
        ("--forced", ["--force"], False),
        ("--=x", ["--force"], False),
        ("-delete", ["-delete"], True),
        ("-vx", ["-x"], True),
        ("-I/x", ["-x"], False),
    ],
)
def test_abbreviations_of_what_nobody_knows_are_judged_by_the_rule(word: str, names: list[str], there: bool) -> None:
    assert parse([word], Grammar().taking(["--output"])).has(names) is there


def test_arguments_are_exact_and_shown_as_text() -> None:
    words = split(b"rm\0\xff\xc3\xa9\0\0")
    assert words[0].encode("utf-8", "surrogateescape") == b"\xff\xc3\xa9"
    assert [shown(word) for word in words] == ["\ufffdé", ""]
    assert split(b"") == split(b"rm\0") == []


def test_thousands_of_operands_cost_in_proportion() -> None:
    grammar = grammar_for(grammars_for(["rm"]), "rm", ())

    def cost(count: int) -> int:
        words = [word for number in range(count) for word in (f"file-{number}", "-f")]
        return calls(lambda: parse(words, grammar))

    # Ten times as many; what grows with the square would take a hundred times as long.
    assert cost(40_000) < 15 * cost(4_000)


RM_WORDS = ["-r", "-R", "-f", "-rf", "-fv", "--recursive", "--rec", "--forc", "--", "-", "d", "a", "-x", "-", "--dir"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(RM_WORDS), min_size=1, max_size=5))
def test_rm_removes_what_are_operands(words: list[str]) -> None:
    parsed = parse(words, grammar_for(grammars_for(["rm"]), "rm", ()))
    with tempfile.TemporaryDirectory() as directory:
        for name in ("a", "-x", "-r", "-f", "-rf"):
            Path(directory, name).touch()
        Path(directory, "d", "inner").mkdir(parents=True)
        before = set(os.listdir(directory))
        done = subprocess.run(["rm", *words], cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if b"invalid option" in done.stderr:
            return
        gone = before - set(os.listdir(directory))
    recursive = parsed.has(["-r", "-R", "--recursive"])
    assert gone == {name for name in parsed.operands if name in before and (name != "d" or recursive)}


@pytest.mark.parametrize("words", list(itertools.permutations(["-R", "700", "d"])), ids=" ".join)
@pytest.mark.parametrize("option", ["-R", "--rec", "-vR", "--recursive", "-c", "--"])
def test_chmod_changes_below_where_the_option_is_there(tmp_path: Path, words: tuple[str, ...], option: str) -> None:
    words = tuple(option if word == "-R" else word for word in words)
    parsed = parse(words, grammar_for(grammars_for(["chmod"]), "chmod", ()))
    inner = tmp_path / "d" / "inner"
    inner.mkdir(parents=True, mode=0o755)
    done = subprocess.run(["chmod", *words], cwd=tmp_path, capture_output=True, check=False)
    if parsed.operands != ("700", "d"):
        assert done.returncode != 0
    else:
        assert done.returncode == 0
        assert (inner.stat().st_mode & 0o777 == 0o700) is parsed.has(["-R", "--recursive"])


@pytest.fixture(scope="module")
def diverged() -> Iterator[Path]:
    """A work tree whose main is not what its remote has."""
    with tempfile.TemporaryDirectory() as root:
        bare, work = Path(root, "bare"), Path(root, "work")
        commit: list[str | Path] = [
            "git",
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
        ]
        several: tuple[list[str | Path], ...] = (
            ["git", "init", "-q", "--bare", bare],
            ["git", "-C", bare, "config", "receive.advertisePushOptions", "true"],
            ["git", "init", "-q", "-b", "main", work],
            ["git", "-C", work, "remote", "add", "origin", bare],
            [*commit[:1], "-C", work, *commit[1:], "one"],
            ["git", "-C", work, "push", "-q", "origin", "main"],
            [*commit[:1], "-C", work, *commit[1:], "two", "--amend"],
        )
        for argv in several:
            subprocess.run(argv, check=True, capture_output=True)
        yield work


@pytest.mark.parametrize(
    "line",
    [
        "push origin main",
        "push origin main -f",
        "push -uf origin main",
        "push origin +main",
        "push --forc origin main",  # --force-with-lease begins like that too
        "push --force origin main",
        "push -o x -4f origin main",
        "push -of origin main",
        "push --repo -f origin main",
        "push --rece git-receive-pack origin main --force",
        "push origin -- main",
        "push -u -- origin +main",
    ],
)
def test_git_forces_where_the_option_or_the_operand_says_so(diverged: Path, line: str) -> None:
    found, operands = read(f"git {line}")
    forced = not found.isdisjoint({"-f", "--force"}) or any(operand.startswith("+") for operand in operands)
    push, *rest = line.split()
    argv = ["git", "-C", str(diverged), push, "-n", *rest]
    done = subprocess.run(argv, capture_output=True, env={**os.environ, "LC_ALL": "C"}, check=False)
    while done.returncode == -signal.SIGPIPE:  # of a dry run the other end may not wait for the push options
        done = subprocess.run(argv, capture_output=True, env={**os.environ, "LC_ALL": "C"}, check=False)
    assert (b"forced update" in done.stderr) is forced, done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "a b",
        "-L a",
        "-- a",
        "-H -- a ! -name x",
        "-H b a",
        "a ! -name x",
        "a ( -true )",
        "-O2 a",
        "a -maxdepth 1",
        "b a -exec true a ;",
    ],
)
def test_find_starts_from_what_are_operands(tmp_path: Path, line: str) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    argv = ["find", *line.split(), "-print"]
    printed = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert printed.split() == read(" ".join(argv))[1]

"""Where operands lead: links and `..` as the kernel has them, what is missing by its name; else it is undecided."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safeshell.command.command_line import block
from safeshell.errors import UndecidedError
from safeshell.host.path_resolution import Resolver, by_names, is_under, lies_key
from safeshell.policy.context import Context
from safeshell.policy.decision import Action
from safeshell.policy.decision_cache import Policy
from safeshell.policy.facts import UNDECIDED, Fact, RequestFacts
from safeshell.policy.table import Table
from safeshell.policy.units import LoadedTable

_NAMES = st.sampled_from(["a", "b", "a/b", "to-a", "to-root", "up", "deep", "missing", "file", "..", ".", "", "file/x"])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Directories and links of every kind."""
    return plant(tmp_path)


def plant(root: Path) -> Path:
    (root / "a" / "b").mkdir(parents=True)
    (root / "b").mkdir()
    (root / "file").touch()
    (root / "to-a").symlink_to("a")
    (root / "to-root").symlink_to("/")
    (root / "a" / "up").symlink_to("../b")
    (root / "a" / "b" / "deep").symlink_to(root / "to-a" / "up")
    (root / "circle").symlink_to("circle")
    return root


def resolve(path: str | Path) -> str:
    return os.fsdecode(Resolver().resolve(os.fsencode(path)))


@settings(max_examples=300, deadline=None)
@given(st.lists(_NAMES, max_size=6))
def test_it_is_where_the_kernel_would_go(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = plant(Path(os.path.realpath(directory)))
        path = "/".join([str(root), *names])
        found = resolve(path)
        assert found == os.path.realpath(path)
        if os.path.exists(path):
            assert os.path.samefile(found, path)


def test_what_is_missing_lies_where_its_name_says(tree: Path) -> None:
    assert resolve(tree / "to-a" / "new" / "x") == str(tree / "a" / "new" / "x")
    assert resolve(tree / "new" / ".." / "to-a" / "x") == str(tree / "a" / "x")
    assert resolve(tree / "file" / "x") == str(tree / "file" / "x")
    assert resolve(tree / ("x" * 300)) == str(tree / ("x" * 300))
    assert resolve("/../..") == "/"


def test_what_leads_nowhere_certain_is_undecided(tree: Path) -> None:
    for path in (tree / "circle", tree / "circle" / "x", Path("/proc/self/cwd"), Path("/" + "x/" * 2048)):
        with pytest.raises(UndecidedError):
            resolve(path)
    assert resolve("/dev/stdout") == "/dev/stdout"  # what is open already is no place of its own


@pytest.mark.parametrize(
    ("path", "top", "under"),
    [("/a", "/a", True), ("/a/b", "/a", True), ("/ab", "/a", False), ("/", "/a", False), ("/a", "/", True)],
)
def test_a_path_lies_under_itself_and_what_is_above(path: str, top: str, under: bool) -> None:
    assert is_under(path.encode(), top.encode()) is under


def facts(directory: Path | None, home: str | None = None, prefix: bytes = b"") -> RequestFacts:
    environment = b"\0" + block([] if home is None else [b"HOME=" + home.encode()])
    where = None if directory is None else os.fsencode(directory)
    return RequestFacts(environment, where, Context(), prefix=prefix)


def lies(found: RequestFacts, paths: list[str], *operands: str) -> Fact:
    return found.read(lies_key("under", paths, operands))


def test_both_sides_are_resolved_from_where_the_caller_is(tree: Path) -> None:
    here = facts(tree / "a", home=str(tree / "to-a"))
    assert lies(here, [str(tree / "to-a")], "../to-a/b") is True
    assert lies(here, [str(tree / "b")], "up/x") is True
    assert lies(here, [str(tree / "a")], "up/x") is False
    assert lies(here, ["~/b"], "b") is True
    assert lies(here, ["~"], str(tree / "a")) is True
    assert lies(here, ["."], "..", "new") is True
    assert lies(here, ["."], "..") is False
    assert lies(here, ["."], "~/b") is True  # argv is final: this is a directory called `~`
    assert lies(here, ["/"], "") is False


def test_what_can_not_be_told_is_undecided_unless_another_operand_decides(tree: Path) -> None:
    here = facts(tree)
    assert lies(here, [str(tree / "a")], "circle") is UNDECIDED
    assert lies(here, [str(tree / "a")], "circle", "a") is True
    assert lies(here, ["~/no-such-directory"], "a") is False  # the account has a home without a variable
    assert lies(here, ["~", "/"], "a") is True
    assert lies(here, ["~"], "") is False
    assert lies(facts(None), ["/"], "a") is UNDECIDED
    assert lies(facts(None), ["/etc"], "/etc/x") is True
    assert lies(facts(tree, prefix=b"/proc/1/root"), ["/etc"], "/etc") is UNDECIDED


def test_operands_are_bytes(tree: Path) -> None:
    odd = os.fsencode(tree) + b"/\xff"
    os.symlink(b"b", odd)
    assert lies(facts(tree), [str(tree / "b")], odd.decode("utf-8", "surrogateescape")) is True


RULES = """\
version: 1
rules:
  - {name: etc, commands: [rm], action: deny, message: m, conditions: [{operand_under: [%s]}]}
  - {name: dash, commands: [rm], action: deny, message: m, conditions: [{option: [--force]}]}
"""


def test_a_remembered_decision_follows_its_links(tree: Path) -> None:
    from safeshell_compiler import compile_rules

    rules = tree / "rules.yaml"
    rules.write_text(RULES % (tree / "a"))
    compilation = compile_rules(str(rules))
    assert compilation.table is not None, compilation.findings
    policy = Policy([LoadedTable(Table(compilation.table, ""))])
    link = tree / "link"

    def decide(*words: str, directory: Path = tree) -> Action:
        return policy.decide("rm", block([b"rm", *(word.encode() for word in words)]), facts(directory)).action

    expected = []
    for target in ("a", "b", "a", "circle"):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        expected.append(decide("link/x"))
    assert expected == [Action.DENY, Action.ALLOW, Action.DENY, Action.DENY]
    assert (policy.hits, policy.misses) == (1, 3)
    # The operand is the same word elsewhere, and another place.
    assert decide("x", directory=tree / "a") is Action.DENY
    assert decide("x", directory=tree / "b") is Action.ALLOW
    # Without an operand there is nothing to look at: one lookup, in any directory.
    assert [decide("--forc", directory=one) for one in (tree, tree / "a")] == [Action.DENY, Action.DENY]
    assert policy.hits == 2


@pytest.mark.parametrize(
    ("directory", "path", "found"),
    [("/a", "b/../c", "/a/c"), ("/a", "/b/./", "/b"), ("/", "..", "/"), ("//a", "b", "/a/b"), ("/a", "//b", "/b")],
)
def test_names_alone_lead_somewhere(directory: str, path: str, found: str) -> None:
    assert by_names(directory, path) == found
    assert by_names(directory.encode(), path.encode()) == found.encode()

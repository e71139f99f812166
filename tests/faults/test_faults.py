"""A few faults for a moment each, and the page that a run writes; `make faults` tries them all."""

from __future__ import annotations

import os

import pytest
from faults.calls import EFFECTS, find_calls, try_call
from faults.drive import PAIRS
from faults.inject import CHANGING, Call, calls, injected, spread, traced
from faults.page import COLUMNS, HEAD, Row, render
from faults.states import STATES
from faults.subjects import SUBJECTS

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs/faults.md")

LOG = """\
10  execve("/bin/x", ["x"], 0x7ffc /* 9 vars */) = 0
10  openat(AT_FDCWD</work>, "/usr/lib/x.so", O_RDONLY|O_CLOEXEC) = 3</usr/lib/x.so>
10  openat(AT_FDCWD</work>, "/h/table", O_RDWR|O_CREAT, 0600) = 3</h/table>
11  write(3</h/table>, "a", 1) = 1
11  write(4<pipe:[1]>, "+", 1) = 1
10  write(3</h/table>, "b", 1 <unfinished ...>
11  --- SIGCHLD {si_signo=SIGCHLD} ---
10  <... write resumed>) = 1
10  write(2</dev/pts/0>, "said", 4) = 4
10  execve("/bin/y", ["y"], 0x7ffc /* 9 vars */) = 0
10  rename("/h/a", "/h/b") = 0
"""


def found(log: str, **more: bool) -> list[str]:
    options = {"each": False, "opening": False, "disk": False, "once": False, **more}
    return [str(call) for call in calls(log, CHANGING, **options)]


def test_the_calls_that_change_something_are_counted(tmp_path: object) -> None:
    log = os.path.join(str(tmp_path), "log")
    with open(log, "w", encoding="ascii") as stream:
        stream.write(LOG)
    assert found(log)[:2] == ["openat 2", "write 1"]
    assert found(log, once=True) == ["openat 2", "write 1", "write 2"]
    assert found(log, disk=True, once=True) == ["openat 2", "write 1"]
    assert found(log, each=True) == ["write 1 of each process", "write 2 of each process"]


def test_a_selection_is_spread_over_the_run() -> None:
    all_calls = [Call("write", number, each=False) for number in range(1, 101)]
    chosen = [call.number for call in spread(all_calls, 4)]
    assert chosen == [1, 26, 51, 76]
    assert spread(all_calls, 100) == all_calls


def test_strace_is_told_of_one_call() -> None:
    assert injected("/l", Call("write", 3, each=True), "signal=KILL")[-3:] == [
        *("trace=write", "-e", "inject=write:signal=KILL:when=3"),
    ]
    assert traced("/l", ["write", "link"], each=False)[-1] == "trace=?write,?link"


@pytest.mark.needs("strace")
def test_a_client_killed_as_it_asks_leaves_nothing() -> None:
    tried, total = find_calls("client", "kill", 100)
    assert 2 <= total == len(tried)
    assert Call("sendmsg", 1, each=False) in tried
    done = try_call("client", "kill", Call("sendmsg", 1, each=False))
    assert not done.broken
    assert done.outcomes["killed"] == 3


@pytest.mark.needs("strace")
def test_a_promise_that_does_not_hold_is_told() -> None:
    """A fault that nothing could stand: the command itself can't write."""
    tried = try_call("client", "disk", Call("write", 1, each=False))
    assert "no line says why" in tried.broken


# The page


def test_the_page_is_the_runs() -> None:
    rows = [
        Row("killed", "`x`", "it holds", tries=3, calls=7, outcomes={"ran": 5}),
        Row("stopped", "`y`", "that too", stand_in="a toy", tries=2, broken=("y: it ran twice",), outcomes={"ran": 1}),
        Row("hung", "`z`", "so", lacks="needs root"),
        Row("full", "`z`", "so"),
    ]
    lines = render(rows).removeprefix(HEAD).splitlines()
    assert lines[2:6] == [
        "| killed | `x` | 3 of 7 | it holds | yes |",
        "| stopped | `y` | 2 | that too. Stand-in: a toy | **not in 1** |",
        "| hung | `z` | 0 | so | not tried here: needs root |",
        "| full | `z` | 0 | so | it makes no such call |",
    ]
    assert lines[7] == "5 faults, 1 promises broken. How 6 commands ended:"
    assert lines[-1] == "| ran | 6 |"


def test_the_page_in_the_documentation_has_every_row_and_no_other() -> None:
    with open(PAGE, encoding="utf-8") as stream:
        page = stream.read()
    assert page.startswith(HEAD)
    table = page.removeprefix(HEAD).partition("\n\n")[0].splitlines()
    assert table[0] == f"| {' | '.join(COLUMNS)} |"
    told = {tuple(cell.strip() for cell in line.split("|")[1:3]) for line in table[2:]}

    wanted = {(state.fault, state.name) for state in STATES}
    wanted |= {(EFFECTS[effect].said, SUBJECTS[name].name) for effect, names in PAIRS.items() for name in names}
    assert told == wanted

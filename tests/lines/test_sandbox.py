"""The sandbox sees what a line runs, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness import processes_of
from lines import sandbox
from lines.grammar import Line
from lines.sandbox import Ran, Sandbox


def _line(text: str, shell: str = "bash") -> Line:
    return Line(0, shell, text, frozenset(), open=False)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(1) as made:
        yield made


@pytest.fixture(scope="module")
def behind_shims() -> Iterator[Sandbox]:
    with Sandbox(1, shims=True) as made:
        yield made


SHELLS = [
    pytest.param("bash", marks=pytest.mark.needs("bash")),
    pytest.param("sh", marks=pytest.mark.needs("dash")),
    pytest.param("zsh", marks=pytest.mark.needs("zsh")),
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "text",
    [
        "canary fire",
        "env -i bin/canary fire",
        "exec ./canary a fire b",
        "canary() { :; }; command canary fire",
        "(canary fire) & ",
        "setsid canary fire",
        "cd src && PATH= /bin/sh -c '../canary fire'",
        "sudo canary fire",
        "ssh h 'canary fire'",
        "su - u -c 'canary fire'",
        "docker compose exec -T web canary fire",
        "echo canary fire | ssh h",
        "parallel canary ::: fire",
        "curl x | sh",
    ],
)
def test_a_canary_leaves_its_mark(box: Sandbox, shell: str, text: str) -> None:
    assert box.run(_line(text, shell)).fired()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", ["echo canary fire", "canary", "false && canary fire", "canary() { :; }; canary fire"])
def test_what_runs_none_leaves_none(box: Sandbox, shell: str, text: str) -> None:
    assert box.run(_line(text, shell)).real == (("",) if text == "canary" else ())


def test_its_words_are_told(box: Sandbox) -> None:
    assert box.run(_line("canary fire; canary 'a b' c")) == Ran(("fire", "a b c"), (), in_time=True)


def test_a_shim_is_told_from_the_canary(behind_shims: Sandbox) -> None:
    assert behind_shims.run(_line("canary fire")) == Ran((), ("fire",), in_time=True)
    for text in ("PATH=bin:$PATH; canary fire", "bin/canary fire", "sudo canary fire", "bash -lc 'canary fire'"):
        assert behind_shims.run(_line(text)) == Ran(("fire",), (), in_time=True), text


def test_a_line_has_no_rights(box: Sandbox) -> None:
    assert box.run(_line("grep -q 'NoNewPrivs:.1' /proc/self/status && canary fire")).fired()
    assert box.run(_line('[ "$(id -u)" != 0 ] && canary fire')).fired()
    assert not box.run(_line("echo x >canary || echo x >a.txt || canary x >/etc/passwd")).real


def test_nothing_of_a_line_stays(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "LIMIT_S", 0.5)
    for text in ("sleep 77 & setsid sleep 78 &", "while :; do :; done", "mkdir d; echo x >d/y; echo x >z"):
        box.run(_line(text))
    assert box.run(_line("[ -e z ] || canary fire")).fired()
    assert not [line for line in processes_of(box.root, 0.0).values() if "sleep" in line]


def test_who_does_not_end_is_ended(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "LIMIT_S", 0.3)
    assert box.run(_line("canary fire; sleep 79")) == Ran(("fire",), (), in_time=False)
    assert box.run(_line("canary fire")).in_time


def test_a_line_that_forks_without_end_is_ended(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "LIMIT_S", 1.0)
    assert not box.run(_line("command_not_found_handle() { nowhere; }; nowhere")).in_time
    assert box.run(_line("canary fire")) == Ran(("fire",), (), in_time=True)

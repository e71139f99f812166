"""What can't be drawn from argument lists: names of all bytes, locales, the descriptors, help."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest
from budget import examples
from hypothesis import example, given
from hypothesis import strategies as st
from trash.twins import RM, environment, run_ours, run_rm, two

from safeshell import __version__

CONSOLE = os.path.join(os.path.dirname(sys.executable), "safeshell-trash")


def nothing(root: str) -> None:
    """An empty tree."""


def one_file(root: str) -> None:
    with open(os.path.join(root, "f"), "wb"):
        pass


@examples(20)
@given(
    names=st.lists(
        st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name)
        | st.text("ab'\"\n\t \\$`#~{}\x1b\x7f\u00e9\u200b\u2028\U0001f600", min_size=1).map(str.encode),
        min_size=1,
        max_size=20,
    )
)
@example([text.encode() for text in ("'\u00a0", "'\u00e9", "~'\u00e9", "'\u200b", "'\u2028", "'\u00e9$", "\u00e9")])
@example([b"\xf4\x90\x80\x80", b"'\xf4\x90\x80\x80"])  # past the last code point of Unicode
@example([bytes((byte,)) for byte in range(1, 256)])
@example([b"'" + bytes((byte,)) for byte in range(1, 256)])
@example([bytes((byte,)) + b"'\n" for byte in range(1, 256)])
def test_names_are_quoted_as_rm_does(names: list[bytes]) -> None:
    with two(nothing) as (one, other, home):
        arguments = [b"--", *(b"missing/" + name for name in names)]
        arguments += [name for name in names if b"/" not in name and name not in (b".", b"..")]
        assert run_ours(other, home, arguments) == run_rm(one, arguments)


@pytest.mark.parametrize("env", [{}, {"LC_ALL": "C"}, {"LANG": "C.UTF-8"}, {"LC_CTYPE": "C.UTF-8"}, {"LANG": "xx_YY"}])
@pytest.mark.parametrize("arguments", [["é"], ["--interactive=é'"], ["--preserve-root=é"], ["-q", "-é"]])
def test_the_locale_is_rms(tmp_path: object, env: dict[str, str], arguments: list[str]) -> None:
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **env}
    if subprocess.run([sys.executable, "-c", ""], env=clean, capture_output=True, check=False).returncode:
        # Before 3.13, where the project is installed in place: Python reads that path in the locale's encoding.
        pytest.skip("needs a Python that starts in this locale from a directory with this name")

    def said(program: Sequence[str]) -> tuple[int, bytes, bytes]:
        done = subprocess.run(
            [*program, *arguments], env=clean, cwd=str(tmp_path), capture_output=True, timeout=20, check=False
        )
        return done.returncode, done.stdout, done.stderr.replace(os.fsencode(RM), b"rm")

    assert said([CONSOLE]) == said([RM])


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-", "2>&-", "<&-", "2>&1 >/dev/null", "2>&1"])
@pytest.mark.parametrize("arguments", ["-v f", "-iv f", "missing", "-v f missing"])
def test_descriptors_that_are_closed_or_full(redirection: str, arguments: str) -> None:
    with two(one_file) as (one, other, home):

        def said(program: str, root: str) -> tuple[int, bytes, bytes, list[str]]:
            line = f'"{program}" {arguments} {redirection}'
            done = subprocess.run(
                ["/bin/sh", "-c", line],
                env=environment(home),
                cwd=root,
                input=b"y\n",
                capture_output=True,
                timeout=20,
                check=False,
            )
            out, err = (text.replace(os.fsencode(RM), b"rm") for text in (done.stdout, done.stderr))
            return done.returncode, out, err, os.listdir(root)

        assert said(CONSOLE, other) == said(RM, one)


def test_help_and_version_say_whose_they_are() -> None:
    with two(nothing) as (_, other, home):
        shown = run_ours(other, home, [b"-rf", b"--help", b"--nonsense"])
        assert (shown.status, shown.err) == (0, b"")
        assert b"SafeShell" in shown.out
        for option in (b"-f", b"-i", b"-I", b"--one-file-system", b"--preserve-root", b"-r, -R", b"-d", b"-v"):
            assert option in shown.out
        shown = run_ours(other, home, [b"--vers"])
        assert shown[:3] == (0, f"rm (SafeShell) {__version__}\n".encode(), b"")


def test_only_a_line_of_the_answers_is_read() -> None:
    with two(one_file) as (_, other, home):
        line = f'"{CONSOLE}" -i f; cat'
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            env=environment(home),
            cwd=other,
            input=b"y\nrest",
            capture_output=True,
            check=False,
        )
        assert (done.stdout, os.listdir(other)) == (b"rest", [])


def test_it_imports_nothing_heavy() -> None:
    code = "import sys, safeshell.trash.command; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    heavy = {"click", "pydantic", "yaml", "dataclasses", "typing", "inspect", "re", "shutil", "subprocess", "lmdb"}
    assert not heavy & set(done.stdout.split())


def test_an_unusable_home_is_said() -> None:
    with two(one_file) as (_, other, home):
        os.rmdir(home)
        with open(home, "wb"):
            pass
        done = run_ours(other, home, [b"-f", b"f"])
        assert done.err == b"rm: cannot remove 'f': can't use the trash " + os.fsencode(home) + b"/trash: File exists\n"
        assert (done.status, len(done.left)) == (1, 1)


def test_a_home_whose_name_is_no_utf8_is_said() -> None:
    with two(one_file) as (_, other, home):
        odd = os.fsdecode(os.fsencode(home) + b"/\xe9")
        with open(odd, "wb"):
            pass
        done = run_ours(other, odd, [b"-f", b"f"])
        (line,) = done.err.splitlines()
        assert line.startswith(b"rm: cannot remove 'f': can't use the trash ")
        assert b"\\351" in line
        assert (done.status, len(done.left)) == (1, 1)

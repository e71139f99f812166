"""Makefiles that a line gives to make: the recipes of what is made run, by the shell that it takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from needs import need
from shell.nesting import shown

from safeshell.shell.limits import OverrunError
from safeshell.shell.make import make_files
from safeshell.shell.makefiles import Makefile
from safeshell.shell.nested_commands import Found, Input, NestedCommand
from safeshell.shell.programs import nested
from safeshell.shell.script_files import ScriptFile
from safeshell.shell.words import plain


def of(makefile: str | None, *arguments: str, whole: bool = True) -> list[str]:
    command = [plain(word) for word in ("make", *(arguments or ("-f", "-")))]
    return sorted(shown(answer) for answer in nested(command, Input(makefile, whole)))


@pytest.mark.parametrize(
    ("makefile", "found"),
    [
        ("a:\n\trm x\n", ["sh -c rm x"]),
        ("a: ; rm x", ["sh -c rm x"]),
        ("a:\n\t-@ +rm x\n\ty\n", ["sh -c rm x", "sh -c y"]),
        ("a:\n\trm \\\n\tx\n", ["sh -c rm \\\nx"]),
        ("a: b\n\tx\nb: ; y\nc: ; z", ["sh -c x", "sh -c y"]),
        (".PHONY: a\n# c: ; z\na: ; x", ["sh -c x"]),
        ("R = rm\na:\n\t$(R) ${R} $$R $R\n", ["sh -c rm rm $R rm"]),
        ("R = $(S)\nS := rm\na:\n\t$(R) x\n", ["sh -c rm x"]),
        ("R := r\nR += m\na:\n\t$(R)\n", ["sh -c r m"]),
        ("R = rm\nR ?= x\na: R = y\na:\n\t$(R)\n", ["sh -c y"]),
        ("define R\nrm x\ny\nendef\na:\n\t$(R)\n", ["sh -c rm x", "sh -c y"]),
        ("a: b c\n\trm $@ $< $^\nb c:\n", ["sh -c rm a b b c"]),
        ("%.o: %.c\n\trm x\na:\n", ["sh -c rm x"]),
        ("$(X): ; rm x\na:\n", ["sh -c rm x"]),
        ("X != rm x\na:\n", ["sh -c rm x"]),
        ("X := $(shell rm $(Y))\nY = y\na:\n", ["sh -c rm y"]),
        ("a:\n\techo $(shell rm x)\n", ["sh -c rm x", "sh -c ?echo ${make_shell}"]),
        ("a:\n\t$(wildcard *) $(FROM_OUTSIDE)\n", ["sh -c ?${make_wildcard} ${FROM_OUTSIDE}"]),
        ("ifdef X\nR=x\nelse\nR=y\nendif\na: ; $(R)", ["sh -c ?${make_R}"]),
        (".ONESHELL:\na:\n\tcd x\n\trm y\n", ["sh -c cd x\nrm y"]),
        ("SHELL = /bin/dash\na: ; rm x", ["/bin/dash -c rm x"]),
        ("", []),
        ("\trm x\n", []),
        (None, ["|?"]),
    ],
)
def test_recipes_run(makefile: str | None, found: list[str]) -> None:
    assert of(makefile) == sorted(found)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("-sf", "-", "b"), ["sh -c y"]),
        (("-f-", "a", "b"), ["sh -c x", "sh -c y"]),
        (("--file=/dev/stdin", "R=z", "c"), ["sh -c z"]),
        (("-j4", "-f", "-", "-C", "d"), ["sh -c x"]),
        (("-nf", "-", "b"), []),
        (("-f", "Makefile"), []),
        (("b",), []),
        (("--version", "-f", "-"), []),
        (("--eval", "a: ; w"), ["sh -c w"]),
        (("V=$(shell w)",), ["sh -c w"]),
        (("-f", "-", "SHELL=w"), ["w -c x"]),
    ],
)
def test_what_is_asked_for_runs(arguments: tuple[str, ...], found: list[str]) -> None:
    makefile = "R = r\na: ; x\nb: ; y\nc: ; $(R)\n"
    assert of(makefile, *arguments) == sorted(found)


def test_what_the_shell_expands_is_not_for_make() -> None:
    assert of("a:\n\trm $x ${y}\n", whole=False) == ["sh -c rm $x ${y}"]


@pytest.mark.needs("make")
@pytest.mark.parametrize(
    "makefile",
    [
        "R = echo\na: b\n\t@$(R) a \\\n\tc; echo $$(($(words 1 2) + 1)) >/dev/null\nb c:\n\t@echo $@\nd:\n\t@echo d\n",
        "define X\n@echo a\n@echo b\nendef\n.PHONY: z\nz: y ; $(X)\ny:\n\t-@echo y\nifdef NO_SUCH\nelse\nendif\n",
        "X := a # b\nX += c\nz: X = d\nz: ; @echo $X\n",
    ],
)
def test_make_itself_runs_no_other(makefile: str, tmp_path: Path) -> None:
    """The texts that make says it runs are those that are found."""
    # By way of `env -i`: `make test` has told this process how it was called.
    words = ["env", "-i", need("make"), "-n", "-f", "-"]
    done = subprocess.run(words, input=makefile, capture_output=True, text=True, check=True, cwd=tmp_path)
    said = [line for line in done.stdout.replace("\\\n", "").splitlines() if "$((" not in line]
    found = [one.removeprefix("sh -c ") for one in of(makefile)]
    assert sorted(said) == sorted(one.replace("\\\n", "") for one in found if "$((" not in one)


MAKEFILE = """\
OUT ?= out
all: lib.o
\tcc
%.o: %.c
\tgcc $@
$(OUT)/x: ; y
clean-%:
\trm $*
.PHONY: all
include more.mk $(NOT_KNOWN)
-include missing.mk
"""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("make", {"Makefile:3": "cc", "Makefile:5": "gcc lib.o"}),
        ("make all", {"Makefile:3": "cc", "Makefile:5": "gcc lib.o"}),
        ("make out/x", {"Makefile:6": "y"}),
        ("make more", {"more.mk:2": "included"}),
        ("make clean-a", {"Makefile:8": "rm ${make_target}"}),
        ("make missing", {}),
        ("make -n", {}),
        ("make -f Makefile -f other.mk other", {"other.mk:1": "z"}),
    ],
)
def test_of_a_file_only_what_is_made_runs(line: str, found: dict[str, str]) -> None:
    texts = {"more.mk": "more:\n\tincluded\n", "other.mk": "other: ; z"}

    def other(name: str) -> ScriptFile | None:
        return ScriptFile(f"/p/{name}", name, texts[name]) if name in texts else None

    (wanted,) = make_files([plain(word) for word in line.split()])
    file = ScriptFile("/p/Makefile", "Makefile", MAKEFILE)
    ran = {}
    for command, place in wanted.runs(Found(file, "/p", other, lambda: None)):
        assert isinstance(command, NestedCommand)
        assert command.directory == plain("/p")
        ran[place] = command.words[2].written
    assert ran == found


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("make", ["GNUmakefile", "makefile", "Makefile"]),
        ("gmake -C sub x", ["GNUmakefile", "makefile", "Makefile"]),
        ("make -f x.mk", ["x.mk"]),
        ("make -f -", None),
        ("make -C a -C b", None),
        ("make --version", None),
    ],
)
def test_the_makefiles_of_a_call_are_looked_for(line: str, names: list[str] | None) -> None:
    found = list(make_files([plain(word) for word in line.split()]))
    assert [list(wanted.names) for wanted in found] == ([] if names is None else [names])


def test_reading_a_makefile_comes_to_an_end_with_its_time() -> None:
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) > 10:
            raise OverrunError("too long")

    makefile = Makefile(certain=True, check=check)
    with pytest.raises(OverrunError):
        makefile.read("a: b\n" * 20)

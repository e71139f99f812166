"""What is known of commands' outputs: exact or unknown, and the real commands agree."""

from __future__ import annotations

import os
import random

import pytest
from needs import need
from shell import outputs_cases
from shell.outputs_fuzz import RUNS, compare, needed

from safeshell.shell.nested_commands import Input
from safeshell.shell.outputs import output
from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.untold import MOST, STEPS
from safeshell.shell.words import Literal, Unknown, Word, plain

UNKNOWN = Word((Unknown("$X", quoted=True, variable="X", several=False),), '"$X"')
SEVERAL = Word((Unknown("$X", quoted=False, variable="X"),), "$X")


def written(*words: str | Word, stdin: str | None = None, dialect: Dialect = Dialect.BASH) -> str | None:
    command = [plain(word) if isinstance(word, str) else word for word in words]
    return output(command, None if stdin is None else Input(stdin), dialect).text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["printf", r"rm -rf \x2f\n"], "rm -rf /\n"),
        (["printf", "%s -rf %s\n", "rm", "/", "a"], "rm -rf /\na -rf \n"),
        (["printf", "%s", r"\n"], r"\n"),
        (["printf", "%b|", r"r\0155\n", r"x\cy", "z"], "rm\n|x"),
        (["printf", "%5d|%-4x|%+.3i|%c|%%", "'A", "0xff", "-7", "xyz"], "   65|ff  |-007|x|%"),
        (["printf", "%*.*s|", "-4", "2", "abc"], "ab  |"),
        (["printf", "-v", "x", "rm"], ""),
        (["printf", r"a\0b"], "a\0b"),
        (["printf", "%d", "12x"], None),
        (["printf", r"\u00e9"], None),
        (["printf", "%5s", "é"], None),
        (["printf", "%.1f", "1"], None),
        (["printf", "%(%F)T"], None),
        (["printf", "%q", "a b"], None),
        (["printf"], None),
        (["printf", "%"], None),
    ],
)
def test_l7_printf_is_exact_or_unknown(words: list[str], text: str | None) -> None:
    assert written(*words) == text


@pytest.mark.parametrize(
    ("words", "bash", "sh", "zsh"),
    [
        (["echo", "a", "b"], "a b\n", "a b\n", "a b\n"),
        (["echo", "-n", "a"], "a", "a", "a"),
        (["echo", r"rm\n-rf"], "rm\\n-rf\n", None, "rm\n-rf\n"),
        (["echo", "-e", r"\0162m\x20-rf\c", "x"], "rm -rf", None, "rm -rf"),
        (["echo", "-E", r"a\tb"], "a\\tb\n", None, "a\\tb\n"),
        (["echo", r"\E\C-a\M-a"], "\\E\\C-a\\M-a\n", None, "\\E\\C-a\\M-a\n"),  # zsh's print reads them
        (["echo", "-", "a"], "- a\n", "- a\n", "a\n"),
        (["command", "echo", r"a\tb"], "a\\tb\n", None, "a\\tb\n"),
        (["env", "echo", "-e", r"\101\t"], "A\t\n", "A\t\n", "A\t\n"),
        (["/bin/echo", "-e", r"\101\t"], "A\t\n", "A\t\n", "A\t\n"),
        (["builtin", "echo", "-e", r"\101\t"], "\\101\t\n", None, "\\101\t\n"),
        (["./echo", "a"], None, None, None),
        (["env", "builtin", "echo", "a"], None, None, None),
        (["/usr/bin/command", "echo", "a"], None, None, None),
        (["/usr/bin/env", "echo", r"a\tb"], "a\\tb\n", "a\\tb\n", "a\\tb\n"),
    ],
)
def test_l7_echo_is_that_of_the_shell(words: list[str], bash: str | None, sh: str | None, zsh: str | None) -> None:
    assert written(*words) == bash
    assert written(*words, dialect=Dialect.SH) == sh
    assert written(*words, dialect=Dialect.ZSH) == zsh


def test_l7_a_precision_that_zsh_reads_as_another_number_is_left_to_the_run() -> None:
    assert written("printf", "%.010d", "8") == "0000000008"
    assert written("printf", "%.0Xa", "0") == "a"
    for form in ("%.010d", "%.0Xa"):
        assert written("printf", form, "8", dialect=Dialect.ZSH) is None
    assert written("printf", "%*c", "2", "x") == " x"
    assert written("printf", "%*c", "2", "x", dialect=Dialect.SH) is None


@pytest.mark.parametrize(
    ("words", "stdin", "text"),
    [
        (["cat"], "a\0b", "a\0b"),
        (["cat", "file"], "a", None),
        (["tee", "/dev/null"], "a\n", "a\n"),
        (["tee", "/dev/stdout"], "a\n", None),
        (["rev"], "/ fr- mr\nx", "rm -rf /\nx"),
        (["tac"], "a\nb\nc", "cb\na\n"),
        (["head", "-n1"], "a\nb\n", "a\n"),
        (["tail", "-n", "+2"], "a\nb\n", "b\n"),
        (["tail", "-c", "2"], "abc", "bc"),
        (["tr", "a-zA-Z", "n-za-mN-ZA-M"], "ez -es /", "rm -rf /"),
        (["tr", "-d", "x\\n"], "rxmx\n", "rm"),
        (["tr", "[:lower:]", "[:upper:]"], "rm", "RM"),
        (["tr", "-s", " "], "a   b", "a b"),
        (["tr", "a", "[x*2]"], "a", None),
        (["cut", "-c2-3,5"], "xrm -rf\n", "rm-\n"),
        (["cut", "-d:", "-f", "2-"], "x:rm:-rf\ny", "rm:-rf\ny\n"),
        (["cut", "-c2"], "é", None),
        (["base64", "-d"], "cm0gLXJm\nIC8K\n", "rm -rf /\n"),
        (["base64", "-d"], "cm0gLXJm IC8K\n", None),
        (["base64", "-di"], "cm0gLXJm IC8K\n", "rm -rf /\n"),
        (["base64", "-d"], "/w==", "\udcff"),
        (["base64", "-d"], "cm0gLXJmIC8", None),
        (["base64"], "rm -rf /\n", "cm0gLXJmIC8K\n"),
        (["openssl", "enc", "-base64", "-d"], "cm0gLXJmIC8K\n", "rm -rf /\n"),
        (["openssl", "base64", "-d", "-A"], "cm0gLXJmIC8K\n", "rm -rf /\n"),
        (["openssl", "base64", "-d", "-A"], "cm0g\nLXJmIC8K", None),
        (["openssl", "enc", "-aes256", "-d"], "cm0gLXJmIC8K\n", None),
        (["xxd", "-r", "-p"], "726d\n202f", "rm /"),
        (["xxd", "-p"], "rm /", "726d202f\n"),
        (["xxd", "-r"], "726d", None),
        (["sed", "p"], "a", None),
    ],
)
def test_l7_filters_are_exact_or_unknown(words: list[str], stdin: str, text: str | None) -> None:
    assert written(*words, stdin=stdin) == text


def test_filters_of_what_only_the_run_can_tell_are_unknown() -> None:
    assert written("cat") is None
    assert output([plain("tr"), plain("a"), plain("b")], Input("rm $X", whole=False)) == Input(None)
    assert output([plain("cat")], Input("rm $X", whole=False)) == Input("rm $X", whole=False)


def test_parts_that_only_the_run_can_tell_stay_as_written() -> None:
    assert output([plain("echo"), plain("rm"), UNKNOWN], None) == Input("rm $X\n", whole=False)
    assert output([plain("printf"), plain(r"rm\t%s\n"), UNKNOWN], None) == Input("rm\t$X\n", whole=False)
    mixed = Word((Literal(r"a\x20", quoted=True), Unknown("$X", quoted=True, variable="X", several=False)))
    assert output([plain("echo"), plain("-ne"), mixed], None) == Input("a $X", whole=False)


@pytest.mark.parametrize(
    "words",
    [
        ["printf", "%d", UNKNOWN],
        ["printf", "%5s", UNKNOWN],
        ["printf", "%b", UNKNOWN],
        ["printf", UNKNOWN],
        ["printf", "%s", SEVERAL],
        ["seq", UNKNOWN],
        ["cat", UNKNOWN],
        [UNKNOWN, "a"],
        [],
    ],
)
def test_what_an_unknown_word_changes_is_unknown(words: list[str | Word]) -> None:
    assert written(*words, stdin="a") is None


def test_dirname_takes_the_last_name_off() -> None:
    found = {path: written("dirname", path) for path in ("a/b", "a//b/", "a", "", "/a", "//", "./x.sh", "-x")}
    assert list(found.values()) == ["a\n", "a\n", ".\n", ".\n", "/\n", "/\n", ".\n", None]
    assert written("dirname", "--", "-x/y") == "-x\n"
    assert written("dirname", "a/b", "c") is None
    assert written("dirname") is written("dirname", "--") is None


def test_seq_counts_as_it_is_told() -> None:
    assert written("seq", "3") == "1\n2\n3\n"
    assert written("seq", "-s", ",", "5", "-2", "1") == "5,3,1\n"
    assert written("seq", "-w", "9", "10") == "09\n10\n"
    assert written("seq", "2", "1") == ""
    assert written("seq", "0.5", "2") is None


@pytest.mark.parametrize(
    "words",
    [
        ["printf", "%1000000000s"],
        ["printf", "%*s", "1000000000", "a"],
        ["printf", "%.1000000000d", "1"],
        ["printf", "%0999999999d", "1"],
        ["printf", "%.999999999f", "1"],
        ["printf", "%999999s", *["a"] * 1000],
        ["seq", "1000000000"],
        ["seq", "1000000000", "-1", "1"],
        ["echo", "a" * MOST],
        ["printf", "%d", "1" * MOST],
        ["printf", "%.0s", *["a"] * (STEPS + 1)],
        ["printf", r"\x41" * (STEPS + 1)],
        ["printf", "%b", r"\x41" * (STEPS + 1)],
        ["echo", "-e", r"\x41" * (STEPS + 1)],
    ],
)
def test_what_would_be_long_or_take_long_is_unknown_at_once(words: list[str]) -> None:
    assert written(*words) is None


def test_bytes_that_are_no_text_are_kept_and_what_is_no_byte_is_unknown() -> None:
    assert written("echo", "\udcff\udc80") == "\udcff\udc80\n"
    assert written("printf", r"\303\251") == "é"
    assert written("echo", "\ud800") is None


def test_the_comparison_finds_a_wrong_text(monkeypatch: pytest.MonkeyPatch) -> None:
    need("bash")
    monkeypatch.setattr(outputs_cases, "output", lambda *_: Input("wrong"))
    with pytest.raises(AssertionError, match="known b'wrong', real"):
        compare(random.Random(1), "bash", "echo, ordinary", 1)


@pytest.mark.parametrize(("name", "generator"), RUNS)
def test_the_real_commands_write_what_is_known(name: str, generator: str) -> None:
    need(*needed(name, generator))
    source = random.Random(int(os.environ.get("SEED", "15")))
    count = compare(source, name, generator, 20 if "rev" in needed(name, generator) or name == "coreutils" else 100)
    ordinary = generator.endswith("ordinary")
    assert count.known >= (0.6 if ordinary else 0.01) * count.made


@pytest.mark.parametrize(
    ("words", "stdin", "maybe"),
    [
        (["echo", r"\0162m"], None, ("rm\n", "\\0162m\n")),
        (["printf", r"\x72m"], None, ("\\x72m", "rm")),
        (["printf", r"%b", r"\162m"], None, ("rm",)),
        (["echo", "-e", "a"], None, ("a\n",)),
        (["cat"], Input(None, maybe=("a", "b")), ("a", "b")),
        (["cat"], Input(None), ()),
        (["date"], None, ()),
    ],
)
def test_of_sh_it_is_what_one_of_them_writes(words: list[str], stdin: Input | None, maybe: tuple[str, ...]) -> None:
    found = output([plain(word) for word in words], stdin, Dialect.SH)
    assert (found.text, found.maybe) == (None, maybe)

"""What holds for every text: nothing is lost, nothing raises, and the limits are kept."""

from __future__ import annotations

import contextlib

import pytest
from counting import calls
from hypothesis import example, given
from hypothesis import strategies as st
from shell.syntax.dump import dump

from safeshell.shell.limits import OverrunError
from safeshell.shell.syntax.accounting import unaccounted
from safeshell.shell.syntax.reader import parse
from safeshell.shell.syntax.state import DEPTH_MAX
from safeshell.shell.syntax.tree import Dialect, Script, Sequence, Simple, Text, Word

LINES = (  # table L of the first release's findings: each hid the rm
    (b"rm -rf 2>/dev/null /", "[rm -rf / <2> /dev/null>]"),
    (b"find / 2>/dev/null -name x -delete", "[find / -name x -delete <2> /dev/null>]"),
    (b"0</dev/null rm -rf /", "[rm -rf / <0< /dev/null>]"),
    (b"time { rm -rf /; }", "time {[rm -rf /]}"),
    (b"! ! rm -rf /", "! [rm -rf /]"),
    (b"coproc A=1 rm x", "(coproc  [A:=1 rm x])"),
    (b"f() { rm x; }; f", "(function f {[rm x]}); [f]"),
    (b"cd /tmp\n\\rm -rf /", "[cd /tmp]; ['r'+m -rf /]"),
    (b'cat <<EOF; "rm" -rf /\nEOF', "[cat <<< EOF >]; ['rm' -rf /]"),
    (b"cat <<EOF && { rm -rf /; }\nEOF", "[cat <<< EOF >] && {[rm -rf /]}"),
    (b"cat <<EOF\n`rm a` ${x:-`rm b`} `echo \\`rm c\\``\nEOF",
     "[cat <<< EOF `[rm a])q+' '+${x|:-|`[rm b])q}q+' '+`[echo `[rm c])])q+'⏎'>]"),
    (b"bash -euo pipefail -c 'rm -rf /'", "[bash -euo pipefail -c 'rm -rf /']"),
    (b"printf 'rm -rf \\x2f\\n' | sh", "[printf 'rm -rf \\x2f\\n'] | [sh]"),
    (b"xargs --replace bash -c 'rm {}'", "[xargs --replace bash -c 'rm {}']"),
    (b"rm -rf /\nif", "[rm -rf /] !9"),
    (b"echo a\\\r\nrm -rf /", "[echo a+'␍']; [rm -rf /]"),
    (b"x=(a) rm x", "[x:=(a) rm x]"),
    (b"((rm x) | cat)", "(([rm x]) | [cat])"),
    (b"rm \xff", "[rm \\xff]"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "tree"), LINES)
def test_lines_that_hid_a_command(text: bytes, tree: str) -> None:
    assert dump(parse(text, Dialect.BASH)) == tree


PIECES = (
    *("a", "b ", "x=1 ", " ", "\n", ";", "&", "|", "&&", "||", ";;", "(", ")", "{ ", "}", "'", '"', "`", "\\", "$"),
    *("$(", "${", "$((", "))", "((", "[[ ", " ]]", "<<E\n", "\nE\n", "<<-'E'", "<(", ">", "<", "2>&1", "=(", "x=("),
    *("if ", "then ", "else ", "fi", "while ", "do ", "done", "for i in ", "case a in ", "a) ", "esac", "f() ", "! "),
    *("$'", "*(", "@(", "*(e:", "${(f)", "repeat 2 ", "foreach x (", "end", "always ", "coproc ", "\\\n", "\0", "\r"),
    *("#", "x[", "time ", "é", "<<E\n$(a <<F)\nF\n ", "${x:-"),
)
TEXTS = st.one_of(
    st.binary(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map(lambda pieces: "".join(pieces).encode())
)
DIALECTS = st.sampled_from(Dialect)


@given(TEXTS, DIALECTS)
@example(b"$((a) " * 70, Dialect.BASH)
@example(b'"$(' * 70, Dialect.ZSH)
@example(b"<<x\n$(''<<END1)\nEND1\n ", Dialect.BASH)
def test_whatever_the_bytes(data: bytes, dialect: Dialect) -> None:
    try:
        script = parse(data, dialect)
    except OverrunError:
        return
    assert unaccounted(script) == []
    if script.broken:
        assert 0 <= script.broken.start <= script.broken.at <= len(script.data)
        assert script.broken.why.startswith("it ")


@given(TEXTS, DIALECTS)
def test_what_stands_before_an_error_is_read_as_if_alone(data: bytes, dialect: Dialect) -> None:
    try:
        script = parse(data, dialect)
        before = parse(data[: script.broken.start], dialect) if script.broken else script
    except OverrunError:
        return
    assert before.broken is None
    assert dump(before) == dump(Script(script.data, script.body))


QUOTED = st.binary(min_size=1, max_size=20).map(lambda data: data.replace(b"\0", b""))


@given(QUOTED, DIALECTS)
def test_a_quoted_word_is_given_back(data: bytes, dialect: Dialect) -> None:
    single = b"'" + data.replace(b"'", b"'\\''") + b"'"
    double = b'"' + b"".join([b"\\" + bytes([byte]) if byte in b'$`"\\' else bytes([byte]) for byte in data]) + b'"'
    script = parse(b"a " + single + b" " + double, dialect)
    command = script.body.items[0].pipelines[0].commands[0]
    assert isinstance(command, Simple)
    for word in command.words[1:]:
        assert isinstance(word, Word)
        assert b"".join([part.data for part in word.parts if isinstance(part, Text) and part.quoted]) == data


def test_a_text_ends_at_its_first_nul() -> None:
    assert dump(parse(b"a \0 b; 'c", Dialect.BASH)) == "[a]"


def test_nesting_is_bounded() -> None:
    for opens, closes in ((b"$(a ", b")"), (b'"$(a ', b')"'), (b"{ ", b";}"), (b'"${x:-', b'}"'), (b"<(a ", b")")):
        text = opens * DEPTH_MAX + b"a" + closes * DEPTH_MAX
        assert parse(text, Dialect.BASH).broken is None
        with pytest.raises(OverrunError, match=f"nests more than {DEPTH_MAX} deep"):
            parse(opens + text + closes, Dialect.BASH)


def test_a_deep_caller_is_told() -> None:
    def deeper(frames: int) -> Script:
        return deeper(frames - 1) if frames else parse(b"$(a " * 60 + b")" * 60, Dialect.BASH)

    with pytest.raises(OverrunError, match="nests too deep"):
        deeper(400)


def test_the_limit_ends_the_reading() -> None:
    class TooLateError(Exception):
        pass

    calls = 0

    def limit() -> None:
        nonlocal calls
        calls += 1
        if calls > 5:
            raise TooLateError

    for text in (b"a\n" * 100, b"a " * 10_000, b"x=(" + b"a " * 10_000, b"<<E " * 10_000):
        calls = 0
        with pytest.raises(TooLateError):
            parse(text, Dialect.BASH, limit=limit)


@pytest.mark.parametrize(
    "piece",
    [b"'a' ", b"<<E ", b"<<E\nE\n", b"$(a) ", b"`a`", b"\\a", b"\\\n", b"a;", b"a&&", b"x=(a) ", b"${x:-a}", b"$((1))",
     b'"$x"', b"[a]=b ", b"<<E\n\\\n", b"{", b"$x[", b"*(e:", b"a(b"],
)  # fmt: skip
def test_work_grows_with_the_text(piece: bytes) -> None:
    def work(size: int) -> None:
        for dialect in (Dialect.BASH, Dialect.ZSH):
            with contextlib.suppress(OverrunError):
                unaccounted(parse(piece * (size // len(piece)), dialect))

    # Four times as much takes some four times the calls; what is quadratic takes sixteen.
    assert calls(lambda: work(1 << 13)) < 6 * calls(lambda: work(1 << 11)) + 1000


def test_a_named_reserved_word_is_not_accounted_for() -> None:
    script = parse(b"a; b", Dialect.BASH)
    command = script.body.items[1].pipelines[0].commands[0]
    assert isinstance(command, Simple)
    assert unaccounted(script) == []
    word = command.words[0]
    assert isinstance(word, Word)
    word.parts = (Text(b"then", quoted=False),)
    assert unaccounted(script) == [(3, 4)]


def test_a_lost_word_is_not_accounted_for() -> None:
    script = parse(b"a b c; { d >e; }", Dialect.BASH)
    command = script.body.items[0].pipelines[0].commands[0]
    assert isinstance(command, Simple)
    command.words = (command.words[0], command.words[2])
    assert unaccounted(script) == [(2, 4)]
    script.body = Sequence((), 0, 0)
    assert unaccounted(script) == [(0, 16)]


@pytest.mark.parametrize("text", [b"x; ((a))", b"x; (a)", b"x; [[ a ]]", b"x; { a; }"])
def test_a_compound_begins_where_it_is_opened(text: bytes) -> None:
    command = parse(text, Dialect.BASH).body.items[1].pipelines[0].commands[0]
    assert (command.start, command.end) == (3, len(text))

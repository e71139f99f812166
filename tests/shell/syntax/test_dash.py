"""The grammar of POSIX, as dash reads it, where it is another than bash's."""

from __future__ import annotations

import pytest
from shell.syntax.dump import dump

from safeshell.shell.syntax.accounting import unaccounted
from safeshell.shell.syntax.reader import parse
from safeshell.shell.syntax.tree import Dialect

DASH = (
    (b"a &>b", "[a] &; [<> b>]"),
    (b"a <(b)", " !0"),
    (b"x=(a)", " !0"),
    (b"[[ a ]]", "[[[ a ]]]"),
    (b"function f { a; }", " !0"),
    (b"f() a", "(function f [a])"),
    (b"a.b() { c; }", " !0"),
    (b"for a.b in c; do d; done", " !0"),
    (b"`a;fi b` c", "[`[a] !2) c]"),
    (b"`if`", " !0"),
    (b"a 12>b", "[a 12 <> b>]"),
    (b"! ! a", " !0"),
    (b'"${x:-it\'s}"', "[${x|:-|'it's'}q]"),
    (b"${x/a/b}", "[${x|/a/b|a/b}]"),
    (b"a <<E\n$(if)\nE", " !0"),
    (b"$((a); b)", " !0"),
    (b"a |& b", " !0"),
    (b"time -p a", "[time -p a]"),
    (b"$(( 'a $(b) ))", "[$((' 'a '+$([b])q+' '))]"),
    (b'$(( "a $(b) ))', "[$((' \"a '+$([b])q+' '))]"),
    (b"a <<E\n$(b <<E\nc\nE\n)\nE\nd", "[a <<< E $([b <<< E 'c⏎'>])q+'⏎'>]; [d]"),
    (b"$'a'", "[$+'a']"),
    (b"select x in a; do b; done", " !0"),
    (b"echo x{a,b}", "[echo x{a,b}]"),
)

CASES = {
    "dash": DASH,
}


@pytest.mark.parametrize("kind", CASES)
def test_the_tree(kind: str) -> None:
    for text, tree in CASES[kind]:
        script = parse(text, Dialect.SH)
        assert (text, dump(script)) == (text, tree)
        assert unaccounted(script) == [], text

"""Zsh's own forms, kind by kind: texts and the trees that they are."""

from __future__ import annotations

import pytest
from shell.syntax.dump import dump

from safeshell.shell.syntax.accounting import unaccounted
from safeshell.shell.syntax.reader import parse
from safeshell.shell.syntax.tree import Dialect

SHORT = (
    (b"for x (a b) c; d", "(for x in a b do [c]); [d]"),
    (b"for x in a b; c; d", "(for x in a b do [c]); [d]"),
    (b"for x y in a b; do c; done", "(for x y in a b do [c])"),
    (b"foreach x (a b) c; d; end; e", "(for x in a b do [c]; [d]); [e]"),
    (b"foreach x in a; b; end", "(for x in a do [b])"),
    (b"if (a) { b } elif (c) { d } else { e }", "(if ([a]) then [b] if ([c]) then [d] else [e])"),
    (b"if [[ a ]] b; c", "(if (test a) then [b]); [c]"),
    (b"if a; then; fi", "(if [a] then )"),
    (b"while (a) { b }; c", "(while ([a]) do [b]); [c]"),
    (b"until (a) b; c", "(until ([a]) do [b]); [c]"),
    (b"repeat 2 a; b", "(repeat 2 do [a]); [b]"),
    (b"repeat 2 { a }", "(repeat 2 do [a])"),
    (b"repeat $(a) do b; done", "(repeat $([a]) do [b])"),
    (b"case a { b) c ;; }", "(case a b) [c] ;;)"),
    (b"case a in (b|c)) d;; (e) f;| (g|h)i) j;& esac", "(case a (b|c)) [d] ;; e) [f] ;| (g|h)i) [j] ;&)"),
    (b"for ((i=0;i<2;i++)) a; b", "(repeat 'i=0;i<2;i++' do [a]); [b]"),
    (b"select x (a) { b }", "(for x in a do [b])"),
    (b"{ a } always { b }; c", "{[a]} always {[b]}; [c]"),
    (b"{a}", "{[a]}"),
    (b"() { a $1 } b c", "(function  {[a ${1|}]} (b c))"),
    (b"() a b", "(function  [a b])"),
    (b"function { a } b", "(function  {[a]} (b))"),
    (b"function f g { a }", "(function f g {[a]})"),
    (b"f g () { a }", "(function f g {[a]})"),
    (b"f() a; b", "(function f [a]); [b]"),
    (b"coproc a | b", "(coproc  {[a] | [b]})"),
    (b"time a | b", "time [a] | [b]"),
    (b"[[ a = <1-5> && b = <-> ]]", "(test a = <1-5> b = <->)"),
    (b"[[ a < b ]]", "(test a < b)"),
    (b"$(('a $(b)))", "[$((''a '+$([b])q))]"),
    (b"*(e:'a':)\\", "[*(e:+'a'+:)+(e[a])+'']"),
    (b"a | time b", "[a] | {time [b]}"),
    (b"! a", "! [a]"),
    (b"nocorrect a; - b; noglob c", "[nocorrect a]; [- b]; [noglob c]"),
    (b"a &! b &| c", "[a] &; [b] &; [c]"),
)

WORDS = (
    (b"=a", "[=a]"),
    (b"a =(b) c<(d)", "[a =([b]) c+<([d])]"),
    (b"x==(a)", "[x:==([a])]"),
    (b"*(.) a(b|c)d (e|f)", "[*(.) a(b|c)d (e|f)]"),
    (b"*(e:'rm x':)", "[*(e:+'rm x'+:)+(e[rm x])]"),
    (b"*(e{rm x})", "[*(e{rm x})+(e[rm x])]"),
    (b"*(+cmd)", "[*(+cmd)+(+[cmd])]"),
    (b"*(oe:'a b':)", "[*(oe:+'a b'+:)+(e[a b])]"),
    (b"(a|be)", "([a] | [be])"),
    (b"*(e:$x:)", "[*(e:+${x|}+:)+(e !0)]"),
    (
        b'$+x $#x $=x $~x $^x $x[1] $x[$(a)] "$x[1] b" $x:h $x:t:r',
        "[${x|+} ${x|#} ${x|=} ${x|~} ${x|^} ${x|[1]|1} ${x|[$(a)]|$([a])} ${x|[1]|'1'}q+' b' ${x|:h} ${x|:t:r}]",
    ),
    (
        b"${(f)x} ${=x} ${#x} ${+x} ${${x}:-a} ${x:-{a}b} ${(e)$(a)}",
        "[${x|(f)} ${x|=} ${x|#} ${x|+} ${|${x}:-a|${x|}+:-a} ${x|:-|{a}b} ${|(e)$(a)|(e)+$([a])}]",
    ),
    (b"a <1-3> <->", "[a <1-3> <->]"),
    (b"a >!b >>|c &>|d 2>&1", "[a <>! b> <>>| c> <&>| d> <2>& 1>]"),
    (b"a }b {c", "[a }b {c]"),
    (b"{ a }", "{[a]}"),
    (b"a }", " !0"),
    (b"x=(a\nb;c)", "[x:=(a b c)]"),
    (b"x[2]=(a) b", "[x[2]:=(a) b]"),
    (b"export x=(a b)", "[export x:=(a b)]"),
    (b"$'\\C-a\\M-x\\x41\\q'", "['\x01\\xf8Aq']"),
    (b"a\\", "[a+'']"),
    (b"x[1 2]=a", "[x[1 2]=a]"),
    (b"=(a) b", "[=([a]) b]"),
    (b"$x[1 b]", "[${x|}+[1 b]]"),
)

OTHER = (
    (b"a &&", "[a]"),
    (b"while a", "(while [a] do )"),
    (b"[[ a == (b|c) && d =~ (e) ]]", "(test a == (b|c) d =~ (e))"),
    (b">x { a } <y", "{[a]} <> x> << y>"),
    (b">x if a; then b; fi", "(if [a] then [b]) <> x>"),
    (b"a <<E\n$(b)\nE", "[a <<< E $([b])q+'⏎'>]"),
    (b"${x", " !0"),
    (b"a; ; b", "[a]; [b]"),
    (b"(( 1 )) && a", "(test ' 1 ') && [a]"),
    (b"$((1)) $((a) )", "[$(('1')) $(([a]))]"),
    (b"{ a } b", " !0"),
    (b"g ( ) { a; }", " !0"),
)

CASES = {
    "short": SHORT,
    "words": WORDS,
    "other": OTHER,
}


@pytest.mark.parametrize("kind", CASES)
def test_the_tree(kind: str) -> None:
    for text, tree in CASES[kind]:
        script = parse(text, Dialect.ZSH)
        assert (text, dump(script)) == (text, tree)
        assert unaccounted(script) == [], text

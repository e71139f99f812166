"""Bash's grammar, kind by kind: texts and the trees that they are."""

from __future__ import annotations

import pytest
from shell.syntax.dump import dump

from safeshell.shell.syntax.accounting import unaccounted
from safeshell.shell.syntax.reader import parse
from safeshell.shell.syntax.tree import Dialect

WORDS = (
    (b"a 'b c' \\d", "[a 'b c' 'd']"),
    (b'"a $x" b""', "['a '+${x|}q b+'']"),
    (b'"a\\"\\$\\`\\\\\\n"', "['a\"$`\\\\n']"),
    (b"a'b'\\c", "[a+'bc']"),
    (b"$x${y}$1$@$$", "[${x|}+${y|}+${1|}+${@|}+${$|}]"),
    (b"a\\\nb", "[ab]"),
    (b"\\\n", ""),
    (b"echo a#b # c d", "[echo a#b]"),
    (b"a\\", "[a+'\\']"),
    (b"~ * {a,b} [c]", "[~ * {a,b} [c]]"),
    (b"a\rb", "[a␍b]"),
    (b"\xff\xfe", "[\\xff\\xfe]"),
)

QUOTES = (
    (b"$'a\\n\\x41\\101\\u00e9\\cA\\'\\q'", "['a⏎AAé\x01'\\q']"),
    (b"$'a\\0b' c", "['a' c]"),
    (b'$"a $x"', "['a '+${x|}q]"),
    (b"\"$'a'\"", "['$'a'']"),
    (b"''", "['']"),
    (b"a''", "[a+'']"),
    (b"'a\nb'", "['a⏎b']"),
    (b"a $x\\\n b\\\n", "[a ${x|} b]"),  # a joined line makes no word of a variable that is empty
    (b"a b\\", "[a b+'\\']"),  # a backslash that ends the text is gone where the last line began within '…'
    (b"x='\n'; a b\\", "[x:='⏎']; [a b+'']"),
    (b"x=$'\n'; a b\\", "[x:='⏎']; [a b+'']"),
    (b"x='\n'\na b\\", "[x:='⏎']; [a b+'\\']"),
    (b'x="\n"; a b\\', "[x:='⏎']; [a b+'\\']"),
)

EXPANSIONS = (
    (b"${x:-a b}", "[${x|:-|a b}]"),
    (b'"${x:-a "b" $y}"', "[${x|:-|'a b '+${y|}q}q]"),
    (b"\"${x:-'$(a)'}\"", "[${x|:-|'''+$([a])q+'''}q]"),
    (b"${x#'}'}", "[${x|#'}'|#+'}'}]"),
    (b'"${x%"}"}"', "[${x|%\"}\"|%+'}'}q]"),
    (b"${!x} ${#x} ${#} ${x[@]} ${x[$(a)]:-b}", "[${x|!} ${x|#} ${#|} ${x|[@]|[@]} ${x|[$(a)]:-b|[+$([a])+]:-b}]"),
    (b"${x/$(a)/b}", "[${x|/$(a)/b|/+$([a])+/b}]"),
    (b"$((1+(2)*$x))", "[$(('1+(2)*'+${x|}q))]"),
    (b"$((`a`+$(b)))", "[$((`[a])q+'+'+$([b])q))]"),
    (b"$((1+'a'\\''b'$(c)))", "[$(('1+'a'\\''b''+$([c])q))]"),
    (b"$((1+'a'$(b)))", "[$(('1+'a''+$([b])q))]"),
    (b"$(($'a\\'b'$(c)))", "[$(('a'b'+$([c])q))]"),
    (b"$[1+2]", "[$(('1+2'))]"),
    (b"${x@Q} ${x:1:2} ${x^^}", "[${x|@Q|@Q} ${x|:1:2|:1:2} ${x|^^|^^}]"),
    (b"$", "[$]"),
    (b"$%a", "[$%a]"),
    (b"${ a; }", "[${[a])]"),
    (b"${x-`a`}", "[${x|-|`[a])}]"),
)

SUBSTITUTIONS = (
    (b"$(a $(b) `c`)", "[$([a $([b]) `[c])])]"),
    (b'"$(a "b c")"', "[$([a 'b c'])q]"),
    (b"`a \\`b\\``", "[`[a `[b])])]"),
    (b'"`a \\"b\\"`"', "[`[a 'b'])q]"),
    (b"$()", "[$()]"),
    (b"$( a\n b # )\n)", "[$([a]; [b])]"),
    (b"<(a) >(b) c<(d)", "[<([a]) >([b]) c+<([d])]"),
    (b"$((a); (b))", "[$(([a]); ([b]))]"),
    (b"$(case x in a) b;; esac)", "[$((case x a) [b] ;;))]"),
    (b"$(a", " !0"),
    (b"`a", " !0"),
    (b"$(a;;)", " !0"),
    (b"`a;;` b", "[` !0) b]"),
    (b"`a\nfi`", "[`[a] !2)]"),
)

REDIRECTIONS = (
    (b"a 2>/dev/null b", "[a b <2> /dev/null>]"),
    (b"0</dev/null a", "[a <0< /dev/null>]"),
    (b">x", "[<> x>]"),
    (b"a>x b>>y<z", "[a b <> x> <>> y> << z>]"),
    (b"a &>x &>>y >|z <>w", "[a <&> x> <&>> y> <>| z> <<> w>]"),
    (b"a 2>&1 >&- <&3", "[a <2>& 1> <>& -> <<& 3>]"),
    (b"{fd}>x a", "[a <{fd}> x>]"),
    (b"a <<<'b c'", "[a <<<< 'b c'>]"),
    (b"10>x a", "[a <10> x>]"),
    (b"a 1>x2 3", "[a 3 <1> x2>]"),
    (b"a >$(b) c", "[a c <> $([b])>]"),
)

DOCUMENTS = (
    (b"a <<E\nb $x\nE\nc", "[a <<< E 'b '+${x|}q+'⏎'>]; [c]"),
    (b"a <<'E'; b\n$x\nE\nc", "[a <<< 'E' '$x⏎'>]; [b]; [c]"),
    (b"a <<-E <<F\n\tb\n\tE\nc\nF\nd", "[a <<<- E 'b⏎'> <<< F 'c⏎'>]; [d]"),
    (b"a <<E", "[a <<< E …>]"),
    (b"a <<E\nb", "[a <<< E 'b'…>]"),
    (b"a <<E && { b; }\n`c` $(d)\nE", "[a <<< E `[c])q+' '+$([d])q+'⏎'>] && {[b]}"),
    (b"a <<\\E\\F\nb\nEF\n", "[a <<< 'EF' 'b⏎'>]"),
    (b"a <<E\nb\\\nE\nE\nc", "[a <<< E 'bE⏎'>]; [c]"),
    (b"a <<-E\n\t`b 'c\n\td'`\n\tE\n", "[a <<<- E ''+`[b 'c⏎d'])q+'⏎'>]"),
    (b"$(a <<E\nb\nE\n)", "[$([a <<< E 'b⏎'>])]"),
    (b"$(a <<E\nb\nE) c", "[$([a <<< E 'b⏎'>]) c]"),
    (b"$(a <<E) b\nc\nE\nd", "[$([a <<< E 'c⏎'>]) b]; [d]"),
    (b"a <<E\n$(b) $(;;) $(c)\nE\nd", "[a <<< E $([b])q+' '+$( !13)q+';;) '+$([c])q+'⏎'>]; [d]"),
    (b'"$(a <<E)\nb\nE\nc" d', "[$([a <<< E 'b⏎'>])q+'⏎c' d]"),
    (b"x[$(a <<E)\nb\nE\n1]=c", "[x[$([a <<< E 'b⏎'>])+⏎1]:=c]"),
    (b"a <<E | b\nc\nE", "[a <<< E 'c⏎'>] | [b]"),
)

ASSIGNMENTS = (
    (b"x=1 y= a b=2", "[x:=1 y:= a b=2]"),
    (b"x+=a$y b", "[x+:=a+${y|} b]"),
    (b"x=(a 'b' $c) d", "[x:=(a 'b' ${c|}) d]"),
    (b"x=(\na # b\n[1]=c)", "[x:=(a [1]=c)]"),
    (b"x[1 2]=a b", "[x[1 2]:=a b]"),
    (b"x[$(a)]+=b", "[x[$([a])]+:=b]"),
    (b"export x=$y a", "[export x:=${y|} a]"),
    (b"declare -a x=(1 2)", "[declare -a x:=(1 2)]"),
    (b"a x=1", "[a x=1]"),
    (b">f x=(a) b", "[x:=(a) b <> f>]"),
    (b"1x=a", "[1x=a]"),
)

LISTS = (
    (b"a; b & c\nd", "[a]; [b] &; [c]; [d]"),
    (b"a && b || c", "[a] && [b] || [c]"),
    (b"a | b |& c", "[a] | [b] | [c]"),
    (b"a &&\n\nb", "[a] && [b]"),
    (b"! a", "! [a]"),
    (b"! ! a", "! [a]"),
    (b"! time -p a", "! time [a]"),
    (b"time", "time []"),
    (b"!", "! []"),
    (b"a;;b", " !0"),
    (b"; a", " !0"),
    (b"a & & b", " !0"),
    (b"(a)b", " !0"),
    (b"a\n\n\nb\n", "[a]; [b]"),
)

COMPOUNDS = (
    (b"(a; b) >c", "([a]; [b]) <> c>"),
    (b"{ a; }; }", " !0"),
    (b"if a; then b; elif c; then d; else e; fi", "(if [a] then [b] if [c] then [d] else [e])"),
    (b"while a; do b; done <c", "(while [a] do [b]) << c>"),
    (b"until a\ndo b\ndone", "(until [a] do [b])"),
    (b"for i in a b; do c; done", "(for i in a b do [c])"),
    (b"for i; do c; done", "(for i in @ do [c])"),
    (b"for i do c; done", "(for i in @ do [c])"),
    (b"for ((i=0;i<1;i++)); do a; done", "(repeat 'i=0;i<1;i++' do [a])"),
    (b"for i in a; { b; }", "(for i in a do [b])"),
    (b"case $x in (a|b) c;; d) e;& *) ;;& esac", "(case ${x|} a|b) [c] ;; d) [e] ;& *)  ;;&)"),
    (b"case a in esac", "(case a )"),
    (b"case a\nin b) c\nesac", "(case a b) [c])"),
    (b"select x in a; do b; done", "(for x in a do [b])"),
    (b"[[ -f a && ( b == @(c|d) || ! $e =~ ^(f|g )$ ) ]]", "(test -f a b == @(c|d) ! ${e|} =~ ^(f|g )$)"),
    (b'[[ a =~ (x|"$(a <<E)"\nb\nE\n) ]]', "(test a =~ (x|+$([a <<< E 'b⏎'>])q+⏎))"),
    (b"[[ a < b ]] && c", "(test a < b) && [c]"),
    (b"((x=1+(2)))", "(test 'x=1+(2)')"),
    (b"((a 'it''s') | b)", "(([a 'its']) | [b])"),
    (b"if a; then b; fi\\", "(if [a] then [b])"),
    (b"{ a; }\\", "{[a]}"),
    (b"((a) | b)", "(([a]) | [b])"),
    (b"((a); b)", "(([a]); [b])"),
    (b"f() { a; } >b", "(function f {[a]} <> b>)"),
    (b"f() (a)", "(function f ([a]))"),
    (b"function g { a; }", "(function g {[a]})"),
    (b"function h() if a; then b; fi", "(function h (if [a] then [b]))"),
    (b"coproc a b", "(coproc  [a b])"),
    (b"coproc A=1 rm x", "(coproc  [A:=1 rm x])"),
    (b"coproc N { a; }", "(coproc N {[a]})"),
    (b"time { a; }", "time {[a]}"),
    (b"f() a", " !0"),
    (b"{ a", " !0"),
    (b"( )", " !0"),
    (b"if a; then fi", " !0"),
    (b"echo if then { }", "[echo if then { }]"),
    (b"if\\\n a; th\\\nen b; fi", "(if [a] then [b])"),
)

ERRORS = (
    (b"a\nif", "[a] !2"),
    (b"a; if\nb", " !0"),
    (b"a\n)\nb", "[a] !2"),
    (b"a 'b\nc", " !0"),
    (b"a\n$(b\nfi)", "[a] !2"),
    (b"a )", " !0"),
    (b"a\nfi; b", "[a] !2"),
    (b"a\nb |", "[a] !2"),
)

CASES = {
    "words": WORDS,
    "quotes": QUOTES,
    "expansions": EXPANSIONS,
    "substitutions": SUBSTITUTIONS,
    "redirections": REDIRECTIONS,
    "documents": DOCUMENTS,
    "assignments": ASSIGNMENTS,
    "lists": LISTS,
    "compounds": COMPOUNDS,
    "errors": ERRORS,
}


@pytest.mark.parametrize("kind", CASES)
def test_the_tree(kind: str) -> None:
    for text, tree in CASES[kind]:
        script = parse(text, Dialect.BASH)
        assert (text, dump(script)) == (text, tree)
        assert unaccounted(script) == [], text

"""Generated shell texts: some are in order, some nearly, some are heaps of what the grammar is made of. Seeded."""

from __future__ import annotations

import random

from safeshell.shell.syntax.tree import Dialect

_HEAP = (
    *("a", "b", "x=1", "-n", "2", "'q r'", '"d $x"', "$x", "${x}", "${x:-y}", "${x#'}'}", '"${x%"z"}"', "$(a)", "`b`"),
    *("$((1+2))", "\\;", "\\\n", "é", ";", "&", "|", "&&", "||", ";;", "(", ")", "{", "}", "\n", "\n", "\n", "!", ">f"),
    *(
        "2>&1",
        "<g",
        ">>",
        "<",
        "<<E",
        "\nE\n",
        "<<'E'",
        "<<-E",
        "\tE",
        "E",
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "while",
    ),
    *(
        "until",
        "do",
        "done",
        "for",
        "in",
        "case",
        "esac",
        "a)",
        "*)",
        "(a|b)",
        "f()",
        "f ( )",
        "#c",
        "'",
        '"',
        "`",
        "$(",
    ),
    *("${", "$((", "))", "$", "\\", "=", "~", "*", "[a]", "?", " ", " ", " ", " ", ";", ";"),
)
_HEAPS = {
    Dialect.SH: _HEAP,
    Dialect.BASH: (
        *_HEAP,
        *("[[", "]]", "((", "select", "function", "coproc", "time", "-p", "--", "|&", "&>", "&>>", "<<<", "<(", ">("),
        *("x=(", "x+=(", "x[1]=2", "x[", "{fd}>", "$'a\\'b'", '$"', "$[", "]", ";&", ";;&", "@(", "!(", "==", "=~"),
        *("-f", "<>", ">|", "declare", "let", "[1]=a"),
    ),
    Dialect.ZSH: (
        *_HEAP,
        *("[[", "]]", "((", "repeat", "foreach", "end", "always", "function", "time", "|&", "&>", ">!", "<<<", "<("),
        *("=(", "x=(", "&!", "&|", "$'a'", "${(f)x}", "${=x}", "$#x", "$+x", "$x[1]", "*(.)", "(a|b)", "~", "^", "=a"),
        *("{}", "noglob", "select", "() {", "-", "${${x}}", "*(e:'b':)", "<1-3>", ";|", ";&"),
    ),
}


def text(seed: int, dialect: Dialect) -> str:
    """A text of a shell."""
    source = random.Random(seed)
    heap = _HEAPS[dialect]
    kind = source.random()
    if kind < 0.35:
        pieces = [source.choice(heap) + source.choice((" ", " ", " ", "")) for _ in range(source.randrange(2, 12))]
        return "".join(pieces)
    found = _Writer(source, dialect).text()
    return found if kind < 0.7 else _changed(source, found, heap)


def _changed(source: random.Random, found: str, heap: tuple[str, ...]) -> str:
    for _ in range(source.choice((1, 1, 2, 3))):
        at, kind = source.randrange(len(found) + 1), source.random()
        if kind < 0.5:
            found = found[:at] + found[at + source.randrange(1, 5) :]
        elif kind < 0.85:
            found = found[:at] + source.choice(heap) + found[at:]
        else:
            found = found[:at] + found[at : at + source.randrange(20)] + found[at:]
    return found


class _Writer:
    """Writes what is in order."""

    def __init__(self, source: random.Random, dialect: Dialect) -> None:
        self._source = source
        self._sh = dialect is Dialect.SH
        self._zsh = dialect is Dialect.ZSH
        self._depth = 0

    def _one(self, *choices: str) -> str:
        return self._source.choice(choices)

    def _chance(self, share: float) -> bool:
        return self._source.random() < share

    def text(self) -> str:
        found = self._list()
        if self._chance(0.3):
            blanks = [at for at, char in enumerate(found) if char == " "]
            at = self._source.choice(blanks) if blanks else len(found)
            found = found[:at] + self._one(" <<E ", " <<'E' ", " <<-E ", " <<\\E ", ' <<"E F" ') + found[at:] + "\n"
            found += self._one("body $x", "`a`", "$(b)", "it's", "") + "\n"
            found += self._one("E\n", "\tE\n", "E", "", "E F\n", f"E\n{self._list()}")
        return found

    def _word(self) -> str:
        self._depth += 1
        kind = self._source.random()
        if self._depth > 4 or kind < 0.5:
            found = self._one("a", "b", "-n", "x1", "'q;r'", '"d e"', "$x", "\\;", "a'b'c", "*.c", "~", "a=b", "2", "@")
        elif kind < 0.6:
            inside = self._one("$x", "${x}", self._sub(), '${x:-"a b"}', "`a`", "$((1+1))", '\\"', "\\$")
            found = f'"{self._one("", "a ", chr(39))}{inside}{self._one("", " b")}"'
        elif kind < 0.68:
            found = self._sub()
        elif kind < 0.76:
            operator = self._one(":-", "-", ":=", "+", "#", "%%") if self._sh else self._one(":-", "+", "#", "/", "%%")
            found = f"${{x{operator}{self._word()}}}"
        elif kind < 0.8:
            found = f"$(({self._one('1', 'x', '(1)', '$x', self._sub())}{self._one('', '+(2)')}))"
        elif kind < 0.84:
            found = self._one("`a`", "`a b`", "`echo 'x'`", "`a; b`", "`a \\`b\\``")
        elif self._sh:
            found = self._word() + self._word()
        else:
            found = self._one(f"<({self._list()})", "$'a\\'b'", "$[1+2]", "a<(b)", f">({self._list()})")
        self._depth -= 1
        return found

    def _sub(self) -> str:
        return f"$({self._one('', ' ', chr(10))}{self._list()}{self._one('', ' ', chr(10))})"

    def _redirect(self) -> str:
        operators = (">", "<", ">>", "2>", "2>&1 >", "<>", ">|")
        return self._one(*operators, *(() if self._sh else ("&>", "<<<"))) + self._one(
            "a", " b", " 'c d'", f" {self._word()}"
        )

    def _simple(self) -> str:
        words = [self._word() for _ in range(self._source.choice((1, 1, 2, 3)))]
        if self._chance(0.25):
            words.insert(self._source.randrange(len(words) + 1), self._redirect())
        if self._chance(0.3):
            arrays = () if self._sh else ("x=(a b)", "x[1]=2", "x+=(c)")
            words.insert(0, self._one("x=1", "y=", f"x={self._word()}", *arrays))
        return " ".join(words)

    def _separator(self) -> str:
        return self._one("; ", " ;\n", "\n", " & ", "\n\n", " # c\n")

    def _body(self) -> str:
        return self._list() + self._separator()

    def _command(self) -> str:
        if self._depth > 4 or self._chance(0.5):
            return self._simple()
        self._depth += 1
        forms = [self._grouped, self._branched, self._looped, self._chosen, self._defined]
        if not self._sh:
            forms += [self._tested, self._counted, self._more]
        found = self._source.choice(forms)()
        self._depth -= 1
        return f"{found} {self._redirect()}" if self._chance(0.15) else found

    def _grouped(self) -> str:
        return self._one(f"({self._list()})", f"{{ {self._body()}}}", f"((a); {self._list()})")

    def _branched(self) -> str:
        more = self._one("", f"elif {self._body()}then {self._body()}") + self._one("", f"else {self._body()}")
        return f"if {self._body()}then {self._body()}{more}fi"

    def _looped(self) -> str:
        head = self._one("; ", " in a b; ", "\n", " in\n", f" in {self._word()}\n", " ")
        loop = f"{self._one('while', 'until')} {self._body()}"
        return f"{self._one(loop, f'for i{head}')}do {self._body()}done"

    def _chosen(self) -> str:
        first = self._one("", f"a) {self._list()};;\n", f" (b|c) {self._body()};; ", "*) ;; ", f"a) {self._body()}")
        return f"case {self._word()}{self._one(' ', chr(10))}in {first} esac"

    def _defined(self) -> str:
        return self._one("f() ", "f ()\n") + self._one(f"{{ {self._body()}}}", f"({self._list()})")

    def _tested(self) -> str:
        tests = ("-f a", "a == b", "a", "! a", "a && b", "( a || b )", "$x =~ ^(a|b)$", "a < b", "-n $x && a -eq 1")
        return f"[[ {self._one(*tests, f'$x != {self._word()}')} ]]"

    def _counted(self) -> str:
        loop = f"for ((i=0;i<1;i++)){self._one(';', '', chr(10))} do {self._body()}done"
        return self._one(f"(({self._one('1', 'x=1', '(1)+2', 'a[1]', self._sub())}))", loop)

    def _more(self) -> str:
        if self._zsh:
            short = (f"for i (a b) {self._simple()}", f"repeat 2 {self._simple()}", f"if [[ a ]] {{ {self._list()} }}")
            return self._one(
                *short, f"{{ {self._body()}}} always {{ a }}", f"() {{ {self._list()} }} b", f"time {self._simple()}"
            )
        coproc = f"coproc {self._one('', 'N { a; }', '{ a; }')}"
        return self._one(f"function h {self._one('', '() ')}{{ {self._body()}}}", f"time {self._simple()}", coproc)

    def _pipeline(self) -> str:
        found = self._one("", "", "", "! ") + self._command()
        while self._chance(0.2):
            found += self._one(" | ", "|", "|\n", "|" if self._sh else " |& ") + self._command()
        return found

    def _list(self) -> str:
        self._depth += 1
        found = self._pipeline()
        while self._chance(0.3):
            found += self._one(" && ", "||", "&&\n", self._separator()) + self._pipeline()
        self._depth -= 1
        return found

"""Interpreters: where their arguments and input hold code, and what that code runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from safeshell.command.programs.record import Wrapper
from safeshell.shell.nested_commands import Input, Nested
from safeshell.shell.words import Word, plain
from safeshell.shell.wrapped import WordReading


class Interpreter(NamedTuple):
    """How an interpreter is given code.

    Attributes:
        row: its options.
        language: its name in `code.languages.LANGUAGES`.
        codes: options whose value is code.
        files: options that give a file of code, so that no operand does.
        verbs: subcommands of which the first operand is code.
        first: the first operand is code.
        spelled: options of its own spelling, and what they mean.
    """

    row: Wrapper
    language: str
    codes: tuple[str, ...]
    files: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    first: bool = False
    spelled: Mapping[str, str] = MappingProxyType({})


_PYTHON = Interpreter(
    Wrapper("bBc:dEhiIm:OPqsStuvVW:X:x", "check-hash-based-pycs= help version", ("-h", "-V", "--help", "--version")),
    "python",
    ("-c",),
    ("-m",),
)
_NODE = Interpreter(
    Wrapper(
        "e:p:cir:C:hv",
        "eval= print= check interactive require= import= input-type= conditions= loader= experimental-loader= "
        "env-file= inspect max-old-space-size= stack-trace-limit= title= test help version",
        ("-h", "-v", "--help", "--version", "-c", "--check"),
        exact=True,
    ),
    "javascript",
    ("-e", "--eval", "-p", "--print"),
    spelled={"-pe": "-p"},
)
_AWK = Interpreter(
    Wrapper(
        "F:v:f:e:i:l:E:L::o::p::d::D::bcCghkMnNOPrsStVW:",
        "field-separator= assign= file= source= include= load= "
        "exec= lint dump-variables pretty-print debug profile sandbox posix traditional help version",
    ),
    "awk",
    ("-e", "--source"),
    ("-f", "--file", "-E", "--exec"),
    first=True,
)
_PERL = Interpreter(
    Wrapper("acde:E:F::hi::I:M::m::nplsStTuUvwWXx::f0", "help version", ("-h", "-v", "-c", "--help", "--version")),
    "perl",
    ("-e", "-E"),
)

INTERPRETERS: dict[str, Interpreter] = {
    **dict.fromkeys(("python", "pypy", "ipython", "bpython", "micropython", "jython", "sage"), _PYTHON),
    **dict.fromkeys(("node", "nodejs", "electron", "qjs"), _NODE),
    "bun": Interpreter(
        Wrapper("e:p:r:", "eval= print= preload= cwd=", exact=True), "javascript", ("-e", "--eval", "-p", "--print")
    ),
    **dict.fromkeys(("tsx", "ts-node", "jsc", "d8", "esno"), _NODE),
    "deno": Interpreter(Wrapper("A", "allow-all ext= print", exact=True), "javascript", (), verbs=("eval", "run")),
    "perl": _PERL,
    **dict.fromkeys(
        ("ruby", "jruby", "truffleruby"),
        Interpreter(
            Wrapper(
                "0aC:cdE:e:F::hi::I:lnpr:sSvwW::x::K:",
                "encoding= external-encoding= help version yjit",
                ("-c", "-h", "--help", "--version"),
            ),
            "ruby",
            ("-e",),
        ),
    ),
    "php": Interpreter(
        Wrapper(
            "ac:d:ef:F:hiHlm:nqr:R:B:E:sS:t:vwz:",
            "run= process-code= process-begin= process-end= file= define= php-ini= help version",
            ("-h", "-v", "-i", "-l", "--help", "--version"),
        ),
        "php",
        ("-r", "-R", "-B", "-E", "--run", "--process-code", "--process-begin", "--process-end"),
        ("-f", "-F", "--file", "-S"),
    ),
    **dict.fromkeys(("lua", "luajit", "texlua", "nlua"), Interpreter(Wrapper("e:l:iEWv"), "lua", ("-e",))),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk", "original-awk", "goawk"), _AWK),
    **dict.fromkeys(
        ("R", "Rscript", "littler", "r"),
        Interpreter(
            Wrapper("e:f:g:d:", "file= args gui= debugger= encoding= no-save vanilla slave", ("--version", "--help")),
            "r",
            ("-e",),
            ("-f", "--file"),
        ),
    ),
    "julia": Interpreter(
        Wrapper("e:E:p:t:J:L:hviq", "eval= print= project= threads= load= sysimage=", ("-h", "-v")),
        "julia",
        ("-e", "-E", "--eval", "--print"),
    ),
    **dict.fromkeys(
        ("elixir", "iex"),
        Interpreter(Wrapper("e:r:S:", "eval= require= rpc-eval= sname= name="), "elixir", ("-e", "--eval")),
    ),
}
"""By name, without its version."""

_INPUTS = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def run_by_code(name: str, words: list[Word], stdin: Input | None) -> Iterator[Nested]:
    """What the code that an interpreter is given runs and deletes.

    Args:
        name: the interpreter's.
        words: it with its arguments.
        stdin: what it reads.
    """
    known = INTERPRETERS[name]
    meant = [known.spelled.get(word.literal or "") for word in words]
    row_words = [word if text is None else plain(text) for word, text in zip(words, meant, strict=True)]
    reading = WordReading(row_words, known.row)
    if not reading.read():
        return
    rest = reading.words[reading.at :]
    codes = reading.values(known.codes)
    if known.verbs:
        if not rest or rest[0].literal not in known.verbs:
            return
        verb = WordReading(rest, known.row)
        verb.read()
        rest = verb.words[verb.at :]
        codes = rest[:1] if verb.words[0].literal == "eval" else []
    elsewhere = reading.has(*known.files)
    if known.first and not codes and not elsewhere:
        codes = rest[:1]
    from safeshell.shell.code.deeds import code_of, done_by  # noqa: PLC0415 # few commands are interpreters with code
    from safeshell.shell.code.languages import LANGUAGES  # noqa: PLC0415 # as above

    language = LANGUAGES[known.language]
    given, holes = [], []
    for code in codes:
        text, found = code_of(code)
        given.append(text)
        holes += found if len(codes) == 1 else []
    reads = not codes and not elsewhere and not known.first and (not rest or rest[0].literal in _INPUTS)
    if reads and stdin is not None and stdin.text is not None:
        given.append(stdin.text)
    if given:
        yield from done_by("\n".join(given), language, holes)

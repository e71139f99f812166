"""Interpreters, by their names without a version."""

from __future__ import annotations

from safeshell.command.programs.description import Interpreter, Programs, Runs
from safeshell.command.programs.record import Wrapper, words

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
        "field-separator= assign= file= source= include= load= exec= lint dump-variables pretty-print debug profile "
        "sandbox posix traditional help version",
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

PROGRAMS: Programs = {
    **dict.fromkeys(
        ("erl", "werl"),
        Runs("", "eval=", scripts=("--eval",), single=True, escape=r'\bos:cmd\(\s*"(?P<call>(?:[^"\\]|\\.)*)"'),
    ),
    "guile": Runs(
        "c:e:l:s:L:C:x:q",
        scripts=("-c",),
        reads=True,
        escape=r'\(system\s+"(?P<call>(?:[^"\\]|\\.)*)"|\(system\*\s+(?P<text>"[^()]*)',
    ),
    "osascript": Runs(
        "e:l:s:i", scripts=("-e",), reads=True, escape=r'(?i)\bdo shell script\s+"(?P<call>(?:[^"\\]|\\.)*)"'
    ),
    **dict.fromkeys(("python", "pypy", "ipython", "bpython", "micropython", "jython", "sage"), _PYTHON),
    **dict.fromkeys(words("node nodejs electron qjs tsx ts-node jsc d8 esno"), _NODE),
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

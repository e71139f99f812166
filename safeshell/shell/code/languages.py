"""Languages: how each writes strings, and which of its calls run or delete something."""

from __future__ import annotations

from typing import NamedTuple

from safeshell.shell.code.lexer import Quote, Syntax


class Language(NamedTuple):
    """A language.

    Attributes:
        syntax: how it is written.
        calls: what calls do, by their full name; `*.NAME` for a method of anything.
        joins: operators that join strings.
        bare: whether a call needs no parentheses.
        imports: patterns of imports: the group `module`, and `alias` for it, or `names` from it.
        values: functions whose value is that of their arguments: a path joined, or the one argument itself.
        adjacent: whether strings beside one another are one.
        piping: whether `|` before a string runs it, as awk has it.
    """

    syntax: Syntax
    calls: dict[str, str]
    joins: tuple[str, ...] = ()
    bare: bool = False
    imports: tuple[str, ...] = ()
    values: dict[str, str] = {}  # noqa: RUF012 # a tuple's default, never changed
    adjacent: bool = False
    piping: bool = False


# What a call does: `text` has a shell read its first argument; `words` runs its arguments, or has a shell read the only
# one; `program` runs the first with the list that is the second, `list` the list that is the first; `subprocess` is
# Python's; `execl` and `execv` take a path and then argv, `spawnl` and `spawnv` a mode before; `delete` deletes its
# first argument, `delete-all` all of them, `delete-self` the path that it is a method of; `code` is more of the same
# language; `pipe` is perl's open.

_EXEC = {
    f"os.{name}{letters}": kind
    for name, kinds in (("exec", ("execl", "execv")), ("spawn", ("spawnl", "spawnv")))
    for kind in kinds
    for letters in (kind[-1], f"{kind[-1]}e", f"{kind[-1]}p", f"{kind[-1]}pe")
}
_SUBPROCESS = ("run", "call", "check_call", "check_output", "Popen")

PYTHON = Language(
    Syntax(
        r"#[^\n]*",
        (
            Quote(r"(?:[rR][bB]?|[bB][rR])(?P<open>\"\"\"|'''|\"|')", raw=True),
            Quote(
                r"(?:[fF][rR]|[rR][fF])(?P<open>\"\"\"|'''|\"|')",
                r"\{\{|\}\}|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}",
                raw=True,
            ),
            Quote(r"[fF](?P<open>\"\"\"|'''|\"|')", r"\{\{|\}\}|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"),
            Quote(r"[bBuU]?(?P<open>\"\"\"|'''|\"|')"),
        ),
        name=r"[^\W\d]\w*",
        doubled=True,
    ),
    {
        **dict.fromkeys(
            ("os.system", "os.popen", "posix.system", "pty.spawn", "commands.getoutput", "pexpect.run"), "text"
        ),
        **dict.fromkeys(("subprocess.getoutput", "subprocess.getstatusoutput", "commands.getstatusoutput"), "text"),
        **dict.fromkeys(("asyncio.create_subprocess_shell", "pexpect.spawn", "os.popen2", "os.popen3"), "text"),
        **{f"subprocess.{name}": "subprocess" for name in _SUBPROCESS},
        **{f"*.{name}": "subprocess" for name in ("check_call", "check_output", "Popen")},
        **_EXEC,
        **dict.fromkeys(("os.posix_spawn", "os.posix_spawnp"), "execv"),
        "asyncio.create_subprocess_exec": "program",
        **dict.fromkeys(("os.remove", "os.unlink", "os.rmdir", "os.removedirs", "shutil.rmtree", "*.rmtree"), "delete"),
        **dict.fromkeys(("*.unlink", "*.rmdir"), "delete-self"),
        **dict.fromkeys(("exec", "eval", "compile", "builtins.exec"), "code"),
    },
    joins=("+",),
    imports=(
        r"\bimport\s+(?P<module>[\w.]+)\s+as\s+(?P<alias>\w+)",
        r"\bfrom\s+(?P<module>[\w.]+)\s+import\s+\(?(?P<names>[\w ,]+(?:\n[\w ,]+)*)",
        r"\bfrom\s+(?P<module>[\w.]+)\s+import\s+(?P<star>\*)",
        r"\b(?P<alias>\w+)\s*=\s*(?:__import__|importlib\.import_module)\(\s*['\"](?P<module>[\w.]+)['\"]\s*\)",
    ),
    values={
        **dict.fromkeys(
            ("pathlib.Path", "Path", "pathlib.PosixPath", "pathlib.PurePath", "os.path.join", "*.joinpath"), "join"
        ),
        **dict.fromkeys(("str", "os.fspath", "os.fsencode", "os.path.abspath", "os.path.realpath"), "same"),
        **dict.fromkeys(("os.path.normpath", "*.resolve", "*.absolute", "*.as_posix", "*.strip", "*.encode"), "same"),
        **dict.fromkeys(("os.path.expanduser", "*.expanduser", "os.path.expandvars"), "home"),
        **dict.fromkeys(("pathlib.Path.home", "Path.home"), "HOME"),
        **dict.fromkeys(("shlex.split", "*.split"), "split"),
        "*.format": "format",
    },
    adjacent=True,
)

_FS = ("rm", "rmSync", "rmdir", "rmdirSync", "unlink", "unlinkSync", "removeSync", "remove", "emptyDir", "emptyDirSync")
_NODE = {
    **{f"child_process.{name}": "text" for name in ("exec", "execSync")},
    **{f"child_process.{name}": "program" for name in ("spawn", "spawnSync", "execFile", "execFileSync", "fork")},
    **{
        f"*.{name}": kind
        for name, kind in (("execSync", "text"), ("spawnSync", "program"), ("execFileSync", "program"))
    },
    "execSync": "text",
    "spawnSync": "program",
    "execFileSync": "program",
    **{f"{module}.{name}": "delete" for module in ("fs", "fs.promises", "fs/promises", "fs-extra") for name in _FS},
    **dict.fromkeys(("*.rmSync", "*.rmdirSync", "*.unlinkSync", "rmSync", "rmdirSync", "unlinkSync"), "delete"),
    **dict.fromkeys(("rimraf", "rimraf.sync", "rimraf.rimraf", "rimrafSync", "del", "del.sync"), "delete"),
    **dict.fromkeys(("Deno.remove", "Deno.removeSync"), "delete"),
    **dict.fromkeys(("execa", "execa.execa", "execaSync", "Deno.Command"), "program"),
    **dict.fromkeys(("execaCommand", "shelljs.exec", "shell.exec"), "text"),
    **dict.fromkeys(("Bun.spawn", "Bun.spawnSync"), "list"),
    **dict.fromkeys(("eval", "Function", "vm.runInThisContext", "vm.runInNewContext"), "code"),
}

JAVASCRIPT = Language(
    Syntax(
        r"//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)",
        (
            Quote(r"(?:(?<=Bun\.)|(?<![\w.)\]]))\$(?P<open>`)", r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", kind="shell"),
            Quote(r"(?P<open>`)", r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"),
            Quote(r"(?P<open>[\"'])"),
        ),
        name=r"[A-Za-z_$]\w*",
        regexes=True,
    ),
    _NODE,
    joins=("+",),
    imports=(
        r"\b(?:const|let|var)\s+(?P<alias>\w+)\s*=\s*(?:await\s+import|require)\(\s*['\"](?:node:)?(?P<module>[\w/.-]+)['\"]\s*\)(?!\.)",
        r"\b(?:const|let|var)\s*\{(?P<names>[^}]*)\}\s*=\s*(?:await\s+import|require)\(\s*['\"](?:node:)?(?P<module>[\w/.-]+)['\"]\s*\)",
        r"\bimport\s+(?:\*\s+as\s+)?(?P<alias>\w+)\s+from\s+['\"](?:node:)?(?P<module>[\w/.-]+)['\"]",
        r"\bimport\s*\{(?P<names>[^}]*)\}\s*from\s+['\"](?:node:)?(?P<module>[\w/.-]+)['\"]",
    ),
    values={
        **dict.fromkeys(("path.join", "path.resolve"), "join"),
        **dict.fromkeys(("String", "path.normalize", "*.toString", "*.trim"), "same"),
        "os.homedir": "HOME",
        "*.split": "split",
    },
)

_PERL_HOLES = r"[$@](?:\{[^{}]*\}|(?:\w|::)+(?:(?:->)?(?:\[[^\]]*\]|\{[^}]*\}))*)"
_BRACKETS = r"\s*(?P<open>[^\w\s,;)=])"

PERL = Language(
    Syntax(
        r"#[^\n]*|(?m:^=[A-Za-z]\w*(?s:.*?)(?:^=cut\b[^\n]*|\Z))"
        r"|(?<![\w$@%&>{-])(?:s|tr|y)(?P<slash>[/|!,#])(?:\\.|(?!(?P=slash))[^\\])*(?P=slash)"
        r"(?:\\.|(?!(?P=slash))[^\\])*(?P=slash)[a-z]*"
        r"|(?<![\w$@%&>{-])(?:s|tr|y)\{(?:\\.|[^{}\\])*\}\s*\{(?:\\.|[^{}\\])*\}[a-z]*",
        (
            Quote(r"(?<![\w$@%&>-])qw" + _BRACKETS, raw=True, words=True),
            Quote(r"(?<![\w$@%&>-])qx" + _BRACKETS, _PERL_HOLES, kind="shell"),
            Quote(r"(?<![\w$@%&>-])qq" + _BRACKETS, _PERL_HOLES),
            Quote(r"(?<![\w$@%&>-])q" + _BRACKETS, raw=True),
            Quote(r"(?<![\w$@%&>-])(?:m|qr)" + _BRACKETS, raw=True, kind="op"),
            Quote(r"(?P<open>`)", _PERL_HOLES, kind="shell"),
            Quote(r"(?P<open>\")", _PERL_HOLES),
            Quote(r"(?P<open>')", raw=True),
        ),
        name=r"[$@%&]?[A-Za-z_](?:\w|::(?=\w))*",
        regexes=True,
    ),
    {
        **dict.fromkeys(("system", "exec", "CORE::system", "CORE::exec"), "words"),
        "readpipe": "text",
        "eval": "code",
        **dict.fromkeys(("open", "CORE::open"), "pipe"),
        **dict.fromkeys(("unlink", "rmdir", "rmtree", "remove_tree", "File::Path::rmtree"), "delete-all"),
        **dict.fromkeys(("File::Path::remove_tree", "pathrmdir", "CORE::unlink", "CORE::rmdir"), "delete-all"),
    },
    joins=(".",),
    bare=True,
)

_RUBY_HOLES = r"#\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"
_FILE_UTILS = (
    "rm",
    "rm_r",
    "rm_rf",
    "rm_f",
    "rmtree",
    "remove_dir",
    "remove_entry",
    "remove_entry_secure",
    "remove",
    "remove_file",
    "safe_unlink",
    "rmdir",
)

RUBY = Language(
    Syntax(
        r"#(?!\{)[^\n]*",
        (
            Quote(r"%[wWiI](?P<open>[^\w\s])", raw=True, words=True),
            Quote(r"%x(?P<open>[^\w\s])", _RUBY_HOLES, kind="shell"),
            Quote(r"%q(?P<open>[^\w\s])", raw=True),
            Quote(r"%Q(?P<open>[^\w\s])", _RUBY_HOLES),
            Quote(r"(?P<open>`)", _RUBY_HOLES, kind="shell"),
            Quote(r"(?P<open>\")", _RUBY_HOLES),
            Quote(r"(?P<open>')", raw=True),
        ),
        name=r"[$@]{0,2}[A-Za-z_]\w*[!?]?",
        regexes=True,
    ),
    {
        **{f"{owner}{name}": "words" for owner in ("", "Kernel.", "Process.") for name in ("system", "exec", "spawn")},
        **{f"Open3.{name}": "words" for name in ("capture2", "capture2e", "capture3", "popen2", "popen2e", "popen3")},
        **dict.fromkeys(("IO.popen", "PTY.spawn", "sh"), "words"),
        **dict.fromkeys(("eval", "instance_eval", "Kernel.eval"), "code"),
        **{f"FileUtils.{name}": "delete-all" for name in _FILE_UTILS},
        **dict.fromkeys(("rm_rf", "rm_r", "rm_f", "remove_dir"), "delete-all"),
        **dict.fromkeys(("File.delete", "File.unlink", "Dir.rmdir", "Dir.delete", "Dir.unlink"), "delete-all"),
        **dict.fromkeys(("*.rmtree", "*.unlink"), "delete-self"),
    },
    joins=("+",),
    bare=True,
    values={
        "File.join": "join",
        "File.expand_path": "home",
        "Dir.home": "HOME",
        "Pathname": "same",
        "Pathname.new": "same",
        "*.to_s": "same",
        "Shellwords.split": "split",
    },
    adjacent=True,
)

PHP = Language(
    Syntax(
        r"//[^\n]*|#(?!\[)[^\n]*|/\*(?s:.*?)(?:\*/|\Z)|\?>(?s:.*?)(?:<\?(?:php|=)?|\Z)|<\?(?:php|=)?",
        (
            Quote(r"(?P<open>`)", r"\{\$[^}]*\}|\$\w+(?:\[[^\]]*\]|->\w+)?", kind="shell"),
            Quote(r"(?P<open>\")", r"\{\$[^}]*\}|\$\w+(?:\[[^\]]*\]|->\w+)?"),
            Quote(r"(?P<open>')", raw=True),
        ),
        name=r"\\?\$?[A-Za-z_][\w\\]*",
    ),
    {
        **dict.fromkeys(("system", "exec", "shell_exec", "passthru", "popen", "proc_open"), "text"),
        "pcntl_exec": "program",
        "eval": "code",
        **dict.fromkeys(("unlink", "rmdir"), "delete"),
    },
    joins=(".",),
)

LUA = Language(
    Syntax(
        r"--\[\[(?s:.*?)(?:\]\]|\Z)|--[^\n]*",
        (Quote(r"(?P<open>\[\[)", raw=True), Quote(r"(?P<open>[\"'])")),
        name=r"[A-Za-z_]\w*",
    ),
    {"os.execute": "text", "io.popen": "text", "os.remove": "delete", "load": "code", "loadstring": "code"},
    joins=("..",),
    bare=True,
)

AWK = Language(
    Syntax(r"#[^\n]*", (Quote(r"(?P<open>\")"),), name=r"\$?[A-Za-z_0-9]\w*", regexes=True),
    {"system": "text"},
    adjacent=True,
    piping=True,
)

R = Language(
    Syntax(
        r"#[^\n]*", (Quote(r"[rR](?P<open>\"\(|'\()", raw=True), Quote(r"(?P<open>[\"'])")), name=r"[A-Za-z.][\w.]*"
    ),
    {
        **dict.fromkeys(("system", "shell", "pipe", "base.system"), "text"),
        "system2": "program",
        **dict.fromkeys(("unlink", "file.remove", "base.unlink", "fs.dir_delete", "fs.file_delete"), "delete"),
    },
    values={"file.path": "join", "path.expand": "home", "normalizePath": "same", "c": "list"},
)

JULIA = Language(
    Syntax(
        r"#=(?s:.*?)(?:=#|\Z)|#[^\n]*",
        (
            Quote(r"(?P<open>`)", r"\$\([^)]*\)|\$\w+", kind="shell"),
            Quote(r"(?P<open>\"\"\"|\")", r"\$\([^)]*\)|\$\w+"),
        ),
        name=r"[A-Za-z_]\w*!?",
    ),
    {"rm": "delete", "Base.rm": "delete", "Base.Filesystem.rm": "delete"},
    joins=("*",),
    values={"joinpath": "join", "homedir": "HOME", "expanduser": "home"},
)

ELIXIR = Language(
    Syntax(
        r"#(?!\{)[^\n]*",
        (Quote(r"~[cs](?P<open>[\"'(\[{])", _RUBY_HOLES), Quote(r"(?P<open>\"\"\"|\"|')", _RUBY_HOLES)),
        name=r":?[A-Za-z_]\w*[!?]?",
    ),
    {
        "System.cmd": "program",
        "System.shell": "text",
        ":os.cmd": "text",
        **dict.fromkeys(("File.rm", "File.rm!", "File.rm_rf", "File.rm_rf!", "File.rmdir", "File.rmdir!"), "delete"),
    },
    joins=("<>",),
    values={"Path.join": "join", "Path.expand": "home", "System.user_home!": "HOME", "System.user_home": "HOME"},
)

LANGUAGES = {
    "python": PYTHON,
    "javascript": JAVASCRIPT,
    "perl": PERL,
    "ruby": RUBY,
    "php": PHP,
    "lua": LUA,
    "awk": AWK,
    "r": R,
    "julia": JULIA,
    "elixir": ELIXIR,
}
"""By name."""

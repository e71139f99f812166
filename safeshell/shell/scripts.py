"""Scripts: which files a command has a shell run: as its operand, by `.`, or as a program that begins with `#!`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

from safeshell.command.programs.shells import CMD, OPTIONED, POWERSHELLS, READERS
from safeshell.shell.dialects import dialect_of
from safeshell.shell.justfiles import just_files
from safeshell.shell.make import make_files
from safeshell.shell.nested_commands import Found, NestedFile, NestedText, Placed, file_of
from safeshell.shell.package_scripts import package_files
from safeshell.shell.programs import is_unknown, program
from safeshell.shell.shells import INPUTS, shell_options
from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.words import Word

_SHEBANG = re.compile(rb"#![ \t]*(\S+)[ \t]*([^\n]*)")
_OTHERS = frozenset({*OPTIONED, *POWERSHELLS, *CMD})
_BINARY = (b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"MZ")


def files_run_by(words: tuple[Word, ...], dialect: Dialect) -> Iterator[NestedFile]:
    """The files of which a command runs what stands in them.

    Args:
        words: the command; its first word is known.
        dialect: the shell that starts it.
    """
    path = words[0].literal or ""
    name = program(path)
    if name in _FILES:
        yield from _FILES[name](list(words))
    elif name in (".", "source"):
        yield from _sourced(words, dialect)
    elif name in READERS:
        if name not in _OTHERS and dialect_of(name) is not None:
            yield from _shell_script(name, words)
    elif "/" in path or (path and is_unknown(name)):
        yield from _program(words, dialect)


def _shell_script(name: str, words: tuple[Word, ...]) -> Iterator[NestedFile]:
    """Of `bash FILE`."""
    options = shell_options(name, list(words))
    rest = options.rest
    if options.shows or options.letters & set("ncs") or not rest or file_of(rest[0]) is not None:
        return
    path = rest[0].literal
    if not path or path in INPUTS:
        return

    def runs(found: Found) -> Iterator[Placed]:
        shims = not options.login
        yield NestedText(found.file.text, positional=tuple(rest[1:]), shell=name, shims=shims, name=rest[0]), ""

    yield NestedFile((path,), runs, along_path=True)


def _sourced(words: tuple[Word, ...], dialect: Dialect) -> Iterator[NestedFile]:
    """Of `. FILE`: a name without a slash is looked up along PATH first; POSIX shells look nowhere else."""
    rest = words[2:] if words[1:] and words[1].literal == "--" else words[1:]
    path = rest[0].literal if rest and file_of(rest[0]) is None else None
    if not path or path in INPUTS:
        return

    def runs(found: Found) -> Iterator[Placed]:
        yield NestedText(found.file.text, inside=True, positional=tuple(rest[1:]) or None), ""

    if "/" not in path:
        yield NestedFile((path,), runs, here=False, along_path=True)
    if "/" in path or dialect is not Dialect.SH:
        yield NestedFile((path,), runs)


def _program(words: tuple[Word, ...], dialect: Dialect) -> Iterator[NestedFile]:
    """Of a program that is a script, by its path or along PATH."""
    path = words[0].literal or ""

    def runs(found: Found) -> Iterator[Placed]:
        shell = _reader(found.file.text[:512].encode("utf-8", "surrogateescape"))
        # What is no program for the kernel is run by the shell itself that couldn't start it.
        shell = shell or ("bash" if dialect is Dialect.BASH else "sh")
        yield NestedText(found.file.text, positional=tuple(words[1:]), shell=shell, name=words[0]), ""

    yield NestedFile((path,), runs, here="/" in path, along_path=True, accepts=_is_script)


def _is_script(head: bytes) -> bool:
    """Whether a shell that is read here runs a file that begins so."""
    return _reader(head) is not None


def _reader(head: bytes) -> str | None:
    """The shell that a file names behind `#!`, "" where it names nothing; None where it isn't for a shell."""
    found = _SHEBANG.match(head)
    if found is None:
        first = head.partition(b"\n")[0]
        return None if b"\0" in first or head.startswith(_BINARY) else ""
    name, rest = os.path.basename(found[1]), found[2].split()
    if name == b"env":
        names = [word for word in rest if not word.startswith(b"-") and b"=" not in word]
        name = os.path.basename(names[0]) if names else b""
    shell = name.decode("ascii", "replace")
    return shell if shell in READERS and shell not in _OTHERS and dialect_of(shell) is not None else None


_FILES: dict[str, Callable[[list[Word]], Iterator[NestedFile]]] = {
    "make": make_files,
    "gmake": make_files,
    "just": just_files,
    **dict.fromkeys(("npm", "pnpm", "yarn", "yarnpkg", "bun"), package_files),
}

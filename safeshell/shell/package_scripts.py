"""Scripts of a package.json: what `npm run`, `npm test` and their like have a shell run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence

from safeshell.command.programs.record import Wrapper, words
from safeshell.shell.nested_commands import Found, NestedCommand, NestedFile, Placed
from safeshell.shell.programs import program
from safeshell.shell.words import Literal, Word, plain
from safeshell.shell.wrapped import WordReading

_OPTIONS = Wrapper(
    "C:w:F:rsd",
    "prefix= dir= cwd= workspace= workspaces filter= recursive silent loglevel= if-present ignore-scripts "
    "include-workspace-root foreground-scripts script-shell= userconfig= registry= cache= help version",
    ("-h", "--help", "-v", "--version"),
)
_WORKSPACES = ("-w", "--workspace", "--workspaces", "-r", "--recursive", "-F", "--filter")
_ENTERS = ("-C", "--prefix", "--dir", "--cwd")
_RUN = ("run", "run-script", "rum", "urn")
_ALONE = {"test": "test", "t": "test", "tst": "test", "start": "start", "stop": "stop", "restart": "restart"}
_INSTALLS = ("install", "i", "ci", "clean-install", "install-clean")
_INSTALLED = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")
_OWN = frozenset(
    words(
        "add audit bin cache config create dlx exec help init info install link list login logout outdated pack patch "
        "publish rebuild remove store unlink update upgrade upgrade-interactive version versions view why workspace "
        "workspaces x"
    )
)
"""Subcommands of yarn, pnpm and bun; another word is a script's name."""


def package_files(given: list[Word]) -> Iterator[NestedFile]:
    """The package.json that a call of npm, pnpm, yarn or bun runs scripts of."""
    called = program(given[0].literal or "")
    before = WordReading(given, _OPTIONS._replace(permutes=called == "npm"))  # whose options stand anywhere
    if not before.read():
        return
    rest = [*before.operands, *before.words[before.at :]]
    verb = rest[0].literal if rest else ""
    behind = WordReading(rest or given[:1], _OPTIONS)
    if verb is None or not behind.read():
        return
    if any(one.has(*_WORKSPACES) for one in (before, behind)):
        return  # of packages elsewhere
    rest = behind.words[behind.at :]
    if any(one.has("--ignore-scripts") for one in (before, behind)) and verb not in _RUN:
        return
    named: tuple[str, ...]
    if verb in _RUN:
        if not rest or rest[0].literal is None:
            return
        named, rest = (rest[0].literal,), rest[1:]
    elif verb in _ALONE:
        named = (_ALONE[verb],)
    elif verb in _INSTALLS or (not verb and called.startswith("yarn")):
        if rest:  # another package
            return
        named = _INSTALLED
    elif verb and called != "npm" and verb not in _OWN:
        named = (verb,)
    else:
        return
    where = [*before.values(_ENTERS), *behind.values(_ENTERS)]
    if len(where) > 1:
        return
    arguments = rest[1:] if rest and rest[0].literal == "--" else rest
    yield NestedFile(("package.json",), _running(named, arguments), where[0] if where else None, upward=True)


def _running(named: Sequence[str], arguments: Sequence[Word]) -> Callable[[Found], Iterator[Placed]]:
    """What runs these scripts of a package: those that it has."""

    def runs(found: Found) -> Iterator[Placed]:
        scripts = _scripts(found.file.text)
        around = [each for name in named for each in (f"pre{name}", name, f"post{name}")] if len(named) == 1 else named
        for name in around:
            text = scripts.get(name)
            if isinstance(text, str) and (len(named) > 1 or named[0] in scripts):
                its = arguments if name == named[0] else ()
                command = (plain("sh"), plain("-c"), _with(text, its))
                yield (
                    NestedCommand(command, plain(found.directory)),
                    f"{found.file.shown}:{_line_of(found.file.text, name)}",
                )

    return runs


def _scripts(text: str) -> dict[str, object]:
    try:
        package = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    scripts = package.get("scripts") if isinstance(package, dict) else None
    return scripts if isinstance(scripts, dict) else {}


def _with(text: str, arguments: Sequence[Word]) -> Word:
    """A script with what its caller hands it: quoted, so that a shell reads it as it was given."""
    quoted = [shlex.quote(word.literal) if word.literal is not None else f'"{word.code}"' for word in arguments]
    return Word((Literal(" ".join([text, *quoted]), quoted=True),))


def _line_of(text: str, name: str) -> int:
    """The number of the line where a script stands."""
    scripts = re.search(r'"scripts"\s*:', text)
    at = re.compile(rf"{re.escape(json.dumps(name))}\s*:").search(text, scripts.end() if scripts is not None else 0)
    return text.count("\n", 0, at.start()) + 1 if at is not None else 1

"""Unwrapping of git: global options taken off, aliases expanded, as its `handle_options` and `handle_alias` do."""

from __future__ import annotations

from collections.abc import Iterator

from safeshell.command import variables
from safeshell.command.command_line import block, unblock
from safeshell.command.programs.wrappers import BUILTINS, GLOBAL_OPTIONS
from safeshell.command.unwrap.reading import ArgumentReading
from safeshell.command.unwrap.spelling import Spelling, World
from safeshell.text import text

_SHELL_MEANING = frozenset(b"|&;<>()$`\\\"' \t\n*?[#~=%")
"""With one of these, git hands an alias with `!` to a shell (`prepare_shell_cmd`); else it runs the word."""


def unwrap(spelling: Spelling, world: World) -> Iterator[Spelling]:
    """What a git command really is: without its global options, or where it has none, what its alias stands for."""
    words = unblock(spelling.arguments)
    if len(words) < 2:
        return
    name, rest = words[1], words[2:]
    if name[:1] == b"-":
        options = _Options(spelling, world)
        at = options.read(words)
        if at is not None and at < len(words):
            yield options.result(block([words[0], *words[at:]]))
        return
    if name in BUILTINS or rest[:1] == [b"--help"]:
        return
    from safeshell.command.unwrap.splitting import split_alias  # noqa: PLC0415 # few commands are git's aliases

    values = list(world.aliases(spelling, name))
    if not values:
        for meant in world.corrections(spelling, name, BUILTINS):
            yield spelling._replace(arguments=block([words[0], meant, *rest]))
    for value in values:
        if value.startswith(b"!"):
            yield from _shell(spelling, value[1:], rest, world)
            continue
        expansion = split_alias(value)
        if expansion is not None and expansion != [b""]:
            yield spelling._replace(arguments=block([words[0], *expansion, *rest]))


class _Options:
    """git's global options, and what they change."""

    def __init__(self, spelling: Spelling, world: World) -> None:
        self._spelling = spelling
        self._world = world
        self._environment = spelling.environment
        self._directory = spelling.directory
        self._git = dict(spelling.git_environment)

    def read(self, words: list[bytes]) -> int | None:
        """Takes the options up; returns where the subcommand stands, None where git runs none."""
        reading = ArgumentReading(words, GLOBAL_OPTIONS, self._environment)
        if not reading.read():
            return None
        for name, value in reading.options:
            if name == "--bare":
                self._bare()
            elif value is not None and not self._value(name, value):
                return None
            elif name == "--exec-path" and value is None:
                return None  # it prints where that is
        return reading.at

    def _bare(self) -> None:
        self._git.setdefault(b"GIT_IMPLICIT_WORK_TREE", b"0")
        if self._directory is not None and variables.get(self._environment, b"GIT_DIR") is None:
            self._git.setdefault(b"GIT_DIR", self._directory)

    def _value(self, option: str, value: bytes) -> bool:
        """Takes one option up; returns whether git goes on."""
        match option:
            case "-C":
                if value:
                    self._directory = self._world.enter(self._directory, value)
            case "--git-dir":
                self._git[b"GIT_DIR"] = value
            case "--work-tree":
                self._git[b"GIT_WORK_TREE"] = value
            case "-c":
                key, equals, setting = value.partition(b"=")
                self._configure(key, setting if equals else None)
            case "--config-env":
                key, equals, variable = value.rpartition(b"=")
                found = variables.get(self._environment, variable) if equals else None
                if found is None:
                    return False
                self._configure(key, found)
        return True

    def _configure(self, key: bytes, value: bytes | None) -> None:
        """Hands a setting on as git does, by the environment."""
        from safeshell.host.git.parameters import quote  # noqa: PLC0415 # few commands set git's configuration

        before = variables.get(self._environment, b"GIT_CONFIG_PARAMETERS")
        said = quote(key) + b"=" + (b"" if value is None else quote(value))
        entry = b"GIT_CONFIG_PARAMETERS=" + (before + b" " if before else b"") + said
        self._environment = variables.assigned(self._environment, [entry])

    def result(self, arguments: bytes) -> Spelling:
        """The command without its global options."""
        return Spelling(
            self._spelling.name, arguments, self._environment, self._directory, tuple(sorted(self._git.items()))
        )


def _shell(spelling: Spelling, line: bytes, rest: list[bytes], world: World) -> Iterator[Spelling]:
    """What git runs for an alias that starts with `!`: at the top of the work tree, with its own variables set."""
    environment = variables.assigned(
        spelling.environment, [name + b"=" + value for name, value in spelling.git_environment]
    )
    directory = spelling.directory
    top = world.work_tree(spelling)
    if top is not None and directory is not None and (directory + b"/").startswith(top.rstrip(b"/") + b"/"):
        below = directory[len(top.rstrip(b"/")) + 1 :]
        environment = variables.assigned(environment, [b"GIT_PREFIX=" + (below + b"/" if below else b"")])
        directory = top
    if _SHELL_MEANING.isdisjoint(line):
        if line:
            yield _command([line, *rest], environment, directory)
        return
    script = line + b' "$@"' if rest else line
    yield _command([b"sh", b"-c", script, line, *rest], environment, directory)
    from safeshell.command.unwrap.splitting import split_plain  # noqa: PLC0415 # few commands are git's aliases

    commands = split_plain(line)
    if commands is not None:
        commands[-1] += rest
        for words in filter(None, commands):
            yield _command(words, environment, directory)


def _command(words: list[bytes], environment: bytes, directory: bytes | None) -> Spelling:
    return Spelling(text(words[0][words[0].rfind(b"/") + 1 :]), block(words), environment, directory)

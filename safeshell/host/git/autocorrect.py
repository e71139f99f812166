"""What git runs for a subcommand that doesn't exist, where `help.autocorrect` lets it (git's help.c)."""

from __future__ import annotations

from collections.abc import Iterable

from safeshell.errors import UndecidedError
from safeshell.host.git.aliases import Setting, settings_of
from safeshell.host.git.files import Files
from safeshell.host.git.parameters import Variable, environment_settings
from safeshell.host.git.rooted import look

_OFF = frozenset((b"0", b"never", b"show", b"false", b"no", b"off", b""))
_EXEC_PATHS = (b"/usr/lib/git-core", b"/usr/libexec/git-core", b"/usr/local/libexec/git-core")
_SIMILAR = 7
"""Git takes what is nearer than this."""


def corrections(
    name: bytes, known: Iterable[bytes], variable: Variable, directory: bytes | None, *, prefix: bytes = b""
) -> list[bytes]:
    """The subcommands that git may run for a name, [] where it runs none.

    git takes the nearest where there is one such. Which other commands are installed isn't told here, so of several
    that are as near each may be the one.

    Args:
        name: the subcommand that was given, neither git's own nor an alias.
        known: git's own.
        variable: the environment that git sees.
        directory: the working directory, None where it can't be told.
        prefix: the root directory that git sees, b"" for our own.
    """
    settings = list(settings_of(variable, directory, prefix=prefix))
    if not _is_on(settings):
        return []
    path = (variable(b"PATH") or b"").split(b":")
    try:
        if look(prefix, _is_installed, b"git-" + name, [variable(b"GIT_EXEC_PATH") or b"", *path, *_EXEC_PATHS]):
            return []
    except UndecidedError:
        pass
    return _nearest(name, {*known, *_aliases(settings)})


def carried_corrections(name: bytes, known: Iterable[bytes], variable: Variable) -> list[bytes]:
    """As `corrections`, by the settings that the environment itself carries."""
    settings = [Setting(key, value, certain=True) for key, value in environment_settings(variable)]
    return _nearest(name, {*known, *_aliases(settings)}) if _is_on(settings) else []


def _is_on(settings: Iterable[Setting]) -> bool:
    """Whether one that may count says so; the last that certainly counts does away with those before."""
    on = False
    for key, value, certain in settings:
        if key.lower() == b"help.autocorrect":
            said = value is None or value.lower() not in _OFF
            on = said if certain else on or said
    return on


def _aliases(settings: Iterable[Setting]) -> list[bytes]:
    return [key[6:].removesuffix(b".command") for key, *_ in settings if key[:6].lower() == b"alias."]


def _is_installed(files: Files, program: bytes, directories: Iterable[bytes]) -> bool:
    return any(each.startswith(b"/") and files.usable(each + b"/" + program) for each in directories)


def _nearest(name: bytes, known: Iterable[bytes]) -> list[bytes]:
    distances = {each: _distance(name, each) + 1 for each in known}
    least = min(distances.values(), default=_SIMILAR)
    return sorted(each for each, far in distances.items() if far == least) if least < _SIMILAR else []


def _distance(given: bytes, meant: bytes) -> int:
    """How far one word is from another: two letters changed about cost nothing, one more 1, another 2, one less 3."""
    before: list[int] = []
    last = list(range(len(meant) + 1))
    for row, letter in enumerate(given):
        now = [3 * (row + 1)]
        for column, other in enumerate(meant):
            far = last[column] + 2 * (letter != other)
            if row and column and given[row - 1] == other and letter == meant[column - 1]:
                far = min(far, before[column - 1])
            now.append(min(far, last[column + 1] + 3, now[column] + 1))
        before, last = last, now
    return last[-1]

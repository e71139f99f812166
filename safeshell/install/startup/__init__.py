"""Start-up files of guarded shells: the shims stay first on PATH in login shells, too, as far as environment reaches.

/etc/profile sets PATH anew. Bash reads the file that BASH_ENV names after it, zsh its files in ZDOTDIR, fish what it
finds along XDG_DATA_DIRS. Each of ours reads the user's own of that name, and then puts the shims back where they were
first in the PATH that the shell was started with.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable, Mapping, MutableMapping

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.home.writing import write_atomically

_HERE = os.path.dirname(os.path.abspath(__file__))
_ZSH_FILES = (".zshenv", ".zprofile", ".zshrc", ".zlogin", ".zlogout")
_DATA_DIRS = "/usr/local/share:/usr/share"
"""What XDG_DATA_DIRS means where it isn't set (XDG Base Directory Specification)."""

_BASH, _ZSH, _FISH = "bash_env", "zsh", "share"
"""Names below `Home.shell`: a file, a ZDOTDIR, a directory of XDG_DATA_DIRS."""

_EXPANDED = re.compile(r"[$`\\]")
_ESCAPED = re.compile(r"\\([$`\\])")


def guard_shells(home: Home, environment: MutableMapping[str, str]) -> None:
    """Writes a home's start-up files, and has the shells of an environment read them.

    Args:
        home: whose shims stay first.
        environment: what is to be run gets it; BASH_ENV is set, and what zsh and fish read where they are installed.

    Raises:
        SafeShellError: a file can't be written.
    """
    write_files(home)
    path = environment.get("PATH")
    # Bash expands the value.
    _chain(environment, "BASH_ENV", _EXPANDED.sub(r"\\\g<0>", os.path.join(home.shell, _BASH)))
    if shutil.which("zsh", path=path):
        _chain(environment, "ZDOTDIR", os.path.join(home.shell, _ZSH))
    if shutil.which("fish", path=path):
        ours = os.path.join(home.shell, _FISH)
        named = (environment.get("XDG_DATA_DIRS") or _DATA_DIRS).split(":")
        environment["XDG_DATA_DIRS"] = ":".join([*(entry for entry in named if entry != ours), ours])


def guards_shells(home: Home, environment: Mapping[str, str], shell: str) -> bool:
    """Whether an environment has a shell read a home's start-up files: bash, zsh or fish; no other does."""
    if shell == "bash":
        return _ESCAPED.sub(r"\1", environment.get("BASH_ENV", "")) == os.path.join(home.shell, _BASH)
    if shell == "zsh":
        return environment.get("ZDOTDIR") == os.path.join(home.shell, _ZSH)
    return shell == "fish" and os.path.join(home.shell, _FISH) in environment.get("XDG_DATA_DIRS", "").split(":")


def remove_files(home: Home) -> None:
    """Removes what is in `Home.shell`, and it; shells that run already lose no more than the shims."""
    shutil.rmtree(home.shell, ignore_errors=True)


def _chain(environment: MutableMapping[str, str], name: str, ours: str) -> None:
    """Names our file; the user's own is remembered, which may have been behind another home's already."""
    before = environment.get(name)
    if before is None or not _is_ours(before):
        users = f"SAFESHELL_{name}"
        environment.pop(users, None)
        if before is not None:
            environment[users] = before
    environment[name] = ours


def _is_ours(path: str) -> bool:
    """Whether it is a start-up file, or a ZDOTDIR, that SafeShell wrote for some home."""
    path = _ESCAPED.sub(r"\1", path)
    file = os.path.join(path, _ZSH_FILES[0]) if os.path.isdir(path) else path
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return stream.readline().startswith("# SafeShell: ")
    except OSError:
        return False


def write_files(home: Home) -> None:
    """Writes each file that isn't as it should be: an upgrade changes them in place.

    Raises:
        SafeShellError: one can't be written.
    """
    for name, text in _texts(home).items():
        path = os.path.join(home.shell, name)
        try:
            if _read(path) != text:
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                write_atomically(path, text, 0o600)
        except OSError as error:
            raise SafeShellError(f"can't write {path}: {error.strerror}") from error


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def _texts(home: Home) -> dict[str, bytes]:
    zsh = _template("zsh", shlex.quote, SHIMS=home.shims, HERE=os.path.join(home.shell, _ZSH))
    return {
        _BASH: _template("bash", shlex.quote, SHIMS=home.shims),
        **{f"{_ZSH}/{name}": zsh.replace(b"@NAME@", name.encode()) for name in _ZSH_FILES},
        f"{_FISH}/fish/vendor_conf.d/safeshell.fish": _template("fish", fish_quote, SHIMS=home.shims),
    }


def _template(shell: str, quote: Callable[[str], str], **words: str) -> bytes:
    """A start-up file with words put into it, each quoted for its shell."""
    with open(os.path.join(_HERE, f"start.{shell}"), encoding="utf-8") as stream:
        text = stream.read()
    for name, word in words.items():
        text = text.replace(f"@{name}@", quote(word))
    return os.fsencode(text)


def fish_quote(word: str) -> str:
    """A word as fish reads it back."""
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

"""What a shell evaluates to have the shims first on PATH, and the block of it in the user's own start-up files.

What was written where is noted in `shell/` of the home, so that it can be taken back exactly. Files are changed in
place: mode, owner and links stay as they are.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shlex
import shutil
import stat
from typing import Any

from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.home.writing import write_atomically
from safeshell.install.startup import fish_quote

SHELLS = ("bash", "zsh", "fish")

_NOTE = "written.json"
_BEGIN = "# >>> safeshell >>> written by `safeshell init --shell`; `safeshell uninstall` takes it out"
_END = "# <<< safeshell <<<"

_BASH = (".bashrc", ".profile", ".bash_profile", ".bash_login")

_SH = """\
case ":${{PATH-}}:" in
    {shims}*) ;;
    *{shims}*)
        PATH=:$PATH:
        PATH=${{PATH%%{shims}*}}:${{PATH#*{shims}}}
        PATH=${{PATH#:}}
        PATH={first}:${{PATH%:}}
        ;;
    *) PATH={first}${{PATH:+:$PATH}} ;;
esac
export PATH
"""

_FISH = """\
if test "$PATH[1]" != {first}
    set -gx PATH {first} (for directory in $PATH; test $directory = {first}; or echo $directory; end)
end
"""


def activation(home: Home, shell: str) -> str:
    """Lines that put a home's shims first on PATH, whichever way they are there already.

    Args:
        home: whose.
        shell: one of `SHELLS`; bash's are those of any POSIX shell, too.
    """
    if shell == "fish":
        return _FISH.format(first=fish_quote(home.shims))
    return _SH.format(shims=shlex.quote(f":{home.shims}:"), first=shlex.quote(home.shims))


def write_blocks(home: Home) -> tuple[list[str], dict[str, str]]:
    """Writes the block into the start-up files of the user's shells.

    Returns:
        The files that have it now and hadn't, or had another; and those that can't be written, each with the reason.

    Raises:
        SafeShellError: what was written can't be noted.
    """
    written, failed = [], {}
    for path, shell in _start_files(home).items():
        block = os.fsencode(f"{_BEGIN}\n{activation(home, shell)}{_END}\n")
        try:
            if _write(home, os.path.realpath(path), block):
                written.append(path)
        except OSError as error:
            failed[path] = error.strerror or str(error)
    return written, failed


def written_for(home: Home, shell: str) -> bool:
    """Whether a start-up file of a shell has the block: bash, sh, zsh or fish; of any other none has."""
    ends = {"bash": _BASH, "sh": (".profile",), "zsh": (".zshrc", ".zprofile"), "fish": ("config.fish",)}.get(shell, ())
    return any(os.path.basename(path) in ends and os.path.exists(path) for path in _noted(home))


def _start_files(home: Home) -> dict[str, str]:
    """The files that the user's shells read, and by which syntax: bash's always, for agents run it."""
    user = os.path.expanduser("~")
    bash = [os.path.join(user, name) for name in (".bashrc", ".profile")]
    logins = [os.path.join(user, name) for name in (".bash_profile", ".bash_login")]
    bash += [path for path in logins if os.path.exists(path)][:1]
    variable = "ZDOTDIR" if os.environ.get("ZDOTDIR") != os.path.join(home.shell, "zsh") else "SAFESHELL_ZDOTDIR"
    directory = os.environ.get(variable) or user
    zsh = [os.path.join(directory, name) for name in (".zshrc", ".zprofile")]
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(user, ".config")
    fish = [os.path.join(config, "fish", "config.fish")]
    login = {os.path.basename(os.environ.get("SHELL", "")), os.path.basename(pwd.getpwuid(os.geteuid()).pw_shell)}
    found = dict.fromkeys(bash, "bash")
    for shell, files in (("zsh", zsh), ("fish", fish)):
        if shutil.which(shell) and (shell in login or any(map(os.path.exists, files))):
            found |= dict.fromkeys(files, shell)
    return found


def _write(home: Home, path: str, block: bytes) -> bool:
    """Writes the block into one file; returns whether it wasn't there."""
    try:
        text = _read(path)
    except FileNotFoundError:
        _note(home, path, {"created": True, "newline": False, "directories": _make_directory(os.path.dirname(path))})
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(block)
        return True
    place = _place(text)
    if place is not None:
        if text[place] == block:
            return False
        _replace(path, place, block)
        if path not in _noted(home):
            _note(home, path, {"created": False, "newline": False, "directories": []})
        return True
    newline = bool(text) and not text.endswith(b"\n")
    _note(home, path, {"created": False, "newline": newline, "directories": []})
    with open(path, "ab", buffering=0) as stream:
        stream.write(b"\n" + block if newline else block)
    return True


def take_back(home: Home) -> tuple[list[str], dict[str, str]]:
    """Takes the block out of every file that it was written into; each is as it was then.

    Returns:
        The files, and those that can't be written, each with the reason.
    """
    taken, failed = [], {}
    for path, note in _noted(home).items():
        try:
            if _take(home, path, note):
                taken.append(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            failed[path] = error.strerror or str(error)
    return taken, failed


def _take(home: Home, path: str, note: dict[str, Any]) -> bool:
    text = _read(path)
    place = _place(text)
    ours = (shlex.quote(f":{home.shims}:"), fish_quote(home.shims))
    if place is None or not any(os.fsencode(word) in text[place] for word in ours):  # another home's by now
        return False
    if note["created"] and place == slice(0, len(text)):
        os.unlink(path)
        for directory in note["directories"]:
            with contextlib.suppress(OSError):
                os.rmdir(directory)
        return True
    if note["newline"] and place.stop == len(text) and text[: place.start].endswith(b"\n"):
        place = slice(place.start - 1, place.stop)
    _replace(path, place, b"")
    return True


def _place(text: bytes) -> slice | None:
    """Where the block stands, with the newline that ends it."""
    begin = text.find(_BEGIN.encode())
    end = text.find(_END.encode(), begin)
    if begin < 0 or end < 0:
        return None
    end += len(_END)
    return slice(begin, end + text[end : end + 1].count(b"\n"))


def _read(path: str) -> bytes:
    """What is in a regular file.

    Raises:
        OSError: it isn't one, or can't be read.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(0, "no regular file")
    with open(path, "rb") as stream:
        return stream.read()


def _replace(path: str, place: slice, block: bytes) -> None:
    """Puts a block in the place of another; what stands before is never touched, whenever this is cut short."""
    with open(path, "r+b") as stream:
        stream.seek(place.stop)
        rest = stream.read()
        stream.seek(place.start)
        stream.write(block + rest)
        stream.flush()
        stream.truncate()


def _make_directory(path: str) -> list[str]:
    """Makes it; returns those that were missing, the deepest first."""
    missing = []
    while not os.path.exists(path):
        missing.append(path)
        path = os.path.dirname(path)
    if missing:
        os.makedirs(missing[0], mode=0o700)
    return missing


def _noted(home: Home) -> dict[str, dict[str, Any]]:
    try:
        with open(os.path.join(home.shell, _NOTE), encoding="utf-8") as stream:
            found: dict[str, dict[str, Any]] = json.load(stream)
            return found
    except (OSError, ValueError):
        return {}


def _note(home: Home, path: str, note: dict[str, Any]) -> None:
    """Notes what is about to be written; what was noted of a file that we made holds."""
    noted = _noted(home)
    try:
        os.makedirs(home.shell, mode=0o700, exist_ok=True)
        text = json.dumps({**noted, path: note}, indent=1)
        write_atomically(os.path.join(home.shell, _NOTE), text.encode(), 0o600)
    except OSError as error:
        raise SafeShellError(f"can't write to {home.shell}: {error.strerror}") from error

"""Programs that print shell code to be evaluated, as their documentation says: completions, set-up of a shell.

What `eval "$(ssh-agent -s)"` runs isn't in the line. It is no more than what the program is there for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

_ANY = "*"
"""Stands for any words that follow."""

_PRINTING: dict[str, tuple[str, ...]] = {
    "ssh-agent": ("", "-s", "-c", "-t *", "-a *"),
    "gpg-agent": ("--daemon *",),
    "gnome-keyring-daemon": ("--start *",),
    "keychain": ("--eval *", "-q --eval *", "--quiet --eval *"),
    "dbus-launch": ("--sh-syntax *",),
    "direnv": ("hook *", "export *", "stdlib"),
    "brew": ("shellenv *",),
    **dict.fromkeys(("pyenv", "rbenv", "nodenv", "jenv", "goenv", "plenv", "phpenv", "luaenv"), ("init *",)),
    "pyenv-virtualenv-init": ("*",),
    **dict.fromkeys(("starship", "zoxide", "atuin", "mcfly", "oh-my-posh", "jump", "tmuxifier"), ("init *",)),
    **dict.fromkeys(("mise", "rtx", "asdf", "vfox"), ("activate *", "env *", "hook-env *")),
    **dict.fromkeys(("conda", "mamba", "micromamba"), ("shell.* *", "shell *")),
    **dict.fromkeys(("fnm", "opam", "spack", "nodeenv"), ("env *",)),
    "minikube": ("docker-env *", "podman-env *"),
    "docker-machine": ("env *",),
    **dict.fromkeys(("dircolors", "gdircolors"), ("*",)),
    **dict.fromkeys(("lesspipe", "lesspipe.sh"), ("*",)),
    "resize": ("*",),
    "tset": ("-s *",),
    "thefuck": ("--alias *",),
    "fzf": ("--bash", "--zsh"),
    "navi": ("widget *",),
    "broot": ("--print-shell-function *",),
    "sheldon": ("source",),
    "luarocks": ("path *",),
    "register-python-argcomplete": ("*",),
    **dict.fromkeys(("uv", "uvx", "ruff", "rye"), ("generate-shell-completion *", "self completion *")),
    "aws": ("configure export-credentials *",),
    "rustup": ("completions *",),
}
"""The arguments with which each does, by basename."""

_COMPLETION = ("completion", "completions", "--completion", "--completions")
"""What most others call it: the first argument, or the only one behind a `-s` or `--shell`."""


def is_shell_code(words: Sequence[str]) -> bool:
    """Whether a command prints code that it is there to print.

    Args:
        words: its arguments, its name the first.
    """
    if not words:
        return False
    name, *rest = [os.path.basename(words[0]), *words[1:]]
    if rest and rest[0] in _COMPLETION and len(rest) <= _COMPLETION_WORDS:
        return True
    return any(_fits(form.split(), rest) for form in _PRINTING.get(name, ()))


_COMPLETION_WORDS = 4


def _fits(form: Sequence[str], words: Sequence[str]) -> bool:
    for at, wanted in enumerate(form):
        if wanted == _ANY:
            return True
        if at >= len(words) or not (
            words[at] == wanted or (wanted.endswith(_ANY) and words[at].startswith(wanted[:-1]))
        ):
            return False
    return len(words) == len(form)

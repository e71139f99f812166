"""Stand-ins for programs that aren't here or must not act here: each runs what it is given, as the real one does.

They are shell scripts of one mould, of a row: which options take a value, which take a text for a shell, how many words
come before the command; and whether the command finds the caller's PATH, or one of its own as behind `sudo`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StandIn:
    """A program that runs another.

    Attributes:
        words: how many of its words come before the command.
        values: its options that take the next word.
        texts: its options whose value is a text for a shell.
        ends: what it does with the command: `run` it; hand it as `text` to a shell, its words joined by blanks; either,
            as there are several words or one (`lone`); and where there is none, a shell reads standard input (`shell`).
        path: whether the command has the caller's PATH.
    """

    words: int = 0
    values: str = ""
    texts: str = ""
    ends: str = "run"
    path: bool = True


_RUN = StandIn(1)

STAND_INS: dict[str, StandIn] = {
    **dict.fromkeys(
        ["frobnicate", "wrap-it", "linux64", "fakeroot", "dbus-run-session", "xvfb-run", "firejail"], StandIn()
    ),
    **dict.fromkeys(["systemd-inhibit", "catchsegv", "ld.so", "run0", "prlimit", "pkexec"], StandIn(values="--user")),
    **dict.fromkeys(
        ["uv", "poetry", "pipenv", "hatch", "pdm", "rye", "bundle", "doppler", "op", "mise"], StandIn(1, "--with")
    ),
    **dict.fromkeys(["yarn", "pnpm", "nix"], _RUN),
    **dict.fromkeys(["docker", "podman"], StandIn(2, "-u -v --user", path=False)),
    **dict.fromkeys(["direnv", "aws-vault"], StandIn(2)),
    "npm": StandIn(1, texts="-c --call"),
    "npx": StandIn(0, texts="-c --call"),
    "kubectl": StandIn(2, "-n -c", path=False),
    "lxc": StandIn(2, path=False),
    "machinectl": StandIn(2, path=False),
    "conda": StandIn(1, "-n"),
    "chpst": StandIn(0, "-u"),
    "proot": StandIn(0, "-r"),
    "sg": StandIn(1, texts="-c"),
    "nix-shell": StandIn(texts="--run"),
    "vagrant": StandIn(1, texts="-c", path=False),
    "gcloud": StandIn(3, texts="--command", path=False),
    "tmux": StandIn(1, "-t", ends="lone"),
    "screen": StandIn(0, "-dmS -S"),
    "entr": StandIn(0, texts="-s"),
    "watch": StandIn(0, "--interval", ends="text"),
    "systemd-run": StandIn(0, "-p", path=False),
    "nsenter": StandIn(0, "-t", path=False),
    "chroot": StandIn(1, path=False),
    "sudo": StandIn(0, "-u -nu -p -g", ends="shell", path=False),
    "doas": StandIn(0, "-u", path=False),
    "su": StandIn(0, texts="-c --command -lc", ends="user", path=False),
    "runuser": StandIn(0, "-u", texts="-c --command -lc", ends="user", path=False),
    "ssh": StandIn(1, "-p -o -l -J", ends="text shell", path=False),
}
"""By name. Of `sudo`, `su` and `ssh` as of the others: the real ones are never run."""

SETARCH = """\
while :; do case $1 in x86_64|-?*) shift ;; *) exec "$@" ;; esac; done
"""

PARALLEL = """\
command= given=
while [ $# -gt 0 ]; do
  case $1 in
  -j|--results) shift 2 ;;
  :::) shift; given=1; break ;;
  *) command="$command $1"; shift ;;
  esac
done
one() {
  case $command in
  '') sh -c "$1" ;;
  *{}*) sh -c "${command%%{\\}*}$1${command#*{\\}}" ;;
  *) sh -c "$command $1" ;;
  esac
}
if [ "$given" ]; then for argument; do one "$argument"; done; else while read -r line; do one "$line"; done; fi
"""

CURL = "echo canary fire\n"
"""What arrives is a script that runs the canary."""


def script(stand_in: StandIn, name: str, path: str) -> str:
    """The shell script that a stand-in is.

    Args:
        stand_in: what it does.
        name: its own.
        path: the PATH that the command has where it isn't the caller's.
    """
    values = "|".join(stand_in.values.split()) or "''"
    texts = stand_in.texts.split()
    long = [f"{option}=*" for option in texts if option.startswith("--")]
    n = f"n={stand_in.words}\n" + ('[ "$1" = compose ] && n=3\n' if name == "docker" else "")
    user = "user" in stand_in.ends
    out = [
        f"{n}text= has= shell=",
        "while [ $# -gt 0 ]; do",
        "  case $1 in",
        *([f"  {'|'.join(texts)}) has=1; text=$2; shift; shift ;;"] if texts else []),
        *([f"  {'|'.join(long)}) has=1; text=${{1#*=}}; shift ;;"] if long else []),
        f"  {values}) shift; shift ;;",
        "  --) shift; [ $n -gt 0 ] || break ;;",
        *(["  -s) shell=1; shift ;;"] if name == "sudo" else []),
        *(['  -x) exec "$2" "$3" ;;'] if name == "watch" else []),
        "  -*) shift ;;" if user else "  -?*) shift ;;",
        "  u) shift ;;" if user else "  '') break ;;",
        *(['  *=*) export "$1"; shift ;;'] if name == "sudo" else []),
        "  *) [ $n -gt 0 ] || break; n=$((n - 1)); shift ;;",
        "  esac",
        "done",
        *([] if stand_in.path else [f"PATH={path}; export PATH"]),
        'if [ "$has" ]; then exec sh -c "$text"; fi',
    ]
    if "shell" in stand_in.ends or user:
        out.append("if [ $# = 0 ]; then exec sh; fi")
    if "text" in stand_in.ends:
        out.append('exec sh -c "$*"')
    elif "lone" in stand_in.ends:
        out.append('if [ $# = 1 ]; then exec sh -c "$1"; fi')
    if name == "sudo":
        out += ['if [ "$shell" ]; then exec sh -c "$*"; fi', 'exec env "$@"']
    else:
        out.append('exec "$@"')
    return "\n".join(out) + "\n"


def scripts(path: str) -> dict[str, str]:
    """The text of each stand-in, without its first line, by name; `path` as for `script`."""
    made = {name: script(stand_in, name, path) for name, stand_in in STAND_INS.items()}
    return {**made, "setarch": SETARCH, "parallel": PARALLEL, "curl": CURL}

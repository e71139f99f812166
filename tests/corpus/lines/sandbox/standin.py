"""Stands in for a program that runs what it is given: `standin.py NAME ARG…`.

Runs its operand as the program would, but here and as nobody else, inside the sandbox. It is written from what the
programs' manuals say. It imports nothing of the project.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from typing import NamedTuple


class Form(NamedTuple):
    """How a program is told what to run.

    Attributes:
        values: its options that take a word of their own.
        skip: words of its own before the command; `ALL` where it has none but by `code`.
        text: the command is a shell text, its words joined by blanks.
        assigns: words with `=` before the command are its environment.
        code: options whose value is a shell text that is run, and nothing else.
        marked: the command stands after `--`, or there is none.
    """

    values: str = ""
    skip: int = 0
    text: bool = False
    assigns: bool = False
    code: str = ""
    marked: bool = False


ALL = sys.maxsize
SU = Form("-g -G -s -w --shell", ALL, code="-c --command --session-command")
EXEC = Form("-e -u -w --env --user --workdir --index --env-file --detach-keys", skip=1)
RUN = Form(
    "-e -u -v -w -p -m -h -l --env --user --volume --workdir --name --network --mount --publish --memory --hostname"
    " --entrypoint --env-file --label --pid --userns --cpus --platform",
    skip=1,
)
FORMS: dict[tuple[str, ...], Form] = {
    ("sudo",): Form("-u -g -h -p -C -T -R -D -r -t -U --user --group --host --prompt --chdir --chroot", assigns=True),
    ("doas",): Form("-u -C"),
    ("su",): SU,
    ("runuser",): SU,
    ("sg",): Form(skip=1, code="-c"),
    ("chroot",): Form(skip=1),
    ("run0",): Form("-u -D --user --unit"),
    ("systemd-run",): Form("-p -u -E -M --unit --property --setenv --uid --working-directory --on-calendar"),
    ("ssh",): Form("-i -o -p -l -J -F -L -R -D -b -c -E -m -W", skip=1, text=True),
    ("watch",): Form("-n --interval", text=True),
    ("nsenter",): Form("-t -S -G --target"),
    ("unshare",): Form("-S -G"),
    ("fakeroot",): Form("-l -s -i -b"),
    ("strace",): Form("-o -e -p -s -u -E -P"),
    ("ltrace",): Form("-o -e -p -s -u"),
    ("valgrind",): Form(),
    ("proxychains4",): Form("-f"),
    ("torsocks",): Form("-u -p -P"),
    ("xvfb-run",): Form("-s -n -f -p -w --server-args --server-num"),
    ("dbus-run-session",): Form("--config-file --dbus-daemon"),
    ("cpulimit",): Form("-l -e -p --limit"),
    ("firejail",): Form(),
    ("caffeinate",): Form("-t -w"),
    ("unbuffer",): Form(),
    ("docker", "exec"): EXEC,
    ("podman", "exec"): EXEC,
    ("nerdctl", "exec"): EXEC,
    ("docker", "container", "exec"): EXEC,
    ("docker", "run"): RUN,
    ("podman", "run"): RUN,
    ("docker", "compose", "exec"): EXEC,
    ("docker", "compose", "run"): RUN,
    ("docker-compose", "exec"): EXEC,
    ("kubectl", "exec"): Form("-c -n --container --namespace", marked=True),
    ("kubectl", "run"): Form(marked=True),
    ("kubectl", "debug"): Form(marked=True),
    ("oc", "exec"): Form(marked=True),
    ("oc", "rsh"): Form("-c -n --container --namespace", skip=1),
    ("lxc", "exec"): Form(marked=True),
    ("vagrant", "ssh"): Form(code="-c --command"),
    ("gcloud", "compute", "ssh"): Form(code="--command"),
    ("npx",): Form("-p --package", code="-c --call"),
    ("npm", "exec"): Form("-p --package", code="-c --call"),
    ("npm", "x"): Form("-p --package", code="-c --call"),
    ("pnpm", "exec"): Form("-C --filter"),
    ("yarn", "exec"): Form(),
    ("bundle", "exec"): Form(),
    ("poetry", "run"): Form("-C -P"),
    ("uv", "run"): Form("-p --with --python --project --directory --extra --group"),
    ("pipenv", "run"): Form(),
    ("pdm", "run"): Form(),
    ("hatch", "run"): Form(),
    ("rye", "run"): Form(),
    ("conda", "run"): Form("-n -p --name --prefix"),
    ("mise", "exec"): Form(marked=True),
    ("asdf", "exec"): Form(),
    ("direnv", "exec"): Form(skip=1),
    ("op", "run"): Form(marked=True),
    ("doppler", "run"): Form(marked=True),
    ("aws-vault", "exec"): Form(marked=True),
    ("chamber", "exec"): Form(marked=True),
    ("dotenv",): Form("-f -e", marked=True),
    ("nix-shell",): Form("-p", code="--run --command"),
    ("tmux", "new-session"): Form("-s -n -c -t -x -y", text=True),
    ("tmux", "new"): Form("-s -n -c -t -x -y", text=True),
    ("tmux", "split-window"): Form("-t -c -l", text=True),
    ("tmux", "new-window"): Form("-t -n -c", text=True),
    ("screen",): Form("-S -dmS -t -h -s"),
    ("busybox",): Form(),
    ("toybox",): Form(),
    ("heroku", "run"): Form("-a --app", text=True),
    ("fly", "ssh", "console"): Form("-a --app", code="-C --command"),
    ("hyperfine",): Form("-w -m -r --warmup --runs", text=True),
    ("su-exec",): Form(skip=1),
    ("gosu",): Form(skip=1),
    ("tini",): Form("-p"),
    ("dumb-init",): Form(),
    ("concurrently",): Form("-n -c --names", text=True),
    ("nodemon",): Form("-w -e --watch --ext", code="-x --exec"),
    ("entr",): Form(),
    ("rsh",): Form("-l", skip=1, text=True),
}


def shell(text: str) -> None:
    """Becomes a shell that reads a text."""
    os.execvp("/bin/sh", ["sh", "-c", text])


def become(words: list[str]) -> None:
    """Becomes a command, if there is one."""
    if words:
        os.execvp(words[0], words)


def parallel(words: list[str]) -> None:
    """Runs a command once for each argument after `:::`, else for each line of the input."""
    words = [word for word in words if word not in ("-0", "--will-cite")]
    while words and words[0].startswith("-"):
        del words[: 2 if words[0] in ("-j", "--jobs", "--results", "-S", "-n") else 1]
    cut = words.index(":::") if ":::" in words else len(words)
    command = " ".join(words[:cut])
    for given in words[cut + 1 :] or sys.stdin.read().splitlines():
        text = command.replace("{}", shlex.quote(given)) if "{}" in command else f"{command} {shlex.quote(given)}"
        os.spawnvp(os.P_WAIT, "/bin/sh", ["sh", "-c", text if command else given])


def rsync(words: list[str]) -> None:
    """Runs the remote shell that `-e` names."""
    for at, word in enumerate(words):
        if word in ("-e", "--rsh"):
            become([*shlex.split(words[at + 1]), "host", "rsync", "--server"])
        if word.startswith("--rsh="):
            become([*shlex.split(word[6:]), "host", "rsync", "--server"])


def git(words: list[str]) -> None:
    """Runs what git is told to: aliases that are shell lines, helpers by configuration or environment."""
    settings: dict[str, str] = {}
    while words and words[0].startswith("-"):
        if words[0] == "-c":
            name, _, value = words[1].partition("=")
            settings[name.lower()] = value
        del words[: 2 if words[0] in ("-c", "-C", "--git-dir", "--work-tree") else 1]
    if not words:
        return
    command, rest = words[0], words[1:]
    alias = settings.get(f"alias.{command}", "")
    if alias.startswith("!"):
        os.execvp("/bin/sh", ["sh", "-c", f'{alias[1:]} "$@"', alias[1:], *rest])
    remote = settings.get("core.sshcommand") or os.environ.get("GIT_SSH_COMMAND")
    if remote and command in ("fetch", "push", "pull", "clone", "ls-remote"):
        shell(f"{remote} host git-upload-pack")
    editor = os.environ.get("GIT_EDITOR") or settings.get("core.editor")
    if editor and command == "commit" and "-m" not in rest:
        shell(f"{editor} COMMIT_EDITMSG")
    pager = os.environ.get("GIT_PAGER") or settings.get("core.pager")
    if pager and command in ("log", "diff", "show"):
        shell(pager)
    external = os.environ.get("GIT_EXTERNAL_DIFF") or settings.get("diff.external")
    if external and command == "diff":
        shell(f"{external} a b")
    if words[:2] == ["bisect", "run"]:
        become(words[2:])
    if words[:2] == ["submodule", "foreach"]:
        rest = [word for word in words[2:] if word not in ("--recursive", "-q", "--quiet")]
        shell(" ".join(rest)) if len(rest) == 1 else become(rest)
    options = {"rebase": ("-x", "--exec"), "filter-branch": ("--tree-filter", "--index-filter"), "difftool": ("-x",)}
    for at, word in enumerate(rest):
        if word in options.get(command, ()):
            shell(rest[at + 1])
        if command == "rebase" and word.startswith("--exec="):
            shell(word[7:])


SPECIAL: dict[str, Callable[[list[str]], None]] = {"git": git, "parallel": parallel, "rsync": rsync}


def operand(form: Form, words: list[str]) -> None:
    """Runs what a program is given."""
    values, code = form.values.split(), form.code.split()
    if form.marked:
        become(words[words.index("--") + 1 :] if "--" in words else [])
        return
    skip, login = form.skip, False
    while words:
        word = words[0]
        name, equals, value = word.partition("=")
        if name in code:
            shell(value if equals else words[1])
        if word == "--" and not skip:
            del words[0]
            break
        if word == "-" or (word.startswith("-") and word != "--"):
            login = login or (form.assigns and word in ("-i", "-s", "--login", "--shell"))
            del words[: 2 if word in values else 1]
        elif form.assigns and equals:
            os.environ[name] = value
            del words[0]
        elif skip:
            skip -= 1
            del words[0]
        else:
            break
    if words and (form.text or login):
        shell(" ".join(words))
    become(words)


def main() -> None:
    """Runs what the program is given."""
    name, *words = sys.argv[1:]
    if name in SPECIAL:
        SPECIAL[name](list(words))
        return
    if name == "ssh" and not _command_of_ssh(words):
        become(["/bin/sh"])
    if name == "runuser" and "--" in words:
        become(words[words.index("--") + 1 :])
    for length in (3, 2, 1):
        for start in range(len(words) + 1):
            key = (name, *words[start : start + length - 1])
            if len(key) == length and key in FORMS and all(_own(word) for word in words[:start]):
                operand(FORMS[key], list(words[start + length - 1 :]))
                return


def _own(word: str) -> bool:
    """Whether a word before a subcommand can be an option or its value."""
    return word not in ("run", "exec", "--")


def _command_of_ssh(words: list[str]) -> bool:
    operands = 0
    rest = list(words)
    while rest:
        if rest[0].startswith("-"):
            del rest[: 2 if rest[0] in FORMS["ssh",].values.split() else 1]
        else:
            operands += 1
            del rest[0]
    return operands > 1


if __name__ == "__main__":
    main()

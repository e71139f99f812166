"""Start-up files of guarded shells, in real ones: where the shims stand afterwards, and what a user could tell."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from harness import PATH, write

from safeshell.home.paths import Home
from safeshell.install.startup import guard_shells

RESET = dict.fromkeys((".bash_profile", ".zshenv", ".zprofile", ".zshrc", ".zlogin"), "PATH=/usr/bin:/bin\n")
"""A user's files that set PATH anew, as /etc/profile does."""
RESET[".config/fish/config.fish"] = "set -gx PATH /usr/bin /bin\n"

BASH = [pytest.param("bash", flags, marks=pytest.mark.needs("bash")) for flags in ("-c", "-lc")]
"""An interactive bash reads nothing that its environment names."""
ALL = ("-c", "-lc", "-ic", "-lic")
GUARDED = [
    *BASH,
    *[pytest.param(shell, flags, marks=pytest.mark.needs(shell)) for shell in ("zsh", "fish") for flags in ALL],
]
EACH = [pytest.param(shell, marks=pytest.mark.needs(shell)) for shell in ("bash", "zsh", "fish")]


class User:
    """Somebody with files of their own; runs shells natively and as `safeshell run` does."""

    def __init__(self, root: str, name: str = "it's a $HOME") -> None:
        self.directory = os.path.join(root, "a user")
        self.safeshell = Home(os.path.join(root, name))
        self.bare = {"PATH": PATH, "HOME": self.directory, "LC_ALL": "C.UTF-8"}
        os.makedirs(self.directory)
        os.makedirs(self.safeshell.shims)

    def has(self, files: Mapping[str, str]) -> None:
        """Writes files into the home, by name."""
        for name, text in files.items():
            write(os.path.join(self.directory, name), text)

    def guarded(self, **more: str) -> dict[str, str]:
        """What a program gets from `safeshell run`; the user has `more` in the environment."""
        environment = {**self.bare, **more, "PATH": f"{self.safeshell.shims}:{PATH}"}
        guard_shells(self.safeshell, environment)
        return environment

    def run(self, *argv: str, environment: Mapping[str, str] | None = None) -> str:
        """Runs a shell in its own session; returns what it printed, its status last."""
        done = subprocess.run(
            argv,
            env=environment or self.guarded(),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=False,
            text=True,
        )
        return f"{done.stdout}{done.returncode}"

    def same(self, *argv: str, **more: str) -> str:
        """Runs it both ways, and shows that nobody could tell; returns what it printed."""
        native = self.run(*argv, environment={**self.bare, **more})
        guarded = self.run(*argv, environment=self.guarded(**more)).replace(f"{self.safeshell.shims}:", "")
        assert guarded == native
        return native

    def first(self, *argv: str, environment: Mapping[str, str] | None = None) -> str:
        """The first directory of the PATH that a shell has."""
        printed = self.run(*argv, "env", environment=environment).splitlines()
        return next(line for line in printed if line.startswith("PATH=")).removeprefix("PATH=").split(":")[0]


@pytest.fixture
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    return User(str(tmp_path_factory.mktemp("u")))


@pytest.mark.parametrize(("shell", "flags"), GUARDED)
def test_the_shims_are_first_whatever_the_users_files_do(user: User, shell: str, flags: str) -> None:
    user.has(RESET)
    assert user.first(shell, flags) == user.safeshell.shims
    assert user.first(shell, flags, environment=user.bare) != user.safeshell.shims


@pytest.mark.parametrize(("shell", "flags"), GUARDED)
def test_so_they_are_in_shells_of_shells(user: User, shell: str, flags: str) -> None:
    user.has(RESET)
    for inner in ("bash", "zsh", "fish"):
        if subprocess.run(["sh", "-c", f"command -v {inner}"], stdout=subprocess.DEVNULL, check=False).returncode == 0:
            assert user.first(shell, flags, f"{shell} -lc '{inner} -lc env'") == user.safeshell.shims


@pytest.mark.needs("bash")
@pytest.mark.parametrize("flags", ["-ic", "-lic"])
def test_interactive_bash_keeps_what_nobody_takes(user: User, flags: str) -> None:
    user.has({".bash_profile": ":\n", ".bashrc": "alias x=y\n"})
    reset = "PATH" in user.run("bash", "-c", "grep -s PATH= /etc/profile")
    if flags == "-ic" or not reset:
        assert user.first("bash", flags) == user.safeshell.shims


@pytest.mark.parametrize("shell", EACH)
def test_a_path_that_somebody_chose_stays(user: User, shell: str) -> None:
    user.has(RESET)
    chosen = {**user.guarded(), "PATH": PATH}
    assert user.first(shell, "-lc", environment=chosen) == "/usr/bin"
    user.has(dict.fromkeys(RESET, "\n"))
    before = {**user.guarded(), "PATH": f"/opt/mine:{user.safeshell.shims}:{PATH}"}
    assert user.first(shell, "-c", environment=before) == "/opt/mine"


@pytest.mark.parametrize("shell", EACH)
def test_a_directory_that_an_agent_puts_before_them_loses_none(user: User, shell: str) -> None:
    user.has(RESET)
    before = {**user.guarded(), "PATH": f"/opt/agent:{user.safeshell.shims}:{PATH}"}
    assert user.first(shell, "-lc", environment=before) == user.safeshell.shims


@pytest.mark.parametrize("shell", EACH)
def test_a_path_that_is_set_later_stays(user: User, shell: str) -> None:
    user.has({"set": "set -gx PATH /usr/bin /bin\n" if shell == "fish" else "PATH=/usr/bin:/bin\n"})
    assert user.first(shell, "-c", ". ./set; env") == "/usr/bin"


@pytest.mark.needs("bash")
@pytest.mark.parametrize(
    "argv",
    [
        ["-c", 'echo "$? $_ $- $# $0"; trap; declare -F; shopt; set -o; compgen -v | grep -i safeshell_'],
        ["-c", 'echo "$# $1"', "zero", "one"],
        ["-lc", 'echo "$? $_ $-"; trap; declare -F'],
        ["-xc", "echo traced"],
        ["-xlc", "echo traced"],
        ["-euc", 'echo "$-"; false; echo never'],
        ["-lec", 'echo "$? $-"; false; echo never'],
        ["-o", "posix", "-c", 'echo "$_ $-"'],
        ["-pc", 'echo "$_ $-"'],
        ["-ic", 'echo "$? $_ $- $HISTFILE $PS1 $PROMPT_COMMAND"; history; complete | wc -l'],
    ],
    ids=lambda argv: argv[0],
)
def test_bash_is_as_it_was(user: User, argv: list[str]) -> None:
    user.has({".bash_profile": "set -o noclobber; trap 'echo bye' EXIT; trap 'echo failed' ERR; [ -e /none ] && :\n"})
    user.same("bash", *argv)


@pytest.mark.needs("bash")
def test_a_bash_env_of_ones_own_is_read_as_bash_reads_it(user: User) -> None:
    text = (
        'echo "mine $# $0"; declare global=1; set -- a b; PATH=/usr/bin:/bin; trap "echo bye" EXIT; [ -e /none ] && :\n'
    )
    user.has({'my "env"': text})
    script = 'echo "$? $global $* $-"; trap'
    for flags in ("-c", "-ec", "-lc"):
        assert "mine 0" in user.same("bash", flags, script, BASH_ENV='$HOME/my "env"')
        assert user.first("bash", flags, environment=user.guarded(BASH_ENV='$HOME/my "env"')) == user.safeshell.shims
    for missing in ("/nonexistent/env", ""):
        user.same("bash", "-c", script, BASH_ENV=missing)


@pytest.mark.needs("bash")
def test_a_trace_that_a_bash_env_begins_shows_nothing_of_ours(user: User) -> None:
    user.has({"mine": "set -x\n"})
    assert user.same("bash", "-c", "echo traced", BASH_ENV="$HOME/mine") == "+ echo traced\ntraced\n0"


@pytest.mark.needs("zsh")
@pytest.mark.parametrize("flags", ALL)
def test_zsh_is_as_it_was(user: User, flags: str) -> None:
    user.has({".zshenv": "setopt ksharrays shwordsplit; typeset here=1; false\n", ".zlogout": "echo out\n"})
    user.same("zsh", flags, 'echo "$? $- $here $HISTFILE $PROMPT"; setopt; trap; functions; typeset + | grep -i _safe')


@pytest.mark.needs("zsh")
@pytest.mark.parametrize("flags", ["-xc", "-lxc", "-ixc"])
def test_a_trace_of_zsh_shows_nothing_of_ours(tmp_path: Path, flags: str) -> None:
    user = User(str(tmp_path), "plain")
    if "l" not in flags:
        user.has({".zlogin": ""})  # no new user, and no file that is read
    user.same("zsh", flags, "echo traced")


@pytest.mark.needs("zsh")
@pytest.mark.parametrize("export", ["", "export "])
@pytest.mark.parametrize("flags", ALL)
def test_a_zdotdir_of_ones_own_is_read(user: User, flags: str, export: str) -> None:
    names = (".zshenv", ".zprofile", ".zshrc", ".zlogin")
    user.has({name: f'echo "home {name} $ZDOTDIR"\n' for name in names})
    user.has({f"z/{name}": f'echo "z {name} $ZDOTDIR"; HISTFILE=$ZDOTDIR/history; false\n' for name in names})
    nested = f"echo $? $HISTFILE; zsh {flags} 'echo $? $HISTFILE'"
    assert "z .zshenv" in user.same("zsh", flags, nested, ZDOTDIR=os.path.join(user.directory, "z"))
    user.has({".zshenv": f"echo one; {export}ZDOTDIR=$HOME/z\n"})
    assert "one" in user.same("zsh", flags, nested)


@pytest.mark.needs("fish")
@pytest.mark.parametrize("flags", ALL)
def test_fish_is_as_it_was(user: User, flags: str) -> None:
    user.has({".config/fish/config.fish": "set -g here 1; false\n"})
    user.same("fish", flags, "echo $status $here $argv; functions; status; set -n | string match -i '*_safeshell*'")


@pytest.mark.needs("fish")
def test_what_was_in_xdg_data_dirs_stays_there(user: User) -> None:
    ours = os.path.join(user.safeshell.shell, "share")
    assert user.guarded()["XDG_DATA_DIRS"] == f"/usr/local/share:/usr/share:{ours}"
    assert user.guarded(XDG_DATA_DIRS=f"/opt/share:{ours}")["XDG_DATA_DIRS"] == f"/opt/share:{ours}"


@pytest.mark.needs("zsh")
def test_a_guarded_shell_in_a_guarded_shell_reads_the_users_file_once(user: User) -> None:
    once = user.guarded(BASH_ENV="/mine")
    assert once["SAFESHELL_BASH_ENV"] == "/mine"
    twice = dict(once)
    guard_shells(user.safeshell, twice)
    assert twice == once
    other = User(os.path.join(user.directory, "another"))
    guard_shells(other.safeshell, twice)
    assert (twice["ZDOTDIR"], twice["SAFESHELL_BASH_ENV"]) == (os.path.join(other.safeshell.shell, "zsh"), "/mine")


def test_an_upgrade_writes_only_what_differs(user: User) -> None:
    user.guarded()
    path = os.path.join(user.safeshell.shell, "bash_env")
    before = os.stat(path)
    user.guarded()
    assert os.stat(path).st_ino == before.st_ino
    write(path, "# SafeShell: as an older version wrote it\n")
    user.guarded()
    assert os.path.getsize(path) == before.st_size
    assert not [name for name in os.listdir(user.safeshell.shell) if ".new" in name]

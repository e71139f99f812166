"""The guarded shell by itself: what it asks about, and which shell it becomes."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable

import pytest
from ccode import hooks
from shims.conftest import SHIMS
from shims.fake_daemon import SHELL, WAITING, FakeDaemon, execute, notice, refused

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NAME = "safeshell-sh"
PATH = "/usr/bin:/bin"

NEW, USERS = "# SafeShell: a start-up file\n", "# the user's\n"


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("shell") / NAME)
    assert not hooks().compile_shell(SHIMS, path)
    return path


@pytest.fixture
def run(program: str, home: str) -> Run:
    """Runs it as `argv` says, from a home's directory, by its own name or a link's."""
    os.mkdir(os.path.join(home, "hooks"))
    shutil.copy(program, os.path.join(home, "hooks", NAME))

    def called(*argv: str, by: str = NAME, **variables: str) -> subprocess.CompletedProcess[str]:
        path = os.path.join(home, "hooks", by)
        if by != NAME and not os.path.lexists(path):
            os.symlink(NAME, path)
        env = {"SAFESHELL_HOME": home, "PATH": PATH, "SAFESHELL_SHELL": "/bin/sh", **variables}
        return subprocess.run(
            argv,
            executable=path,
            env={name: value for name, value in env.items() if value},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return called


def allowing(home: str) -> FakeDaemon:
    return FakeDaemon(home, WAITING, notice(b"safeshell: a moment\n"), execute(b"/bin/sh"))


def test_it_asks_with_the_real_shells_path_and_becomes_that(run: Run, home: str) -> None:
    with allowing(home) as daemon:
        done = run(NAME, "-c", 'echo "$0 $1"; exit 7', "name", "first", X="1")
        asked = daemon.request()
    assert (done.returncode, done.stdout, done.stderr) == (7, "name first\n", "safeshell: a moment\n")
    assert (asked.kind, asked.flags, asked.name) == (SHELL, 0, b"/bin/sh")
    assert asked.argv == [b"sh", b"-c", b'echo "$0 $1"; exit 7', b"name", b"first"]
    assert b"X=1" in asked.env
    assert [os.path.samestat(each, os.stat(".")) for each in asked.fds] == [True]


def test_what_is_refused_does_not_run(run: Run, home: str) -> None:
    with FakeDaemon(home, refused(126, b"safeshell: denied by rule r: No.\n")):
        done = run(NAME, "-c", f"touch {home}/ran")
    assert (done.returncode, done.stdout, done.stderr) == (126, "", "safeshell: denied by rule r: No.\n")
    assert not os.path.exists(f"{home}/ran")


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        (NAME, "sh"),
        (f"-{NAME}", "-sh"),
        (f"/some/where/{NAME}", "/bin/sh"),
        ("chosen", "chosen"),
        ("", ""),
    ],
)
def test_the_shell_has_its_own_name_and_a_login_shells_dash(run: Run, home: str, given: str, becomes: str) -> None:
    with allowing(home) as daemon:
        done = run(given, "-c", "true")
        assert (done.returncode, daemon.request().argv[0].decode()) == (0, becomes)


@pytest.mark.needs("bash")
def test_a_link_is_the_shell_of_its_name(run: Run, home: str) -> None:
    decoy = os.path.join(home, "hooks")  # on PATH, it leads to itself
    with allowing(home) as daemon:
        run("bash", "-c", "true", by="bash", PATH=f"{decoy}:{PATH}")
        assert daemon.request().name == b"/usr/bin/bash"
        run("bash", "-c", "true", by="bash", SAFESHELL_SHELL="/opt/own/bash")
        assert daemon.request().name == b"/opt/own/bash"
        done = run("bash", "-c", "true", by="bash", PATH=decoy)
    assert (done.returncode, done.stderr) == (
        *(125, "safeshell: PATH leads to no bash but this one, which stands for it\n"),
    )


@pytest.mark.needs("bash")
@pytest.mark.parametrize(("interpreter", "shell"), [(NAME, "/bin/sh"), ("bash", "/usr/bin/bash")])
def test_it_reads_a_script_that_names_it(run: Run, home: str, interpreter: str, shell: str) -> None:
    hooks_ = os.path.join(home, "hooks")
    run("bash", "--version", by="bash")  # makes the link
    for name in ("script", "bash"):  # along PATH, and named as a shell itself
        script = write(home, f"bin/{name}", f"#!{hooks_}/{interpreter} -e\necho never\n")
        os.chmod(script, 0o755)
        with FakeDaemon(home, refused(126, b"no\n")) as daemon:
            env = {"SAFESHELL_HOME": home, "SAFESHELL_SHELL": "/bin/sh", "PATH": PATH}
            done = subprocess.run([script, "x"], env=env, capture_output=True, timeout=30, check=False)
            asked = daemon.request()
        os.unlink(os.path.join(home, "daemon.sock"))
        assert done.returncode == 126
        assert (asked.name.decode(), asked.argv[1:]) == (shell, [b"-e", script.encode(), b"x"])


def test_it_refuses_itself(run: Run, home: str) -> None:
    own = os.path.join(home, "hooks", NAME)
    done = run(NAME, "-c", "true", SAFESHELL_SHELL=own)
    assert done.returncode == 125
    assert f"SAFESHELL_SHELL names {own}, which stands for a shell itself" in done.stderr
    assert run(NAME, SAFESHELL_SHELL="sh").stderr == (
        "safeshell: SAFESHELL_SHELL has to be the path of a shell, and is sh\n"
    )


def test_the_accounts_shell_is_where_none_is_named(run: Run, home: str) -> None:
    with FakeDaemon(home, refused(126, b"no\n")) as daemon:
        run(NAME, "-c", "true", SAFESHELL_SHELL="")
        assert daemon.request().name.decode() == pwd.getpwuid(os.geteuid()).pw_shell


def variables(daemon: FakeDaemon) -> dict[str, str]:
    return dict(entry.decode().split("=", 1) for entry in daemon.request().env)


def write(home: str, name: str, text: str) -> str:
    path = os.path.join(home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path


def test_the_shims_come_first_where_there_are_any(run: Run, home: str) -> None:
    with allowing(home) as daemon:
        run(NAME, "-c", "true")
        assert variables(daemon)["PATH"] == PATH
        os.mkdir(f"{home}/shims")
        run(NAME, "-c", "true", PATH=f"/a:{home}/shims:/b:", X="1")
        given = {"SAFESHELL_HOME": home, "SAFESHELL_SHELL": "/bin/sh", "X": "1"}
        assert variables(daemon) == {**given, "PATH": f"{home}/shims:/a:/b:"}
        run(NAME, "-c", "true", PATH="")
        assert variables(daemon)["PATH"] == f"{home}/shims:/bin:/usr/bin"


def test_bash_reads_our_start_up_file_and_that_the_users_own(run: Run, home: str) -> None:
    os.mkdir(f"{home}/shims")
    ours, users = write(home, "shell/bash_env", NEW), write(home, "users", USERS)
    others = write(home, "other/shell/bash_env", NEW)
    with allowing(home) as daemon:
        run(NAME, "-c", "true", SAFESHELL_BASH_ENV="stale")
        found = variables(daemon)
        assert found["BASH_ENV"] == ours
        assert "SAFESHELL_BASH_ENV" not in found
        run(NAME, "-c", "true", BASH_ENV=users)
        found = variables(daemon)
        assert (found["BASH_ENV"], found["SAFESHELL_BASH_ENV"]) == (ours, users)
        for before in (ours, others):  # again inside of itself, and behind another home
            run(NAME, "-c", "true", BASH_ENV=before, SAFESHELL_BASH_ENV=users)
            found = variables(daemon)
            assert (found["BASH_ENV"], found["SAFESHELL_BASH_ENV"]) == (ours, users)


def test_zsh_and_fish_read_theirs(run: Run, home: str) -> None:
    os.mkdir(f"{home}/shims")
    write(home, "shell/zsh/.zshenv", NEW)
    os.mkdir(f"{home}/shell/share")
    with allowing(home) as daemon:
        run("zsh", "-c", "true", SAFESHELL_SHELL="/usr/bin/zsh", ZDOTDIR="/users")
        found = variables(daemon)
        assert (found["ZDOTDIR"], found["SAFESHELL_ZDOTDIR"]) == (f"{home}/shell/zsh", "/users")
        run("bash", "-c", "true", SAFESHELL_SHELL="/bin/bash")
        assert not {"ZDOTDIR", "XDG_DATA_DIRS"} & set(variables(daemon))
        run("fish", "-c", "true", SAFESHELL_SHELL="/usr/bin/fish")
        assert variables(daemon)["XDG_DATA_DIRS"] == f"/usr/local/share:/usr/share:{home}/shell/share"


@pytest.mark.parametrize(("ai", "human"), [("deny", "allow"), ("allow", "deny")])
def test_without_a_daemon_the_setting_decides(run: Run, home: str, ai: str, human: str) -> None:
    write(home, "client.conf", f"unreachable_ai={ai}\nunreachable_human={human}\nmarker=AGENT_HERE\n")
    for said, marker in ((ai, "1"), (human, "")):
        done = run(NAME, "-c", "echo ran", AGENT_HERE=marker)
        assert (done.returncode, done.stdout) == ((0, "ran\n") if said == "allow" else (125, ""))
        assert "can't reach the daemon" in done.stderr

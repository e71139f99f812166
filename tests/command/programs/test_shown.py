"""What only shows, asked of the real programs: nothing is done by it, and by its look-alike something is.

Where a program can't do anything here, for want of a server, it is told apart by what it says: its look-alike goes
for that server, or complains.
"""

from __future__ import annotations

import hashlib
import shlex
import subprocess
from pathlib import Path

import pytest
from command.test_showing import show
from needs import found, need

SERVERLESS = {
    "DOCKER_HOST": "unix:///nonexistent",
    "KUBECONFIG": "/dev/null",
    "LC_ALL": "C",
    "NO_COLOR": "1",
    "AWS_PAGER": "",
    "CHECKPOINT_DISABLE": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
}


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with files, and a repository with a commit and something to push it to."""
    for name, value in {**SERVERLESS, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    for name in ("POSIXLY_CORRECT", "POSIX_ME_HARDER", "TF_CLI_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    here = tmp_path / "there"
    (here / "full").mkdir(parents=True)
    (here / "full" / "file").write_text("x", encoding="utf-8")
    (here / "empty").mkdir()
    (here / "repo").mkdir()
    (here / "repo" / "kept").write_text("x", encoding="utf-8")
    (here / "script").write_text("touch made-by-script\n", encoding="utf-8")
    for name in ("disk", "gpt"):
        (here / name).write_bytes(bytes(1 << 23))
    if found("sgdisk"):
        run(["sgdisk", "-n", "1", str(here / "gpt")])
    monkeypatch.chdir(here)
    for words in (
        ["init", "-q", "--bare", "bare"],
        ["-C", "repo", "init", "-q"],
        ["-C", "repo", "config", "user.name", "a"],
        ["-C", "repo", "config", "user.email", "a@example.org"],
        ["-C", "repo", "add", "kept"],
        ["-C", "repo", "commit", "-q", "-m", "x"],
        ["-C", "repo", "branch", "spare"],
        ["-C", "repo", "remote", "add", "o", "../bare"],
    ):
        subprocess.run(["git", *words], check=True)
    (here / "repo" / "left").write_text("x", encoding="utf-8")
    (here / "repo" / "kept").write_text("y", encoding="utf-8")
    monkeypatch.chdir(here / "repo")
    return here


def run(words: list[str]) -> tuple[int, str]:
    """How a program ends, and what it writes, on both streams."""
    done = subprocess.run(
        words,
        executable=found(words[0]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def state(there: Path) -> dict[str, bytes]:
    """All files with what is in them, but for git's own where they say nothing."""
    dull = ("index", "COMMIT_EDITMSG", "objects")
    return {
        str(path.relative_to(there)): _digest(path) if path.is_file() else b""
        for path in sorted(there.rglob("*"))
        if not {*dull} & {*path.parts}
    }


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@pytest.mark.parametrize(
    "row",
    """
    rm -rf ../full --help                        | rm -rf ../full -- --help
    rm -rf --version ../full                     | rm -rf ../full
    rmdir --help ../empty                        | rmdir ../empty
    mv ../full ../other --help                   | mv ../full ../other
    cp -r ../full ../other --help                | cp -r ../full ../other
    touch --version ../made                      | touch -- --version
    truncate -s 0 ../full/file --help            | truncate -s 0 ../full/file
    find ../full -delete -help                   | find ../full ! -name -help -delete
    git push -n o HEAD:refs/heads/m              | git push o HEAD:refs/heads/m
    git push --dry o HEAD:refs/heads/m           | git push --dry-run --no-dry o HEAD:refs/heads/m
    git push o HEAD:refs/heads/m -h              | git push --repo -h o HEAD:refs/heads/m
    git push --no-dry-run -n o HEAD:refs/heads/m | git push -n --no-dry-run o HEAD:refs/heads/m
    git clean -ndf                               | git clean -df
    git clean -df --help                         | git clean -e --help -df
    git branch -D spare -h                       | git branch -D spare
    git branch -D --help spare                   | git -C . branch -D spare
    git rm -nf kept                              | git rm -f kept
    git commit --dry-run -am x                   | git commit --allow-empty -m --dry-run
    git reset --hard HEAD --help                 | git reset --hard -q
    git --version branch -D spare                | git --no-pager branch -D spare
    rsync -an --delete ../full/ ../empty/        | rsync -a --delete ../full/ ../empty/
    rsync -a ../full/ ../empty/ --dry-run        | rsync -a ../full/ ../empty/ --exclude --dry-run
    rsync -a --help ../full/ ../empty/           | rsync -a --exclude --help ../full/ ../empty/
    bash -n ../script                            | bash ../script -n
    bash -n -c 'touch made'                      | bash -n +n -c 'touch made'
    bash --help -c 'touch made'                  | bash -c 'touch made' --help
    dash -n -c 'touch made'                      | dash -n +n -c 'touch made'
    zsh -n -c 'touch made'                       | zsh -n -o exec -c 'touch made'
    zsh --help -c 'touch made'                   | zsh -n --exec -c 'touch made'
    mkfs.ext4 -nF ../disk                        | mkfs.ext4 -qF ../disk
    sgdisk --pretend -n 1 ../disk                | sgdisk -n 1 ../disk
    sgdisk --help -n 1 ../disk                   | sgdisk --zap-all ../gpt
    sfdisk --no-act --delete ../gpt              | sfdisk --delete ../gpt
    wipefs -anf ../gpt                           | wipefs -af ../gpt
    wipefs -af ../gpt --no-act                   | wipefs -af ../gpt
    mkswap --help ../disk                        | mkswap ../disk
    mkfs.vfat --help ../disk                     | mkfs.vfat ../disk
    """.strip().splitlines(),
)
def test_l15_nothing_is_done_by_what_shows_and_something_by_its_look_alike(there: Path, row: str) -> None:
    shows, does = (shlex.split(line) for line in row.split(" | "))
    need(*dict.fromkeys([shows[0], does[0], *(["sgdisk"] if "../gpt" in does else [])]))
    assert show(shlex.join(shows)) is not None
    assert show(shlex.join(does)) is None
    before = state(there)
    run(shows)
    assert state(there) == before
    run(does)
    assert state(there) != before


@pytest.mark.parametrize(
    ("shows", "does", "told"),
    [
        ("docker rm x --help", "docker rm x", "Usage:"),
        ("docker system prune -f --help", "docker rm --help --help=false x", "Usage:"),
        ("docker run --help image", "docker run image --help", "Usage:"),
        ("docker help rm", "docker --help run image", "Usage:"),
        ("docker container rm x --help", "docker rm --help=false x", "Usage:"),
        ("kubectl delete pod x --help", "kubectl delete pod x", "Usage:"),
        ("kubectl delete pod x -h", "kubectl delete pod -n -h x", "Usage:"),
        ("kubectl help delete", "kubectl delete help", "Usage:"),
        ("terraform destroy -help", "terraform destroy help", "Usage:"),
        ("terraform destroy -auto-approve -h", "terraform destroy -auto-approve", "Usage:"),
        ("terraform state -help rm x", "terraform state rm x", "Usage:"),
        ("psql -c x --help", "psql -h /nonexistent -c --help", "Usage:"),
        ("redis-cli --help flushall", "redis-cli -p 1 flushall --help", "Usage:"),
        ("gh repo delete a/b --help", "gh repo delete a/b --help=false", "USAGE"),
        ("gh help repo delete", "gh repo delete a/b --help --help=false", "USAGE"),
        ("apt-get remove --help", "apt-get remove -o --help", "Usage:"),
        ("curl http://127.0.0.1:1 --help", "curl -X --help http://127.0.0.1:1", "Usage:"),
    ],
)
def test_l15_help_is_told_by_what_shows_and_not_by_its_look_alike(
    there: Path, shows: str, does: str, told: str
) -> None:
    need(shows.split(maxsplit=1)[0])
    assert there.is_dir()
    assert show(shows) is not None
    assert show(does) is None
    status, said = run(shlex.split(shows))
    assert (status, told in said) == (0, True)
    status, said = run(shlex.split(does))
    assert (status, told in said) != (0, True)

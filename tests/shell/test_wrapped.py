"""Wrappers and runners in a line: what they run, and whether a shim sees it."""

from __future__ import annotations

import pytest
from shell.nesting import answers

RM = "rm -rf /"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("runuser -l U -c 'rm -rf /'", ["!|rm -rf /"]),
        ("runuser -u U rm -rf /", ["!rm -rf /"]),
        ("runuser -u U -- rm -rf /", ["!rm -rf /"]),
        ("su -c 'rm -rf /' U", ["!|rm -rf /"]),
        ("su - U -c 'rm -rf /'", ["!|rm -rf /"]),
        ("su -s /bin/bash U -- -c 'rm -rf /'", ["!|rm -rf /"]),
        ("su U -c -- x", ["!|--"]),
        ("su U script", ["!sh script"]),
        ("sudo -s rm -rf /", ["!rm -rf /"]),
        ("sudo -i bash -c 'rm -rf /'", ["!bash -c rm -rf /"]),
        ("sudo -s rm -rf '$HOME'", ["!rm -rf ?$HOME"]),
        ("doas rm -rf /", ["!rm -rf /"]),
        ("command -p rm -rf /", ["!rm -rf /"]),
        ("command rm -rf /", [RM]),
        ("env -i rm -rf /", ["!rm -rf /"]),
        ("env PATH=/bin rm -rf /", ["!rm -rf /"]),
        ("env A=1 rm -rf /", [RM]),
        ("env -S 'env -S \"rm -rf /\"'", ["env -S rm -rf /"]),
        (r"""env -S "'rm' \\_-rf\\_/ #no" """, [RM]),
        (r"""env -vS "bash -c 'rm -rf \\'/\\''" """, ["bash -c rm -rf '/'"]),
        ("env '-Srm -rf \udcff'", ["rm -rf \udcff"]),
        ("env -S 'rm -rf ${A}/x'", ["rm -rf ?${A}/x"]),
        ("env -S $x", ["?…"]),
        ("""env -S "'open" """, []),
        ("setpriv --reset-env rm -rf /", ["!rm -rf /"]),
        ("chroot /mnt rm -rf /", ["!rm -rf /"]),
        ("chroot /mnt", ["!sh"]),
        ("unshare --root /mnt rm -rf /", ["!rm -rf /"]),
        ("unshare -r rm -rf /", [RM]),
        ("nsenter -t 1 -m rm -rf /", ["!rm -rf /"]),
        ("systemd-run --user -p A=b rm -rf /", ["!rm -rf /"]),
        ("script -qc 'rm -rf /' /dev/null", ["|rm -rf /"]),
        ("script /dev/null -c 'rm -rf /'", ["|rm -rf /"]),
        ("flock /l -c 'rm -rf /'", ["|rm -rf /"]),
        ("flock -n /l rm -rf /", [RM]),
        ("watch -n 5 rm -rf /", ["|rm -rf /"]),
        ("watch -x rm -rf /", [RM]),
        ("cmake -E env A=1 rm -rf /", [RM]),
        ("cmake -E chdir d rm -rf /", [RM]),
        ("cmake -E rm -rf /", [RM]),
        ("cmake --build build", []),
        ("cmake -S . -B build", []),
        ("cmake ..", []),
        ("retry -t 3 rm -rf /", [RM]),
        ("gcloud compute ssh h -- rm -rf /", ["!rm -rf /"]),
        ("gcloud compute ssh h -- 'rm -rf /'", ["!@|rm -rf /"]),
        ("gcloud compute ssh h --command='rm -rf /'", ["!@|rm -rf /"]),
        ("gcloud compute ssh h --zone z", []),
    ],
)
def test_l8_grammars_of_wrappers(line: str, found: list[str]) -> None:
    assert list(answers(line)) == found


@pytest.mark.parametrize(
    "before",
    [
        "setarch x86_64 -R",  # it takes an architecture that is left out where its own name is one
        "linux32",
        "x86_64 -R",
        "i386",
        "uname26",
        "prlimit --nofile=10",
        "prlimit -n10 --as=1:2",
        "run0 -u root",
        "fakeroot",
        "fakeroot -s f --",
        "faketime -f @0",
        "choom -n 5 --",
        "numactl -N 0",
        "valgrind --tool=none -q",
        "gdb -q --args",
        "perf record -g -o f --",
        "perf stat -e a,b",
        "strace -f -o f",
        "ltrace -f",
        "rlwrap -a",
        "catchsegv",
        "/lib64/ld-linux-x86-64.so.2 --library-path /x",
        "/lib/ld-musl-x86_64.so.1",
        "busybox env",
        "busybox",
        "toybox env",
        "entr -r",
        "ifne",
        "chronic",
        "xvfb-run -a",
        "dbus-run-session --",
        "torsocks",
        "proxychains4 -q",
        "screen -dm",
        "screen -dmS name",
        "npm exec --",
        "npm exec -p x --",
        "npx -y",
        "pnpm exec",
        "pnpm -C d dlx",
        "pnpm -r exec",
        "yarn exec",
        "yarn workspace x exec",
        "bunx",
        "uv run",
        "uv --directory d run --with x --python 3.11",
        "uvx --from x",
        "uv tool run",
        "poetry run",
        "poetry -C d run",
        "pipenv run",
        "pdm run",
        "hatch run",
        "hatch -e x run",
        "rye run",
        "pixi run -e x",
        "conda run -n x --no-capture-output",
        "bundle exec",
        "rbenv exec",
        "mise exec node@20 --",
        "mise x --",
        "asdf exec",
        "direnv exec .",
        "dotenv --",
        "dotenv -f x run --",
        "dotenv run",
        "op run --env-file x --",
        "aws-vault exec p --",
        "aws-vault exec p",
        "doppler run -p x --",
        "infisical run --env=dev --",
        "chamber exec svc --",
        "nix develop . -c",
        "nix shell nixpkgs#x --command",
        "guix shell x --",
        "cross-env A=1",
        "dumb-init --",
        "tini -g --",
        "wait-for-it h:1 --",
        "just -c",
        "gnome-terminal --",
        "xterm -e",
        "sshpass -p x",
        "caffeinate -i",
        "bwrap --ro-bind / / --dev /dev --setenv A b",
    ],
)
def test_l9_a_command_behind(before: str) -> None:
    found = list(answers(f"{before} rm -rf /"))
    if found and found[0].lstrip("!").startswith("env "):
        found = list(answers(found[0]))
    expected = "x86_64 -R rm -rf /" if before.startswith("setarch") else RM
    assert [text.lstrip("!") for text in found] == [expected]


@pytest.mark.parametrize(
    "before",
    [
        "docker exec -it -u root c",
        "docker -H unix:///x exec c",
        "docker run --rm -v /:/host alpine",
        "docker container exec c",
        "docker compose -f x exec -T redis",
        "docker compose run --rm web",
        "docker-compose exec web",
        "podman exec c",
        "podman run --rm -it x",
        "nerdctl exec c",
        "crictl exec -it c",
        "kubectl exec -it p -c x --",
        "kubectl -n ns exec p --",
        "kubectl exec p",
        "kubectl debug p --image=x --",
        "oc exec p --",
        "lxc exec c --",
        "incus exec c --",
        "distrobox enter x --",
        "toolbox run -c x",
        "machinectl shell root@c",
        "multipass exec vm --",
        "apptainer exec --bind /x img.sif",
        "limactl shell vm",
    ],
)
def test_l9_l11_in_containers_no_shim_sees_the_command(before: str) -> None:
    assert list(answers(f"{before} rm -rf /")) == ["!rm -rf /"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("docker run --entrypoint rm img -rf /", ["!rm -rf /"]),
        ("docker run --entrypoint=sh img -c 'rm -rf /'", ["!sh -c rm -rf /"]),
        ("docker ps -a", []),
        ("heroku run -a x rm -rf /", ["!|rm -rf /"]),
        ("kubectl get pods", []),
        ("kubectl run x --image=y", []),
        ("npx -c 'rm -rf /'", ["|rm -rf /"]),
        ("npm run build", []),
        ("uv pip install x", []),
        ("gdb -p 1", []),
        ("op item get x", []),
        ("doppler run --command 'rm -rf /'", ["|rm -rf /"]),
        ("nix-shell -p x --run 'rm -rf /'", ["|rm -rf /"]),
        ("sg docker -c 'rm -rf /'", ["|rm -rf /"]),
        ("sg docker 'rm -rf /'", ["|rm -rf /"]),
        ("entr -s 'rm -rf /'", ["|rm -rf /"]),
        ("hyperfine -p 'rm -rf /' true", ["|rm -rf /", "|true"]),
        ("concurrently 'rm -rf /' b", ["|rm -rf /", "|b"]),
        ("pee 'rm -rf /' cat", ["|rm -rf /", "|cat"]),
        ("perf stat --pre 'rm -rf /' x", ["|rm -rf /", "x"]),
        ("nodemon -x 'rm -rf /' f", ["|rm -rf /"]),
        ("vagrant ssh -c 'rm -rf /'", ["!@|rm -rf /"]),
        ("gcloud compute ssh h --command='rm -rf /'", ["!@|rm -rf /"]),
        ("fly ssh console -C 'rm -rf /'", ["!@|rm -rf /"]),
        ("ansible all -m shell -a 'rm -rf /'", ["!@|rm -rf /"]),
        ("xterm -e 'rm -rf /'", ["|rm -rf /"]),
        ("start-stop-daemon -S -x /bin/rm -- -rf /", ["!/bin/rm -rf /"]),
        ("ip netns exec n rm -rf /", [RM]),
    ],
)
def test_l9_texts_and_subcommands(line: str, found: list[str]) -> None:
    assert list(answers(line)) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("ssh h rm -rf /", ["!@|rm -rf /"]),
        ("ssh -p 1 h -v rm -rf /", ["!@|rm -rf /"]),
        ("ssh h", ["!@|rm -rf /"]),
        ("ssh -T -o A=b h", ["!@|rm -rf /"]),
        ("su - U", ["!|rm -rf /"]),
        ("runuser -l U", ["!|rm -rf /"]),
        ("sudo -s", ["!|rm -rf /"]),
        ("sudo -u U -i", ["!|rm -rf /"]),
        ("docker exec -i c sh", ["!sh"]),
        ("adb shell", ["!@|rm -rf /"]),
    ],
)
def test_l10_what_reads_its_input_as_a_shell(line: str, found: list[str]) -> None:
    assert list(answers(line, "rm -rf /")) == found


def test_l10_without_an_input_of_the_line_nothing_is_read() -> None:
    assert list(answers("ssh h")) == []
    assert list(answers("sudo -i")) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("tmux new -d 'rm -rf /'", ["!|rm -rf /"]),
        ("tmux new-session -d -s x rm -rf /", ["!rm -rf /"]),
        ("tmux -L s split-window -h 'rm -rf /'", ["!|rm -rf /"]),
        ("tmux new -d ';' send-keys -t x 'rm -rf /' Enter", ["!|rm -rf /\n"]),
        ("tmux send -t x rm Space -rf Space / C-m", ["!|rm -rf /\n"]),
        ("tmux run-shell -b 'rm -rf /'", ["!|rm -rf /"]),
        ("tmux if-shell 'rm -rf /' 'new -d \"rm x\"'", ["!|rm -rf /", "!|rm x"]),
        ("tmux respawn-pane -k 'rm -rf /'", ["!|rm -rf /"]),
        ("tmux ls", []),
        ("screen -S x -X stuff 'rm -rf /^M'", ["!|rm -rf /\n"]),
        ("screen -S x -X screen rm -rf /", ["!rm -rf /"]),
        ("screen -ls", []),
    ],
)
def test_l9_multiplexers(line: str, found: list[str]) -> None:
    assert list(answers(line)) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("docker exec $C rm -rf /", ["!-rf /", "!rm -rf /"]),
        ("docker exec $O c rm -rf /", ["!rm -rf /", "!c rm -rf /"]),
        ("docker exec $C ls", ["!ls"]),
        ("ssh $H", []),
        ("timeout $T rm -rf /", ["-rf /", "rm -rf /"]),
        ("sudo $X rm -rf /", ["!rm -rf /", "?…"]),
        ("kubectl exec $P -- rm -rf /", ["!rm -rf /"]),
    ],
)
def test_l13_an_unknown_operand_leaves_the_command_known(line: str, found: list[str]) -> None:
    assert list(answers(line)) == found

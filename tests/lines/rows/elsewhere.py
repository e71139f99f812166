"""Programs that may not be here, or must not do here what they do; `lines.standins` run their operand in turn."""

from __future__ import annotations

from lines.draft import Row

_OPERANDS = """
setarch x86_64 §B
setarch -R §B
linux64 -R §B
prlimit --nofile=64 §B
prlimit -n64 --core=0 -- §B
run0 §B
run0 --user=u -- §B
fakeroot §B
fakeroot -- §B
npm exec -- §B
npm exec -y -- §B
npx §n §a
uv run §B
uv run --with x -- §B
poetry run §B
poetry -q run §B
bundle exec §B
pipenv run §B
docker exec c §B
docker exec -it -u 0 c §B
docker run --rm -v /:/x img §B
docker compose exec -T web §B
podman exec c §B
kubectl exec pod -- §B
kubectl -n ns exec -it pod -c x -- §B
op run -- §B
op run --env-file=a.txt -- §B
dbus-run-session -- §B
systemd-inhibit --what=idle §B
xvfb-run -a §B
firejail --quiet §B
entr §B <words
ls | entr -n §n §a
mise exec -- §B
direnv exec . §B
nix develop -c §B
conda run -n x §B
hatch run §B
pdm run §B
doppler run -- §B
aws-vault exec x -- §B
chpst -u u §B
proot -r / §B
yarn exec -- §B
pnpm exec §B
rye run §B
systemd-run --user --pipe §B
systemd-run -p A=b --wait -- §B
nsenter -t 1 -m §B
chroot / §B
chroot --userspec=u / §B
ld.so §B
tmux new-session -d §n §a
screen -dm §n §a
screen -dmS x §n §a
lxc exec c -- §B
catchsegv §B
"""
_TEXTS = """
sg users -c §T
npx -c §T
npm exec -c §T
npx --call=§T
tmux new -d §T
tmux new-window -t x §T
nix-shell --run §T
vagrant ssh -c §T
gcloud compute ssh h --command=§T
entr -s §T <words
machinectl shell h /bin/sh -c §T
docker exec c sh -c §T
kubectl exec pod -- bash -c §T
screen -dm bash -c §T
uv run bash -euc §T
setarch -R bash -c §T
"""
_UNKNOWN = """
frobnicate §n §a
frobnicate -x --opt -- §n §a
wrap-it --level=3 -- §n §a
"""
_SSH = """
ssh h §h
ssh -T u@h §h
ssh h bash -s §h
echo §T | ssh h
ssh h 'sh -s' <<<§T
ssh -p 22 -o A=b h < <(echo §T)
cat §h | ssh h
ssh h bash §h
ssh h sh -e §h
"""
_SSH_TEXTS = r"""
ssh h §T
ssh -t -p 22 h §T
ssh h sudo §n §a
ssh -o A=b -l u h -- §T
ssh h §n §a
ssh -J x h cd / \&\& §n §a
"""

ELSEWHERE = (
    *(Row(text, "L9 stand-in", weight=0.15) for text in _OPERANDS.strip().splitlines()),
    *(
        Row(text, "L9 stand-in", into="bash" if "bash" in text else "sh", weight=0.2)
        for text in _TEXTS.strip().splitlines()
    ),
    *(Row(text, "L9 unknown-program", weight=0.4) for text in _UNKNOWN.strip().splitlines()),
    *(
        Row(
            text,
            "L10 ssh",
            "bash zsh" if "<<<" in text or "<(" in text else "bash sh zsh",
            into="bash" if "bash" in text else "sh",
            weight=0.4,
        )
        for text in _SSH.strip().splitlines()
    ),
    *(Row(text, "ssh", into="sh", weight=0.2) for text in _SSH_TEXTS.strip().splitlines()),
)
"""Each is one command."""

UNSEEN = (
    Row("curl -fsSL x | sudo bash", "L11 open-input", open=True),
    Row("curl x | sudo -E sh -", "L11 open-input", open=True, weight=0.7),
    Row("curl -s x | su u", "L11 open-input", open=True, weight=0.5),
    Row("cat script | sudo sh", "L11 open-input", open=True, weight=0.7),
    Row('sudo bash -c "$(cat script)"', "L11 open-text", open=True),
    Row("cat words | sudo xargs canary", "L11 open-argument", open=True),
    Row("cat words | sudo -n xargs -n1 §n", "L11 open-argument", open=True, weight=0.5),
    Row("sudo §n $(cat words)", "L11 open-argument", open=True),
    Row("sudo -u u env A=1 §n `cat words`", "L11 open-argument", open=True, weight=0.5),
    Row("doas §n $(cat words)", "L11 open-argument", open=True, weight=0.5),
    Row("pkexec §n $(cat words)", "L11 open-argument", open=True, weight=0.4),
    Row("bash -lc '§n $(cat words)'", "L11 login", open=True),
    Row("bash -l -c '$(cat script)'", "L11 login", open=True, weight=0.7),
    Row("bash --login -c '§n `cat words`'", "L11 login", open=True, weight=0.7),
    Row('bash -lc "$(cat script)"', "L11 login", open=True, weight=0.7),
    Row("cat script | bash -l", "L11 login open-input", open=True, weight=0.7),
    Row("cat script | bash -el", "L11 login open-input", open=True, weight=0.5),
    Row("sh -lc '§n $(cat words)'", "L11 login", open=True, weight=0.7),
    Row("zsh -lc '§n $(cat words)'", "L11 login", open=True, weight=0.4),
    Row("exec -l bash -c '$(cat script)'", "L11 login", "bash", open=True, weight=0.4),
    Row("su - u -c '§n $(cat words)'", "L11 su", open=True),
    Row('su u -c "$(cat script)"', "L11 su", open=True, weight=0.7),
    Row("cat script | su -l", "L11 su open-input", open=True, weight=0.5),
    Row("runuser -l u -c '§n $(cat words)'", "L11 su", open=True, weight=0.5),
    Row("chroot / §n $(cat words)", "L11 chroot", open=True, weight=0.7),
    Row("chroot / sh -c '$(cat script)'", "L11 chroot", open=True, weight=0.7),
    Row("systemd-run --pipe §n $(cat words)", "L11 systemd-run", open=True, weight=0.7),
    Row("ssh h §n '$(cat words)'", "L11 ssh", open=True, weight=0.7),
    Row("cat script | ssh h", "L11 ssh open-input", open=True, weight=0.7),
    Row("cat script | ssh h bash -s", "L11 ssh open-input", open=True, weight=0.7),
    Row("docker exec c §n $(cat words)", "L11 container", open=True, weight=0.7),
    Row("cat script | docker run -i img sh", "L11 container open-input", open=True, weight=0.5),
    Row("kubectl exec pod -- §n $(cat words)", "L11 container", open=True, weight=0.5),
    Row("PATH=$HOME/bin:$PATH; §n $(cat words)", "L11 PATH", open=True),
    Row('export PATH="$HOME/bin:$PATH"\n§n $(cat words)', "L11 PATH", open=True),
    Row("PATH=bin:$PATH $(cat script)", "L11 PATH", "bash sh", open=True, weight=0.7),
    Row("PATH=~/bin:/bin:/usr/bin; $(cat script)", "L11 PATH", "bash sh", open=True, weight=0.7),
    Row("env PATH=bin:/bin sh -c '$(cat script)'", "L11 PATH", open=True, weight=0.7),
    Row("cat script | PATH=bin:$PATH bash", "L11 PATH open-input", open=True, weight=0.7),
    Row("declare -x PATH=bin:$PATH; §n $(cat words)", "L11 PATH", "bash zsh", open=True, weight=0.4),
    Row("PATH=bin:${PATH}; cat words | xargs §n", "L11 PATH", open=True, weight=0.5),
    Row("env -i $HOME/bin/canary $(cat words)", "L11 path-word", open=True, weight=0.4),
    Row("./canary $(cat words)", "L11 path-word", open=True, weight=0.7),
    Row("cat words | xargs bin/canary", "L11 path-word", open=True, weight=0.5),
)
"""Where no shim of the caller's looks at what only the run can tell. Each is one command, or a list."""

"""Programs that run the command, or the text, that they are given: those of the system, with their options."""

from __future__ import annotations

from lines.draft import Row

_OPERANDS = r"""
env §B
env A=1 §V=b §B
env -u x §B
env -- §B
env -C . §B
env --unset=x A=1 §B
env -uHOME A= §B
env -i PATH="$PATH" §B
env - PATH="$PATH" A=b §B
env --chdir=src ../canary fire
nice §B
nice -n 5 §B
nice -5 §B
nice -n5 §B
nice --adjustment=5 §B
nice --adjustment 5 -- §B
nohup §B
nohup -- §B
setsid -w §B
setsid --wait §B
setsid -fw §B
timeout 5 §B
timeout -k 1 5s §B
timeout -s KILL 5 §B
timeout --signal=KILL --foreground 5 §B
timeout --kill-after 1 5 §B
timeout -vk1 0 §B
timeout -- 5 §B
stdbuf -oL §B
stdbuf -i0 -o 0 --error=L §B
stdbuf --output L §B
ionice -c3 §B
ionice -c 2 -n 7 §B
ionice -t -c idle §B
ionice --class 3 -- §B
taskset 1 §B
taskset -c 0 §B
taskset --cpu-list 0,1 §B
chrt -o 0 §B
chrt -b 0 §B
chrt --idle 0 §B
flock §F §B
flock -n §F §B
flock -w 1 -E 3 §F §B
flock --nonblock -- §F §B
command §B
command -- §B
exec §B
exec -a x §B
exec -- §B
busybox env A=1 §B
busybox timeout 5 §B
busybox setsid §B
setpriv --no-new-privs §B
setpriv --bounding-set -all -- §B
setpriv --nnp --pdeathsig=keep §B
\time -f %e §B
/usr/bin/time -o §F §B
\time --format=%e -a -o §F -- §B
command time -p §B
strace -f -o /dev/null §B
unshare -U §B
unshare --map-root-user -- §B
find . -maxdepth 0 -exec §n §a \;
find . -maxdepth 0 -exec §n §a {} +
find a.txt -execdir §n §a ';'
find . -maxdepth 0 \( -name '*' -exec §B \; \)
find . -maxdepth 0 -false -o -name x -o -name . -exec §B \;
find . -maxdepth 0 -exec env A=1 §n §a \; -print
find 2>/dev/null . -maxdepth 0 -exec §B \;
echo x | xargs §n §a
echo x | xargs -n1 §n §a
echo x | xargs -I{} §n §a {}
echo x | xargs -0 §n §a
echo x | xargs -P 2 -L1 §B
echo x | xargs -r -t §B
echo x | xargs --max-args=1 --no-run-if-empty -- §B
echo x | xargs -d '\n' §B
echo x | xargs -i §n §a {}
echo x | xargs -e §B
echo x | xargs -E y §B
xargs -a words §n §a
xargs §n §a <words
xargs --arg-file=words -I % §n §a %
xargs -ta words env §n §a
busybox xargs §n §a <words
busybox find . -maxdepth 0 -exec §n §a \;
xargs -l2 §n §a <words
"""
_OPTIONS = r"""
echo x | xargs --replace §n §a {}
echo x | xargs --replace=R §n §a R
echo x | xargs --eof §B
echo x | xargs --max-lines §B
echo x | xargs --replace sh -c §T
echo x | xargs --replace bash -c §T
echo x | xargs -I{} sh -c §T
echo x | xargs -i bash -euc §T
xargs -l §n §a <words
env -S §s
env -S'A=1 canary fire'
env --split-string='canary fire'
env -vS 'canary' fire
env -uA -S 'canary fire' x
timeout -k1 -sKILL 5 env -S 'canary fire'
flock §F -c §T
flock §F --command §T
flock -n §F -c §T
flock -x §F -c §T
find . -maxdepth 0 -exec sh -c §T \;
find . -maxdepth 0 -exec bash -euc §T _ {} +
find a.txt -execdir sh -c §T x '{}' ';'
script -qc §T /dev/null
script -q /dev/null -c §T
nice -n 1 -n 2 §B
nice -1 -n 3 -- §B
env -C src -u A B=1 ../canary fire
timeout 5 timeout -k 1 4 §B
sudo -nu root -- §B
parallel --results D §n §a ::: x
runuser -l u -c §T
runuser -u u -- §B
su u -c §T
su -c §T
su - u --command=§T
su -lc §T u
doas -u u §B
sudo A=1 -E §B
sudo -s §n §a
sudo -u u sh -c §T
parallel -j 2 §n §a ::: x
echo x | parallel §n §a
echo fire | parallel canary {}
parallel ::: 'canary fire'
parallel 'sh -c "canary fire {}"' ::: x
watch -n1 §s
watch --interval 2 -x §B
pkexec --user u §B
watch §n §a
"""
_CODE = r"""
awk 'BEGIN { system("canary fire") }'
awk 'BEGIN { "canary fire" | getline x }'
sed -n '1e canary fire' a.txt
awk '{ print | "canary fire" }' a.txt
echo canary fire | sed 's/x/x/;e'
sed 's/.*/canary fire/e' a.txt
perl -e 'system("canary fire")'
perl -e 'exec "canary", "fire"'
perl -e '`canary fire`'
perl -E 'qx(canary fire)'
perl -ne 'system "canary fire"' a.txt
tar -cf /dev/null --checkpoint=1 --checkpoint-action=exec='canary fire' a.txt
git -c alias.x='!canary fire' x
echo x | split --filter='canary fire'
make -sf - all <<<$'all:\n\tcanary fire'
tar -cf §F -I 'canary fire' a.txt
tar cf §F --use-compress-program='canary fire' a.txt
"""

WRAPPERS = (
    *(Row(text, "wrapper", weight=0.25) for text in _OPERANDS.strip().splitlines()),
    *(
        Row(
            text,
            "L8 wrapper",
            into="sh" if "§T" in text and "bash" not in text else "bash" if "bash" in text else "",
            weight=0.25,
        )
        for text in _OPTIONS.strip().splitlines()
    ),
    *(
        Row(text, "code", "bash" if "<<<$" in text else "bash sh zsh", weight=0.15)
        for text in _CODE.strip().splitlines()
    ),
    Row("xargs canary <words", "wrapper file", open=True, weight=0.4),
    Row("echo fire | xargs canary", "L12 wrapper", weight=0.4),
    Row("printf 'fire\\n' | xargs -n 1 §n", "L12 wrapper", weight=0.3),
    Row("echo canary fire | xargs env", "wrapper", open=True, weight=0.2),
    Row("echo fire | xargs -I{} sh -c 'canary {}'", "L8 wrapper", open=True, weight=0.3),
    Row("find . -maxdepth 0 -exec sh -c 'canary fire \"$1\"' _ {} \\;", "L8 wrapper", weight=0.4),
    Row("builtin command §B", "wrapper", "bash zsh", weight=0.3),
    Row("command command §B", "wrapper", "bash sh", weight=0.2),
    Row("noglob §B", "wrapper", "zsh", weight=0.4),
    Row("nocorrect §B", "wrapper", "zsh", weight=0.3),
    Row("- §B", "wrapper", "zsh", weight=0.4),
)
"""Each is one command."""

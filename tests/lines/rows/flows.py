"""Flows: values that a variable comes to in other ways, and texts that a shell reads from who calls it."""

from __future__ import annotations

from lines.draft import Row

_VALUES = r"""
x=true; if :; then x=canary; fi; $x fire
x=true; for i in 1; do x=canary; done; $x fire
x=true; while :; do x=canary; break; done; $x fire
x=true; case a in a) x=canary;; esac; $x fire
x=true; : && x=canary; $x fire
false || x=canary; $x fire
x=true; f() { x=canary; }; f; $x fire
x=true; eval x=canary; $x fire
x=true; eval 'x=canary'; $x fire
x=true; { x=canary; } >out; $x fire
x=canary; (x=true); $x fire
x=canary; x=true | cat; $x fire
x=canary; x=true & wait; $x fire
x=canary; echo $(x=true); $x fire
x=canary; f() { (x=true); }; f; $x fire
x=canary; x=true env; $x fire
x=canary; false && x=true; $x fire
x=canary; if false; then x=true; fi; $x fire
x=canary; for x in; do :; done; $x fire
x=canary; while false; do x=true; done; $x fire
x=canary; f() { x=true; }; $x fire
x=canary; unset y; $x fire
x=canary; y=$x; x=true; $y fire
for x in true canary; do :; done; $x fire
for x in true canary; do $x fire; done
for x in 'canary fire' true; do eval $x; done
for x in canary; do for y in fire; do $x $y; done; done
x=fire; canary $x a; x=b
x=b; canary a; x=fire; canary $x
x=true; trap 'x=canary' USR1; kill -USR1 $$; $x fire
: ${x:=canary}; $x fire
x=canary; : ${x:=true}; $x fire
x=canary; export x; sh -c '$x fire'
x=canary sh -c '$x fire'
env x=canary sh -c '$x fire'
export x=fire; sh -c 'canary $x'
x=fire; sh -c "canary $x"
x=fire; eval "canary $x"
x=fire; eval 'canary $x'
x='canary fire'; sh -c "$x"
x='canary fire'; echo "$x" | sh
x=fire; echo "canary $x" | sh
x=canary; y=fire; printf '%s %s\n' $x "$y" | sh
IFS=,; x=canary,fire; $x
IFS=x; y=canaryxfire; $y
set -- canary fire; "$@"
set -- canary fire; $*
set -- fire; canary "$1"
set -- a canary fire; shift; "$@"
set -- canary; for x; do $x fire; done
f() { "$@"; }; f canary fire
f() { $1 "$2"; }; f canary fire
f() { env "$@"; }; f nice canary fire
f() { shift; "$@"; }; f x canary fire
f() { canary "$@"; }; f a fire
f() { g "$@"; }; g() { "$@"; }; f canary fire
f() { eval "$1"; }; f 'canary fire'
f() { sh -c "$1"; }; f 'canary fire'
f() { for x; do $x fire; done; }; f true canary
sh -c 'canary "$1"' _ fire
sh -c 'canary $0' fire
sh -c '"$@"' _ canary fire
sh -c '$1 $2' _ canary fire
sh -c 'shift; "$@"' _ x canary fire
sh -c 'eval "$*"' _ canary fire
find . -maxdepth 0 -exec sh -c '"$@"' _ canary fire \;
echo fire | xargs sh -c 'canary "$@"' _
echo canary fire | xargs nice
echo canary fire | xargs -n2 env A=1
x=bash; $x -c 'canary fire'
x=sh; echo canary fire | $x
x=eval; $x canary fire
x=env; $x canary fire
x='env A=1'; $x canary fire
$(echo sh) -c 'canary fire'
x='sh -c'; $x canary; canary fire
"${SHELL:-sh}" -c 'canary fire'
eval 'if :; then' canary fire '; fi'
eval :\; canary fire
eval echo x \| canary fire
eval "canary" '$(echo fire)'
eval \"canary\" fire
eval '"can"ary' "'fire'"
eval "$(echo canary)" fire
eval "x=canary"; eval "$x fire"
"""
_BASH_VALUES = r"""
x=true; read x <<<canary; $x fire
x=true; printf -v x canary; $x fire
x=true; . <(echo x=canary); $x fire
x=true; source /dev/stdin <<<x=canary; $x fire
typeset -l x=CANARY; $x fire
declare -n y=x; y=canary; $x fire
f() { local x=true; }; x=canary; f; $x fire
f() { local x=canary; $x fire; }; f
f() { declare -g x=canary; }; x=true; f; $x fire
x=(true canary); ${x[1]} fire
x=(true); x[0]=canary; ${x[0]} fire
x=(canary); x+=(fire); "${x[@]}"
declare -A x=([a]=canary); ${x[a]} fire
x=canary; ${x@L} fire
x=CAnary; ${x,,} fire
x=canary; y=x; ${!y} fire
mapfile -t x <<<$'canary\nb'; ${x[0]} fire
while read -r x y; do $x $y; done <<<'canary fire'
while read -r x; do eval "$x"; done <<<'canary fire'
while IFS= read -r x; do sh -c "$x"; done < <(echo canary fire)
x=canary; x=true :; $x fire
shopt -s expand_aliases⏎alias x='if :; then'⏎x canary fire; fi
shopt -s expand_aliases⏎alias x={ y='}'⏎x canary fire; y
shopt -s expand_aliases⏎alias x=y⏎alias y='canary fire'⏎x
shopt -s expand_aliases⏎alias x='env '⏎alias y=canary⏎x y fire
$BASH -c 'canary fire'
{,canary} fire
eval {canary,fire}
canary {a..c} fi{re,}
~+/canary fire
trap 'canary fire' RETURN; f() { :; }; f; . /dev/null
"""
_INPUTS = r"""
{ sh; } §h
(sh) §h
if :; then sh; fi §h
while :; do sh; break; done §h
for x in 1; do sh; done §h
case a in a) sh;; esac §h
f() { sh; }; f §h
f() { sh; } §h⏎f
sh -c sh §h
sh -c 'cat | sh' §h
eval sh §h
env A=1 sh §h
nice -n 5 timeout 5 sh -s §h
sudo sh §h
command sh §h
\sh §h
'sh' -e §h
/bin/sh §h
! sh §h
§h sh
§h exec sh
echo §T | (sh)
echo §T | { sh; }
echo §T | { cat; } | sh
echo §T | if :; then sh; fi
echo §T | while :; do sh; break; done
f() { sh; }; echo §T | f
echo §T | env sh
echo §T | nice sh -s
echo §T | exec sh
echo §T | command sh -
echo §T | sudo sh
echo §T | sh -c sh
echo §T | sh -c 'cat | sh'
echo §T | eval sh
echo §T | . /dev/stdin
echo §T | sh /dev/stdin
echo §T | cat - | sh
echo §T 2>/dev/null | 2>&1 sh
{ echo :; echo §T; } | sh
if :; then echo §T; fi | sh
for x in 1; do echo §T; done | sh
cat §h | cat | sh
<a.txt cat §h | sh
{ cat; } §h | sh
f() { echo §T; }; f | sh
f() { echo §T; }; eval "$(f)"
eval "$(:; echo §T)"
eval "$(if :; then echo §T; fi)"
sh -c "$(echo §T)"
sh -c "$(cat §h⏎)"
sh -c "`echo §q`"
"""
_BASH_INPUTS = r"""
echo §T > >(sh)
echo §T | tee >(sh) >/dev/null
tee >(sh) <<<§T >/dev/null
cat §h > >(sh)
exec 3> >(sh); echo §T >&3; exec 3>&-
coproc sh; echo §T >&${COPROC[1]}; eval "exec ${COPROC[1]}>&-"; wait
sh 3<<<§T <&3
exec 3<<<§T; sh <&3
exec 3< <(echo §T); sh <&3
. /dev/fd/3 3<<<§T
sh /dev/fd/3 3<<<§T
sh /proc/self/fd/0 <<<§T
echo §T |& time sh
time echo §T | sh
source <(:; echo §T)
sh <(printf 'x=1\n'; echo §T)
mapfile x <<<§T; eval "${x[*]}"
"""


def _rows(
    text: str, kind: str, *, shells: str = "bash sh zsh", into: str = "", weight: float = 0.12
) -> tuple[Row, ...]:
    """A row of each line; `⏎` stands for a newline."""
    lines = text.strip().splitlines()
    return tuple(Row(line.replace("⏎", "\n"), kind, shells, weight, into, open=True) for line in lines)


FLOWS = (
    *_rows(_VALUES, "value-flow unknown-text"),
    *_rows(_BASH_VALUES, "value-flow unknown-text", shells="bash"),
    *_rows(_INPUTS, "input-flow unknown-text", into="sh"),
    *_rows(_BASH_INPUTS, "input-flow unknown-text", shells="bash", into="sh"),
)
"""Lists."""

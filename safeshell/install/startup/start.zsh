# SafeShell: the shims stay on PATH in a zsh that was started with them there, whatever its start-up files do.
#
# ZDOTDIR names this directory for what `safeshell run` runs; each file reads the user's own of its name, which sees the
# user's ZDOTDIR. It leaves no name behind; $?, $_ and the options are as they were. Written by `safeshell run`: changes are
# lost.

{
    _safeshell_status=$? _safeshell_last=$_ _safeshell_trace=
    if [[ -o xtrace ]]; then
        _safeshell_trace=1
        unsetopt xtrace
    fi
} 2>/dev/null

unset ZDOTDIR
if [[ -n ${SAFESHELL_ZDOTDIR+is} ]]; then
    ZDOTDIR=$SAFESHELL_ZDOTDIR
    [[ ${(t)SAFESHELL_ZDOTDIR} != *export* ]] || export ZDOTDIR
fi
# A global start-up file may have put it here.
[[ ${HISTFILE-} != @HERE@/.zsh_history ]] || HISTFILE=${ZDOTDIR-$HOME}/.zsh_history

if [[ -e ${ZDOTDIR-$HOME}/@NAME@ ]]; then
    [[ -z $_safeshell_trace ]] || setopt xtrace
    . "${ZDOTDIR-$HOME}/@NAME@"
    {
        _safeshell_status=$? _safeshell_last=$_ _safeshell_trace=
        if [[ -o xtrace ]]; then
            _safeshell_trace=1
            unsetopt xtrace
        fi
    } 2>/dev/null
fi

# zsh's own look whether the user is new, which it has taken by our ZDOTDIR.
[[ @NAME@ != .zshrc ]] || { zmodload -s zsh/newuser && zmodload -u zsh/newuser }

# What it made of ZDOTDIR holds for the next file, and for other shells where it is exported.
if [[ -n ${ZDOTDIR+is} ]]; then
    if [[ ${(t)ZDOTDIR} == *export* ]]; then
        export SAFESHELL_ZDOTDIR=$ZDOTDIR
    else
        unset SAFESHELL_ZDOTDIR
        typeset -g SAFESHELL_ZDOTDIR=$ZDOTDIR
    fi
else
    unset SAFESHELL_ZDOTDIR
fi
export ZDOTDIR=@HERE@

() {
    emulate -L zsh
    local shims=@SHIMS@ entry
    [[ ":$PATH:" != ":$shims:"* ]] || return 0
    # What this shell was started with stands there. A PATH without the shims was chosen by somebody, and stays; so do
    # directories that stood before them.
    if [[ -r /proc/self/environ ]]; then
        for entry in "${(@0)$(</proc/self/environ)}"; do
            [[ $entry != PATH=* ]] || break
        done
        entry=":${entry#PATH=}:"
        [[ $entry == *":$shims:"* && ":$PATH:" != "${entry%%":$shims:"*}:$shims:"* ]] || return 0
    fi
    export PATH="${(j.:.)${(@)${(@s.:.)PATH}:#$shims}}"
    export PATH="$shims${PATH:+:$PATH}"
}

{
    [[ -z $_safeshell_trace ]] || setopt xtrace
    () {
        unset _safeshell_status _safeshell_last _safeshell_trace
        return $1
    } "$_safeshell_status" "$_safeshell_last"
} 2>/dev/null

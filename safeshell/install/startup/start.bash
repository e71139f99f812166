# SafeShell: the shims stay on PATH in a bash that was started with them there, whatever its profile does.
#
# BASH_ENV names this file for what `safeshell run` runs. Bash reads it last, after a login shell's profile. It leaves
# no name behind; $?, $_ and the options are as they were. Written by `safeshell run`: changes are lost.

# A trace shows none of this, unless it goes to BASH_XTRACEFD.
{
    _safeshell=("$?" "$_" "$-")
    set +x
} 2>/dev/null

# The user's own BASH_ENV, expanded as bash does it. Sourced here and in no function: what it declares is global.
if [[ -n ${SAFESHELL_BASH_ENV-} ]]; then
    eval "_safeshell[3]=\"${SAFESHELL_BASH_ENV//\"/\\\"}\""
    if [[ -e ${_safeshell[3]} ]]; then
        [[ ${_safeshell[2]} != *x* ]] || set -x
        # In a list, so that a status other than 0 ends no `bash -e`.
        . "${_safeshell[3]}" && {
            _safeshell=("$?" "$_" "$-")
            set +x
        } 2>/dev/null || {
            _safeshell=("$?" "$_" "$-")
            set +x
        } 2>/dev/null
    fi
fi

_safeshell_first() {
    local IFS='' shims=@SHIMS@ entry path=":${PATH-}:"
    unset -f _safeshell_first
    [[ $path != ":$shims:"* ]] || return 0
    # What this shell was started with stands there. A PATH without the shims was chosen by somebody, and stays; so do
    # directories that stood before them.
    if [[ -r /proc/self/environ ]]; then
        while read -r -d '' entry; do
            [[ $entry != PATH=* ]] || break
        done </proc/self/environ
        entry=":${entry#PATH=}:"
        [[ $entry == *":$shims:"* && $path != "${entry%%":$shims:"*}:$shims:"* ]] || return 0
    fi
    while [[ $path == *":$shims:"* ]]; do
        path=${path%%":$shims:"*}:${path#*":$shims:"}
    done
    path=${path#:}
    export PATH="$shims${path:+:${path%:}}"
}
_safeshell_first || [[ 1 ]]

_safeshell_end() {
    unset -f _safeshell_end
    unset -v _safeshell
    [[ $2 != *x* ]] || set -x
    return "$1"
}
{ _safeshell_end "${_safeshell[0]}" "${_safeshell[2]}" "${_safeshell[1]}" && [[ 1 ]]; } 2>/dev/null

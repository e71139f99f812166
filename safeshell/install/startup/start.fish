# SafeShell: the shims stay on PATH in a fish that was started with them there, whatever its configuration does.
#
# fish finds this file along XDG_DATA_DIRS, before /etc/fish/config.fish and the user's own, in what `safeshell run`
# runs. Written by `safeshell run`: changes are lost.

function __safeshell_first --on-variable PATH
    # Until start-up is over: a PATH that is set later stays as it is. The last frame is the file that fish itself reads.
    if not contains -- --now $argv
        and not status stack-trace | string match -rq '/(config\.fish|conf\.d/[^/]*\.fish)$'
        functions -e __safeshell_first
        return
    end
    set -l shims @SHIMS@
    test "$PATH[1]" = $shims; and return
    # What this shell was started with stands there. A PATH without the shims was chosen by somebody, and stays; so do
    # directories that stood before them.
    if test -r /proc/self/environ
        set -l started (string split0 </proc/self/environ | string replace -rf '^PATH=' '' | string split :)
        set -l place (contains -i -- $shims $started)
        or return
        test (string join : $PATH[1..$place]) = (string join : $started[1..$place]); and return
    end
    set -l rest
    for directory in $PATH
        test $directory = $shims; or set -a rest $directory
    end
    set -gx PATH $shims $rest
end

__safeshell_first --now

"""Wrappers: programs that run the command they are given.

As the programs have it: GNU coreutils 9, findutils 4.9, util-linux 2.38, procps 4, time 1.9, strace 6, sudo 1.9,
OpenDoas 6.8, BusyBox 1.35, with what later versions added; and bash for `command` and `exec`. tests/command/unwrap/
holds the rows against the programs.
"""

from __future__ import annotations

from safeshell.command.programs.record import Wrapper

_HELP = ("--help", "--version")
_UTIL = ("-h", "--help", "-V", "--version")
_SHELL_TEXT = "it runs a text: the shell that reads it looks commands up along PATH, where their shims are"
_ELSEWHERE = "it runs elsewhere: no directory or variable of ours counts there"
_SHELL_WORD = "it is a word of the shell's: no program starts"

_SHELL = (b"sh",)
"""The user's shell, whichever that is."""

_NAMESPACES = "mount uts ipc net pid cgroup user time"
_SU = (
    "command= session-command= fast group= supp-group= login preserve-environment pty shell= user= "
    "whitelist-environment= help version"
)

WRAPPERS: dict[str, Wrapper] = {
    "env": Wrapper(
        "iC:S:u:v0a:",
        "ignore-environment null unset= chdir= split-string= debug argv0= default-signal ignore-signal block-signal "
        "list-signal-handling help version",
        _HELP,
        assignments=True,
        clears=("-i", "--ignore-environment"),
        unsets=("-u", "--unset"),
        enters=("-C", "--chdir"),
        splits=("-S", "--split-string"),
    ),
    "nice": Wrapper("n:", "adjustment= help version", _HELP, numbers=True),
    "nohup": Wrapper("", "help version", _HELP),
    "timeout": Wrapper(
        "k:s:vfp", "kill-after= signal= verbose foreground preserve-status help version", _HELP, operands=1
    ),
    "stdbuf": Wrapper("i:o:e:", "input= output= error= help version", _HELP),
    "setsid": Wrapper("cfwhV", "ctty fork wait help version", _UTIL),
    "ionice": Wrapper(
        "c:n:p:P:u:thV",
        "class= classdata= pid= pgid= uid= ignore help version",
        ("-p", "--pid", "-P", "--pgid", "-u", "--uid", *_UTIL),
    ),
    "chrt": Wrapper(
        "abdefioprRmvhVD:P:T:",
        "all-tasks batch deadline ext fifo idle other pid rr reset-on-fork max verbose sched-deadline= sched-period= "
        "sched-runtime= help version",
        ("-p", "--pid", "-m", "--max", *_UTIL),
        operands=1,
        numeric=True,
    ),
    "time": Wrapper(
        "af:ho:pqvV",
        "append format= output= portability quiet verbose help version",
        ("-h", "--help", "-V", "--version"),
    ),
    "command": Wrapper("pvV", "", ("-v", "-V")),
    "exec": Wrapper("cla:", clears=("-c",)),
    "sudo": Wrapper(
        "Aa:BbC:c:D:Eeg:Hh::iKklNnPp:R:r:SsT:t:U:u:Vv",
        "askpass auth-type= background bell close-from= login-class= chdir= preserve-env edit group= set-home help "
        "host= login remove-timestamp reset-timestamp list no-update non-interactive preserve-groups prompt= chroot= "
        "role= stdin shell type= command-timeout= other-user= user= version validate",
        (
            *("-e", "--edit", "-h", "--help", "--host", "-K", "--remove-timestamp"),
            *("-l", "--list", "-V", "--version", "-v", "--validate"),
        ),
        assignments=True,
        options_after_assignments=True,
        enters=("-D", "--chdir"),
        leaves=("-i", "--login", "-R", "--chroot"),
        shells=("-s", "--shell", "-i", "--login"),
    ),
    "doas": Wrapper("C:Lnsu:", "", ("-C", "-L"), shells=("-s",)),
    "xargs": Wrapper(
        "0a:E:e::i::I:l::L:n:oprs:txP:d:",
        "null arg-file= delimiter= eof replace max-lines max-args= open-tty interactive no-run-if-empty max-chars= "
        "verbose exit max-procs= process-slot-var= show-limits help version",
        _HELP,
        default=(b"echo",),
    ),
    "busybox": Wrapper(
        "",
        "help list list-full install show=",
        ("--help", "--list", "--list-full", "--install", "--show"),
    ),
    "toybox": Wrapper("", "help version long", _HELP),
    "pkexec": Wrapper("u:", "user= disable-internal-agent keep-cwd version help", _HELP, default=_SHELL),
    "taskset": Wrapper("achpV", "all-tasks cpu-list pid help version", ("-p", "--pid", *_UTIL), operands=1),
    "setpriv": Wrapper(
        "dhV",
        "dump nnp no-new-privs ambient-caps= inh-caps= bounding-set= ruid= euid= rgid= egid= reuid= regid= "
        "clear-groups keep-groups init-groups groups= securebits= pdeathsig= selinux-label= apparmor-profile= "
        "reset-env help version",
        ("-d", "--dump", *_UTIL),
        clears=("--reset-env",),
    ),
    "strace": Wrapper(
        "a:Ab:cCdDe:E:fFhiI:kno:O:p:P:qrs:S:tTu:U:vVwxX:yYzZ",
        "env= attach= user= detach-on= daemonize follow-forks output-separately interruptible= trace= signal= "
        "status= trace-path= successful-only failed-only columns= abbrev= verbose= raw= read= write= quiet kvm= "
        "decode-fds instruction-pointer stack-traces syscall-number output= output-append-mode relative-timestamps "
        "string-limit= absolute-timestamps syscall-times no-abbrev strings-in-hex const-print-style= decode-pids= "
        "summary-only summary summary-syscall-overhead= summary-sort-by= summary-columns= summary-wall-clock "
        "inject= fault= debug help seccomp-bpf tips version",
        ("-h", "--help", "-V", "--version"),
    ),
    "ltrace": Wrapper("a:A:bcCD:e:F:fhiLl:n:o:p:rs:STttu:Vw:x:", "", ("-h", "-V")),
    "unbuffer": Wrapper("p", "", ()),
    "caffeinate": Wrapper("dimsut:w:", "", ()),
    "chroot": Wrapper("", "groups= userspec= skip-chdir help version", _HELP, _ELSEWHERE, operands=1, default=_SHELL),
    "unshare": Wrapper(
        "fhVmuinpCTUrR:w:S:G:c",
        f"{_NAMESPACES} fork map-user= map-group= map-root-user map-current-user map-auto map-users= map-groups= "
        "kill-child mount-proc propagation= setgroups= keep-caps root= wd= setuid= setgid= monotonic= boottime= "
        "help version",
        _UTIL,
        enters=("-w", "--wd"),
        leaves=("-R", "--root"),
        default=_SHELL,
    ),
    "nsenter": Wrapper(
        "ahVt:m::u::i::n::p::C::U::T::S:G:r::w::W:FZ",
        f"all target= {_NAMESPACES} setuid= setgid= preserve-credentials root wd wdns no-fork follow-context help "
        "version",
        _UTIL,
        _ELSEWHERE,
        leaves=("-w", "--wd", "-W", "--wdns", "-r", "--root", "-t", "--target", "-m", "--mount"),
        default=_SHELL,
    ),
    "systemd-run": Wrapper(
        "hrH:M:E:p:tPqGdSu:",
        "help version no-ask-password user host= machine= scope unit= property= description= slice= slice-inherit "
        "no-block remain-after-exit wait send-sighup service-type= uid= gid= nice= working-directory= same-dir setenv= "
        "pty pipe quiet collect shell path-property= socket-property= on-active= on-boot= on-startup= on-unit-active= "
        "on-unit-inactive= on-calendar= on-timezone-change on-clock-change timer-property=",
        ("-h", "--help", "--version"),
        _ELSEWHERE,
        enters=("--working-directory",),
    ),
    "su": Wrapper(
        "c:fg:G:lmpPs:u:hVw:", _SU, _UTIL, _SHELL_TEXT, permutes=True, texts=("-c", "--command", "--session-command")
    ),
    "runuser": Wrapper(
        "c:fg:G:lmpPs:u:hVw:", _SU, _UTIL, _SHELL_TEXT, permutes=True, texts=("-c", "--command", "--session-command")
    ),
    "flock": Wrapper(
        "sexnoFuw:E:c:hV",
        "shared exclusive unlock nonblock nb timeout= wait= conflict-exit-code= close command= no-fork verbose help "
        "version",
        _UTIL,
        operands=1,
        texts=("-c", "--command"),
    ),
    "script": Wrapper(
        "aB:c:eE:fI:O:o:qm:T:t::Vh",
        "append command= echo= flush force log-in= log-io= log-out= log-timing= logging-format= output-limit= quiet "
        "return timing help version",
        _UTIL,
        _SHELL_TEXT,
        permutes=True,
        texts=("-c", "--command"),
    ),
    "watch": Wrapper(
        "bced::ghq:n:pvtwx",
        "beep color differences errexit chgexit equexit= interval= precise no-title no-wrap exec help version",
        ("-h", "--help", "-v", "--version"),
        _SHELL_TEXT,
        joined=True,
    ),
    "ssh": Wrapper(
        "B:b:c:D:E:e:F:I:i:J:L:l:m:O:o:P:p:Q:R:S:W:w:46AaCfGgKkMNnqsTtVvXxYy",
        "",
        ("-V", "-Q", "-O"),
        _ELSEWHERE,
        1,
        joined=True,
        remote=True,
    ),
    "parallel": Wrapper("j:I:a:N:n:L:d:S:", "jobs= max-args= delay= retries=", (), _SHELL_TEXT, joined=True),
    "coproc": Wrapper("", "", (), _SHELL_WORD),
    "builtin": Wrapper("", "", (), _SHELL_WORD),
}
"""By basename."""

TAKEN_OFF = frozenset({name for name, row in WRAPPERS.items() if not row.kept})
"""Those that are taken off when a command starts: what they run is judged with it."""

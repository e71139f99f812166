"""Runners that set something up for a command on this machine: limits, users, namespaces, tracers, locks."""

from __future__ import annotations

from safeshell.command.programs.description import (
    ANOTHER,
    EDITORS,
    ELSEWHERE,
    PATH,
    TEXT,
    WORD,
    Program,
    Programs,
    Runs,
    kept,
)
from safeshell.command.programs.record import HELP, SHELL, UTIL, Wrapper, getopt, words
from safeshell.command.programs.wrappers import NAMESPACES, WRAPPERS

_SU = Wrapper(
    "c:fg:G:lmpPTs:u:hVw:",
    "command= session-command= fast group= supp-group= login preserve-environment pty no-pty shell= user= "
    "whitelist-environment= help version",
    UTIL,
    permutes=True,
    texts=("-c", "--command", "--session-command"),
    unseen=True,
)
_SETARCH = Wrapper(
    "BFILRSTXZ3vhV",
    "32bit fdpic-funcptrs short-inode addr-compat-layout addr-no-randomize whole-seconds sticky-timeouts "
    "read-implies-exec mmap-page-zero 3gb 4gb uname-2.6 verbose list show help version",
    ("--list", "--show", *UTIL),
    default=SHELL,
)
_LIMITS = "core data nice fsize sigpending memlock rss nofile msgqueue rtprio stack cpu nproc as locks rttime"
_LOADER = Wrapper(
    "",
    "list verify inhibit-cache library-path= glibc-hwcaps-prepend= glibc-hwcaps-mask= inhibit-rpath= audit= preload= "
    "argv0= list-tunables list-diagnostics help version",
    ("--list", "--verify", "--list-tunables", "--list-diagnostics", *HELP),
    unseen=True,
    kept="the program that it loads is given by its path, where no shim is",
)
_PERF = Wrapper(
    "abBc:C:D:de:F:gG:hI:j:k:m:M:nNo:p:P:qr:R:sS:t:Tu:vVWx:",
    "all-cpus event= filter= pid= tid= realtime= no-buffering count= output= no-inherit freq= mmap-pages= call-graph= "
    "verbose quiet stat data timestamp period sample-cpu per-thread cpu= cgroup= delay= uid= branch-filter= weight "
    "intr-regs= user-regs= clockid= snapshot= proc-map-timeout= switch-events buildid-all affinity= max-size= repeat= "
    "detailed null sync big-num post= pre= interval-print= interval-count= timeout= metrics= topdown field-separator= "
    "append log-fd= per-socket per-core per-die duration= expr= filter-pids=",
    beside=("--pre", "--post"),
    read_by="sh",
)
_ELSEWHERE = {
    "chroot": Wrapper("", "groups= userspec= skip-chdir help version", HELP, operands=1, elsewhere=True, default=SHELL),
    "nsenter": Wrapper(
        "ahVt:m::u::i::n::p::C::U::T::S:G:r::w::W:FZ",
        f"all target= {NAMESPACES} setuid= setgid= preserve-credentials root wd wdns no-fork follow-context help "
        "version",
        UTIL,
        elsewhere=True,
        default=SHELL,
    ),
    "systemd-run": Wrapper(
        "hrH:M:E:p:tPqGdSu:",
        "help version no-ask-password user host= machine= scope unit= property= description= slice= slice-inherit "
        "no-block remain-after-exit wait send-sighup service-type= uid= gid= nice= working-directory= same-dir "
        "setenv= pty pipe quiet collect shell path-property= socket-property= on-active= on-boot= on-startup= "
        "on-unit-active= on-unit-inactive= on-calendar= on-timezone-change on-clock-change timer-property=",
        ("-h", "--help", "--version"),
        enters=("--working-directory",),
        shells=("-S", "--shell"),
        unseen=True,
    ),
    "proot": Wrapper(
        "r:b:m:q:w:v:Vhk:0i:R:S:lHp:n",
        "rootfs= bind= mount= qemu= pwd= cwd= verbose= kernel-release= root-id change-id= kill-on-exit help version",
        UTIL,
        elsewhere=True,
        default=SHELL,
    ),
    "bwrap": Wrapper(
        "",
        "args= argv0= level-prefix userns= userns2= disable-userns pidns= uid= gid= hostname= chdir= clearenv "
        "unsetenv= lock-file= sync-fd= remount-ro= exec-label= file-label= proc= dev= tmpfs= mqueue= dir= seccomp= "
        "add-seccomp-fd= block-fd= userns-block-fd= info-fd= json-status-fd= new-session die-with-parent as-pid-1 "
        "cap-add= cap-drop= perms= size= setenv= bind= bind-try= dev-bind= dev-bind-try= ro-bind= ro-bind-try= "
        "bind-fd= ro-bind-fd= symlink= file= bind-data= ro-bind-data= chmod= unshare-all share-net help version",
        HELP,
        enters=("--chdir",),
        clears=("--clearenv",),
        unsets=("--unsetenv",),
        pairs=(
            *tuple(words("--setenv --bind --bind-try --dev-bind --dev-bind-try --ro-bind --ro-bind-try")),
            *tuple(words("--bind-fd --ro-bind-fd --symlink --file --bind-data --ro-bind-data --chmod")),
        ),
        elsewhere=True,
    ),
    "ip": Wrapper(
        "46Bhsdlfctrnb:V",
        "netns=",
        ("-V",),
        {name: Wrapper("", verbs={"exec": Wrapper("", operands=1)}) for name in ("netns", "vrf")},
    ),
}
_ANOTHER = {
    "run0": Wrapper(
        "hVu:g:D:",
        "help version no-ask-password machine= unit= property= description= slice= slice-inherit user= group= nice= "
        "chdir= setenv= background= pty pipe shell-prompt-prefix=",
        ("-h", "--help", "-V", "--version"),
        enters=("-D", "--chdir"),
        unseen=True,
        default=SHELL,
    ),
    "gosu": Wrapper("", "help version", HELP, operands=1, unseen=True),
    "su-exec": Wrapper("l", operands=1, unseen=True),
    "setuidgid": Wrapper("", operands=1, unseen=True),
    "chpst": Wrapper("u:U:b:e:/:C:n:l:L:m:d:o:p:f:c:r:t:vP012V", "", ("-V",), leaves=("-/", "-C")),
    "start-stop-daemon": Wrapper(
        "KSHVTx:a:p:n:u:g:s:c:r:d:bP:I:N:k:mMR:otvqiC:O:",
        "start stop help version status exec= startas= pidfile= name= user= group= signal= chuid= chroot= chdir= "
        "background procsched= iosched= nicelevel= umask= make-pidfile remove-pidfile retry= oknodo test verbose "
        "quiet notify-await notify-timeout= output=",
        tuple(words("-K --stop -T --status -t --test -H --help -V --version")),
        program=("-x", "--exec", "-a", "--startas"),
        unseen=True,
    ),
}
_TEXT = {
    "su": _SU,
    "runuser": _SU,
    "sg": Wrapper("c:", "command=", operands=1, texts=("-c", "--command"), joined=True, read_by="sh"),
    "newgrp": Wrapper("c:", "command=", operands=1, texts=("-c", "--command"), default=SHELL),
    "capsh": Wrapper(""),
    "script": Wrapper(
        "aB:c:eE:fI:O:o:qm:T:t::Vh",
        "append command= echo= flush force log-in= log-io= log-out= log-timing= logging-format= output-limit= quiet "
        "return timing help version",
        UTIL,
        permutes=True,
        texts=("-c", "--command"),
    ),
    "pee": Wrapper("", "ignore-sigpipe ignore-write-errors", each=True, read_by="sh"),
    "mispipe": Wrapper("", each=True, read_by="sh"),
}
_PATH = {
    "cmake": Wrapper(
        "ES:B:D:U:G:T:A:C:LNW:",
        needs=("-E",),
        verbs={
            "env": Wrapper("", "unset= modify=", assignments=True, unsets=("--unset",)),
            "time": Wrapper(""),
            "chdir": Wrapper("", operands=1),
            "": Wrapper(""),  # `cmake -E rm` and its like do as the program of that name
        },
    ),
    "softlimit": Wrapper("m:d:s:l:a:o:p:f:c:r:t:"),
    "envdir": Wrapper("", operands=1),
    "setlock": Wrapper("nNxX", operands=1),
    "sshpass": Wrapper("p:f:d:eP:vhV", "", ("-h", "-V")),
    "setarch": _SETARCH,
    **dict.fromkeys(
        words(
            "linux32 linux64 i386 i486 i586 i686 athlon x86_64 uname26 ppc ppc32 ppc64 ppc64le ppcle s390 s390x sparc "
            "sparc32 sparc32bash sparc64 mips mips32 mips64 ia64 parisc parisc32 parisc64 alpha armv7l armv8l armh arm "
            "aarch64 riscv32 riscv64"
        ),
        _SETARCH,
    ),
    "prlimit": Wrapper(
        "p:o:vhVc::d::e::f::i::l::m::n::q::r::s::t::u::v::x::y::",
        f"pid= output= noheadings raw verbose {_LIMITS} help version",
        ("-p", "--pid", *UTIL),
    ),
    "choom": Wrapper("n:p:hV", "adjust= pid= help version", ("-p", "--pid", *UTIL)),
    "uclampset": Wrapper(
        "m:M:ap:sRvhV",
        "util-min= util-max= all-tasks pid= system reset-on-fork verbose help version",
        ("-p", "--pid", "-s", "--system", *UTIL),
    ),
    "numactl": Wrapper(
        "aHshVi:w:m:N:C:lp:P:",
        "all interleave= weighted-interleave= membind= cpunodebind= physcpubind= localalloc preferred= "
        "preferred-many= show hardware balancing length= offset= shmid= strict shmmode= file= huge touch dump help",
        ("-s", "--show", "-H", "--hardware", "-h", "--help"),
    ),
    "cpulimit": Wrapper(
        "p:e:P:l:c:qzikvmh",
        "pid= exe= path= limit= cpu= lazy include-children verbose help",
        tuple(words("-p --pid -e --exe -P --path -h --help")),
    ),
    "cgexec": Wrapper("g:bhr", "sticky help", ("-h", "--help")),
    "aa-exec": Wrapper("p:n:idvh", "profile= namespace= immediate debug verbose help", ("-h", "--help")),
    "fakeroot": Wrapper(
        "l:s:i:ub:hv",
        "lib= faked= unknown-is-real fd-base= help version",
        ("-h", "--help", "-v", "--version"),
        default=SHELL,
    ),
    "fakechroot": Wrapper(
        "sl:d:e:c:b:hv",
        "use-system-libs lib= elfloader= environment= config-dir= bindir= help version",
        ("-h", "--help", "-v", "--version"),
        default=SHELL,
    ),
    "faketime": Wrapper(
        "fmhv",
        "help version exclude-monotonic date-prog= disable-fork pid=",
        ("-h", "--help", "-v", "--version"),
        operands=1,
    ),
    **dict.fromkeys(words("eatmydata torify tsocks dotslash"), Wrapper("")),
    "firejail": Wrapper("c", "", ("--help", "--version", "--list", "--tree", "--top")),
    "catchsegv": Wrapper("", "help version", HELP),
    "valgrind": Wrapper(
        "hvqd", "help help-debug help-dyn-options version", ("-h", "--help", "--help-debug", "--version")
    ),
    "lldb": Wrapper("", dashed=True),
    "heaptrack": Wrapper(
        "o:p:arqd", "output= pid= analyze record-only quiet debug raw", ("-p", "--pid", "-a", "--analyze")
    ),
    "rr": Wrapper("", verbs={"record": Wrapper("c:i:nuvwho:s:", "help env=", ("-h", "--help"))}),
    "rlwrap": Wrapper(
        "ab:cC:dDe:f:F:g:hH:iIl:m:MnNo:O:p:P:q:rRs:S:tT:uUv:wW:xX:z:",
        "always-readline= ansi-colour-aware break-chars= complete-filenames command-name= debug= history-no-dupes= "
        "extra-char-after-completion= file= history-format= forget-matching= help history-filename= case-insensitive "
        "pass-sigint-as-sigterm logfile= multi-line= multi-line-ext= no-children no-warnings one-shot= only-cook= "
        "prompt-colour= pre-given= quote-characters= remember renice histsize= substitute-prompt= mirror-arguments= "
        "set-term-name= skip-setctty version wait-before-prompt= polling filter=",
        ("-h", "--help", "-v", "--version"),
    ),
    "dumb-init": Wrapper("r:cvhV", "rewrite= single-child verbose help version", UTIL),
    "tini": Wrapper("p:e:gsvwh", "version", ("-h", "--version")),
    "catatonit": Wrapper("hLPgV", "", ("-h", "-L", "-P", "-V")),
    "torsocks": Wrapper("a:P:u:p:diqh", "address= port= user= pass= debug isolate quiet shell version help", HELP),
    "proxychains": Wrapper("qf:"),
    "proxychains4": Wrapper("qf:"),
    "dbus-run-session": Wrapper("", "config-file= dbus-daemon= help version", HELP),
    "dbus-launch": Wrapper("", "config-file= auto-syntax exit-with-session sh-syntax csh-syntax version", HELP),
    "xvfb-run": Wrapper(
        "ae:f:hln:p:s:w:",
        "auto-servernum error-file= auth-file= help listen-tcp server-num= xauth-protocol= server-args= wait=",
        ("-h", "--help"),
    ),
    "daemonize": Wrapper("ac:e:E:l:o:p:u:v", enters=("-c",)),
    "timelimit": Wrapper("pqs:S:t:T:"),
    "ifne": Wrapper("n"),
    "chronic": Wrapper("ve"),
    "trickle": Wrapper("hVsd:u:w:t:l:n:p:P:", "", ("-h", "-V")),
    "arch": Wrapper("c"),
    "xcrun": Wrapper("vnkfrl", "sdk= toolchain= verbose log run find", ("-f", "--find")),
    "winpty": Wrapper("X:"),
}
_WORD = {"coproc": Wrapper(""), "builtin": Wrapper(""), "noglob": Wrapper(""), "nocorrect": Wrapper("")}
_GDB = Wrapper(
    "hbqwx:c:d:p:s:",
    "args symbols= exec= se= core= pid= command= eval-command= init-command= init-eval-command= directory= cd= "
    "data-directory= batch nx quiet tui tty= help version",
    ("-h", "--help", "--version"),
    needs=("--args",),
    enters=("--cd",),
    kept=PATH,
)
_GDB_RUNS = Runs(
    _GDB.short,
    f"{_GDB.long} ex= iex=",
    single=True,
    scripts=("--eval-command", "--ex", "--iex", "--init-eval-command"),
    reads=True,
    escape=r"(?m)^\s*(?:shell\b|!|pipe\s+[^|\n]*\|)\s*(?P<text>[^\n]+)",
)
_PERF_ROW = Wrapper(
    "",
    verbs={
        "record": _PERF,
        "stat": _PERF,
        "trace": _PERF,
        "mem": Wrapper("e:", verbs={"record": _PERF}),
        "lock": Wrapper("", verbs={"record": _PERF}),
        "sched": Wrapper("", verbs={"record": _PERF}),
    },
    kept=PATH,
)
_SUDO = WRAPPERS["sudo"]
_SUDO_SHOWS = ["--help", "-V/--version", "-l/--list", "-v/--validate", "-K/--remove-timestamp"]
PROGRAMS: Programs = {
    **WRAPPERS,
    "sudo": Program(
        getopt(_SUDO.short, _SUDO.long, stops=True, shows=_SUDO_SHOWS),
        _SUDO,
        Runs(variables=("SUDO_ASKPASS", "SUDO_EDITOR", *EDITORS)),
    ),
    "gdb": Program(row=_GDB, runs=_GDB_RUNS),
    "perf": Program(row=_PERF_ROW, runs=Runs(variables=("PAGER", "PERF_PAGER"))),
    **kept(ELSEWHERE, _ELSEWHERE),
    **kept(ANOTHER, _ANOTHER),
    **kept(TEXT, _TEXT),
    **kept(PATH, _PATH),
    "ld.so": _LOADER,
    **kept(WORD, _WORD),
}

"""Runners that set something up for a command on this machine: limits, users, namespaces, tracers, locks."""

from __future__ import annotations

from safeshell.command.programs.record import Wrapper
from safeshell.command.programs.runners.reasons import ANOTHER, ELSEWHERE, HELP, PATH, SHELL, TEXT, UTIL, WORD

_NAMESPACES = "mount uts ipc net pid cgroup user time"
_SU = (
    "command= session-command= fast group= supp-group= login preserve-environment pty no-pty shell= user= "
    "whitelist-environment= help version"
)
_SETARCH = Wrapper(
    "BFILRSTXZ3vhV",
    "32bit fdpic-funcptrs short-inode addr-compat-layout addr-no-randomize whole-seconds sticky-timeouts "
    "read-implies-exec mmap-page-zero 3gb 4gb uname-2.6 verbose list show help version",
    ("--list", "--show", *UTIL),
    PATH,
    default=SHELL,
)
_LIMITS = "core data nice fsize sigpending memlock rss nofile msgqueue rtprio stack cpu nproc as locks rttime"
_LOADER = Wrapper(
    "",
    "list verify inhibit-cache library-path= glibc-hwcaps-prepend= glibc-hwcaps-mask= inhibit-rpath= audit= preload= "
    "argv0= list-tunables list-diagnostics help version",
    ("--list", "--verify", "--list-tunables", "--list-diagnostics", *HELP),
    "the program that it loads is given by its path, where no shim is",
    unseen=True,
)
_PERF = Wrapper(
    "abBc:C:D:de:F:gG:hI:j:k:m:M:nNo:p:P:qr:R:sS:t:Tu:vVWx:",
    "all-cpus event= filter= pid= tid= realtime= no-buffering count= output= no-inherit freq= mmap-pages= "
    "call-graph= verbose quiet stat data timestamp period sample-cpu per-thread cpu= cgroup= delay= uid= "
    "branch-filter= weight intr-regs= user-regs= clockid= snapshot= proc-map-timeout= switch-events buildid-all "
    "affinity= max-size= repeat= detailed null sync big-num post= pre= interval-print= interval-count= timeout= "
    "metrics= topdown field-separator= append log-fd= per-socket per-core per-die duration= expr= filter-pids=",
    beside=("--pre", "--post"),
    read_by="sh",
)

RUNNERS: dict[str, Wrapper] = {
    "chroot": Wrapper(
        "",
        "groups= userspec= skip-chdir help version",
        HELP,
        ELSEWHERE,
        operands=1,
        elsewhere=True,
        default=SHELL,
    ),
    "nsenter": Wrapper(
        "ahVt:m::u::i::n::p::C::U::T::S:G:r::w::W:FZ",
        f"all target= {_NAMESPACES} setuid= setgid= preserve-credentials root wd wdns no-fork follow-context help "
        "version",
        UTIL,
        ELSEWHERE,
        elsewhere=True,
        default=SHELL,
    ),
    "systemd-run": Wrapper(
        "hrH:M:E:p:tPqGdSu:",
        "help version no-ask-password user host= machine= scope unit= property= description= slice= slice-inherit "
        "no-block remain-after-exit wait send-sighup service-type= uid= gid= nice= working-directory= same-dir setenv= "
        "pty pipe quiet collect shell path-property= socket-property= on-active= on-boot= on-startup= on-unit-active= "
        "on-unit-inactive= on-calendar= on-timezone-change on-clock-change timer-property=",
        ("-h", "--help", "--version"),
        ELSEWHERE,
        enters=("--working-directory",),
        shells=("-S", "--shell"),
        unseen=True,
    ),
    "run0": Wrapper(
        "hVu:g:D:",
        "help version no-ask-password machine= unit= property= description= slice= slice-inherit user= group= nice= "
        "chdir= setenv= background= pty pipe shell-prompt-prefix=",
        ("-h", "--help", "-V", "--version"),
        ANOTHER,
        enters=("-D", "--chdir"),
        unseen=True,
        default=SHELL,
    ),
    "su": Wrapper(
        "c:fg:G:lmpPTs:u:hVw:",
        _SU,
        UTIL,
        TEXT,
        permutes=True,
        texts=("-c", "--command", "--session-command"),
        unseen=True,
    ),
    "runuser": Wrapper(
        "c:fg:G:lmpPTs:u:hVw:",
        _SU,
        UTIL,
        TEXT,
        permutes=True,
        texts=("-c", "--command", "--session-command"),
        unseen=True,
    ),
    "sg": Wrapper("c:", "command=", (), TEXT, operands=1, texts=("-c", "--command"), joined=True, read_by="sh"),
    "newgrp": Wrapper("c:", "command=", (), TEXT, operands=1, texts=("-c", "--command"), default=SHELL),
    "gosu": Wrapper("", "help version", HELP, ANOTHER, operands=1, unseen=True),
    "su-exec": Wrapper("l", "", (), ANOTHER, operands=1, unseen=True),
    "setuidgid": Wrapper("", "", (), ANOTHER, operands=1, unseen=True),
    "chpst": Wrapper("u:U:b:e:/:C:n:l:L:m:d:o:p:f:c:r:t:vP012V", "", ("-V",), ANOTHER, leaves=("-/", "-C")),
    "softlimit": Wrapper("m:d:s:l:a:o:p:f:c:r:t:", "", (), PATH),
    "envdir": Wrapper("", "", (), PATH, operands=1),
    "setlock": Wrapper("nNxX", "", (), PATH, operands=1),
    "sshpass": Wrapper("p:f:d:eP:vhV", "", ("-h", "-V"), PATH),
    "capsh": Wrapper("", "", (), TEXT),
    "script": Wrapper(
        "aB:c:eE:fI:O:o:qm:T:t::Vh",
        "append command= echo= flush force log-in= log-io= log-out= log-timing= logging-format= output-limit= quiet "
        "return timing help version",
        UTIL,
        TEXT,
        permutes=True,
        texts=("-c", "--command"),
    ),
    "setarch": _SETARCH,
    **dict.fromkeys(
        (
            *("linux32", "linux64", "i386", "i486", "i586", "i686", "athlon", "x86_64", "uname26", "ppc", "ppc32"),
            *("ppc64", "ppc64le", "ppcle", "s390", "s390x", "sparc", "sparc32", "sparc32bash", "sparc64", "mips"),
            *("mips32", "mips64", "ia64", "parisc", "parisc32", "parisc64", "alpha", "armv7l", "armv8l", "armh"),
            *("arm", "aarch64", "riscv32", "riscv64"),
        ),
        _SETARCH,
    ),
    "prlimit": Wrapper(
        "p:o:vhVc::d::e::f::i::l::m::n::q::r::s::t::u::v::x::y::",
        f"pid= output= noheadings raw verbose {_LIMITS} help version",
        ("-p", "--pid", *UTIL),
        PATH,
    ),
    "choom": Wrapper("n:p:hV", "adjust= pid= help version", ("-p", "--pid", *UTIL), PATH),
    "uclampset": Wrapper(
        "m:M:ap:sRvhV",
        "util-min= util-max= all-tasks pid= system reset-on-fork verbose help version",
        ("-p", "--pid", "-s", "--system", *UTIL),
        PATH,
    ),
    "numactl": Wrapper(
        "aHshVi:w:m:N:C:lp:P:",
        "all interleave= weighted-interleave= membind= cpunodebind= physcpubind= localalloc preferred= "
        "preferred-many= show hardware balancing length= offset= shmid= strict shmmode= file= huge touch dump help",
        ("-s", "--show", "-H", "--hardware", "-h", "--help"),
        PATH,
    ),
    "cpulimit": Wrapper(
        "p:e:P:l:c:qzikvmh",
        "pid= exe= path= limit= cpu= lazy include-children verbose help",
        ("-p", "--pid", "-e", "--exe", "-P", "--path", "-h", "--help"),
        PATH,
    ),
    "cgexec": Wrapper("g:bhr", "sticky help", ("-h", "--help"), PATH),
    "aa-exec": Wrapper("p:n:idvh", "profile= namespace= immediate debug verbose help", ("-h", "--help"), PATH),
    "fakeroot": Wrapper(
        "l:s:i:ub:hv",
        "lib= faked= unknown-is-real fd-base= help version",
        ("-h", "--help", "-v", "--version"),
        PATH,
        default=SHELL,
    ),
    "fakechroot": Wrapper(
        "sl:d:e:c:b:hv",
        "use-system-libs lib= elfloader= environment= config-dir= bindir= help version",
        ("-h", "--help", "-v", "--version"),
        PATH,
        default=SHELL,
    ),
    "faketime": Wrapper(
        "fmhv",
        "help version exclude-monotonic date-prog= disable-fork pid=",
        ("-h", "--help", "-v", "--version"),
        PATH,
        operands=1,
    ),
    "eatmydata": Wrapper("", "", (), PATH),
    "proot": Wrapper(
        "r:b:m:q:w:v:Vhk:0i:R:S:lHp:n",
        "rootfs= bind= mount= qemu= pwd= cwd= verbose= kernel-release= root-id change-id= kill-on-exit help version",
        UTIL,
        ELSEWHERE,
        elsewhere=True,
        default=SHELL,
    ),
    "firejail": Wrapper("c", "", ("--help", "--version", "--list", "--tree", "--top"), PATH),
    "bwrap": Wrapper(
        "",
        "args= argv0= level-prefix userns= userns2= disable-userns pidns= uid= gid= hostname= chdir= clearenv "
        "unsetenv= lock-file= sync-fd= remount-ro= exec-label= file-label= proc= dev= tmpfs= mqueue= dir= seccomp= "
        "add-seccomp-fd= block-fd= userns-block-fd= info-fd= json-status-fd= new-session die-with-parent as-pid-1 "
        "cap-add= cap-drop= perms= size= setenv= bind= bind-try= dev-bind= dev-bind-try= ro-bind= ro-bind-try= "
        "bind-fd= ro-bind-fd= symlink= file= bind-data= ro-bind-data= chmod= unshare-all share-net help version",
        HELP,
        ELSEWHERE,
        enters=("--chdir",),
        clears=("--clearenv",),
        unsets=("--unsetenv",),
        pairs=(
            *("--setenv", "--bind", "--bind-try", "--dev-bind", "--dev-bind-try", "--ro-bind", "--ro-bind-try"),
            *("--bind-fd", "--ro-bind-fd", "--symlink", "--file", "--bind-data", "--ro-bind-data", "--chmod"),
        ),
        elsewhere=True,
    ),
    "catchsegv": Wrapper("", "help version", HELP, PATH),
    "valgrind": Wrapper(
        "hvqd", "help help-debug help-dyn-options version", ("-h", "--help", "--help-debug", "--version"), PATH
    ),
    "gdb": Wrapper(
        "hbqwx:c:d:p:s:",
        "args symbols= exec= se= core= pid= command= eval-command= init-command= init-eval-command= directory= cd= "
        "data-directory= batch nx quiet tui tty= help version",
        ("-h", "--help", "--version"),
        PATH,
        needs=("--args",),
        enters=("--cd",),
    ),
    "lldb": Wrapper("", "", (), PATH, dashed=True),
    "perf": Wrapper(
        "",
        "",
        (),
        PATH,
        verbs={
            "record": _PERF,
            "stat": _PERF,
            "trace": _PERF,
            "mem": Wrapper("e:", verbs={"record": _PERF}),
            "lock": Wrapper("", verbs={"record": _PERF}),
            "sched": Wrapper("", verbs={"record": _PERF}),
        },
    ),
    "heaptrack": Wrapper(
        "o:p:arqd", "output= pid= analyze record-only quiet debug raw", ("-p", "--pid", "-a", "--analyze"), PATH
    ),
    "rr": Wrapper("", "", (), PATH, verbs={"record": Wrapper("c:i:nuvwho:s:", "help env=", ("-h", "--help"))}),
    "rlwrap": Wrapper(
        "ab:cC:dDe:f:F:g:hH:iIl:m:MnNo:O:p:P:q:rRs:S:tT:uUv:wW:xX:z:",
        "always-readline= ansi-colour-aware break-chars= complete-filenames command-name= debug= history-no-dupes= "
        "extra-char-after-completion= file= history-format= forget-matching= help history-filename= case-insensitive "
        "pass-sigint-as-sigterm logfile= multi-line= multi-line-ext= no-children no-warnings one-shot= "
        "only-cook= prompt-colour= pre-given= quote-characters= remember renice histsize= substitute-prompt= "
        "mirror-arguments= set-term-name= skip-setctty version wait-before-prompt= polling filter=",
        ("-h", "--help", "-v", "--version"),
        PATH,
    ),
    "dumb-init": Wrapper("r:cvhV", "rewrite= single-child verbose help version", UTIL, PATH),
    "tini": Wrapper("p:e:gsvwh", "version", ("-h", "--version"), PATH),
    "catatonit": Wrapper("hLPgV", "", ("-h", "-L", "-P", "-V"), PATH),
    "torsocks": Wrapper(
        "a:P:u:p:diqh", "address= port= user= pass= debug isolate quiet shell version help", HELP, PATH
    ),
    "torify": Wrapper("", "", (), PATH),
    "tsocks": Wrapper("", "", (), PATH),
    "proxychains": Wrapper("qf:", "", (), PATH),
    "proxychains4": Wrapper("qf:", "", (), PATH),
    "dbus-run-session": Wrapper("", "config-file= dbus-daemon= help version", HELP, PATH),
    "dbus-launch": Wrapper("", "config-file= auto-syntax exit-with-session sh-syntax csh-syntax version", HELP, PATH),
    "xvfb-run": Wrapper(
        "ae:f:hln:p:s:w:",
        "auto-servernum error-file= auth-file= help listen-tcp server-num= xauth-protocol= server-args= wait=",
        ("-h", "--help"),
        PATH,
    ),
    "daemonize": Wrapper("ac:e:E:l:o:p:u:v", "", (), PATH, enters=("-c",)),
    "start-stop-daemon": Wrapper(
        "KSHVTx:a:p:n:u:g:s:c:r:d:bP:I:N:k:mMR:otvqiC:O:",
        "start stop help version status exec= startas= pidfile= name= user= group= signal= chuid= chroot= chdir= "
        "background procsched= iosched= nicelevel= umask= make-pidfile remove-pidfile retry= oknodo test verbose quiet "
        "notify-await notify-timeout= output=",
        ("-K", "--stop", "-T", "--status", "-t", "--test", "-H", "--help", "-V", "--version"),
        ANOTHER,
        program=("-x", "--exec", "-a", "--startas"),
        unseen=True,
    ),
    "timelimit": Wrapper("pqs:S:t:T:", "", (), PATH),
    "ifne": Wrapper("n", "", (), PATH),
    "chronic": Wrapper("ve", "", (), PATH),
    "pee": Wrapper("", "ignore-sigpipe ignore-write-errors", (), TEXT, each=True, read_by="sh"),
    "mispipe": Wrapper("", "", (), TEXT, each=True, read_by="sh"),
    "trickle": Wrapper("hVsd:u:w:t:l:n:p:P:", "", ("-h", "-V"), PATH),
    "arch": Wrapper("c", "", (), PATH),
    "xcrun": Wrapper("vnkfrl", "sdk= toolchain= verbose log run find", ("-f", "--find"), PATH),
    "winpty": Wrapper("X:", "", (), PATH),
    "dotslash": Wrapper("", "", (), PATH),
    "ld.so": _LOADER,
    "ip": Wrapper(
        "46Bhsdlfctrnb:V",
        "netns=",
        ("-V",),
        ELSEWHERE,
        {name: Wrapper("", verbs={"exec": Wrapper("", operands=1)}) for name in ("netns", "vrf")},
    ),
    "coproc": Wrapper("", "", (), WORD),
    "builtin": Wrapper("", "", (), WORD),
    "noglob": Wrapper("", "", (), WORD),
    "nocorrect": Wrapper("", "", (), WORD),
}

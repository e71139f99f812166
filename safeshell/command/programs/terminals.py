"""Runners of a command again and again, in a terminal of its own, or many at once: watch, entr, parallel."""

from __future__ import annotations

from safeshell.command.programs.description import PATH, TEXT, Program, Programs, kept
from safeshell.command.programs.record import UTIL, Wrapper, words

_TERMINAL = Wrapper("", behind=("-e", "-x", "--command", "--execute"))
_TEXT = {
    "watch": Wrapper(
        "bced::ghq:n:pvtwx",
        "beep color differences errexit chgexit equexit= interval= precise no-title no-wrap exec help version",
        ("-h", "--help", "-v", "--version"),
        joined=True,
        apart_with=("-x", "--exec"),
        read_by="sh",
    ),
    "parallel": Wrapper(
        "j:P:a:I:U:i::N:n:L:l::d:D:C:E:e::s:S:J:0kmqrtTuvXxhVp",
        "jobs= max-procs= arg-file= arg-sep= arg-file-sep= arguments basefile= bf= block= block-size= blocktimeout= "
        "bt= cat colsep= compress compress-program= decompress-program= csv delimiter= delay= embed env= eof eta "
        "filter= fifo halt= halt-on-error= header= hostgroups hgrp joblog= joinlog= keep-order latest-line "
        "line-buffer link load= lb max-args= max-chars= max-lines max-replace-args= memfree= memsuspend= minversion= "
        "nice= no-notice no-run-if-empty nonall null onall open-tty output-as-files files parens= pipe pipepart plus "
        "profile= process-slot-var= progress quote recend= recstart= regexp remove-rec-sep replace results= res= "
        "resume resume-failed retries= retry-failed return= rpl= rsync-opts= round-robin sshlogin= sshloginfile= slf= "
        "semaphore semaphorename= id= semaphoretimeout= st= seqreplace= session shard= shebang shellquote shuf "
        "skip-first-line sql= sqlmaster= sqlworker= ssh= ssh-delay= swap tag tagstring= tee template= tmpl= termseq= "
        "tempdir= tmpdir= timeout= tmux tmuxpane tollef total-jobs= total= transfer transferfile= tf= trc= trim= "
        "ungroup unsafe verbose wait wd= workdir= will-cite xapply xargs dry-run version help citation bar bin= "
        "group-by= cleanup ctrlc number-of-cpus number-of-cores group bibtex",
        ("-h", "--help", "-V", "--version", "--citation", "--dry-run"),
    ),
    "sem": Wrapper("j:uw", "id= fg bg wait jobs= timeout= semaphoretimeout= st= pipe", ("--wait",), joined=True),
    "watchexec": Wrapper(
        "w:W:c::o:rs:d:e:f:i:j:vnNpE:",
        "watch= watch-non-recursive= exts= filter= ignore= clear on-busy-update= restart signal= stop-signal= "
        "stop-timeout= debounce= delay-run= poll project-origin= workdir= shell= env= notify postpone emit-events-to= "
        "filter-file= ignore-file= no-vcs-ignore no-project-ignore map-signal= timeout= wrap-process= stdin-quit "
        "fs-events= help version",
        ("-h", "--help", "-V", "--version"),
        enters=("--workdir",),
        joined=True,
        apart_with=("-n",),
    ),
    "nodemon": Wrapper(
        "x:e:w:i:qVLIC",
        "exec= ext= watch= ignore= config= delay= signal= spawn cwd= on-change-only quiet verbose legacy-watch",
        permutes=True,
        texts=("-x", "--exec"),
        needs=("-x", "--exec"),
        read_by="sh",
    ),
    "chokidar": Wrapper(
        "c:d:t:i:p",
        "command= debounce= throttle= ignore= initial polling silent",
        permutes=True,
        texts=("-c", "--command"),
        needs=("-c", "--command"),
        read_by="sh",
    ),
    "concurrently": Wrapper(
        "n:c:l:p:t:m:rkgs:i",
        "names= name-separator= success= raw no-color hide= group timings passthrough-arguments prefix= "
        "prefix-colors= prefix-length= timestamp-format= kill-others kill-others-on-fail kill-signal= restart-tries= "
        "restart-after= handle-input default-input-target= max-processes= cwd= teardown=",
        ("-h", "--help", "--version"),
        each=True,
        read_by="sh",
        permutes=True,
        beside=("--teardown",),
    ),
    "hyperfine": Wrapper(
        "w:m:M:r:s:p:C:c:P:D:L:S:Niu:n:hV",
        "warmup= min-runs= max-runs= runs= setup= prepare= conclude= cleanup= parameter-scan= parameter-step-size= "
        "parameter-list= reference= reference-name= shell= ignore-failure style= sort= time-unit= export-asciidoc= "
        "export-csv= export-json= export-markdown= export-orgmode= show-output output= input= command-name= help "
        "version",
        UTIL,
        permutes=True,
        each=True,
        beside=tuple(words("-s --setup -p --prepare -C --conclude -c --cleanup --reference")),
        pairs=("-L", "--parameter-list"),
        read_by="sh",
    ),
}
_KITTY = Wrapper(
    "1d:T:o:c:", "directory= title= hold config= override= class= detach", behind=("-e",), enters=("-d", "--directory")
)
_PATH = {
    "entr": Wrapper("acdnprsxz", joined_with=("-s",)),
    "reflex": Wrapper(
        "r:R:g:G:sd:e",
        "regex= inverse-regex= glob= inverse-glob= start-service substitute= decoration= only-files only-dirs all",
    ),
    "screen": Wrapper("aAc:dDe:fh:ilmnOp:qQrRs:S:t:T:UvwxXL", "", ("-v", "-ls", "-list", "-wipe", "-x", "-r")),
    "abduco": Wrapper("e:frnlpqvAac", "", ("-l", "-v"), operands=1),
    "dtach": Wrapper("A:a:c:n:N:Ee:r:zpP:"),
    **dict.fromkeys(
        words(
            "xterm uxterm urxvt rxvt st alacritty konsole x-terminal-emulator lxterminal xfce4-terminal terminator "
            "tilix mate-terminal"
        ),
        _TERMINAL,
    ),
    **dict.fromkeys(("gnome-terminal", "kgx", "ptyxis"), _TERMINAL._replace(dashed=True)),
    **dict.fromkeys(("kitty", "foot", "ghostty"), _KITTY),
    "just": Wrapper(
        "f:d:E:cnqv",
        "justfile= working-directory= command dotenv-path= shell= shell-arg= quiet dry-run",
        ("-n", "--dry-run"),
        behind=("-c", "--command"),
    ),
}
PROGRAMS: Programs = {
    "tmux": Program(options=Wrapper("2CDlNuVvc:f:L:S:T:", idle=("-V",))),
    **kept(TEXT, _TEXT),
    **kept(PATH, _PATH),
}

"""What takes an argument, for the commands that the packs are about: the grammars that a table carries.

`short` is a getopt(3) string, `long` the long options, `=` behind those that take an argument as a word of its own.
An argument that can only be attached (`--color=auto`) needs no mark. Where versions differ, both are listed.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Any

from safeshell_compiler.meaning import is_glob

Record = dict[str, Any]
"""As docs/table.md has it, "Grammars"."""


def _words(text: str) -> list[str]:
    return text.split()


def _getopt(short: str, long: str = "", **more: Any) -> Record:
    return {"short": short, "long": long.split(), **more}


def _gnu(short: str, long: str) -> Record:
    return _getopt(short, f"{long} help version")


# chmod takes a mode that begins with a dash for an option, as `chmod -w file` has it.
_CHMOD_MODES = "".join(f"{letter}::" for letter in "rwxXstugoa,+=01234567")
_OWNER = (
    "changes silent quiet verbose dereference no-dereference from= no-preserve-root preserve-root reference= recursive"
)
_BACKUP = "backup suffix= target-directory= no-target-directory strip-trailing-slashes"

_COREUTILS: dict[str, Record] = {
    "rm": _gnu(
        "dfiIrRv",
        "force interactive one-file-system no-preserve-root preserve-root recursive dir verbose "
        "-presume-input-tty",  # that is what it is called: three dashes
    ),
    "rmdir": _gnu("pv", "ignore-fail-on-non-empty parents path verbose"),
    "unlink": _gnu("", ""),
    "mv": _gnu("bfint:uvS:TZ", f"{_BACKUP} context force interactive no-clobber update verbose no-copy exchange debug"),
    "cp": _gnu(
        "abdfHilLnprst:uvxPRS:TZ",
        f"{_BACKUP} archive attributes-only copy-contents dereference force interactive link no-clobber no-dereference "
        "no-preserve= one-file-system parents path preserve recursive remove-destination reflink sparse= symbolic-link "
        "update verbose context keep-directory-symlink debug",
    ),
    "ln": _gnu(
        "bdfinrst:vFLPS:T",
        f"{_BACKUP} directory no-dereference force interactive symbolic verbose logical physical relative",
    ),
    "install": _gnu(
        "bcCsDdg:m:o:pt:TvS:Z",
        f"{_BACKUP} compare context debug directory group= mode= owner= preserve-timestamps preserve-context strip "
        "strip-program= verbose",
    ),
    "chmod": _gnu(
        f"Rcfv{_CHMOD_MODES}",
        "changes recursive no-preserve-root preserve-root quiet reference= silent verbose dereference no-dereference",
    ),
    "chown": _gnu("HLPRcfhv", _OWNER),
    "chgrp": _gnu("HLPRcfhv", _OWNER),
    "tee": _gnu("aip", "append ignore-interrupts output-error"),
    "touch": _gnu("acd:fhmr:t:", "time= no-create date= reference= no-dereference"),
    "mkdir": _gnu("pm:vZ", "context mode= parents verbose"),
    "shred": _gnu("fn:s:uvxz", "exact force iterations= size= random-source= remove verbose zero"),
    "truncate": _gnu("cor:s:", "no-create io-blocks reference= size="),
    "dd": _gnu("", ""),
}

_GIT: dict[str, Record] = {
    "push": _getopt(
        "vqdnfuo:46",
        "verbose quiet repo= all branches mirror delete tags dry-run porcelain force force-with-lease force-if- "
        "includes recurse-submodules= thin receive-pack= exec= set-upstream progress prune no-verify follow-tags "
        "signed atomic push-option= ipv4 ipv6 verify",
    ),
    "reset": _getopt(
        "qpN",
        "quiet no-refresh mixed soft hard merge keep recurse-submodules patch intent-to-add pathspec-from-file= "
        "pathspec-file-nul refresh",
    ),
    "clean": _getopt("qnfide:xX", "quiet dry-run force interactive exclude="),
    "branch": _getopt(
        "vqt::u:radDmMcClfi",
        "verbose quiet track set-upstream set-upstream-to= unset-upstream color remotes contains no-contains with "
        "without abbrev all delete move copy list show-current create-reflog edit-description force merged no- "
        "merged column sort= points-at= ignore-case recurse-submodules format= omit-empty",
    ),
    "checkout": _getopt(
        "b:B:lqmdt::f23p",
        "guess overlay quiet recurse-submodules progress merge conflict= detach track force orphan= overwrite-ignore "
        "ignore-other-worktrees ours theirs patch ignore-skip-worktree-bits pathspec-from-file= pathspec-file-nul",
    ),
    "switch": _getopt(
        "c:C:qmdt::f",
        "create= force-create= guess discard-changes quiet recurse-submodules progress merge conflict= detach "
        "track force orphan= overwrite-ignore ignore-other-worktrees",
    ),
    "restore": _getopt(
        "s:SWqm23p",
        "source= staged worktree ignore-unmerged overlay quiet recurse-submodules progress merge conflict= ours theirs "
        "patch ignore-skip-worktree-bits pathspec-from-file= pathspec-file-nul",
    ),
    "rebase": _getopt(
        "qvnC:fmiS::x:kr::s:X:p",
        "onto= keep-base no-verify quiet verbose no-stat signoff committer-date-is-author-date reset-author-date "
        "ignore-date ignore-whitespace whitespace= force-rebase no-ff continue skip abort quit edit-todo show- "
        "current-patch apply merge interactive preserve-merges rerere-autoupdate empty= keep-empty autosquash "
        "update-refs gpg-sign autostash exec= allow-empty-message rebase-merges fork-point strategy= strategy- "
        "option= root reschedule-failed-exec reapply-cherry-picks verify stat ff",
    ),
    "commit": _getopt(
        "qvF:m:c:C:st:eS::aiponzu::",
        "quiet verbose file= author= date= message= reedit-message= reuse-message= fixup= squash= reset-author "
        "trailer= signoff template= edit cleanup= status gpg-sign all include interactive patch only no-verify "
        "dry-run short branch ahead-behind porcelain long null amend no-post-rewrite untracked-files pathspec- "
        "from-file= pathspec-file-nul allow-empty allow-empty-message verify post-rewrite",
    ),
    "gc": _getopt("q", "quiet prune cruft aggressive auto force keep-largest-pack"),
    "prune": _getopt("nv", "dry-run verbose progress expire= exclude-promisor-objects"),
    "worktree": {
        "subcommands": {
            "add": _getopt(
                "fdb:B:q", "force detach checkout lock reason= quiet track guess-remote orphan relative-paths"
            ),
            "remove": _getopt("f", "force"),
        }
    },
    "stash": {"subcommands": {"drop": _getopt("q", "quiet"), "clear": _getopt("")}},
    "reflog": {"subcommands": {}},
}

_TERRAFORM: Record = {
    "words": True,
    "apart": True,
    "long": ["chdir"],  # only ever attached
    "subcommands": {
        "": {
            "words": True,
            "stops": True,
            "long": _words(
                "var= var-file= target= replace= out= state= state-out= backup= parallelism= lock-timeout= config= "
                "backend-config= from-module= plugin-dir= generate-config-out="
            ),
        }
    },
}

_PFLAG: Record = {"exact": True}
_CONTAINER_GLOBALS = (
    "config= context= debug host= log-level= tls tlscacert= tlscert= tlskey= tlsverify version help connection= url= "
    "identity= root= runroot= log-opt="
)
_CONTAINER_RUN = (
    "add-host= annotation= attach= blkio-weight= blkio-weight-device= cap-add= cap-drop= cgroup-parent= "
    "cgroupns= cidfile= cpu-count= cpu-percent= cpu-period= cpu-quota= cpu-rt-period= cpu-rt-runtime= cpu- "
    "shares= cpus= cpuset-cpus= cpuset-mems= detach detach-keys= device= device-cgroup-rule= device-read-bps= "
    "device-read-iops= device-write-bps= device-write-iops= disable-content-trust dns= dns-option= dns- "
    "search= domainname= entrypoint= env= env-file= expose= gpus= group-add= health-cmd= health-interval= "
    "health-retries= health-start-period= health-timeout= help hostname= init interactive ip= ip6= ipc= "
    "isolation= label= label-file= link= link-local-ip= log-driver= log-opt= mac-address= memory= memory- "
    "reservation= memory-swap= memory-swappiness= mount= name= net= net-alias= network= network-alias= no- "
    "healthcheck oom-kill-disable oom-score-adj= pid= pids-limit= platform= privileged publish= publish-all "
    "pull= quiet read-only restart= rm runtime= security-opt= shm-size= sig-proxy stop-signal= stop-timeout= "
    "storage-opt= sysctl= tmpfs= tty ulimit= user= userns= uts= volume= volume-driver= volumes-from= workdir="
)
_RUN = {**_getopt("a:c:de:h:il:m:Pp:qtu:v:w:", _CONTAINER_RUN), **_PFLAG, "stops": True}
_EXEC = {
    **_getopt("de:itu:w:", "detach detach-keys= env= env-file= interactive privileged tty user= workdir="),
    **_PFLAG,
    "stops": True,
}
_COMPOSE: Record = {
    **_getopt(
        "f:p:",
        "file= project-name= profile= project-directory= env-file= ansi= parallel= progress= compatibility dry-run",
    ),
    **_PFLAG,
    "apart": True,
    "subcommands": {
        "down": {**_getopt("t:v", "remove-orphans rmi= timeout= volumes dry-run"), **_PFLAG},
        "": {**_getopt("")},
    },
}
_NAMED = {**_getopt("f", "force"), **_PFLAG}
_CONTAINER: Record = {
    **_getopt("c:DH:l:v", _CONTAINER_GLOBALS),
    **_PFLAG,
    "apart": True,
    "subcommands": {
        "run": _RUN,
        "create": _RUN,
        "exec": _EXEC,
        "container": {"subcommands": {"run": _RUN, "create": _RUN, "exec": _EXEC}},
        "compose": _COMPOSE,
        "volume": {
            "subcommands": {"rm": _NAMED, "remove": _NAMED, "prune": {**_getopt("af", "all filter= force"), **_PFLAG}}
        },
        "system": {"subcommands": {"prune": {**_getopt("af", "all filter= force volumes"), **_PFLAG}}},
        "swarm": {"subcommands": {"leave": _NAMED}},
    },
}

_KUBECTL_GLOBALS = (
    "as= as-group= as-uid= cache-dir= certificate-authority= client-certificate= client-key= cluster= context= "
    "insecure-skip-tls-verify kubeconfig= namespace= password= profile= profile-output= request-timeout= server= "
    "tls-server-name= token= user= username= warnings-as-errors"
)
_KUBECTL_INNER = (
    f"{_KUBECTL_GLOBALS} all all-namespaces cascade dry-run field-selector= filename= force grace-period= "
    "ignore-not-found kustomize= now output= raw= recursive selector= timeout= wait delete-emptydir-data "
    "disable-eviction ignore-daemonsets pod-selector= skip-wait-for-delete-timeout= chunk-size= container= "
    "stdin tty type= patch= patch-file= replicas= image= field-manager= template= local-storage"
)
_KUBECTL: Record = {
    **_getopt("n:s:v:", _KUBECTL_GLOBALS),
    **_PFLAG,
    "subcommands": {"": {**_getopt("Ac:f:ik:l:n:o:p:Rs:tv:", _KUBECTL_INNER), **_PFLAG}},
}

_AWS_GLOBALS = (
    "debug endpoint-url= no-verify-ssl no-paginate output= query= profile= region= version color= no-sign-request "
    "ca-bundle= cli-read-timeout= cli-connect-timeout= cli-binary-format= no-cli-pager cli-auto-prompt"
)
_S3 = {
    "exact": True,
    "long": (
        f"{_AWS_GLOBALS} recursive force dryrun quiet include= exclude= acl= storage-class= sse= sse-kms-key-id= "
        "grants= content-type= metadata= page-size= request-payer= only-show-errors no-progress delete exact- "
        "timestamps size-only follow-symlinks no-follow-symlinks expires= cache-control= source-region= website- "
        "redirect="
    ).split(),
}
_AWS: Record = {
    "exact": True,
    "long": _AWS_GLOBALS.split(),
    "subcommands": {
        "s3": {"exact": True, "long": _AWS_GLOBALS.split(), "subcommands": {"": _S3}},
        # Of the other services each command has options of its own, nearly all of which take an argument.
        "": {"exact": True, "long": _AWS_GLOBALS.split(), "subcommands": {}},
    },
}

_PSQL = _getopt(
    "aAbc:d:eEf:F:h:HlL:no:p:P:qR:sStT:U:v:VwWxXz01",
    "echo-all no-align command= dbname= echo-queries echo-errors echo-hidden file= field-separator= field- "
    "separator-zero host= html list log-file= no-readline single-transaction output= port= pset= quiet "
    "record-separator= record-separator-zero single-step single-line tuples-only table-attr= username= set= "
    "variable= version no-password password expanded no-psqlrc help csv",
)

_CURL = _getopt(
    "aE:K:C:b:c:d:qD:fF:P:GgIH:h:0ik46jlLMm:n:No:Z#xU:pQ:r:e:JORX:SsY:y:23t:z:1T:Bu:A:vVw:",
    "abstract-unix-socket= alt-svc= anyauth append aws-sigv4= basic cacert= capath= cert= cert-status "
    "cert-type= ciphers= compressed compressed-ssh config= connect-timeout= connect-to= continue-at= "
    "cookie= cookie-jar= create-dirs create-file-mode= crlf crlfile= curves= data= data-ascii= data- "
    "binary= data-raw= data-urlencode= delegation= digest disable disable-eprt disable-epsv disallow- "
    "username-in-url dns-interface= dns-ipv4-addr= dns-ipv6-addr= dns-servers= doh-cert-status doh- "
    "insecure doh-url= dump-header= egd-file= engine= etag-compare= etag-save= expect100-timeout= fail "
    "fail-early fail-with-body false-start form= form-escape form-string= ftp-account= ftp-alternative- "
    "to-user= ftp-create-dirs ftp-method= ftp-pasv ftp-port= ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp- "
    "ssl-ccc-mode= ftp-ssl-control get globoff happy-eyeballs-timeout-ms= haproxy-protocol head header= "
    "help= hostpubmd5= hostpubsha256= hsts= http0.9 http1.0 http1.1 http2 http2-prior-knowledge http3 "
    "http3-only ignore-content-length include insecure interface= ipv4 ipv6 json= junk-session-cookies "
    "keepalive-time= key= key-type= krb= libcurl= limit-rate= list-only local-port= location location- "
    "trusted login-options= mail-auth= mail-from= mail-rcpt= mail-rcpt-allowfails manual max-filesize= "
    "max-redirs= max-time= metalink negotiate netrc netrc-file= netrc-optional next no-alpn no-buffer no- "
    "clobber no-keepalive no-npn no-progress-meter no-sessionid noproxy= ntlm ntlm-wb oauth2-bearer= "
    "output= output-dir= parallel parallel-immediate parallel-max= pass= path-as-is pinnedpubkey= post301 "
    "post302 post303 preproxy progress-bar proto= proto-default= proto-redir= proxy proxy-anyauth proxy- "
    "basic proxy-cacert= proxy-capath= proxy-cert= proxy-cert-type= proxy-ciphers= proxy-crlfile= proxy- "
    "digest proxy-header= proxy-insecure proxy-key= proxy-key-type= proxy-negotiate proxy-ntlm proxy- "
    "pass= proxy-pinnedpubkey= proxy-service-name= proxy-ssl-allow-beast proxy-ssl-auto-client-cert "
    "proxy-tls13-ciphers= proxy-tlsauthtype= proxy-tlspassword= proxy-tlsuser= proxy-tlsv1 proxy-user= "
    "proxy1.0= proxytunnel pubkey= quote= random-file= range= rate= raw referer= remote-header-name "
    "remote-name remote-name-all remote-time remove-on-error request= request-target= resolve= retry= "
    "retry-all-errors retry-connrefused retry-delay= retry-max-time= sasl-authzid= sasl-ir service-name= "
    "show-error silent socks4= socks4a= socks5= socks5-basic socks5-gssapi socks5-gssapi-nec "
    "socks5-gssapi-service= socks5-hostname= speed-limit= speed-time= ssl ssl-allow-beast ssl-auto- "
    "client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort sslv2 sslv3 stderr= styled-output "
    "suppress-connect-headers tcp-fastopen tcp-nodelay telnet-option= tftp-blksize= tftp-no-options time- "
    "cond= tls-max= tls13-ciphers= tlsauthtype= tlspassword= tlsuser= tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 "
    "tlsv1.3 tr-encoding trace= trace-ascii= trace-time unix-socket= upload-file= url= url-query= use- "
    "ascii user= user-agent= verbose version write-out= xattr variable= ipfs-gateway= trace-config= "
    "haproxy-clientip= ech= ip-tos= vlan-priority= sigalgs= skip-existing out-null parallel-max-host= "
    "keepalive-cnt= mptcp tls-earlydata upload-flags= trace-ids",
)

_FIND: Record = {
    "words": True,
    "leading": "HLPOD",
    "long": _words(
        "exec=; execdir=; ok=; okdir=; amin= anewer= atime= cmin= cnewer= context= ctime= fls= fprint= fprint0= "
        "fprintf= fstype= gid= group= ilname= iname= inum= ipath= iregex= iwholename= links= lname= maxdepth= "
        "mindepth= mmin= mtime= name= newer= path= perm= printf= regex= regextype= samefile= size= type= uid= "
        "used= user= wholename= xtype= files0-from=D= newerat= newerct= newermt= newermm= newerma= newermc= "
        "newerBt= newerBm="
    ),
}

_MKFS_EXT = _getopt("b:cd:e:g:i:jl:m:no:qr:s:t:vC:DE:FG:I:J:KL:M:N:O:R:ST:U:Vz:")

_GRAMMARS: dict[str, Record] = {
    **_COREUTILS,
    "git": {
        "short": "C:c:pPhv",
        "long": _words(
            "git-dir= work-tree= namespace= config-env= attr-source= exec-path no-pager paginate bare no-replace- "
            "objects literal-pathspecs glob-pathspecs noglob-pathspecs icase-pathspecs no-optional-locks super- "
            "prefix= list-cmds= help version html-path man-path info-path no-advice"
        ),
        "exact": True,
        "apart": True,
        "subcommands": _GIT,
    },
    "find": _FIND,
    "docker": _CONTAINER,
    "podman": _CONTAINER,
    "docker-compose": _COMPOSE,
    "podman-compose": _COMPOSE,
    "kubectl": _KUBECTL,
    "oc": _KUBECTL,
    "terraform": _TERRAFORM,
    "tofu": _TERRAFORM,
    "aws": _AWS,
    "psql": _PSQL,
    "dropdb": _getopt(
        "efh:iU:wWp:V?", "echo force host= interactive username= no-password password port= maintenance-db= if-exists"
    ),
    "curl": _CURL,
    "crontab": _getopt("u:leirsnx:T:V"),
    "mkfs": _getopt("Vt:v", "type= verbose help version lock"),
    "mkfs.ext2": _MKFS_EXT,
    "mkfs.ext3": _MKFS_EXT,
    "mkfs.ext4": _MKFS_EXT,
    "mke2fs": _MKFS_EXT,
    "mkfs.xfs": _getopt("b:d:fi:l:L:m:n:KNp:qr:s:CV"),
    "mkfs.btrfs": _getopt(
        "A:b:d:fhKl:L:m:Mn:O:qr:R:s:U:vV", "label= features= force metadata= data= nodesize= quiet uuid="
    ),
    "mkfs.vfat": _getopt("aA:b:cCD:f:F:g:h:i:Il:m:M:n:r:R:s:S:v"),
    "mkswap": _getopt(
        "cfL:o:p:U:e:s:qvVh",
        "check force label= offset= pagesize= uuid= swapversion= verbose lock endianness= size= file",
    ),
    "wipefs": _getopt(
        "aqfho:O:npit:bV",
        "all backup force noheadings json no-act offset= output= parsable quiet types= lock help version",
    ),
    "blkdiscard": _getopt("fo:l:p:svVzhq", "force offset= length= step= secure verbose version zeroout quiet help"),
}
"""By basename."""


def grammar(name: str) -> Record | None:
    """What is known of a command."""
    return _GRAMMARS.get(name)


def grammars_for(names: Iterable[str | None]) -> dict[str, Record]:
    """The grammars of the commands that dispatch keys stand for: basenames, globs, None for any command."""
    found: dict[str, Record] = {}
    for name in names:
        if name is None:
            return dict(_GRAMMARS)
        if is_glob(name):
            found.update({known: _GRAMMARS[known] for known in fnmatch.filter(_GRAMMARS, name)})
        elif name in _GRAMMARS:
            found[name] = _GRAMMARS[name]
    return found

"""Transfers between machines: rsync, curl, wget, nc and their kin."""

from __future__ import annotations

from safeshell.command.programs.description import Program, Programs, Runs
from safeshell.command.programs.record import getopt

_RSYNC = getopt(
    "vqcarRbudlLkKHpEAXogDtUNOJSnWxB:e:mI@:T:yzCf:F0s8hPiM:46V",
    "info= debug= stderr= verbose quiet no-motd checksum archive recursive inc-recursive i-r relative no-implied-dirs "
    "backup backup-dir= suffix= update inplace append append-verify dirs old-dirs old-d mkpath links copy-links "
    "copy-unsafe-links safe-links insecure-links confine-root= munge-links copy-dirlinks keep-dirlinks hard-links "
    "perms executability chmod= acls xattrs owner group devices copy-devices write-devices specials drop-D times "
    "atimes open-noatime crtimes omit-dir-times omit-link-times super fake-super sparse preallocate dry-run "
    "whole-file checksum-choice= cc= one-file-system block-size= rsh= rsync-path= existing ignore-non-existing "
    "ignore-existing remove-source-files del delete delete-before delete-during delete-delay delete-after "
    "delete-excluded ignore-missing-args delete-missing-args ignore-errors force max-delete= max-size= min-size= "
    "max-alloc= partial partial-dir= delay-updates prune-empty-dirs numeric-ids usermap= groupmap= chown= timeout= "
    "contimeout= ignore-times size-only modify-window= temp-dir= fuzzy compare-dest= copy-dest= link-dest= compress "
    "compress-choice= zc= compress-level= zl= compress-threads= zt= skip-compress= cvs-exclude filter= exclude= "
    "exclude-from= include= include-from= files-from= from0 old-args secluded-args protect-args trust-sender copy-as= "
    "address= port= sockopts= blocking-io outbuf= stats 8-bit-output human-readable progress itemize-changes "
    "remote-option= out-format= log-format= log-file= log-file-format= password-file= early-input= list-only bwlimit= "
    "stop-after= time-limit= stop-at= fsync write-batch= only-write-batch= read-batch= protocol= iconv= "
    "checksum-seed= ipv4 ipv6 version help",
    exact=True,
    shows=["--help", "-V/--version"],
    tries=["-n/--dry-run"],
    # Files of its own.
    acts=["--log-file", "--write-batch", "--only-write-batch"],
)
_RSYNC_RUNS = Runs(texts=("-e", "--rsh"), remote=("--rsync-path",), variables=("RSYNC_RSH", "RSYNC_CONNECT_PROG"))
_ASKPASS = ("use_askpass", "use-askpass")
PROGRAMS: Programs = {
    "rsync": Program(_RSYNC, runs=_RSYNC_RUNS),
    "curl": getopt(
        "aE:K:C:b:c:d:qD:fF:P:GgIH:h:0ik46jlLMm:nNo:Z#x:U:pQ:r:e:JORX:SsY:y:23t:z:1T:Bu:A:vVw:",
        "abstract-unix-socket= alt-svc= anyauth append aws-sigv4= basic cacert= capath= cert= cert-status cert-type= "
        "ciphers= compressed compressed-ssh config= connect-timeout= connect-to= continue-at= cookie= cookie-jar= "
        "create-dirs create-file-mode= crlf crlfile= curves= data= data-ascii= data-binary= data-raw= data-urlencode= "
        "delegation= digest disable disable-eprt disable-epsv disallow-username-in-url dns-interface= dns-ipv4-addr= "
        "dns-ipv6-addr= dns-servers= doh-cert-status doh-insecure doh-url= dump-header= egd-file= engine= "
        "etag-compare= etag-save= expect100-timeout= fail fail-early fail-with-body false-start form= form-escape "
        "form-string= ftp-account= ftp-alternative-to-user= ftp-create-dirs ftp-method= ftp-pasv ftp-port= ftp-pret "
        "ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-ccc-mode= ftp-ssl-control get globoff happy-eyeballs-timeout-ms= "
        "haproxy-protocol head header= help= hostpubmd5= hostpubsha256= hsts= http0.9 http1.0 http1.1 http2 "
        "http2-prior-knowledge http3 http3-only ignore-content-length include insecure interface= ipv4 ipv6 json= "
        "junk-session-cookies keepalive-time= key= key-type= krb= libcurl= limit-rate= list-only local-port= location "
        "location-trusted login-options= mail-auth= mail-from= mail-rcpt= mail-rcpt-allowfails manual max-filesize= "
        "max-redirs= max-time= metalink negotiate netrc netrc-file= netrc-optional next no-alpn no-buffer no-clobber "
        "no-keepalive no-npn no-progress-meter no-sessionid noproxy= ntlm ntlm-wb oauth2-bearer= output= output-dir= "
        "parallel parallel-immediate parallel-max= pass= path-as-is pinnedpubkey= post301 post302 post303 preproxy= "
        "progress-bar proto= proto-default= proto-redir= proxy= proxy-anyauth proxy-basic proxy-cacert= proxy-capath= "
        "proxy-cert= proxy-cert-type= proxy-ciphers= proxy-crlfile= proxy-digest proxy-header= proxy-insecure "
        "proxy-key= proxy-key-type= proxy-negotiate proxy-ntlm proxy-pass= proxy-pinnedpubkey= proxy-service-name= "
        "proxy-ssl-allow-beast proxy-ssl-auto-client-cert proxy-tls13-ciphers= proxy-tlsauthtype= proxy-tlspassword= "
        "proxy-tlsuser= proxy-tlsv1 proxy-user= proxy1.0= proxytunnel pubkey= quote= random-file= range= rate= raw "
        "referer= remote-header-name remote-name remote-name-all remote-time remove-on-error request= request-target= "
        "resolve= retry= retry-all-errors retry-connrefused retry-delay= retry-max-time= sasl-authzid= sasl-ir "
        "service-name= show-error silent socks4= socks4a= socks5= socks5-basic socks5-gssapi socks5-gssapi-nec "
        "socks5-gssapi-service= socks5-hostname= speed-limit= speed-time= ssl ssl-allow-beast ssl-auto-client-cert "
        "ssl-no-revoke ssl-reqd ssl-revoke-best-effort sslv2 sslv3 stderr= styled-output suppress-connect-headers "
        "tcp-fastopen tcp-nodelay telnet-option= tftp-blksize= tftp-no-options time-cond= tls-max= tls13-ciphers= "
        "tlsauthtype= tlspassword= tlsuser= tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 tr-encoding trace= trace-ascii= "
        "trace-time unix-socket= upload-file= url= url-query= use-ascii user= user-agent= verbose version write-out= "
        "xattr variable= ipfs-gateway= trace-config= haproxy-clientip= ech= ip-tos= vlan-priority= sigalgs= "
        "skip-existing out-null parallel-max-host= keepalive-cnt= mptcp tls-earlydata upload-flags= trace-ids",
        shows=["-h/--help", "-V/--version", "-M/--manual"],
    ),
    "wget": Runs(
        "e:o:a:i:O:P:U:t:T:w:Q:A:R:D:I:X:l:B:",
        "use-askpass= execute= output-document=",
        texts=("--use-askpass",),
        settings=(("-e", _ASKPASS), ("--execute", _ASKPASS)),
    ),
    "socat": Runs("dD:hvxb:st:T:l:L:W:V", operands=r"(?is)(?:!!)?(?P<kind>exec|system|shell):(?P<address>.*)"),
    **dict.fromkeys(
        ("nc", "ncat", "netcat", "nc.traditional"),
        Runs(
            "e:c:g:G:i:o:p:q:s:w:x:X:m:d:",
            "exec= sh-exec= lua-exec= proxy= proxy-type= source= wait= delay=",
            texts=("-e", "-c", "--exec", "--sh-exec"),
        ),
    ),
    **dict.fromkeys(
        ("ftp", "lftp", "telnet", "tnftp"),
        Runs("e:c:u:p:", scripts=("-e", "-c"), reads=True, escape=r"(?m)(?:^|;)\s*!\s*(?P<text>[^\n]+)"),
    ),
}

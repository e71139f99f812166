"""Plain programs: known to take names, texts or files as operands, never a command.

Of a program about which nothing else is known an operand may be a command; of these it never is.
"""

from __future__ import annotations

_NAMES = """
ack ag alien apk apropos apt apt-cache apt-file apt-get apt-mark aptitude asciinema aspell autoconf automake awk
b2sum banner base32 base64 basename bat batcat bc black brew bzip2 cal cat cc cd chattr chgrp chmod chown chsh cksum
clang clang-format clear cmake cmp codespell column comm convert cowsay cp cpio cscope csplit ctags curl cut cwebp
date dc dd delta df diff diff3 dig dir dirname dmesg dnf docker-slim dos2unix dpkg dpkg-query du echo ed egrep
emerge equery eslint espeak exiftool expand expr eza factor false fc fgrep fc-list figlet file finger flake8 flatpak
fmt fold free fuser fzf g++ gcc gem getconf getent getfacl gh go gofmt golint gpg grep groups gunzip gzip head help
hexdump hexyl host hostid hostname iconv id identify ifconfig info insmod install ip isort javac join jobs jq kill
killall last less link ln locale locate logger login logname look lolcat ls lsattr lsb_release lsmod lsof lspci
lsusb lz4 m4 mail make makeinfo man md5sum mdfind mesg mkdir mkfifo mknod mktemp modinfo modprobe more mount
mountpoint mutt mv mypy nano netstat newusers nl nm notify-send nproc nslookup objdump od open openssl pacman pandoc
passwd paste patch pathchk pgrep ping pinky pip pip2 pip3 pkg pkill plocate pmap port pr prettier printenv printf ps
pstree ptx pwd pwgen pylint pyright pytest readelf readlink realpath reboot rename renice reset rev rg rm rmdir rpm
rpm2cpio ruff run-help rustfmt rustup say scp screenfetch sed seq service setfacl sha1sum sha224sum sha256sum
sha384sum sha512sum shasum shellcheck shfmt shred shuf sleep snap sort split ssh-add ssh-copy-id ssh-keygen stat
strings strip stty sum swapon sync sysctl systemctl tac tail tar tee test tig tldr toilet touch tput tr tree true
truncate tsort tty type ulimit umount uname unexpand uniq unix2dos unlink unzip update-alternatives updatedb uptime
users valac vdir vipw vmstat w wall wc wget whatis whence where whereis which who whoami wl-copy write xclip xdg-
open xmllint xsel xxd xz xzcat yapf yay yes yq yum zcat zdiff zgrep zip zipinfo zless zstd zypper
"""

PLAIN = frozenset(_NAMES.split())
"""By basename."""

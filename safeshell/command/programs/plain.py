"""Plain programs: known to take names, texts or files as operands, never a command.

Of a program about which nothing else is known an operand may be a command; of these it never is.
"""

from __future__ import annotations

_NAMES = """
ab ack ag alien ant apk apropos apt-cache apt-file apt-mark aptitude argocd asciinema aspell autoconf automake b2sum
banner base32 base64 basename bazel bc biome black brew bzip2 cabal cal cat cc chattr cheat chkconfig choco chsh
cksum clang clang-format clear clippy-driver cmp code codespell column comm consul convert cowsay cpio cscope
csplit ctags ctest cut cwebp cygpath dart dasel date df diff diff3 dig dir dirname dmesg dnf docker-slim dos2unix
dot dotnet dpkg-query du egrep emerge equery esbuild eslint espeak exiftool expand explorer expr eza factor
fc-list ffmpeg ffprobe fgrep figlet file finger flake8 flatpak flutter flux fmt fold free fuser fx g++ gcc getconf
getent getfacl ghc glab gofmt golint gpg gradle gradlew grep gron groups gunzip gzip head helmfile hexdump
hexyl hey host hostid hostname http httpie https hub hugo iconv id identify ifconfig info insmod isort istioctl
javac jekyll jest join jq k6 k9s killall kind kustomize last latexmk lein link locale locate logger login logname
lolcat look ls lsattr lsb_release lsmod lsof lspci lsusb lz4 m4 magick mail makeinfo md5sum mdfind mermaid mesg
meson microdnf mkdocs mkfifo mknod mktemp mocha modinfo modprobe mongo more mount mountpoint msbuild mtr mutt mvn
mvnw mypy nano ncal netstat newusers ninja nl nm nmap nomad notify-send nproc nslookup nuget objdump ocamlfind od
open openssl opkg oxlint packer pacman pandoc passwd paste patch pathchk pdflatex pgrep ping pinky pip pip2 pip3 pkg
pkill plantuml plocate pmap port pr pre-commit prettier printenv ps pstree ptx pwgen pylint pyright pytest rake
readelf readlink realpath reboot rename renice reset rev rollup rpm rpm2cpio ruff run-help rustc rustfmt rustup say
sbt scoop screenfetch seq service setfacl sha1sum sha224sum sha256sum sha384sum sha512sum shasum shellcheck shfmt
shuf skaffold sleep snap sphinx-build sqlite ss ssh-add ssh-copy-id ssh-keygen stat stern strings strip stty
stylelint subl sum swapon swc swift sync sysctl tac tail task tcpdump terraform-docs tflint tig tilt tldr toilet
tput tr traceroute tree tsc tsort tty turbo umount uname unexpand uniq units unix2dos unzip update-alternatives
update-rc.d updatedb uptime users valac vault vdir venv virtualenv vite vitest vmstat w wall wc webpack whatis
whence where whereis which who whoami whois winget wl-copy write wrk xclip xcodebuild xelatex xh xmllint xq
xsel xxd xz xzcat yapf yay yes yq yum zcat zdiff zgrep zig zipinfo zless zstd zypper
"""

PLAIN = frozenset(_NAMES.split())
"""By basename."""

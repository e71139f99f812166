"""Secrets among a program's arguments: which option or operand is one, where its name doesn't say so.

A row is programs, the words that have to come first (a subcommand, or an option that makes it so), and what is a
secret then. `a/b` is either. Items:

- `-p`, `--pass`: the option's value, attached or the next word; `-p!`: attached only.
- `-u:`: of the value what stands behind the colon; where nothing does, or what stands before looks drawn, all of it.
  `-U%` likewise, and so on.
- `--from-literal=`: of the value what stands behind the first `=`.
- `password`: the word behind this word.
- `#2`: the second operand, `#0` the last one; `#1/`: of it what stands behind the slash.
- `+xq`: letters that take nothing, and may stand before the option's in one word.

What the programs' own pages say, of the versions of today and before.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

_ROWS = """
docker podman nerdctl buildah oras crane helm : login : -p
skopeo buildah podman : copy/inspect/push/pull/login : --creds: --src-creds: --dest-creds: -p
kubectl oc : create secret : --from-literal= --docker-password
oc : login : -p -t
az : login : -p
az : keyvault secret set : --value
az : : --account-key --sas-token --connection-string -p
aws : : --secret-string --master-user-password --admin-password --proposed-password --old-password --new-password
aws : ssm put-parameter : --value
poetry : config : #0
vault consul nomad : : -token
vault : login/unwrap : #0
mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlslap mysqlsh mysqlpump mysqlbinlog : : -p!
mariadb mariadb-dump mariadb-admin mariadb-import mariadb-check mariadb-show mycli mydumper myloader : : -p!
mysqladmin mariadb-admin : password : #0
mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop cqlsh : : -p
sqlcmd bcp osql tsql isql : : -P
sqlplus sqlldr expdp impdp rman : : #1/
influx : : -t -p
redis-cli keydb-cli valkey-cli : : -a --pass
rabbitmqctl : add_user/change_password/authenticate_user : #2
rabbitmqadmin : : -p
smbclient rpcclient smbget net smbmap nmblookup : : -U% -p
ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldappasswd ldapcompare ldapmodrdn : : -w -s -a +xWvZLnc
curl : : -u: -U: --user: --proxy-user: --oauth2-bearer --pass --proxy-pass --tlspassword -b= --cookie= +fgGikLnNOqRsSv#
wget : : --http-password --ftp-password --proxy-password
http https xh xhs : : -a: --auth: --auth
lftp ncftp : : -u, -p
sshpass : : -p
plink pscp psftp putty kitty : : -pw
xfreerdp wlfreerdp rdesktop : : /p: -p
x11vnc vncpasswd : : -passwd
zip unzip : : -P +rqujoeX9j
7z 7za 7zz rar unrar : : -p! -hp!
qpdf : : --password
pdftk : : user_pw owner_pw input_pw
gpg gpg2 : : --passphrase
openssl : : -k -K -pass -passin -passout
keytool jarsigner apksigner : : -storepass -keypass -srcstorepass -deststorepass -srckeypass -destkeypass
ssh-keygen : : -N -P
security : : -w -p
htpasswd : -b/-nb/-bn/-cb/-bc/-bB/-Bb/-nbB/-nbm/-cbB : #0
wpa_passphrase : : #2
nmcli : : password psk wifi-sec.psk 802-11-wireless-security.psk
useradd usermod : : -p
net : user : #2
mc : set/add : #4
s3cmd : : --access_key --secret_key
rclone : obscure : #0
snyk : auth : #0
doctl : : -t
ngrok : authtoken/add-authtoken : #0
cloudflared : install : #0
tailscale : up/login : --authkey --auth-key
cargo : login : #0
gh : secret set : -b --body
nuget : push : -k -ApiKey #2
dotnet : push : -k --api-key
dotnet : user-secrets set : #2
twine : : -p
wandb : login : #0
huggingface-cli hf : login : --token
openai : : -k
llm : keys set : --value
mosquitto_pub mosquitto_sub mosquitto_rr : : -P
mqtt : : -pw
ipmitool : : -P -K
snmpwalk snmpget snmpset snmpbulkwalk : : -c -A -X
swaks sendemail : : -ap -xp -au
gitlab-runner : register : -r -t
sentry-cli : : --auth-token
netlify : : --auth
vercel : : -t
sonar-scanner mvn mvnw gradle : : -Dsonar.login
bw : login : #2
bw : unlock : #1
ansible-vault : encrypt_string : #1
virsh : secret-set-value : --base64 #2
ccrypt mcrypt : : -K -k
steghide : : -p
crackmapexec netexec nxc evil-winrm hydra medusa : : -p -H
chpasswd.py changepasswd.py : : -newpass
"""


class SecretArguments(NamedTuple):
    """What is a secret among a program's arguments.

    Attributes:
        path: words that have to come first, each any of several.
        options: the mark of each option or word: "", "!", or what parts its value.
        operands: number, from 1 on, 0 the last, and mark of each operand.
        flags: letters that may stand before an option's.
    """

    path: tuple[frozenset[str], ...]
    options: Mapping[str, str]
    operands: Mapping[int, str]
    flags: frozenset[str]


@functools.cache
def secret_arguments() -> dict[str, list[SecretArguments]]:
    """The rows of each program."""
    made: dict[str, list[SecretArguments]] = {}
    for line in _ROWS.strip().split("\n"):
        programs, path, items = (part.split() for part in line.split(" :", 2))
        row = _row(path, items)
        for program in programs:
            made.setdefault(program, []).append(row)
    return made


def _row(path: list[str], items: list[str]) -> SecretArguments:
    options: dict[str, str] = {}
    operands: dict[int, str] = {}
    flags = ""
    for item in items:
        if item[0] == "#":
            operands[int(item[1])] = item[2:]
        elif item[0] == "+":
            flags = item[1:]
        else:
            name = item.rstrip("!:%,=") if item[0] in "-/" else item
            options[name] = item[len(name) :]
    return SecretArguments(tuple(frozenset(words.split("/")) for words in path), options, operands, frozenset(flags))

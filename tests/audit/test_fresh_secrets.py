"""Secrets that nobody has seen before: tokens drawn by the services' shapes, in every place, and what looks like them.

The draws are seeded. Prefixes are put together here, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable
from typing import Any

import pytest

from safeshell.audit.redact import Redactor

ALPHABETS = {
    "h": "0123456789abcdef",
    "d": string.digits,
    "l": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "w": string.ascii_letters + string.digits,
    "u": string.ascii_letters + string.digits + "-_",
    "b": string.ascii_letters + string.digits + "+/",
    "a": string.ascii_letters,
}

SHAPES = """
gh|p_ w36           : gh|o_ w36           : gh|s_ w36           : github|_pat_ w22 _ w59  : gl|pat- u20
gl|rtr- u20         : gl|dt- u20          : gl|cbt- h2 _ u20    : gl|rt-t1_ u27 .01. l9   : gl|agent- u50
AK|IA U16           : AS|IA U16           : LT|AI w20           : AI|za u35               : ya|29. u60
GOC|SPX- u28        : xox|b- d12 - d12 - w24 : xapp|-1- U10 - d12 - h64 : sk_|live_ w24   : rk_|live_ w60
whs|ec_ w32         : sk-|ant-api03- u93 AA : sk-|proj- u74     : sk-|or-v1- h64          : gs|k_ w52
xa|i- w80           : pp|lx- w48          : nv|api- u64         : r8|_ w37                : cs|k- l48
hf|_ a34            : tgp|_v1_ u43        : pcs|k_ w6 _ w60     : tv|ly- w32              : fc|- h32
ls|v2_pt_ h32 _ h10 : rp|a_ U36           : apify|_api_ w36     : jina|_ w60              : sb|p_ h40
sb_|secret_ u22 _ w8 : na|pi_ l60         : psca|le_tkn_ u43    : nt|n_ d11 w35           : secret|_ w43
lin|_api_ w40       : fig|d_ u40          : pat| w14 . h64      : ATA|TT3 u186 = U8       : ATB|B w32
CFP|AT- u43         : PM|AK- h24 - h34    : pat|-na1- h8 - h4 - h4 - h4 - h12 : xkey|sib- h64 - w16
S|G. u22 . u43      : SK| h32             : key|- h32           : ts|key-auth-k w10 CNTRL- w32
fm2|_ b120          : HRK|U-AA u58        : nf|p_ w36           : do|p_v1_ h64            : pu|l- h40
w14 .atl|asv1. u67  : dp|.st.prd. w43     : hv|s. u92           : sq|p_ h40               : sntr|yu_ h64
gl|sa_ w32 _ h8     : NR|AK- U27          : dd|app_ w34         : dap|i h32               : bk|ua_ h40
CCIP|AT_ w22 _ h40  : dck|r_pat_ u27      : np|m_ w36           : py|pi-AgEIcHlwaS5vcmc u140
ruby|gems_ h48      : oy|2 l43            : shp|at_ h32         : rz|p_live_ w14          : dt0|c01. U24 . U64
d10 :A|A u33        : ey|J w33 .ey|J w70 . u43 : MT|A w21 . u6 . u38 : w3 8|Q~ w34
acm|e_live_ w24     : zz|k- w32           : foo|_pat_ l40       : my|app_ u22 w20         : qrs|-v3- w48
"""
"""Tokens: what is fixed, and an alphabet with a number for what is drawn. Those of the last line nobody publishes."""


def _shapes() -> list[str]:
    return [shape.strip() for line in SHAPES.strip().split("\n") for shape in line.split(" : ")]


def _draw(shape: str, chance: random.Random) -> str:
    made = ""
    for part in shape.split():
        if part[0] in ALPHABETS and part[1:].isdigit():
            made += "".join(chance.choices(ALPHABETS[part[0]], k=int(part[1:])))
        else:
            made += part.replace("|", "")
    return made


def _record(argv: list[str], cwd: str = "/home/ann/work", **more: Any) -> dict[str, Any]:
    return {"ts": "2026-11-22T10:00:00.000000Z", "decision": "deny", "argv": argv, "cwd": cwd, **more}


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "operand": lambda token: _record(["login", token]),
    "option": lambda token: _record(["tool", "--value", token, "x"]),
    "attached": lambda token: _record(["tool", f"--value={token}"]),
    "letter": lambda token: _record(["tool", "-k", token]),
    "variable": lambda token: _record(["env", f"FOO={token}", "make"]),
    "inner-variable": lambda token: _record(["docker", "run", "-e", f"FOO={token}", "image"]),
    "url-user": lambda token: _record(["git", "clone", f"https://{token}@example.com/a/b.git"]),
    "url-password": lambda token: _record(["git", "clone", f"https://x:{token}@example.com/a/b.git"]),
    "url-path": lambda token: _record(["curl", f"https://example.com/hook/{token}/x"]),
    "url-query": lambda token: _record(["curl", f"https://example.com/a?b=c&d={token}&e=f"]),
    "header": lambda token: _record(["curl", "-H", f"X-Thing: {token}", "https://example.com"]),
    "bearer": lambda token: _record(["curl", "-H", f"Authorization: Bearer {token}", "https://example.com"]),
    "json": lambda token: _record(["curl", "-d", f'{{"a": 1, "thing": "{token}"}}', "https://example.com"]),
    "yaml": lambda token: _record(["tee", f"thing: {token}\nother: 1\n"]),
    "directory": lambda token: _record(["git", "tag"], f"/home/ann/{token}/x"),
    "rules": lambda token: _record(["git", "tag"], source=f"/srv/{token}/.safeshell/rules.yaml:3"),
    "file": lambda token: _record(["cat", "x"], facts={"file": {f"/home/ann/{token}": True}}),
    "branch": lambda token: _record(["git", "tag"], facts={"branch": f"fix/{token}"}),
    "line": lambda token: _record([f"cd x && export FOO='{token}'; make"], kind="line"),
    "nested": lambda token: _record(["bash", "-c", f'ssh host "tool --value {token} | jq ."']),
}


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


def test_s17_fresh_tokens_of_every_kind_go_from_every_place(redactor: Redactor) -> None:
    chance = random.Random(17)
    shapes = _shapes()
    assert len(shapes) >= 90
    missed, tried = [], 0
    for shape in shapes:
        for place, put in PLACES.items():
            token = _draw(shape, chance)
            tried += 1
            text = json.dumps(redactor.redact(put(token)))
            # Where one piece of it is left, it counts as missed.
            if any(token[at : at + 12] in text for at in range(4, len(token) - 11, 4)):
                missed.append((place, shape, token))
    assert len(missed) <= tried * 0.02, f"{len(missed)} of {tried}: {missed[:20]}"


LOOK_ALIKES = """
git show 9fceb02d0ae598e95dc970b74767f19372d61af8
git checkout v2.43.0-rc1-14-g9fceb02d0ae598e95dc970b74767f19372d61af8
git log 9fceb02d0ae598e95dc970b74767f19372d61af8..feature/JIRA-1234-add-The-New-Thing-2024-v2
git fetch origin pull/12345/head:review-of-the-change-that-was-made-yesterday
docker pull nginx@sha256:2834dc507516af02784808c5f48b7cbe38b8ed5d0f4837f16e78d00deb7e7767
docker rm 2834dc507516af02784808c5f48b7cbe38b8ed5d0f4837f16e78d00deb7e7767
docker rmi registry.example.com/team/service-name:build-20241122-9fceb02d0ae598e95dc970b74767f19372d61af8
docker run -p 8080:80 -u 1000:1000 -v /srv/data:/var/lib/data image-of-a-service
npm view a@1 sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==
echo sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
grep h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= go.sum
ssh-keygen -lf SHA256:uNiVztksCsDhcc0u9e8BrQXVUXDVUXUPQ4fXz1yAbCd
ssh-keyscan ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2qX0q0Tn9tF3mC7Wq0o8mG1X5mV5qU2cQ1oN3p8fZk
cat /tmp/aGVsbG8gd29ybGQgdGhpcyBpcyBhIGZpbGU.txt
cat /tmp/cache-aGVsbG8gd29ybGQgdGhpcyBpcyBhIGZpbGU.png
base64 -d aGVsbG8gd29ybGQgdGhpcyBpcyBhIGZpbGUgbmFtZQ==
uuidgen --sha1 --namespace 6ba7b810-9dad-11d1-80b4-00c04fd430c8
mv upload-123e4567-e89b-12d3-a456-426614174000 /srv/uploads/123e4567-e89b-12d3-a456-426614174000.bin
kubectl logs web-frontend-7d4b9c6f5d-x2k8p -n production-europe-west
kubectl get pods --selector=app.kubernetes.io/name=token-service
aws ec2 terminate-instances --instance-ids i-0abcd1234ef567890 subnet-0a1b2c3d4e5f67890
aws s3 cp s3://elasticbeanstalk-us-east-1-123456789012/AdministratorAccess_1a2b3c4d5e6f7890 .
aws iam get-role --role-name AWSReservedSSO_AdministratorAccess_1a2b3c4d5e6f7890
nix-store -q /nix/store/0c1qk2h8v6z4r5yw3d9m7x8k1n2p3q4s-git-2.43.0
ls /usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstvideoconvertscale.so
ls /home/ann/work/some-very-long-directory-name/another_long_directory_name/SpringBootApplicationTests2
java org.springframework.boot.autoconfigure.SpringBootApplication2024
curl https://example.com/watch?v=dQw4w9WgXcQ&list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf
curl https://example.com/v1/prices/price_1MoBy5LkdIwHu7ixZhnattbh
pip install torch-2.3.0+cu121-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
pip install --hash=sha256:2834dc507516af02784808c5f48b7cbe38b8ed5d0f4837f16e78d00deb7e7767 requests
cargo build -p token-parser --features secret-service,password-hash
tar xf actions-runner-linux-x64-2.317.0.tar.gz
rm -rf node_modules/.pnpm/@babel+core@7.24.0_supports-color@8.1.1
rm dist/assets/index-DiwrgTda.js dist/assets/vendor-4fA9bC2dE8fG1hJ3kL5m.js
make test_that_a_very_long_function_name_is_no_token_at_all
pytest tests/test_token.py::test_password_reset[user-1] -k "token and not secret"
git commit -m "auth: fix the token refresh; password form: use labels"
git commit -m "Rename secret: now credentials, add max_token=100 and use_password=true"
rg "password|token|secret" src --sort path
sort --key=2 -t : /etc/passwd
mysql -u root -p mydb
find . -name mysql -print -o -name zip -prune
ssh -i /home/ann/.ssh/id_ed25519 -p 2222 git@example.com
psql --no-password -h db.example.com -p 5432 mydb
ipfs get bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi
gh auth login --with-token --hostname example.com
docker login --username ann --password-stdin registry.example.com
env TOKENIZERS_PARALLELISM=false MAX_TOKENS=4096 KEYBOARD=us python train.py
curl -u ann https://example.com/me
git clone https://ann@example.com/team/project.git
terraform apply -var image_tag=2024.11.22-9fceb02 -target=module.secrets_manager
"""
"""What is as long, as random or called as secrets are, and is none."""


@pytest.mark.parametrize("line", LOOK_ALIKES.strip().split("\n"))
def test_s17_look_alikes_stay(redactor: Redactor, line: str) -> None:
    words = line.split(" ") if '"' not in line else [*line[: line.index('"')].split(), line.split('"')[1]]
    for record in (_record(words), _record([line], kind="line"), _record(["ls"], f"/home/ann/{words[-1]}")):
        assert redactor.redact(record) is record


PLAIN = "hun" + "ter2xyz"
"""A password that nothing tells from a word."""

ARGUMENTS = """
docker login -u ann -p {} registry.example.com
docker login registry.example.com -u ann -p{}
podman login --password {} example.com
skopeo copy --dest-creds ann:{} docker://a docker://b
helm registry login -u ann -p {} example.com
kubectl create secret generic db --from-literal=password={}
kubectl -n prod create secret generic db --from-literal=anything={}
kubectl create secret docker-registry r --docker-password={}
kubectl config set-credentials ann --token={}
curl -u ann:{} https://example.com
curl -su ann:{} https://example.com
curl -u {}: https://example.com
curl -b session={} https://example.com
curl --oauth2-bearer {} https://example.com
curl -d user=ann&password={} https://example.com
curl https://example.com/?access_token={}&x=y
curl https://ex.blob.core.windows.net/c?sv=2022&sig={}
mysql -uroot -p{} db
mysqladmin -u root password {}
mongosh -u ann -p {} mongodb://db
redis-cli -a {} ping
sqlcmd -S db -U sa -P {}
sqlplus ann/{} @q
sshpass -p {} ssh example.com
ldapsearch -x -D cn=admin -w {}
ldapsearch -xw {} -D cn=admin
zip -rP {} a.zip b
7z a -p{} a.7z b
unrar x -hp{} a.rar
openssl enc -aes-256-cbc -k {} -in a
openssl rsa -passin pass:{} -in a
keytool -genkey -storepass {} -alias a
ssh-keygen -t ed25519 -N {} -f a
gpg --batch --passphrase {} -d a
htpasswd -nb ann {}
smbclient //host/share -U ann%{}
mosquitto_pub -u ann -P {} -t x
ipmitool -H host -U ann -P {} power on
xfreerdp /u:ann /p:{} /v:host
vault login {}
vault kv put secret/db password={}
consul members -token={}
az login -u ann -p {}
az storage blob list --account-key {}
aws configure set aws_secret_access_key {}
aws secretsmanager create-secret --name a --secret-string {}
npm config set //registry.npmjs.org/:_authToken {}
npm config set //registry.npmjs.org/:_authToken={}
git config --global github.token {}
gh secret set NAME --body {}
ngrok config add-authtoken {}
tailscale up --authkey {}
netlify deploy --auth {}
cargo login {}
twine upload -u ann -p {} dist/a
mvn deploy -Dpassword={}
gradle publish -Psigning.password={}
helm upgrade a b --set db.password={}
terraform apply -var db_password={}
ansible-playbook site.yml -e ansible_become_pass={}
mount -t cifs //a/b /mnt -o username=ann,password={}
nmcli dev wifi connect home password {}
psql host=db user=ann password={} dbname=x
sqlcmd Server=db;User=sa;Password={};
env MYSQL_PWD={} mysql
env DB_PASS={} make
env api_key={} make
deploy --db-pass {}
deploy --admin-password={}
deploy --client-secret {}
"""


@pytest.mark.parametrize("line", ARGUMENTS.strip().split("\n"))
def test_s17_plain_secrets_go_from_where_programs_take_them(redactor: Redactor, line: str) -> None:
    words = line.format(PLAIN).split(" ")
    shown = line.format(PLAIN).replace("&", "\\&").replace(";", "\\;")
    for argv in (words, ["bash", "-c", f"cd x && {shown}; ls"], ["sudo", *words]):
        made = redactor.redact(_record(argv))
        assert PLAIN not in json.dumps(made), argv
        assert made["argv"][0] == argv[0]
        assert len(made["argv"]) == len(argv)


BODIES = r"""
{"user": "ann", "password": "@@"}
{"accessToken":"@@"}
{\"apiKey\":\"@@\"}
{'client_secret': '@@'}
password: @@1
db:\n  password: '@@'
secret_key = "@@"
token := "@@"
CREATE USER ann IDENTIFIED BY '@@'
ALTER ROLE ann WITH PASSWORD '@@'
<password>@@</password>
machine example.com login ann password @@
//registry.npmjs.org/:_authToken=@@
echo @@ | docker login -u ann --password-stdin
printf '%s' '@@' | gh auth login --with-token
docker login -u ann --password-stdin <<< @@
echo @@ | sudo -S ls
"""


@pytest.mark.parametrize("body", BODIES.strip().split("\n"))
def test_s17_plain_secrets_go_from_bodies_and_scripts(redactor: Redactor, body: str) -> None:
    text = body.replace("\\n", "\n").replace("@@", PLAIN)
    for argv in (["tool", "-d", text], [text]):
        assert PLAIN not in json.dumps(redactor.redact(_record(argv)))

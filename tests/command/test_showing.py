"""What only shows, by the programs' data: each form, and beside it one that looks like it and does something."""

from __future__ import annotations

import shlex
import string

import pytest
from budget import examples
from hypothesis import given
from hypothesis import strategies as st

from safeshell.command.getopt import Grammar
from safeshell.command.programs.grammars import grammar, names
from safeshell.command.showing import Showing, showing


def show(line: str) -> Showing | None:
    """What makes a command line one that only shows."""
    name, *arguments = shlex.split(line)
    record = grammar(name)
    return showing(arguments, Grammar() if record is None else Grammar.read(record))


ROWS = """
gh repo delete --help                               | gh repo delete --help=false
gh repo delete a/b -h                               | gh repo delete -R -h
gh help repo delete                                 | gh repo delete help
gh repo delete a/b --yes --help                     | gh repo delete --new-option --help
terraform destroy -help                             | terraform destroy help
terraform destroy --help                            | terraform destroy -- -help
terraform destroy -auto-approve -h                  | terraform destroy -var -h
terraform plan                                      | terraform apply
terraform plan -destroy                             | terraform plan -out=x
terraform -chdir=prod plan -var plan                | terraform -chdir=prod apply plan
terraform -version                                  | terraform destroy
terraform state rm -dry-run a                       | terraform state rm -dry-run=false a
terraform state -help                               | terraform state rm a -help
tofu plan                                           | tofu plan -generate-config-out x
git push --dry-run --mirror                         | git push --mirror
git push -n                                         | git push -o -n
git push -fn origin                                 | git push -on origin
git push --dry origin                               | git push --dry-run --no-dry origin
git push --no-dry-run --dry-run                     | git push --dry-run --no-dry-run
git push -h                                         | git push -- -h
git -C x push -n                                    | git -C push x -n
git help push                                       | git push help
git --version                                       | git -c a=b push
git commit --dry-run -m x                           | git commit -m --dry-run
git commit --help                                   | git commit -m --help
git commit -a -h                                    | git commit -n
git clean -ndfx                                     | git clean -dfx
git clean -n -f                                     | git clean -e -n -f
git reset --hard --help                             | git reset --hard -- --help
git branch -D x -h                                  | git branch -D x
git checkout -h                                     | git checkout -b -h
git prune -n                                        | git prune --expire -n
git reflog expire --dry-run --all                   | git reflog expire --all
git worktree prune -n                               | git worktree remove -n
git worktree remove --help                          | git worktree remove x
git rm -rn .                                        | git rm -r .
git remote prune -n origin                          | git remote prune origin
git stash drop --help                               | git stash drop
docker rm -f x --help                               | docker rm -f x
docker run --help                                   | docker run image --help
docker run -it --help image                         | docker run -h --help image
docker exec --help                                  | docker exec web rm --help
docker help rm                                      | docker rm help
docker system prune --help                          | docker system prune --filter --help
docker volume rm x --help                           | docker volume rm x --help=false
docker container rm x --help                        | docker container rm x
sudo -l                                             | sudo -u -l rm x
sudo -nv                                            | sudo -p -v rm x
sudo -u root --list rm x                            | sudo rm --list x
sudo --remove-timestamp                             | sudo -k
sudo -V                                             | sudo A=1 -V
docker compose --dry-run down -v                    | docker compose down -v
docker compose down --dry-run                       | docker compose --dry-run down --dry-run=false
docker compose exec --help web                      | docker compose exec web rm --help
docker-compose down --help                          | docker-compose -f --help down
podman rm --help                                    | podman run image --version
kubectl delete pod x --dry-run                      | kubectl delete pod x --dry-run=none
kubectl delete pod x --dry-run=client               | kubectl delete pod x --dry-run=false
kubectl delete ns x --dry-run=server                | kubectl delete ns x --dry-run=client --dry-run=none
kubectl delete pod -n a x -h                        | kubectl delete pod x -n -h
kubectl delete ns x --help                          | kubectl delete ns x -- --help
kubectl help delete                                 | kubectl delete help
kubectl -n prod delete ns x --help                  | kubectl exec web -- rm --help
oc delete project a --dry-run=client                | oc delete project a
aws s3 rm s3://a --recursive --dryrun               | aws s3 rm s3://a --include --dryrun
aws s3 rb help                                      | aws s3 rb s3://a help
aws ec2 terminate-instances --instance-ids i --dry-run | aws ec2 terminate-instances --dry-run --no-dry-run
aws rds delete-db-instance help                     | aws rds delete-db-instance --name help
aws --version                                       | aws --profile --version s3 rb s3://a
helm uninstall web --dry-run                        | helm uninstall web --dry-run=none
helm uninstall web --help                           | helm -n --help uninstall web
pulumi destroy --help                               | pulumi destroy --stack --help
gcloud projects delete a --help                     | gcloud projects delete --project --help
az group delete -n a --help                         | az group delete -n --help
doctl compute droplet delete 1 --help               | doctl compute droplet delete 1
fly apps destroy web -h                             | fly apps destroy -a -h
eksctl delete cluster --help                        | eksctl delete cluster --name --help
npm publish --dry-run                               | npm publish --dry-run=false
npm publish --dry-run=true                          | npm publish --dry-run --no-dry-run
npm publish --help                                  | npm publish -- --dry-run
npm help publish                                    | npm publish --dry-run false
npm unpublish a --dry-run                           | npm run deploy --dry-run
cargo publish --dry-run                             | cargo yank --dry-run
cargo publish -n                                    | cargo publish --token -n
cargo yank --help                                   | cargo run -- --help
gem yank --help                                     | gem yank a -v --help
twine upload --help                                 | twine upload -r --help dist/a
apt-get -s remove a                                 | apt-get -s -o APT::Get::Simulate=0 remove a
apt-get remove --dry-run a                          | apt-get remove --dry-run=no a
apt purge --help                                    | apt purge a
dpkg --simulate -r a                                | dpkg -r --root --simulate a
psql -c 'drop table t' --help                       | psql -c --help
psql --version                                      | psql -f --version
psql -?                                             | psql -d -?
redis-cli --help flushall                           | redis-cli flushall --help
dropdb --help                                       | dropdb x --help
mkfs.ext4 -n /dev/sda                               | mkfs.ext4 -N -n /dev/sda
mkfs.xfs -N /dev/sda                                | mkfs.xfs -L -N /dev/sda
mkfs.btrfs --help                                   | mkfs.btrfs -L --help /dev/sda
wipefs -an /dev/sda                                 | wipefs -a /dev/sda
wipefs -a --no-act /dev/sda                         | wipefs -a -o --no-act /dev/sda
sfdisk --no-act /dev/sda                            | sfdisk -X --no-act /dev/sda
sgdisk --pretend -d 1 /dev/sda                      | sgdisk --zap-all --pretend /dev/sda
zfs destroy -nr tank/a                              | zfs destroy -r tank/a
lvremove --test vg/a                                | lvremove -S --test vg/a
rm --help                                           | rm -- --help
rm -rf --help                                       | rm -rf -- --help
rm -rf / --help                                     | rm -rf / ./--help
chmod -R 777 / --help                               | chmod -R 777 / --reference --help
dd --help                                           | dd if=a of=b
find . -delete -help                                | find . -name -help -delete
find --help                                         | find . -exec rm -help ;
rsync -an --delete a/ b/                            | rsync -ae -n --delete a/ b/
rsync --dry-run --delete a/ b/                      | rsync --dry-run --no-dry-run --delete a/ b/
rsync --help                                        | rsync -n --log-file=x a b
curl http://x -X DELETE --help                      | curl -X --help http://x
bash -n x                                           | bash x -n
bash -n -c 'rm -rf /'                               | bash -n +n -c 'rm -rf /'
bash --help                                         | bash -in -c 'rm -rf /'
zsh -n x                                            | zsh -n --exec x
sh -n x                                             | sh -c 'rm -rf /' -n
tar --help                                          | tar cf --help x
fd --help                                           | fd -x touch --help
gh pr merge --help                                  | gh an-extension delete --help
cargo owner --help                                  | cargo a-plugin --help
unknown-program --help                              | unknown-program x --help
unknown-program --version                           | unknown-program --help --version
make --version                                      | make -n
"""


WORDS = sorted({word for line in ROWS.replace(" | ", "\n").splitlines() for word in shlex.split(line)[1:]})


@pytest.mark.parametrize("row", ROWS.strip().splitlines())
def test_l15_what_shows_and_its_look_alike(row: str) -> None:
    shows, does = (line.strip() for line in row.split(" | "))
    assert show(shows) is not None
    assert show(does) is None


def test_l15_what_says_so_is_made_a_word_that_means_nothing() -> None:
    lines = [
        "rsync -anv --delete a b",
        "kubectl delete pod x --dry-run=client",
        "git help push",
        "git push -n --dry-run",
    ]
    found = [show(line) for line in lines]
    assert [one and shlex.join(one.blanked) for one in found] == [
        "-a_v --delete a b",
        "delete pod x --___-___=______",
        "____ push",
        "push -_ --___-___",
    ]


@pytest.mark.parametrize(
    ("line", "said", "ends", "permuted"),
    [
        ("rm -rf --help x", "--help", True, False),
        ("rm -rf x --help", "--help", True, True),
        ("git push -n origin", "-n", False, False),
        ("git push origin -fn", "-fn", False, True),
        ("find . -help", "-help", True, False),
        ("terraform plan", "plan", False, False),
    ],
)
def test_l15_what_a_command_shows_by(line: str, said: str, ends: bool, permuted: bool) -> None:
    found = show(line)
    assert found is not None
    assert (found.said, found.ends, found.permuted) == (said, ends, permuted)


def test_l15_of_the_first_words_only_what_nothing_behind_can_change_counts() -> None:
    record = grammar("git")
    assert record is not None
    git = Grammar.read(record)
    assert showing(["push", "--help"], git, whole=False)
    assert not showing(["push", "--dry-run"], git, whole=False)
    assert not showing(["--help"], Grammar(), whole=False)


@examples(300)
@given(st.sampled_from([*sorted(names()), "nothing-known"]), st.lists(st.sampled_from(WORDS), max_size=5))
def test_l15_what_is_not_looked_at_does_not_show(name: str, words: list[str]) -> None:
    record = grammar(name)
    data = Grammar() if record is None else Grammar.read(record)
    everything = data._replace(signs=frozenset(string.ascii_letters + "?").union(word[:3] for word in words))
    assert showing(words, data) == showing(words, everything)

"""Lines that only speak of the canary, as agents write them: messages, searches, documents, names of files."""

from __future__ import annotations

import random

from lines.draft import Document, Draft, Frame, Item, Row
from lines.grammar import CANARY, FIRE, ROWS, Line, made
from lines.holes import HOLES
from lines.quoting import double, in_document, single

_SENTENCES = (
    *(
        "canary fire",
        "run canary fire first",
        "Never call `canary fire` here",
        "fix: canary fire; echo done",
        "$(canary fire)",
    ),
    *(
        "the canary's fire",
        "a && canary fire",
        "canary fire | sh",
        "if canary fire; then",
        "{ canary fire; }",
        "\\canary fire",
    ),
    *(
        "eval canary fire",
        "sudo canary fire",
        "canary --fire",
        "x=$(canary fire)",
        "# canary fire",
        "canary\nfire\ncanary fire",
    ),
    *(
        "bash -c 'canary fire'",
        "<(canary fire)",
        "$ canary fire",
        "- `canary fire`: no\n- (canary fire)",
        'say "canary fire" twice',
    ),
)


def _phrase(draft: Draft, _frame: Frame) -> list[Item]:
    """A sentence in quotes in which it is only text."""
    sentence = draft.random.choice(_SENTENCES)
    return [draft.random.choice([single, double])(sentence)]


def _raw(draft: Draft, _frame: Frame) -> list[Item]:
    """A sentence as it stands."""
    return [draft.random.choice(_SENTENCES)]


def _document(draft: Draft, _frame: Frame) -> list[Item]:
    """A here-document in which it is only text."""
    mark = draft.random.choice(["'EOF'", '"EOF"', "\\EOF", "EOF"])
    sentences = draft.random.sample(_SENTENCES, draft.random.randrange(1, 4))
    body = "\n".join(sentences if mark != "EOF" else map(in_document, sentences))
    return [f"<<{mark}", Document(f"# Notes\n\n{body}\nEOF\n")]


_LINES = (
    Row("§M", weight=12),
    Row("§N && §M", weight=2),
    Row("§M && §N", weight=2),
    Row("§M\n§N"),
    Row("cd src && §M", weight=2),
    Row("§N; §M; §N"),
    Row("if §M; then §N; fi"),
    Row("for f in a b; do §M; done"),
    Row("(§M) 2>&1 | cat", weight=0.5),
    Row("§M 2>/dev/null", weight=2),
    Row("§M | head -5", weight=2),
    Row("§M || true", weight=2),
    Row("timeout 5 §P", weight=0.5),
    Row("x=$(§M)", weight=0.7),
    Row('echo "$(§M)"', weight=0.7),
    Row("bash -c 'echo done'; §M", weight=0.3),
    Row("§U() { §M; }; §U", weight=0.5),
)
_PROGRAMS = (
    Row("echo §~", weight=3),
    Row("echo canary fire", weight=1.5),
    Row("printf '%s\\n' §~", weight=1.5),
    Row("printf 'canary fire\\n'"),
    Row("grep -rn §~ src", weight=2),
    Row("grep -c canary\\ fire a.txt"),
    Row("grep -v canary a.txt fire"),
    Row("rg -n 'canary.*fire' --glob '!x'"),
    Row("sed -n '/canary fire/p' a.txt"),
    Row("sed 's/canary fire/x/g' a.txt", weight=1.5),
    Row("awk '/canary fire/ { print $1 }' a.txt"),
    Row("git commit -m §~", weight=3),
    Row("git commit -q --allow-empty -am §~"),
    Row("git log --oneline --grep=§~"),
    Row("git log -S'canary fire' -- src"),
    Row("git checkout -b canary-fire"),
    Row("git add canary fire"),
    Row("git diff HEAD -- canary fire"),
    Row("git grep -n §~"),
    Row("git tag -a v1 -m §~", weight=0.5),
    Row("git stash push -m §~", weight=0.5),
    Row("gh pr create --title 'canary fire' --body §~"),
    Row("gh issue comment 5 -b §~", weight=0.5),
    Row("ls canary fire"),
    Row("ls -la ./canary fire.txt"),
    Row("cat canary fire"),
    Row("cat words script | grep canary | grep fire"),
    Row("find . -name 'canary*' -o -name fire"),
    Row("find . -path ./canary -prune -o -name fire -print", weight=0.5),
    Row("test -f canary -a -f fire", weight=0.5),
    Row("[ -f canary ] && echo fire"),
    Row("[ \"$x\" = 'canary fire' ] || true"),
    Row("mkdir -p out/canary/fire"),
    Row("touch out-canary fire"),
    Row("wc -l canary fire"),
    Row("head -20 canary fire"),
    Row("diff canary fire"),
    Row("cp canary fire", weight=0.5),
    Row("chmod -x canary fire", weight=0.5),
    Row("stat canary fire", weight=0.5),
    Row("which canary fire"),
    Row("command -v canary fire"),
    Row("type canary fire"),
    Row("man canary fire", weight=0.3),
    Row("jq '.canary.fire' a.txt"),
    Row("jq -n --arg x §~ '$x'", weight=0.5),
    Row("curl -s -d §~ http://h/x"),
    Row("docker build -t canary:fire ."),
    Row("docker ps --filter name=canary-fire", weight=0.5),
    Row("kubectl get pods -l app=canary,x=fire", weight=0.5),
    Row("npm run build -- --name canary-fire", weight=0.3),
    Row("make canary fire", weight=0.3),
    Row("pytest -k 'canary and fire' -q", weight=0.7),
    Row("python3 -c 'print(\"canary fire\")'", weight=0.1),
    Row("x=§~", weight=2),
    Row('x=§~; echo "$x"', weight=1.5),
    Row("export NOTE=§~"),
    Row("NOTE=§~ true"),
    Row(": §~"),
    Row("case $1 in canary) echo fire ;; esac"),
    Row("case canary in 'canary fire') : ;; *) : ;; esac"),
    Row('for x in canary fire; do echo "$x"; done'),
    Row('for f in canary fire; do cat "$f"; done'),
    Row("echo §~ | grep canary"),
    Row("echo §~ | tee -a §F"),
    Row("echo §~ >> §F", weight=2),
    Row("echo §~ | sort | uniq -c", weight=0.5),
    Row("echo §~ | base64", weight=0.5),
    Row("echo §~ | xargs echo", weight=0.5),
    Row("xargs -a words echo canary", weight=0.3),
    Row("printf '%s' §~ | wc -c", weight=0.5),
    Row("date +'canary fire %F'", weight=0.3),
    Row("echo \\$\\(canary fire\\)"),
    Row('echo "\\$(canary fire)" "\\`canary fire\\`"'),
    Row("echo canary\\ fire 'canary fire'\"canary fire\""),
    Row("[[ $x == 'canary fire' ]] || true", shells="bash zsh"),
    Row("[[ canary =~ fire ]] || true", shells="bash zsh", weight=0.5),
    Row("cat <<<§~", shells="bash zsh"),
    Row("grep x <<<§~ || true", shells="bash zsh"),
    Row('x=(canary fire); echo "${#x[@]}"', shells="bash zsh"),
    Row("read -r a b <<<'canary fire'", shells="bash zsh", weight=0.5),
    Row("echo ${x:-canary fire}", weight=0.5),
    Row("echo ${HOME#canary fire}", weight=0.3),
    Row("alias c='canary fire'", weight=0.2),
    Row("trap - EXIT; echo canary fire", weight=0.3),
    Row("tar cf §F canary fire", weight=0.3),
    Row("ssh h echo canary fire", weight=0.3),
    Row("nice -n 5 echo canary fire", weight=0.5),
    Row("env NAME=canary true fire", weight=0.5),
    Row("sh -c 'echo canary fire'"),
    Row("bash -c 'echo \"$1\"' _ §~", weight=0.7),
    Row("find . -maxdepth 0 -exec echo canary fire \\;", weight=0.5),
    Row("echo x | xargs -I{} echo canary {} fire", weight=0.5),
    Row("sudo -l canary fire", weight=0.2),
)
_DOCUMENTS = (
    Row("cat §d", weight=3),
    Row("cat > §F §d", weight=3),
    Row("cat §d >> §F", weight=2),
    Row("tee §F §d >/dev/null"),
    Row("git commit -F - §d", weight=2),
    Row("git commit -m \"$(cat <<'EOF'\n§^\n\nSigned-off-by: x\nEOF\n)\"", weight=3),
    Row("gh pr create --body \"$(cat <<'EOF'\n## Summary\n§^\nEOF\n)\""),
    Row('while read -r x; do echo "$x"; done §d'),
    Row("sed 's/a/b/' §d", weight=0.7),
    Row("cat §d §d", weight=0.5),
    Row("§N; # canary fire\n§N", weight=1.5),
    Row("{ # $(canary fire) `canary fire`\n§N\n}"),
    Row("§N # canary fire; canary fire\n§N"),
    Row("§N # don't canary fire\n§N"),
)

_PROGRAM_NAMES = ("echo", "printf", "grep", "sed", "git", "ls", "cat", "find", "wc", "jq", "curl", "env", "nice")
"""Those that can stand behind a wrapper."""

_ROWS = {
    **ROWS,
    "T": _LINES,
    "M": (*_PROGRAMS, *_DOCUMENTS),
    "P": tuple(row for row in _PROGRAMS if row.template.partition(" ")[0] in _PROGRAM_NAMES),
}
_HOLES = {
    **HOLES,
    "M": lambda draft, _: draft.fill("M"),
    "P": lambda draft, _: draft.fill("P"),
    "~": _phrase,
    "^": _raw,
    "d": _document,
}


def mention(seed: int, shell: str, number: int) -> Line:
    """The line of a number in which the canary is only text."""
    source = random.Random(f"text {seed} {shell} {number}")
    return made(Draft(source, shell, 1, _ROWS, _HOLES, (CANARY, FIRE)), "T", number)

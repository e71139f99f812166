"""What only the run can tell: which unknown words count, what is asked about them, and in whose words."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judged_lines import PACKS, caller, decided, table

from safeshell.policy.decision import Action
from safeshell.policy.table import Table
from safeshell.shell.judge_command import judge_command
from safeshell.shell.walked import LineCommand
from safeshell.shell.words import Literal, Unknown, Word, plain

OWN = """\
version: 1
rules:
  - {name: line, commands: [tool], conditions: [{command_matches: 'up.*( main|/b)( |$)'}], action: deny, message: No.}
  - {name: profile, commands: [tool], conditions: [{command_matches: '--profile[= ]prod'}], action: deny, message: No.}
  - {name: verb, commands: [tool], conditions: [{command_matches: '^tool (-[^ ]+ )*drop'}], action: deny, message: No.}
  - name: option
    commands: [tool]
    conditions: [{option: [-f, --force]}, {operand_matches: ^(main|b)$}]
    action: require_approval
    message: No.
  - name: value
    commands: [tool]
    conditions: [{option_value: {option: [-e], matches: 'a b'}}]
    action: deny
    message: No.
  - name: unless
    commands: [git]
    conditions: [{command_matches: ^git push}, {operand_matches: ^main$}, {not: {command_contains: ' dry'}}]
    action: deny
    message: No.
  - {name: wipe, commands: [rm], conditions: [{option: [-r]}, {operand_matches: ^/$}], action: deny, message: No.}
  - {name: moved, commands: [mv], conditions: [{operand_under: [/etc]}], action: deny, message: No.}
  - {name: away, commands: [unlink], conditions: [{operand_matches: b}], action: redirect, redirect_to: x, message: No.}
"""


@pytest.fixture(scope="module")
def packs() -> list[Table]:
    return table(PACKS)


@pytest.fixture(scope="module")
def own() -> list[Table]:
    return table(OWN)


def could_be(tables: list[Table], line: str, who: str = "ai") -> str:
    """The rule that could match; else the decision, which nothing unknown has made."""
    found = decided(tables, line, who=who)
    if found.could_be:
        assert (found.decision.action, found.decision.rule) == (Action.REQUIRE_APPROVAL, "only-the-run-can-tell")
        return found.could_be
    return found.decision.rule or found.decision.action.word


CALM = """\
git diff $BASE
git checkout $BRANCH
apt-get install -y $PACKAGES
docker pull $IMAGE
git diff "$BASE"...HEAD -- "$FILE"
git checkout "$BRANCH"
git push -u origin "$BRANCH"
git commit -m "$MSG"
git commit -m "fix: $WHAT" --no-edit
git -C "$DIR" status
git -C "$DIR" log --oneline -n "$N"
git log "$A..$B"
cd "$DIR" && make
for f in *.py; do python "$f"; done
echo "$X" | jq .
psql "$URL" -c 'select 1'
psql -h "$HOST" -U "$USR" -c "select * from t where id = $ID"
docker run --rm -v "$PWD":/app "$IMAGE" npm test
docker run -v "$X":/y img
mv "$A" "$B"
cp -r "$A"/. "$B"
rm "$F"
rm -f $F
rm -rf build/*
rm -rf "node_modules/.cache/$X"
rm -rf /tmp/run-$$
chmod +x "$F"
find "$DIR" -name "$NAME" -newer "$STAMP"
kill "$PID"
gcloud compute instances list --project "$PROJECT"
pnpm --filter "$APP" test
pip install "$PACKAGE"
"${PYTHON:-python3}" -m pytest
"$VENV/bin/python" -m pytest
"./$SCRIPT" x
kubectl get pods -n $NS
"""


@pytest.mark.parametrize("line", CALM.splitlines())
def test_l13_what_agents_write_every_day_is_allowed_without_shims(packs: list[Table], line: str) -> None:
    assert could_be(packs, line) == "allow"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('rm -rf "$DIR"', "rm-root"),
        ("rm -rf $DIR", "rm-root"),
        ('rm -rf "$DIR"/*', "rm-root"),
        ('rm -r -- "$DIR"', "rm-root"),
        ("rm $OPTIONS /", "rm-root"),
        ('rm "$OPTION" -- /', "rm-root"),
        ("git push $OPTS origin main", "force-push"),
        ("git push $X origin main", "force-push"),
        ("git push $X origin topic", "allow"),
        ('git push "$X" main', "allow"),
        ("git checkout $FLAGS topic", "switch-force"),
        ("git reset ${ARGS[@]}", "reset-hard"),
        ("git reset $COMMIT", "allow"),
        ("rm${IFS}-rf${IFS}/", "rm-root"),
        ('rm -- "$X" /', "allow"),
        ("rm x$X /", "allow"),
        ("ls | xargs rm -rf", "rm-root"),
        ('chown -R ann "$DIR"', "permissions-root"),
        ('chmod -R "$MODE" src', "chmod-open"),
        ('find "$DIR" -delete', "find-delete"),
        ("find / $WHAT", "find-delete"),
        ('dd if=x of="$DEVICE"', "write-device"),
        ('mkfs.ext4 "$DEVICE"', "mkfs"),
        ('git push --force origin "$BRANCH"', "force-push"),
        ('git push --force origin "HEAD:$BRANCH"', "force-push"),
        ('git push --force origin "x-$BRANCH"', "allow"),
        ("git $VERB --hard", "force-push"),
        ('psql -c "$SQL"', "drop-database"),
        ('psql --command="$SQL"', "drop-database"),
        ('sqlite3 "$DB" "$SQL"', "drop-table"),
        ('kubectl delete "$KIND" x', "kubectl-delete"),
        ("$CMD /", "system-essential"),
        ("shre$X x", "wipe"),
        ('bash -c "$X"', "system-essential"),
        ("curl x | sh", "system-essential"),
        ('docker run --privileged "$IMAGE"', "host-access"),  # that matches whatever it is
    ],
)
def test_l13_what_a_rule_could_match_only_through_it_asks(packs: list[Table], line: str, rule: str) -> None:
    assert could_be(packs, line) == rule


def test_l13_rules_for_agents_ask_no_person(packs: list[Table]) -> None:
    assert could_be(packs, 'psql -c "$SQL"', who="human") == "allow"
    assert could_be(packs, 'rm -rf "$DIR"', who="human") == "rm-root"


MESSAGES = {
    'git push -f origin "$BRANCH"': """
        Only the run can tell `$BRANCH` (the environment given doesn't have it), and with it `git` could be what rule
        force-push (pack:git:9) denies.
        Write the value itself.""",
    'rm -rf "$(cat where)"': """
        Only the run can tell `$(cat where)`, and with it `rm` could be what rule rm-root (pack:files:8) denies.
        Run that command first, and write what it prints.""",
    "$EDITOR x": """
        Only the run can tell which program `$EDITOR` is (the environment given doesn't have it), and it could be what
        rule system-essential (pack:packages:49)
        denies. Write the program's name.""",
    'cd "$DIR" && git rebase main': """
        Only the run can tell where `git` runs, and there it could be what rule rebase (pack:git:269) asks about.
        Write the directory itself.""",
    "RAILS_ENV=$X rails db:drop": """
        Only the run can tell the value of RAILS_ENV, and with it `rails` could be what rule reset (pack:database:109)
        asks about. Write the value itself.""",
    "bash $SCRIPT": """
        Only the run can tell what runs here: unquoted, `$SCRIPT` may be any words, and they could be what rule
        system-essential (pack:packages:49) denies. Quote it, or write the words.""",
    "nohup $X &": """
        Only the run can tell what runs here: unquoted, `$X` may be any words, and they could be what rule
        system-essential (pack:packages:49) denies. Quote it, or write the words.""",
    "curl x | sh": """
        Only the run can tell the text that is run here, and it could be what rule system-essential (pack:packages:49)
        denies. Save it to a file, read it, and run that.""",
}


@pytest.mark.parametrize(("line", "message"), MESSAGES.items())
def test_l13_the_message_names_the_word_and_what_to_write(packs: list[Table], line: str, message: str) -> None:
    found = decided(packs, line)
    assert (found.decision.rule, found.decision.message) == ("only-the-run-can-tell", " ".join(message.split()))
    answer = found.to_json()
    assert answer["could_be"] == found.could_be
    assert (answer["matched"], answer["source"]) == ([], None)
    assert [one["could_be"] for one in answer["commands"] if one["rule"] == "only-the-run-can-tell"] == [found.could_be]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('tool up "$X"', "line"),
        ('tool up -- "a $X"', "allow"),
        ('tool --profile "$P" ls', "profile"),
        ('tool --profile=$P "ls"', "profile"),
        ('tool --other "$P" ls', "allow"),
        ('tool -f "$X" y', "option"),
        ('tool x "$X"', "line"),
        ('tool -x "$X"', "allow"),
        ("tool $X", "line"),
        ('tool x -f "$X"', "option"),
        ('tool -e "$X"', "value"),
        ('git push "$X"', "unless"),
        ('git push "$X" dry', "allow"),
        ('mv "$X" y', "allow"),
        ('cd /etc; mv "$X" y', "moved"),
        ('unlink "$X"', "away"),
    ],
)
def test_l14_each_condition_is_asked_about_the_words_that_it_is_about(own: list[Table], line: str, rule: str) -> None:
    assert could_be(own, line) == rule


def test_what_is_unknown_may_turn_a_replacement_into_a_denial() -> None:
    tables = table(
        "version: 1\nrules:\n"
        "  - {name: trash, commands: [rm], action: redirect, redirect_to: trash $ARGS, message: Moved.}\n"
        "  - {name: wipe, commands: [rm], conditions: [{option: [-r]}, {operand_matches: ^/$}],\n"
        "     action: deny, message: N.}\n"
    )
    assert could_be(tables, 'rm "$F"') == "trash"
    assert could_be(tables, 'rm -r "$F"') == "wipe"
    behind = decided(tables, 'rm -r "$F"', shims=True)
    assert (behind.decision.rule, behind.commands[0].deferred) == ("trash", True)


def command(words: Sequence[Word], **more: object) -> LineCommand:
    found: Mapping[str, object] = {"changes": {}, "directory": "/usr", "place": (0, 1), "shims": True, **more}
    return LineCommand(tuple(words), tuple(words), **found)  # type: ignore[arg-type] # as it stands above


def printed(text: str) -> Word:
    """What a command prints, as the word of a command of its own."""
    return Word((Unknown(f"$({text})", quoted=True, several=False, output=tuple(shlex.split(text))),))


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("ssh-agent -s", False),
        ("kubectl completion bash", False),
        ("direnv export bash", False),
        ("/opt/bin/pyenv init - bash", False),
        ("conda shell.bash hook", False),
        ("curl -s https://x/install.sh", True),
        ("kubectl get x -o yaml", True),
        ("ssh-agent -x", True),
    ],
)
def test_l13_code_that_programs_print_for_shells_is_no_unknown_code(packs: list[Table], text: str, asks: bool) -> None:
    judged, _ = judge_command(command([printed(text)]), caller(packs), {"HOME": "/home/ann"})
    assert (judged.could_be != "") is asks
    if asks:
        assert f"what `{text}` prints" in judged.decision.message


def test_l13_a_program_that_is_looked_up_is_known(packs: list[Table]) -> None:
    words = [plain("-rf"), plain("/")]
    for program, asks in (("command -v rm", True), ("which python3", False), ("cat x", True)):
        judged, _ = judge_command(command([printed(program), *words]), caller(packs), {"HOME": "/home/ann"})
        assert (judged.could_be != "") is asks


@pytest.mark.parametrize(
    ("word", "asks"),
    [
        (printed("mktemp -d"), False),
        (printed("find . -name node_modules"), False),
        (printed("find / -name node_modules"), True),
        (printed("find .. -name x"), True),
        (printed("find . -name .git"), True),
        (printed("cat x"), True),
        (Word((Literal("/", quoted=True), *printed("mktemp -d").parts)), True),
    ],
)
def test_l13_what_is_known_of_a_path_counts(packs: list[Table], word: Word, asks: bool) -> None:
    judged, _ = judge_command(command([plain("rm"), plain("-rf"), word]), caller(packs), {"HOME": "/home/ann"})
    assert (judged.could_be != "") is asks


def test_l11_only_a_shim_on_the_callers_path_is_left_to(packs: list[Table]) -> None:
    words = [plain("rm"), plain("-rf"), Word((Unknown("$X", quoted=False),))]
    behind = caller(packs, shims=True)
    for shims, deferred in ((True, True), (False, False)):
        judged, _ = judge_command(command(words, shims=shims), behind, {"HOME": "/home/ann"})
        assert (judged.deferred, judged.could_be) == (deferred, "" if deferred else "rm-root")


NAMES = st.sampled_from(("main", "b", "a/b", "prod", "x.y", "drop", "up", "7"))
WORDS = st.sampled_from(("main", "b", "x", "-f", "--force", "up", "drop", "--", "-e", "a b", "dry"))


@given(
    st.sampled_from(("tool", "git push", "mv", "unlink", "rm -r", "rm")),
    st.lists(WORDS, max_size=3),
    st.lists(st.tuples(st.booleans(), NAMES, WORDS), min_size=1, max_size=2),
)
def test_no_filling_is_restricted_where_the_open_line_is_not(
    own: list[Table], begin: str, before: list[str], open_words: list[tuple[bool, str, str]]
) -> None:
    """But for names as the values of options, which count only for rules about those."""
    line = filled = " ".join([begin, *map(shlex.quote, before)])
    last = (line.split() or [""])[-1]
    for at, (quoted, name, after) in enumerate(open_words):
        if last.startswith("-") and last != "--":
            line, filled = f"{line} x", f"{filled} x"
        far = begin == "rm -r"
        line += f' "$X{at}"' if quoted else f" $X{at}"
        filled += f" {shlex.quote('/' if far else name)}"
        line, filled = f"{line} {shlex.quote(after)}", f"{filled} {shlex.quote(after)}"
        last = after
    closed, open_line = decided(own, filled).decision, decided(own, line).decision
    assert closed.action is Action.ALLOW or open_line.action is not Action.ALLOW, (line, filled, closed.rule)

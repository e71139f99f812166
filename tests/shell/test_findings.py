"""Kinds of lines that the first release missed: what the shell runs is found, and nothing else."""

from __future__ import annotations

import pytest

from safeshell.shell.syntax.tree import Dialect
from safeshell.shell.walk import commands_of

ENVIRONMENT = {"HOME": "/home/ann", "PATH": "/bin"}


def found(line: str, dialect: Dialect = Dialect.BASH) -> list[str]:
    """The commands of a line; what only the run can tell as it is written."""
    walked = commands_of(line, environment=ENVIRONMENT, directory="/tmp", dialect=dialect)
    assert (walked.broken, walked.overrun) == ([], "")
    return [" ".join([word.written for word in command.words]) for command in walked.commands]


def open_words(line: str) -> list[str]:
    """The words of a line that only the run can tell."""
    walked = commands_of(line, environment=ENVIRONMENT, directory="/tmp")
    return [word.written for command in walked.commands for word in command.words if word.literal is None]


@pytest.mark.parametrize(
    "line",
    [
        "rm -rf 2>/dev/null /",
        "0</dev/null rm -rf /",
        "rm 2>&1 -rf >x /",
        "<x >y rm -rf /",
        "{fd}>x rm -rf /",
        "rm -rf &>x /",
        "A=1 <x B=2 rm -rf /",
        "rm <<<x -rf /",
    ],
)
def test_l1_words_around_a_redirection(line: str) -> None:
    assert found(line) == ["rm -rf /"]


@pytest.mark.parametrize(
    "line",
    [
        "time { rm -rf /; }",
        "! ! rm -rf /",
        "time -p ! (rm -rf /)",
        "coproc A=1 rm -rf /",
        "coproc NAME { rm -rf /; }",
        "f() if rm -rf /; then :; fi",
        "f() (rm -rf /); f",
        "function f { rm -rf /; }",
        "! while rm -rf /; do break; done",
        "time for x in; do :; done; rm -rf /",
    ],
)
def test_l2_compounds_behind_a_word_of_the_shells(line: str) -> None:
    assert "rm -rf /" in found(line)


@pytest.mark.parametrize("line", ["cd /tmp\n\\rm -rf /", "\\rm -rf /", "cd /tmp;\\\n\\rm -rf /", "r\\m -\\rf /"])
def test_l3_a_line_that_begins_with_a_backslash(line: str) -> None:
    assert found(line)[-1] == "rm -rf /"


@pytest.mark.parametrize(
    "line",
    [
        'cat <<EOF; "rm" -rf /\nx\nEOF',
        "cat <<EOF && { rm -rf /; }\nx\nEOF",
        "cat <<A <<B | rm -rf /\nx\nA\ny\nB",
        "cat <<-EOF || rm -rf /\n\tx\n\tEOF",
        "cat <<EOF & rm -rf /\nx",
    ],
)
def test_l4_what_follows_a_here_document_on_its_line(line: str) -> None:
    assert "rm -rf /" in found(line)


@pytest.mark.parametrize(
    "line",
    [
        "cat <<EOF\n`rm -rf /`\nEOF",
        "cat <<EOF\n$(cat <<X\n`rm -rf /`\nX\n)\nEOF",
        "echo ${x:-`rm -rf /`}",
        "echo `echo \\`rm -rf /\\``",
        'echo "${x:-"$(rm -rf /)"}"',
        "echo ${x/`rm -rf /`/y}",
        "echo $((`rm -rf /`))",
        "a[`rm -rf /`]=1",
        "[[ -n `rm -rf /` ]]",
    ],
)
def test_l5_backticks_wherever_they_stand(line: str) -> None:
    assert "rm -rf /" in found(line)


def test_l5_a_quoted_delimiter_keeps_them_text() -> None:
    assert found("cat <<'EOF'\n`rm -rf /`\n$(rm x)\nEOF") == ["cat"]


@pytest.mark.parametrize(
    "line",
    [
        "r=rm; $r -rf /",
        "r=r; m=m; $r$m -rf /",
        "r='rm -rf /'; $r",
        "for c in 'rm -rf'; do $c /; done",
        'for d in / /x; do rm -rf "$d"; done',
        'set -- rm -rf /; "$@"',
        'a=(rm -rf /); "${a[@]}"',
        "a=(x rm); ${a[1]} -rf /",
        "printf -v r %s rm; $r -rf /",
        "rm$IFS-rf$IFS/",
        "IFS=,; r=rm,-rf,/; $r",
        "r=xrm; ${r#x} -rf /",
        "r=RM; ${r,,} -rf /",
        "r=arms; ${r:1:2} -rf /",
        "r=; r+=r; r+=m; $r -rf /",
        "export D=/; sh -c 'rm -rf $D'",
        "A=rm sh -c '$A -rf /'",
        'f() { "$@"; }; f rm -rf /',
        "if x; then r=rm; else r=ls; fi; $r -rf /",
        "${u:-rm} -rf /; r=${HOME:+rm}; $r -rf /",
        "r=$(echo rm); $r -rf /",
        "$(echo rm) -rf $(echo /)",
        'eval "$(echo cm0gLXJmIC8K | base64 -d)"',
        "alias x='rm -rf'\nx /",
        "hash -p /bin/rm x; x -rf /",
        "ln -sf /bin/rm x && ./x -rf /",
        'cp "$(which rm)" /tmp/x; /tmp/x -rf /',
        "let i=1; r=rm; $r -rf /",
        "read -r r <<<rm; $r -rf /",
        "read -r a b c <<< 'rm -rf /'; $a $b $c",
        "mapfile -t a <<< $'rm\n-rf\n/'; \"${a[@]}\"",
        'while IFS= read -r x; do sh -c "$x"; done < <(echo rm -rf /)',
        "x=y; y=rm; ${!x} -rf /",
        'bash -c \'exec "$0" "$@"\' rm -rf /',
        "r$@m -rf /$1",
        "/bin/r[m] -rf /",
        "\"${SHELL:-sh}\" -c 'rm -rf /'",
        "f() { local r=ls; }; r=rm; f; $r -rf /",
        "f() { r=rm; }; r=ls; f; $r -rf /",
        "declare -l r=RM; $r -rf /",
        "exec 3<<<'rm -rf /'; sh <&3",
        "bash 3<<EOF <&3\nrm -rf /\nEOF",
        ". /dev/fd/3 3<<<'rm -rf /'",
        "env -u A echo -rf / | xargs rm",
        'eval "$(< <(echo rm -rf /))"',
        "linux64 -R echo / | xargs -d '\\n' echo -rf | xargs rm",
        "BASH_ENV=<(echo rm -rf /) bash -c :",
        "bash --rcfile <(echo rm -rf /) -i",
        "compgen -C 'rm -rf /' x",
        "at -f <(echo rm -rf /) now",
    ],
)
def test_l12_what_the_line_says_is_known(line: str) -> None:
    assert any(command in ("rm -rf /", "/bin/rm -rf /") for command in found(line)), found(line)


@pytest.mark.parametrize(
    "line",
    [
        "f() { r=$1; $r x; }",
        "while x; do $r x; r=rm; done",
        "x && r=rm; $r x",
        "read r; $r x",
        "r=$(date); $r x",
        "r=rm; read r; $r x",
        "r=rm; for r in $(ls); do $r x; done",
        "r=rm; unset r; ${r:-$Q} x",
        "((r=1)); r=$Q; $r",
        'r=rm; printf -v r %q "$Q"; $r x',
        'eval "$(<file)"',
    ],
)
def test_l12_what_the_run_alone_can_tell_stays_open(line: str) -> None:
    assert open_words(line)


def test_l12_what_a_variable_is_given_is_split_where_nothing_quotes_it() -> None:
    def several(line: str, dialect: Dialect) -> bool:
        walked = commands_of(line, environment=ENVIRONMENT, directory="/tmp", dialect=dialect)
        return walked.commands[-1].words[0].several

    assert several("r=$Q; $r", Dialect.BASH)
    assert several("r=$(x); $r", Dialect.SH)
    assert not several('r=$Q; "$r"', Dialect.BASH)
    assert not several("r=$((Q)); $r", Dialect.BASH)
    assert several("r=$Q; ${=r}", Dialect.ZSH)
    assert not several("r=$Q; $r", Dialect.ZSH)


def test_l7_a_group_writes_what_any_of_its_commands_may() -> None:
    # What sh's echo makes of \E only the run can tell.
    line = "(echo :; echo \"rm -rf / <<'\\\\E'\"; echo x) | sh"
    assert "rm -rf /" in found(line, Dialect.SH)


@pytest.mark.parametrize(
    "line",
    [
        "eval \"$(<<<'rm -rf /')\"",
        "<<<'rm -rf /' | sh",
        "set -y; r='rm -rf /'; $r",
        "set -o shwordsplit; r='rm -rf /'; $r",
        "commands[x]=rm; x -rf /",
        "setopt promptsubst; print -P '$(rm -rf /)'",
        "zpty x 'rm -rf /'",
        "sched +1 'rm -rf /'",
    ],
)
def test_what_zsh_runs_is_known(line: str) -> None:
    assert "rm -rf /" in found(line, Dialect.ZSH)


@pytest.mark.parametrize(
    "line",
    [
        "x='a[$(rm -rf /)]'; ((x))",
        "x='a[$(rm -rf /)]'; [[ 1 -lt x ]]",
        "compgen -W '$(rm -rf /)'",
        "PS4='$(rm -rf /)'; set -x; :",
        "x='$(rm -rf /)'; echo \"${x@P}\"",
        "[[ 'x[$(rm -rf /)]' -eq 0 ]]",
        "test -v 'x[$(rm -rf /)]'",
        "PROMPT_COMMAND='rm -rf /' bash -i",
        "env 'BASH_FUNC_f%%=() { rm -rf /; }' bash -c f",
    ],
)
def test_l5_texts_that_the_shell_expands_once_more(line: str) -> None:
    assert "rm -rf /" in found(line)


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("cat > f <<'EOF'\nrm -rf /\nEOF", ["cat"]),
        ("git commit -m \"$(cat <<'EOF'\nrm -rf /\nEOF\n)\"", ["cat", "git commit -m rm -rf /"]),
        ("echo 'rm -rf /' # rm -rf /", ["echo rm -rf /"]),
        ("case rm in rm) ls ;; esac", ["ls"]),
        ("x=rm y=$x ls", ["ls"]),
        ("x='$(rm -rf /)'; [[ -n x ]] && ls", ["ls"]),
        ("cp x.example x; ./x", ["cp x.example x", "./x"]),
        ('cp "$A" x; ./x', ["cp $A x", "./x"]),
        ("[[ rm == r* ]] && ls", ["ls"]),
        ('f() { echo "$1"; }; f rm', ["f rm", "echo rm"]),
    ],
)
def test_text_is_no_command(line: str, commands: list[str]) -> None:
    assert found(line) == commands

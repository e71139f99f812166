"""Code of interpreters: the commands that its literals give to a shell or a program, and what it deletes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from needs import need
from shell.nesting import shown, words

from safeshell.shell.code.deeds import done_by
from safeshell.shell.code.languages import LANGUAGES
from safeshell.shell.nested_commands import Input, NestedCommand, NestedText
from safeshell.shell.programs import nested
from safeshell.shell.words import Literal, Unknown, Word, plain


def of(name: str, code: str) -> list[str]:
    return [shown(answer) for answer in done_by(code, LANGUAGES[name])]


TEXT = "|rm -rf /"
RM = "rm -rf /"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import os; os.system('rm -rf /')", [TEXT]),
        ("import os as o; o.system('rm -rf /')", [TEXT]),
        ("from os import system; system('rm -rf /')", [TEXT]),
        ("from os import system as s; s('rm -rf /')", [TEXT]),
        ("__import__('os').system('rm -rf /')", [TEXT]),
        ("import os\nos.system(\n  'rm -rf '\n  '/'\n)", [TEXT]),
        ("import os; os.system('rm ' + '-rf /')", [TEXT]),
        ("import os; os.system(r'rm -rf \\x')", ["|rm -rf \\x"]),
        ("import os; os.system('rm -rf \\x2f')", [TEXT]),
        ("import os; os.system(f'rm -rf {x}')", ["|?rm -rf $1"]),
        ("import os; os.system(f'rm {{}}')", ["|rm {}"]),
        ("import os; os.system('rm -rf %s' % x)", ["|?rm -rf $1"]),
        ("import os; os.system('rm -rf {}'.format(x))", ["|?rm -rf $1"]),
        ("import os; os.system(cmd)", ["|??"]),
        ("import os; cmd = 'rm -rf /'; os.system(cmd)", [TEXT]),
        ("import os\nfor cmd in x:\n  os.system(cmd)", ["|??"]),
        ("import os\ndef f(cmd): os.system(cmd)\ncmd = 'ls'", ["|??"]),
        ("import subprocess; subprocess.run(['rm', '-rf', '/'])", [RM]),
        ("import subprocess as sp; sp.run(['rm', '-rf', '/'], check=True)", [RM]),
        ("import subprocess; subprocess.run('rm -rf /', shell=True)", [TEXT]),
        ("import subprocess; subprocess.run(['rm -rf /'], shell=True)", [TEXT]),
        ("import subprocess; subprocess.check_call('rm -rf /'.split())", [RM]),
        ("import subprocess, shlex; subprocess.Popen(shlex.split('rm -rf /'), cwd='/x')", [RM]),
        ("import subprocess; subprocess.run(['rm', '-rf'] + ['/'])", [RM]),
        ("import subprocess; subprocess.run(['rm', '-rf', p])", ["rm -rf ?p"]),
        ("import subprocess; subprocess.run(['git', *args])", ["git ?*args"]),
        ("import subprocess; subprocess.getoutput('rm -rf /')", [TEXT]),
        ("print(subprocess.check_output(['rm', '-rf', '/']).decode())", [RM]),
        ("import os; os.execvp('rm', ['rm', '-rf', '/'])", [RM]),
        ("import os; os.execl('/bin/rm', 'x', '-rf', '/')", ["/bin/rm -rf /"]),
        ("import os; os.spawnlp(os.P_WAIT, 'rm', 'rm', '-rf', '/')", [RM]),
        ("import pty; pty.spawn('/bin/sh')", ["|/bin/sh"]),
        ("import shutil; shutil.rmtree('/')", [RM]),
        ("import shutil; shutil.rmtree('/', ignore_errors=True)", [RM]),
        ("from shutil import rmtree as r; r('/')", [RM]),
        ("import os; os.remove('/'); os.unlink('/')", [RM, RM]),
        ("from pathlib import Path; Path('/').unlink()", [RM]),
        ("import pathlib; (pathlib.Path('/x') / 'y').unlink(missing_ok=True)", ["rm -rf /x/y"]),
        ("from pathlib import Path; Path('a', 'b').rmdir()", ["rm -rf a/b"]),
        ("from pathlib import Path\nfor p in Path('.').glob('*'):\n    p.unlink()", ["rm -rf ?p"]),
        ("import os; os.remove(os.path.join('/a', name))", ["rm -rf ?/a/name"]),
        ("import os, shutil; shutil.rmtree(os.path.expanduser('~/x'))", ["rm -rf ?$HOME/x"]),
        ("from pathlib import Path; import shutil; shutil.rmtree(Path.home() / 'x')", ["rm -rf ?$HOME/x"]),
        ("p = '/'; import shutil; shutil.rmtree(p)", [RM]),
        ("from os import *; system('rm -rf /')", [TEXT]),
        ("exec('import os; os.system(\"rm -rf /\")')", [TEXT]),
        ("exec(code)", []),
        ("import os\nfor c in ['rm -rf /', 'b']:\n  os.system(c)", [TEXT, "|b"]),
        ("import os\nfor c in ('a', 'b'):\n for d in 'c', 'd':\n  os.system(c + d)", ["|?a$1", "|?b$1"]),
        ("import os\nfor c in 'ab', x:\n  os.system(c)", None),
        ("import os\nfor a, c in [('a', 'b')]:\n  os.system(c)", ["|??"]),
        ("import os\n[os.remove(p) for p in ['/', 'x']]", [RM, "rm -rf x"]),
        ("# os.system('x')\n'os.system(\"y\")'\nx.remove('z')", []),
        ("'''\nos.system('x')\n'''", []),
        ("import os; os.system(", []),
        ("print('rm -rf /')", []),
    ],
)
def test_p5_python(code: str, found: list[str] | None) -> None:
    said = of("python", code)
    assert said == found if found is not None else said


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("require('child_process').execSync('rm -rf /')", [TEXT]),
        ("const cp = require('node:child_process'); cp.exec('rm -rf /', cb)", [TEXT]),
        ("const {execSync: e} = require('child_process'); e(`rm -rf /`)", [TEXT]),
        ("import {execSync} from 'child_process';\nexecSync(\"rm -rf /\")", [TEXT]),
        ("child_process.spawnSync('rm', ['-rf', '/'], {stdio: 'inherit'})", [RM]),
        ("child_process.spawn('rm -rf /', {shell: true})", [TEXT]),
        ("child_process.spawn('rm', ['-rf', '/'], {shell: true})", [TEXT]),
        ("child_process.execFileSync('rm', ['-rf', x])", ["rm -rf ?x"]),
        ("child_process.execSync(`rm -rf ${x}`)", ["|?rm -rf $1"]),
        ("child_process.execSync('rm ' + '-rf /')", [TEXT]),
        ("/rm/.exec('rm -rf /'); re.exec(x)", []),
        ("require('fs').rmSync('/', {recursive: true})", [RM]),
        ("fs.unlinkSync('/'); fs.promises.rm('/')", [RM, RM]),
        ("const fsp = require('fs/promises'); await fsp.rm('/', {force: true})", [RM]),
        ("import fs from 'node:fs'; fs.rmdir('/', () => {})", [RM]),
        ("fs.rmSync(path.join('/a', 'b'))", ["rm -rf /a/b"]),
        ("fs.rmSync(path.join(os.homedir(), 'x'))", ["rm -rf ?$HOME/x"]),
        ("const d = '/'; fs.rmSync(d, {recursive: true})", [RM]),
        ("fs.readdirSync('.').forEach(f => fs.unlinkSync(f))", ["rm -rf ?f"]),
        ("// fs.rmSync('/')\n/* fs.rmSync('/') */ 'fs.rmSync(\"/\")'", []),
        ("a = b / c; fs.rmSync('/'); d = e / f", [RM]),
        ("x.replace(/'/g, '').length; fs.rmSync('/')", [RM]),
        ("for (const f of ['/', 'x']) fs.rmSync(f)", [RM, "rm -rf x"]),
        ("eval(\"fs.rmSync('/')\")", [RM]),
        ("Deno.removeSync('/', {recursive: true})", [RM]),
        ("await Bun.$`rm -rf /`", [TEXT]),
        ("console.log(`rm -rf /`); map.delete('x'); set.remove('y')", []),
    ],
)
def test_p5_javascript(code: str, found: list[str]) -> None:
    assert of("javascript", code) == found


@pytest.mark.parametrize(
    ("language", "code", "found"),
    [
        ("perl", "system('rm -rf /')", [TEXT]),
        ("perl", 'system "rm -rf /";', [TEXT]),
        ("perl", "system('rm', '-rf', '/')", [RM]),
        ("perl", "system qw(rm -rf /)", [RM]),
        ("perl", "exec { 'rm' } 'rm', '-rf', '/'", None),
        ("perl", "my $x = `rm -rf /`;", [TEXT]),
        ("perl", "print qx{rm -rf /}", [TEXT]),
        ("perl", 'system("rm -rf $d")', ["|?rm -rf $1"]),
        ("perl", "open(F, '-|', 'rm', '-rf', '/')", [RM]),
        ("perl", "open(my $f, 'rm -rf / |')", [TEXT]),
        ("perl", "open(my $f, '<', 'x')", []),
        ("perl", "unlink '/', 'x'", ["rm -rf / x"]),
        ("perl", "for my $f ('/', 'x') { unlink $f }", [RM, "rm -rf x"]),
        ("perl", "unlink glob('*')", ["rm -rf ?glob('*')"]),
        ("perl", "use File::Path; rmtree('/')", [RM]),
        ("perl", "s/'/x/g; system('rm -rf /')", [TEXT]),
        ("perl", "# system('x')\nprint 'system(1)'", []),
        ("ruby", "system('rm -rf /')", [TEXT]),
        ("ruby", "system 'rm', '-rf', '/'", [RM]),
        ("ruby", "puts `rm -rf /`", [TEXT]),
        ("ruby", "%x(rm -rf /)", [TEXT]),
        ("ruby", "exec(*%w[rm -rf /])", None),
        ("ruby", 'system("rm -rf #{d}")', ["|?rm -rf $1"]),
        ("ruby", "require 'fileutils'; FileUtils.rm_rf('/')", [RM]),
        ("ruby", "FileUtils.rm_r %w[/ x], force: true", ["rm -rf / x"]),
        ("ruby", "File.delete('/'); Dir.rmdir '/'", [RM, RM]),
        ("ruby", "FileUtils.rm_rf(Dir.home)", ["rm -rf ?$HOME"]),
        ("ruby", "IO.popen(['rm', '-rf', '/'])", [RM]),
        ("ruby", "puts 'rm -rf /'", []),
        ("php", "system('rm -rf /');", [TEXT]),
        ("php", "<?php echo `rm -rf /`; ?>", [TEXT]),
        ("php", "shell_exec('rm ' . '-rf /');", [TEXT]),
        ("php", 'exec("rm -rf $d");', ["|?rm -rf $1"]),
        ("php", "$d = '/'; unlink($d);", [RM]),
        ("php", "array_map('unlink', $x); // system('x')", []),
        ("lua", "os.execute('rm -rf /')", [TEXT]),
        ("lua", 'os.execute "rm -rf /"', [TEXT]),
        ("lua", "io.popen([[rm -rf /]])", [TEXT]),
        ("lua", "os.execute('rm -rf ' .. '/') -- x", [TEXT]),
        ("lua", "os.remove('/')", [RM]),
        ("awk", 'BEGIN{system("rm -rf /")}', [TEXT]),
        ("awk", 'BEGIN { "rm -rf /" | getline x }', [TEXT]),
        ("awk", '{ print $1 | "rm -rf /" }', [TEXT]),
        ("awk", '{ system("rm -rf " $1) }', ["|?rm -rf $1"]),
        ("awk", '/"/ { print }', []),
        ("awk", "$1 ~ /x/ || $2 { print $1 }", []),
        ("r", "system('rm -rf /')", [TEXT]),
        ("r", "system2('rm', c('-rf', '/'))", [RM]),
        ("r", "unlink('/', recursive=TRUE)", [RM]),
        ("julia", "run(`rm -rf /`)", [TEXT]),
        ("julia", 'rm("/", recursive=true)', [RM]),
        ("elixir", 'System.cmd("rm", ["-rf", "/"])', [RM]),
        ("elixir", ":os.cmd('rm -rf /')", [TEXT]),
        ("elixir", 'File.rm_rf!("/")', [RM]),
    ],
)  # fmt: skip
def test_p5_other_languages(language: str, code: str, found: list[str] | None) -> None:
    said = of(language, code)
    assert said == found if found is not None else said


@pytest.mark.parametrize(
    ("line", "stdin", "found"),
    [
        ("python3 -c 'import os; os.system(\"rm -rf /\")'", None, [TEXT]),
        ("python3.11 -Bc 'import os; os.system(\"rm -rf /\")'", None, [TEXT]),
        ("/usr/bin/python -u -", "import shutil\nshutil.rmtree('/')", [RM]),
        ("python3", "import shutil\nshutil.rmtree('/')", [RM]),
        ("python3 script.py", "import shutil\nshutil.rmtree('/')", []),
        ("python3 -m pip install x", "import shutil\nshutil.rmtree('/')", []),
        ("python3 /dev/stdin a", "import shutil\nshutil.rmtree('/')", [RM]),
        ("pypy3 -c 'import os; os.remove(\"/\")'", None, [RM]),
        ("node -e 'fs.rmSync(\"/\")'", None, [RM]),
        ("node --input-type=module --eval='fs.rmSync(\"/\")'", None, [RM]),
        ("node -pe 'fs.rmSync(\"/\")'", None, [RM]),
        ("node", "fs.rmSync('/')", [RM]),
        ("deno eval 'Deno.removeSync(\"/\")'", None, [RM]),
        ("deno run -A -", "Deno.removeSync('/')", [RM]),
        ("bun -e 'fs.rmSync(\"/\")'", None, [RM]),
        ("perl -e 'unlink \"/\"'", None, [RM]),
        ("perl -lane 'system \"rm -rf /\"'", None, [TEXT]),
        ("perl -MFile::Path -i.bak -pe 'rmtree(\"/\")'", None, [RM]),
        ("perl5.36 -e 'my $x=1;' -e 'unlink \"/\"'", None, [RM]),
        ("ruby -rfileutils -e 'FileUtils.rm_rf(\"/\")'", None, [RM]),
        ("php -r 'unlink(\"/\");'", None, [RM]),
        ("php", "<?php unlink('/');", [RM]),
        ("lua5.4 -e 'os.remove(\"/\")'", None, [RM]),
        ("awk -F: -v x=1 'BEGIN{system(\"rm -rf /\")}' f", None, [TEXT]),
        ("gawk -f f 'BEGIN{system(\"rm -rf /\")}'", None, []),
        ("Rscript -e 'unlink(\"/\")'", None, [RM]),
        ("julia -e 'rm(\"/\")'", None, [RM]),
    ],
)
def test_p5_where_the_code_is(line: str, stdin: str | None, found: list[str]) -> None:
    given = None if stdin is None else Input(stdin)
    assert [shown(answer) for answer in nested(words(line), given)] == found


def test_p5_a_deletion_shows_its_call() -> None:
    (answer,) = done_by("import shutil\nshutil.rmtree(\n  '/x',\n  True)", LANGUAGES["python"])
    assert isinstance(answer, NestedCommand)
    assert answer.shown == "shutil.rmtree( '/x', True)"


def test_p5_what_the_shell_puts_into_code_stays_open() -> None:
    code = Word(
        (
            Literal("import os; os.system('rm -rf ", quoted=True),
            Unknown("$D", quoted=True, variable="D"),
            Literal("'); os.remove('", quoted=True),
            Unknown("$F", quoted=True, variable="F"),
            Literal("')", quoted=True),
        )
    )
    text, deletion = nested([plain("python3"), plain("-c"), code], None)
    assert isinstance(text, NestedText)
    assert (text.text, text.whole) == ("rm -rf $D", False)
    assert isinstance(deletion, NestedCommand)
    assert deletion.words[2].parts == (code.parts[3],)


@example("awk", "=>)")
@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(LANGUAGES)),
    st.text("abxq$@{}[]()'\"`\\/.,;:=|+%#\n <>-&!~ꙮ0")
    | st.lists(
        st.sampled_from(
            [
                "os.system(",
                "system ",
                "unlink(",
                "fs.rmSync(",
                "'x'",
                "(",
                ")",
                "[",
                "]",
                "{",
                "}",
                ",",
                "=",
                "x",
                "x = x",
                "\n",
                "`",
                "qw(",
                ".",
                "+",
                "=>",
                ":",
                "def f(",
                "|",
                "/",
                "for ",
                "in ",
            ]
        )
    ).map("".join),
)
def test_any_code_is_read(language: str, code: str) -> None:
    for answer in done_by(code, LANGUAGES[language]):
        assert isinstance(answer, NestedCommand | NestedText)


def test_p5_what_is_too_long_to_be_read_may_do_anything() -> None:
    code = "x = 1\n" * 20_000
    assert of("python", code) == []
    assert of("python", code + "os.system('x')") == ["?"]


def test_deep_and_long_code_is_read() -> None:
    for code in (
        "(" * 20_000,
        "os.system(" * 3_000,
        "os.system('a');" * 4_000,
        "x = " * 5_000,
        "'" + "a" * 200_000,
        "f(a=" * 2000,
    ):
        list(done_by(code, LANGUAGES["python"]))


@pytest.mark.parametrize(
    ("language", "argv", "code"),
    [
        ("python", ["python3", "-c"], "import os; os.system('CANARY ' 'a \"b c\"')"),
        ("python", ["python3", "-c"], "import subprocess; subprocess.run(['CANARY', r'a\\x', f'b{{c}}', 'd\\x41\\n'])"),
        ("python", ["python3", "-c"], "import os; os.execv('CANARY', ['x', 'a', '''b\n'c''', \"d\" \"e\"])"),
        ("python", ["python3", "-c"], "import os; os.spawnlp(os.P_WAIT, 'CANARY', 'x', 'a')"),
        (
            "javascript",
            ["node", "-e"],
            "require('child_process').execFileSync('CANARY', ['a\\x41', `b'c`, \"d\\u{42}\"])",
        ),
        ("javascript", ["node", "-e"], "const {execSync: e} = require('child_process'); e('CANARY ' + 'a b')"),
        ("perl", ["perl", "-e"], "system 'CANARY', 'a\\n', \"b\\x41\", q(c (d)), qw(e f);"),
        ("perl", ["perl", "-e"], "my $c = 'CANARY a b'; print `$c`"),
        ("ruby", ["ruby", "-e"], "system('CANARY', 'a\\n', \"b\\x41\", %q(c (d)))"),
        ("php", ["php", "-r"], "system('CANARY ' . \"a\\x41\");"),
        ("awk", ["awk"], 'BEGIN { system("CANARY " "a b") }'),
        ("lua", ["lua5.4", "-e"], "os.execute('CANARY ' .. [[a]])"),
    ],
)
def test_p5_the_program_runs_what_is_said(language: str, argv: list[str], code: str, tmp_path: Path) -> None:
    need(argv[0])
    mark = tmp_path / "mark"
    canary = tmp_path / "canary"
    canary.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" >{mark}\n")
    canary.chmod(0o755)
    code = code.replace("CANARY", str(canary))
    subprocess.run([*argv, code], capture_output=True, check=False, timeout=60)
    ran = mark.read_bytes().decode().split("\0")[:-1]
    answer = next(iter(done_by(code, LANGUAGES[language])))
    if isinstance(answer, NestedText):
        assert answer.text is not None or "$c" in code
        mark.unlink()
        subprocess.run([shutil.which("sh") or "sh", "-c", answer.text or f"{canary} a b"], check=False, timeout=60)
        assert mark.read_bytes().decode().split("\0")[:-1] == ran
    else:
        assert [word.literal for word in answer.words] == [str(canary), *ran]

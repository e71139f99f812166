"""What `npm run` and its like run of a package.json, with what stands before and behind it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from safeshell.shell.nested_commands import Found, NestedCommand
from safeshell.shell.package_scripts import package_files
from safeshell.shell.script_files import ScriptFile
from safeshell.shell.words import Word, plain, unknown

SCRIPTS = {
    "build": "tsc",
    "prebuild": "clean",
    "postbuild": "copy",
    "test": "jest",
    "prepare": "husky",
    "postinstall": "patch",
    "start": "node .",
    "add": "never",
    "bad": ["no text"],
    "": "none",
}


def run_by(*given: str | Word, package: str | None = None) -> list[str]:
    """What a call runs."""
    words = [word if isinstance(word, Word) else plain(word) for word in given]
    text = json.dumps({"name": "build", "scripts": SCRIPTS}, indent=1) if package is None else package
    found = []
    for wanted in package_files(words):
        assert wanted.names == ("package.json",)
        assert wanted.upward
        file = ScriptFile("/p/package.json", "package.json", text)
        for command, _ in wanted.runs(Found(file, "/p", lambda _: None, lambda: None)):
            assert isinstance(command, NestedCommand)
            assert [word.literal for word in command.words[:2]] == ["sh", "-c"]
            assert command.directory == plain("/p")
            found.append(command.words[2].written)
    return found


BUILD = ["clean", "tsc", "copy"]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("npm run build", BUILD),
        ("npm run-script build", BUILD),
        ("npm --silent run build", BUILD),
        ("npm run --silent build", BUILD),
        ("npm run build -- --watch 'a b'", ["clean", "tsc --watch ''\"'\"'a' 'b'\"'\"''", "copy"]),
        ("npm run build -s extra", ["clean", "tsc extra", "copy"]),
        ("npm test", ["jest"]),
        ("npm t", ["jest"]),
        ("npm start", ["node ."]),
        ("npm stop", []),
        ("npm run missing", []),
        ("npm run bad", []),
        ("npm run", []),
        ("npm", []),
        ("npm --version run build", []),
        ("npm install", ["patch", "husky"]),
        ("npm ci", ["patch", "husky"]),
        ("npm ci --ignore-scripts", []),
        ("npm install left-pad", []),
        ("npm build", []),
        ("npm view build", []),
        ("npm run build -w other", []),
        ("yarn build", BUILD),
        ("yarn run build", BUILD),
        ("yarn", ["patch", "husky"]),
        ("yarn add", []),
        ("yarn missing", []),
        ("pnpm build", BUILD),
        ("pnpm run build", BUILD),
        ("pnpm -r build", []),
        ("bun run build", BUILD),
        ("bun build", BUILD),
    ],
)
def test_the_scripts_of_a_call_run(line: str, found: list[str]) -> None:
    assert run_by(*line.split(" ")) == found


def test_a_script_is_given_what_the_line_gives_it() -> None:
    assert run_by("npm", "test", "--", "a b", unknown("$X"))[0] == "jest 'a b' \"$X\""
    assert run_by("npm", "run", unknown("$X")) == []
    assert run_by("npm", unknown("$X"), "build") == []


@pytest.mark.parametrize("package", ["", "[]", "{", '{"scripts": 1}', '{"scripts": {"test": 1}}', "[" * 100_000])
def test_what_is_no_package_runs_nothing(package: str) -> None:
    assert run_by("npm", "test", package=package) == []


def test_the_place_is_that_of_the_script() -> None:
    text = '{"test": "x",\n "scripts": {\n  "build": "tsc",\n  "test": "jest"}}'
    (wanted,) = package_files([plain("npm"), plain("test")])
    found = Found(ScriptFile("/p/package.json", "package.json", text), "/p", lambda _: None, lambda: None)
    assert [place for _, place in wanted.runs(found)] == ["package.json:4"]


@pytest.mark.parametrize("option", ["--prefix", "-C"])
def test_the_directory_is_what_an_option_says(option: str) -> None:
    (wanted,) = package_files([plain(word) for word in ("npm", option, "web", "test")])
    assert wanted.directory == plain("web")


@pytest.mark.needs("npm")
def test_npm_runs_the_same(tmp_path: Path) -> None:
    import subprocess  # of this test alone

    scripts = {name: f"echo {name} >>log" for name in ("prea", "a", "posta", "b")}
    (tmp_path / "package.json").write_text(json.dumps({"scripts": scripts}))
    environment = {**os.environ, "HOME": str(tmp_path), "npm_config_update_notifier": "false"}
    done = subprocess.run(
        ["npm", "run", "--silent", "a", "--", "one two"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "log").read_text().split("\n")[:3] == ["prea", "a one two", "posta"]

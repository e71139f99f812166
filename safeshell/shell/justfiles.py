"""Justfiles: which recipes a call of just has a shell run, with what their parameters and variables are."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from safeshell.command.programs.record import Wrapper
from safeshell.shell.nested_commands import Found, NestedCommand, NestedFile, NestedText, Placed
from safeshell.shell.script_files import ScriptFile
from safeshell.shell.words import Literal, Part, Unknown, Word, plain
from safeshell.shell.wrapped import WordReading

RECIPES_MAX = 256
"""Recipes that a call comes to."""

_OPTIONS = Wrapper(
    "f:d:E:c:s:nqvuleghV",
    "justfile= working-directory= dotenv-path= dotenv-filename= shell= shell-arg= set= color= command= show= usage= "
    "quiet verbose unstable dry-run list summary evaluate variables choose dump edit fmt init groups help version yes "
    "no-deps one unsorted highlight no-highlight no-dotenv clear-shell-args global-justfile",
    (
        *("-n", "--dry-run", "-l", "--list", "-s", "--show", "--summary", "--evaluate", "--variables", "--dump", "-e"),
        *("--edit", "--fmt", "--init", "--groups", "-h", "--help", "-V", "--version", "-c", "--command", "--usage"),
        *("--choose", "-g", "--global-justfile"),
    ),
    pairs=("--set",),
    exact=True,
)
_NAMES = ("justfile", "Justfile", ".justfile", "JUSTFILE")
_SH = ("sh", "-cu")

_SETTING = re.compile(r"set\s+([\w-]+)(?:\s*:=\s*(.*))?")
_ASSIGNED = re.compile(r"(?:export\s+)?([A-Za-z_][\w-]*)\s*:=\s*(.*)")
_ALIAS = re.compile(r"alias\s+([\w-]+)\s*:=\s*([\w-]+)")
_IMPORT = re.compile(r"import\??\s+(.*)")
# Each takes time in proportion to the text, whatever that is: no character can be matched in two ways.
_HEADER = re.compile(r"@?([A-Za-z_][\w-]*)(?=[\s:])((?:[^:'\"#]|'[^']*'|\"[^\"]*\"|:=)*):(?!=)(.*)")
_PARAMETER = re.compile(r"([+*]?)\$?([A-Za-z_][\w-]*)(?:=('[^']*'|\"[^\"]*\"|\S+))?")
_DEPENDENCY = re.compile(r"\(([^()]*)\)|([A-Za-z_][\w-]*)")
_VALUE = re.compile(r"'[^']*'|\"[^\"]*\"|\S+")
_SHEBANG = re.compile(r"#![ \t]*(\S+)[ \t]*([^\n]*)")

Values = Mapping[str, Word]


@dataclass(slots=True)
class Recipe:
    """A recipe.

    Attributes:
        parameters: each as its kind (`+` and `*` take any number), its name, and its default as written or "".
        needs: the recipes that run before and behind it, each with its arguments as written.
        body: its lines, each with the number of the line where it stands.
        file: where it stands, as people are told.
    """

    parameters: list[tuple[str, str, str]]
    needs: list[tuple[str, list[str]]]
    body: list[tuple[int, str]] = field(default_factory=list)
    file: str = ""


@dataclass(slots=True)
class Justfile:
    """What a justfile says.

    Attributes:
        recipes: by name, in order.
        aliases: names of recipes, by other names.
        values: variables; those that aren't known as text aren't among them.
        shell: what reads a line, with its arguments; None where that isn't known.
    """

    recipes: dict[str, Recipe] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    values: dict[str, Word] = field(default_factory=dict)
    shell: tuple[str, ...] | None = _SH

    def read(self, file: ScriptFile, other: Callable[[str], ScriptFile | None], check: Callable[[], None]) -> None:
        """Takes in a file, and those that it imports."""
        recipe: Recipe | None = None
        for number, line in enumerate(file.text.split("\n"), 1):
            check()
            if line[:1] in (" ", "\t") or not line.strip():
                if recipe is not None:
                    recipe.body.append((number, line))
                continue
            recipe = None
            if line[0] in "#[":
                continue
            if found := _ALIAS.fullmatch(line.strip()):
                self.aliases[found[1]] = found[2]
            elif found := _SETTING.fullmatch(line.strip()):
                self._set(found[1], found[2] or "")
            elif found := _IMPORT.fullmatch(line.strip()):
                name = _literal(found[1].strip())
                imported = other(name) if name else None
                if imported is not None and imported is not file:
                    self.read(imported, lambda _: None, check)
            elif found := _ASSIGNED.fullmatch(line.strip()):
                value = _literal(found[2].strip())
                if value is not None:
                    self.values[found[1]] = plain(value)
            elif found := _HEADER.fullmatch(line.rstrip()):
                parameters = [(kind, name, default) for kind, name, default in _PARAMETER.findall(found[2])]
                needs = [
                    (words[0], words[1:])
                    for given, name in _DEPENDENCY.findall(found[3].partition("#")[0])
                    if (words := [name] if name else _VALUE.findall(given))
                ]
                recipe = self.recipes.setdefault(found[1], Recipe(parameters, needs, file=file.shown))

    def _set(self, name: str, value: str) -> None:
        if name == "shell":
            words = [_literal(word.strip()) for word in value.strip().strip("[]").split(",")]
            self.shell = tuple([word for word in words if word]) if None not in words else None
        elif name in ("windows-shell", "positional-arguments"):
            pass

    def made(self, asked: Sequence[Word]) -> Iterator[tuple[Recipe, Values]]:
        """The recipes that a call comes to, each with what its names stand for.

        Args:
            asked: the names of recipes, each with its arguments behind it; none: the first recipe.
        """
        waiting = [*self._calls(list(asked) or [plain(name) for name in self.recipes][:1])]
        seen: set[tuple[str, tuple[Word, ...]]] = set()
        while waiting and len(seen) < RECIPES_MAX:
            name, arguments = waiting.pop(0)
            recipe = self.recipes.get(self.aliases.get(name, name))
            if recipe is None or (name, arguments) in seen:
                continue
            seen.add((name, arguments))
            values = {**self.values, **self._bound(recipe, arguments)}
            waiting += [(need, tuple([_worth(one, values) for one in given])) for need, given in recipe.needs]
            yield recipe, values

    def _calls(self, words: list[Word]) -> Iterator[tuple[str, tuple[Word, ...]]]:
        while words:
            name = words.pop(0).literal or ""
            recipe = self.recipes.get(self.aliases.get(name, name))
            parameters = [] if recipe is None else recipe.parameters
            count = len(words) if any(kind for kind, _, _ in parameters) else len(parameters)
            yield name, tuple(words[:count])
            del words[:count]

    def _bound(self, recipe: Recipe, arguments: Sequence[Word]) -> Values:
        found: dict[str, Word] = {}
        for at, (kind, name, default) in enumerate(recipe.parameters):
            given = arguments[at:] if kind else arguments[at : at + 1]
            if given:
                between = Literal(" ", quoted=True)
                parts = [part for word in given for part in (between, *word.parts)][1:]
                found[name] = Word(tuple(parts))
            elif kind == "*" and not default:
                found[name] = plain("")
            elif default:
                found[name] = _worth(default, self.values)
        return found


def just_files(words: list[Word]) -> Iterator[NestedFile]:
    """The justfile that a call of just runs recipes of."""
    reading = WordReading(words, _OPTIONS)
    if not reading.read():
        return
    files, where = reading.values(("-f", "--justfile")), reading.values(("-d", "--working-directory"))
    if any(word.literal is None for word in (*files, *where)) or len(files) > 1 or len(where) > 1:
        return
    rest = reading.words[reading.at :]

    def runs(found: Found) -> Iterator[Placed]:
        justfile = Justfile()
        justfile.read(found.file, found.other, found.check)
        asked = list(rest)
        while asked and (given := re.fullmatch(r"([A-Za-z_][\w-]*)=(.*)", asked[0].written, re.DOTALL)):
            if asked.pop(0).literal is not None:
                justfile.values[given[1]] = plain(given[2])
        directory = where[0] if where else plain(os.path.dirname(found.file.path))
        for recipe, values in justfile.made(asked):
            yield from _recipe(recipe, values, justfile.shell, directory)

    yield NestedFile((files[0].literal or "",) if files else _NAMES, runs, upward=not files)


def _recipe(recipe: Recipe, values: Values, shell: tuple[str, ...] | None, directory: Word) -> Iterator[Placed]:
    """What a recipe runs: its lines one by one, or all of it as a script where it begins with `#!`."""
    body = [(number, text) for number, text in recipe.body if text.strip()]
    if not body:
        return
    script = textwrap.dedent("\n".join([text for _, text in body]))
    begins = _SHEBANG.match(script)
    if begins is not None:
        words = [os.path.basename(begins[1]), *begins[2].split()]
        named = [word for word in words if word != "env" and word[0] != "-" and "=" not in word]
        text = _filled(script, values)
        if named:
            yield NestedText(text.code, text.literal is not None, shell=named[0]), f"{recipe.file}:{body[0][0]}"
        return
    for number, line in _joined(body):
        written = line.strip().lstrip("@-")
        if shell is not None and written and not written.startswith("#"):
            command = (*map(plain, shell), _filled(written, values))
            yield NestedCommand(command, directory), f"{recipe.file}:{number}"


def _joined(body: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines, those joined that a backslash ends."""
    start, text = 0, ""
    for number, line in body:
        start = start or number
        text += line.strip() if text else line
        if text.endswith("\\"):
            text = text[:-1]
            continue
        yield start, text
        start, text = 0, ""
    if text:
        yield start, text


def _literal(text: str) -> str | None:
    """What a quoted text stands for; None for another expression."""
    if len(text) > 1 and text[0] == text[-1] == "'" and "'" not in text[1:-1]:
        return text[1:-1]
    if len(text) > 1 and text[0] == text[-1] == '"' and not set(text[1:-1]) & set('"\\'):
        return text[1:-1]
    return None


def _worth(text: str, values: Values) -> Word:
    """What an expression comes to, as far as it is a text or a name."""
    literal = _literal(text)
    if literal is not None:
        return plain(literal)
    return values.get(text) or Word((Unknown("${just_expression}", quoted=False, why="just works it out"),))


def _filled(text: str, values: Values) -> Word:
    """A text with what stands for `{{…}}` in it."""
    parts: list[Part] = []
    at = 0
    while (opens := text.find("{{", at)) >= 0:
        if text.startswith("{{{{", opens):
            parts.append(Literal(text[at : opens + 2], quoted=True))
            at = opens + 4
            continue
        closes = text.find("}}", opens)
        if closes < 0:
            break
        parts += [Literal(text[at:opens], quoted=True)] if opens > at else []
        parts += _worth(text[opens + 2 : closes].strip(), values).parts
        at = closes + 2
    if at < len(text):
        parts.append(Literal(text[at:], quoted=True))
    return Word(tuple(parts))

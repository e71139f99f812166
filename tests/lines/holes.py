"""Holes of templates: what each letter becomes. Those of positions are in `lines.draft`.

§n §a    the command's name, and its words         §l §b   a list's text; the same as it stands in backticks
§N       a harmless command that succeeds          §T      a word that holds a list's text
§W §R    a harmless word, a redirection            §t      a list's text on one line, in no quotes
§;       what ends a command: `;` or a newline     §p §s   a simple command's text; the same in a word
§V §U §F a variable, a function, a file; the       §6      a list's text in base64
         same name in all of a row                 §x §e   a list's text for `printf`, for `echo -e`
§h §D    a here-document with a list's text, with  §q      a word that holds the command's text, nothing else
         words that run it                         §H      a harmless here-document
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from lines.draft import NEWLINE, Document, Draft, Frame, Hole, Item, finish
from lines.quoting import for_echo, for_printf, in_backticks, in_base64, in_document, single, spelled, word

_WORDS = (
    *(
        "a",
        "-v",
        "--all",
        "x=1",
        "a.txt",
        "'it'\\''s'",
        '"a b"',
        "''",
        "-",
        "\\#",
        "src/",
        "+x",
        "a\\ b",
        "%",
        "--",
        "~",
    ),
    *(
        "e\u00e9",
        '"$HOME"',
        "'$(x)'",
        "'`'",
        '"\\`"',
        "a#b",
        "-5",
        "@",
        "'\n'",
        "'a;b'",
        '"&&"',
        "--opt='x y'",
        "{}",
        "]",
    ),
)
_REDIRECTIONS = (
    "2>/dev/null",
    "</dev/null",
    ">/dev/null",
    "2>&1",
    ">>§F",
    ">§F",
    "2>§F",
    "0</dev/null",
    "<>§F",
    ">|§F",
)
_BASH_REDIRECTIONS = (
    "&>/dev/null",
    "&>>§F",
    ">&/dev/null",
    "<<<x",
    '<<<"a b"',
    "< <(echo x)",
    "> >(cat)",
    "3<&0",
    "<<<''",
)


@contextlib.contextmanager
def _read_by(draft: Draft, shell: str) -> Iterator[None]:
    """What is written meanwhile is another shell's to read."""
    before = draft.shell
    draft.shell = shell or before
    try:
        yield
    finally:
        draft.shell = before


def _at(position: str) -> Hole:
    """A position, one row deeper; where no depth is left, the plainest row of it."""

    def fill(draft: Draft, frame: Frame) -> list[Item]:
        with _read_by(draft, frame.row.into):
            deeper = len(frame.row.template) > 2  # a row that is nothing but a position is none of its own
            draft.depth -= deeper
            try:
                return draft.fill(position if draft.depth > 0 else f"{position}0")
            finally:
                draft.depth += deeper

    return fill


_list = _at("L")
_simple = _at("B")


def _list_text(draft: Draft, frame: Frame) -> str:
    return finish(_list(draft, frame))


def _name(draft: Draft, _frame: Frame) -> list[Item]:
    name = draft.command[0]
    if not draft.chance(0.3):
        return [name]
    draft.kinds.add("quotes")
    return [spelled(draft.random, name, draft.shell)]


def _arguments(draft: Draft, frame: Frame) -> list[Item]:
    """The command's words, others about them, and redirections between."""
    items: list[Item] = []
    for argument in draft.command[1:]:
        while draft.chance(0.15):
            items += [*_word(draft, frame), " "]
        if draft.chance(0.12):
            items += [*_redirection(draft, frame), " "]
            draft.kinds.add("L1")
        quoted = spelled(draft.random, argument, draft.shell) if draft.chance(0.15) else argument
        items += [quoted, " "]
    while draft.chance(0.1):
        items += [*_word(draft, frame), " "]
    return items[:-1]


def _word(draft: Draft, _frame: Frame) -> list[Item]:
    return [draft.random.choice(_WORDS)]


def _redirection(draft: Draft, frame: Frame) -> list[Item]:
    if draft.chance(0.1):
        return _document(draft, frame)
    known = _REDIRECTIONS + (_BASH_REDIRECTIONS if draft.shell != "sh" else ())
    return draft.expand(draft.random.choice(known), frame)


def _harmless(draft: Draft, frame: Frame) -> list[Item]:
    del frame
    return draft.fill("N")


def _end(draft: Draft, _frame: Frame) -> list[Item]:
    ways: list[list[Item]] = [
        [";"],
        [" ;"],
        [NEWLINE],
        [NEWLINE, NEWLINE],
        [" # it's", NEWLINE],
        [";", NEWLINE, "\t"],
        [NEWLINE, "# `x", NEWLINE],
    ]
    return [*draft.random.choices(ways, [6, 1, 5, 1, 1, 1, 1])[0], " "]


def _named(kind: str, names: Sequence[str]) -> Hole:
    def fill(draft: Draft, frame: Frame) -> list[Item]:
        if kind not in frame.names:
            frame.names[kind] = draft.fresh(names)
        return [frame.names[kind]]

    return fill


def _text(draft: Draft, frame: Frame) -> list[Item]:
    return [_list_text(draft, frame)]


def _in_backticks(draft: Draft, frame: Frame) -> list[Item]:
    return [in_backticks(_list_text(draft, frame))]


def _text_word(draft: Draft, frame: Frame) -> list[Item]:
    return [word(draft.random, _list_text(draft, frame), draft.shell)]


def _simple_text(draft: Draft, frame: Frame) -> list[Item]:
    return [finish(_simple(draft, frame)).replace("\n", " ")]


def _simple_word(draft: Draft, frame: Frame) -> list[Item]:
    return [word(draft.random, finish(_simple(draft, frame)), draft.shell)]


def _one_line(draft: Draft, frame: Frame) -> list[Item]:
    return [_list_text(draft, frame).replace("\n", " ")]


def _command_word(draft: Draft, _frame: Frame) -> list[Item]:
    return [word(draft.random, " ".join(draft.command), draft.shell)]


def _base64(draft: Draft, frame: Frame) -> list[Item]:
    return [in_base64(_list_text(draft, frame) + "\n")]


def _printf(draft: Draft, frame: Frame) -> list[Item]:
    return [for_printf(draft.random, _list_text(draft, frame) + "\n")]


def _echo(draft: Draft, frame: Frame) -> list[Item]:
    return [for_echo(draft.random, _list_text(draft, frame))]


_DELIMITERS = ("EOF", "END", "E-", "_", "eof.")


def _documented(draft: Draft, body: str, quoted: bool) -> list[Item]:
    """`<<` with a delimiter, quoted so that the body stays as it is, or not."""
    delimiter = draft.fresh(_DELIMITERS)
    mark = delimiter
    if quoted:
        mark = draft.random.choice(
            [f"'{delimiter}'", f'"{delimiter}"', f"\\{delimiter}", f'{delimiter[0]}"{delimiter[1:]}"']
        )
    operator = "<<"
    if draft.chance(0.15):
        operator, body = "<<-", "".join(f"\t{line}\n" for line in body.splitlines())
        delimiter = f"\t{delimiter}"
    body = body if not body or body.endswith("\n") else f"{body}\n"
    return [f"{operator}{draft.random.choice(['', '', ' '])}{mark}", Document(f"{body}{delimiter}\n")]


def _document(draft: Draft, _frame: Frame) -> list[Item]:
    bodies = ("x\n", "", "it's\n", "a \\$(x) \\`\n", '"\n', "$HOME\n", ")\n", "a\\\nb\n", "#\n", "${x:-y}\n")
    draft.kinds.add("document")
    return _documented(draft, draft.random.choice(bodies), draft.chance(0.4))


def _shell_document(draft: Draft, frame: Frame) -> list[Item]:
    """A here-document that holds a list's text."""
    text = _list_text(draft, frame)
    if draft.chance(0.3):
        return _documented(draft, in_document(text), quoted=False)
    return _documented(draft, text, quoted=True)


def _expanded_document(draft: Draft, frame: Frame) -> list[Item]:
    """A here-document with a word that runs the command."""
    before, after = draft.random.choice(
        [("", ""), ("a ", " b"), ('"', '"'), ("it's\n", "\n'"), ("\\$x ", ""), ("#", "")]
    )
    return _documented(draft, f"{before}{finish(_at('D')(draft, frame))}{after}\n", quoted=False)


def _expansion_word(draft: Draft, frame: Frame) -> list[Item]:
    return [finish(_at("$")(draft, frame))]


def _single(draft: Draft, frame: Frame) -> list[Item]:
    """A list's text in single quotes, whatever it holds."""
    return [single(_list_text(draft, frame))]


HOLES: Mapping[str, Hole] = {
    **{position: _at(position) for position in "LCKSB"},
    "$": _expansion_word,
    "n": _name,
    "a": _arguments,
    "N": _harmless,
    "W": _word,
    "R": _redirection,
    ";": _end,
    "V": _named("variable", ("x", "cmd_", "A", "_v", "r")),
    "U": _named("function", ("f", "do_it", "g", "run-")),
    "F": _named("file", ("out", "log.")),
    "l": _text,
    "b": _in_backticks,
    "T": _text_word,
    "t": _one_line,
    "p": _simple_text,
    "s": _simple_word,
    "q": _command_word,
    "6": _base64,
    "x": _printf,
    "e": _echo,
    "h": _shell_document,
    "D": _expanded_document,
    "H": _document,
    "1": _single,
}

"""Arguments of rm, read as getopt_long(3) reads them.

Not by `safeshell.command`: the trash starts in rm's place, so it needs nothing but the standard library, and it has to
say what rm says of each mistake, where a judge reads on. tests/command/programs/ holds the options against that data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

NEVER, SOMETIMES, ALWAYS = range(3)
"""When to ask: never; where a terminal's user should know; before every removal."""

SHORT = b"dfirvIR"

LONG = {
    b"force": False,
    b"interactive": True,
    b"one-file-system": False,
    b"no-preserve-root": False,
    b"preserve-root": True,
    b"-presume-input-tty": False,
    b"recursive": False,
    b"dir": False,
    b"verbose": False,
    b"help": False,
    b"version": False,
}
"""rm's long options, in the order in which it lists them, and whether each may have a value."""

_WHEN = {b"never": NEVER, b"no": NEVER, b"none": NEVER, b"once": SOMETIMES, b"always": ALWAYS, b"yes": ALWAYS}

TRY_HELP = b"Try 'rm --help' for more information.\n"


class UsageError(Exception):
    """Arguments that rm does not take.

    Attributes:
        message: what rm says, without its name; b"" for nothing.
        bare: whether rm ends without pointing at --help.
        suspect: whether rm looks for a file that was taken for an option.
    """

    def __init__(self, message: bytes, *, bare: bool = False, suspect: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.bare = bare
        self.suspect = suspect


class Options:
    """What rm was told.

    Attributes:
        interactive: NEVER, SOMETIMES or ALWAYS.
        once: whether to ask once before it all (-I).
        missing_ok: whether what is not there is no error (-f).
        told: "help" or "version" where only that was asked for.
        operands: in order.
    """

    def __init__(self) -> None:
        self.interactive = SOMETIMES
        self.once = False
        self.missing_ok = False
        self.recursive = False
        self.directories = False
        self.verbose = False
        self.one_file_system = False
        self.preserve_root = True
        self.preserve_all = False
        self.presume_terminal = False
        self.told = ""
        self.operands: list[bytes] = []


Quote = Callable[[bytes], bytes]


def parse(arguments: Sequence[bytes], environment: Mapping[bytes, bytes], quote: Quote, mark: Quote) -> Options:
    """Reads arguments from the second on; stops at --help and --version, as rm does.

    Args:
        arguments: rm's, without its name.
        environment: POSIXLY_CORRECT ends the options at the first operand.
        quote: how rm quotes a file's name in a message.
        mark: how it quotes the value of an option.

    Raises:
        UsageError: rm would refuse.
    """
    options = Options()
    at = 0
    while at < len(arguments) and not options.told:
        word = arguments[at]
        at += 1
        if word == b"--":
            options.operands.extend(arguments[at:])
            break
        if len(word) < 2 or word[:1] != b"-":
            options.operands.append(word)
            if b"POSIXLY_CORRECT" in environment:
                options.operands.extend(arguments[at:])
                break
        elif word[:2] == b"--":
            _take_long(options, word[2:], quote, mark)
        else:
            _take_letters(options, word[1:])
    if not (options.operands or options.missing_ok or options.told):
        raise UsageError(b"missing operand")
    return options


def _take_letters(options: Options, letters: bytes) -> None:
    for letter in letters:
        if letter not in SHORT:
            raise UsageError(b"invalid option -- '%c'" % letter, suspect=True)
        name = chr(letter)
        if name == "f":
            _ask(options, NEVER)
            options.missing_ok = True
        elif name == "i":
            _ask(options, ALWAYS)
        elif name == "I":
            _ask(options, SOMETIMES)
        elif name == "d":
            options.directories = True
        elif name == "v":
            options.verbose = True
        else:
            options.recursive = True


def _ask(options: Options, when: int) -> None:
    options.interactive = when
    options.once = when == SOMETIMES
    if when != NEVER:
        options.missing_ok = False


def _take_long(options: Options, word: bytes, quote: Quote, mark: Quote) -> None:
    given, equals, value = word.partition(b"=")
    name = _full(given, word)
    if equals and not LONG[name]:
        raise UsageError(b"option '--%s' doesn't allow an argument" % name, suspect=True)
    if name == b"interactive":
        _ask(options, _when(value, mark) if equals else ALWAYS)
    elif name == b"preserve-root":
        if equals and value != b"all":
            raise UsageError(b"unrecognized --preserve-root argument: " + quote(value), bare=True)
        options.preserve_all |= bool(equals)
        options.preserve_root = True
    elif name == b"no-preserve-root":
        if word != name:
            raise UsageError(b"you may not abbreviate the --no-preserve-root option", bare=True)
        options.preserve_root = False
    elif name == b"one-file-system":
        options.one_file_system = True
    elif name == b"-presume-input-tty":
        options.presume_terminal = True
    elif name in (b"help", b"version"):
        options.told = name.decode()
    else:
        _take_letters(options, name[:1])


def _full(given: bytes, word: bytes) -> bytes:
    """The option that a word means: itself, or the only one that it begins."""
    if given in LONG:
        return given
    begun = [name for name in LONG if name.startswith(given)]
    if not begun:
        raise UsageError(b"unrecognized option '--%s'" % word, suspect=True)
    if len(begun) > 1:
        listed = b"".join(b" '--%s'" % name for name in begun)
        raise UsageError(b"option '--%s' is ambiguous; possibilities:%s" % (word, listed), suspect=True)
    return begun[0]


def _when(value: bytes, mark: Quote) -> int:
    if value in _WHEN:
        return _WHEN[value]
    meant = {when for name, when in _WHEN.items() if name.startswith(value)}
    if len(meant) == 1:
        return meant.pop()
    kind = b"ambiguous" if meant else b"invalid"
    rows = ((b"never", b"no", b"none"), (b"once",), (b"always", b"yes"))
    listed = b"\n".join(b"  - " + b", ".join(mark(name) for name in row) for row in rows)
    told = b"%s argument %s for %s\nValid arguments are:\n%s" % (kind, mark(value), mark(b"--interactive"), listed)
    raise UsageError(told)

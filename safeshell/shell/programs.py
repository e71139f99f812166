"""What a command runs in turn: a wrapper the command that follows it, a shell the text that it is given."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from safeshell.shell.words import Literal, Unknown, Word, literals, plain, unknown


@dataclass(frozen=True, slots=True)
class Runs:
    """A command that is run in turn.

    Attributes:
        words: its arguments; none where nothing of it is known.
        directory: where it runs, relative to its caller's: a word, or None.
        changes: variables that it has besides; None removes one.
        bare: its environment is empty but for `changes`.
    """

    words: tuple[Word, ...]
    directory: Word | None = None
    changes: tuple[tuple[str, Word | None], ...] = ()
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Reads:
    """A shell text that is run in turn.

    Attributes:
        text: the text as it is written, or None where it comes from somewhere that only the run can tell.
        whole: whether all of it is known.
        positional: `$1` and so on, where they are known.
        remote: it runs on another machine.
        inside: it runs in the calling shell itself.
    """

    text: str | None
    whole: bool = True
    positional: tuple[Word, ...] | None = None
    remote: bool = False
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """What a command reads from its standard input.

    Attributes:
        text: it, or None where only the run can tell.
        whole: whether it holds no expansions.
    """

    text: str | None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Wrapper:
    """How a program's arguments lead to the command that it runs.

    Attributes:
        short: letters of the options that take a value.
        long: long options that take a value, as a word of its own or after `=`.
        operands: operands before the command.
        assignments: whether `NAME=VALUE` may stand before the command.
        idle: options with which it runs nothing.
        shell: options that give the shell text to run.
        joined: whether the operands are joined to a shell text.
        directory: options that name the directory.
    """

    short: str = ""
    long: frozenset[str] = field(default_factory=frozenset)
    operands: int = 0
    assignments: bool = False
    idle: frozenset[str] = field(default_factory=frozenset)
    shell: frozenset[str] = field(default_factory=frozenset)
    joined: bool = False
    directory: frozenset[str] = field(default_factory=frozenset)


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


WRAPPERS: dict[str, Wrapper] = {
    "env": Wrapper("uC", _set("--unset", "--chdir"), assignments=True, directory=_set("-C", "--chdir")),
    "sudo": Wrapper(
        "ugpCcrtTDRhUa",
        _set("--user", "--group", "--chdir", "--prompt", "--host", "--chroot", "--type", "--role", "--close-from"),
        assignments=True,
        idle=_set("-l", "--list", "-v", "--validate", "-k", "-K", "-V", "--version"),
        directory=_set("-D", "--chdir"),
    ),
    "doas": Wrapper("uC", idle=_set("-L", "-C")),
    "pkexec": Wrapper("", _set("--user")),
    "su": Wrapper("gGsw", _set("--group", "--shell"), operands=99, shell=_set("-c", "--command")),
    "runuser": Wrapper("ugGsw", _set("--user", "--group", "--shell"), shell=_set("-c", "--command")),
    "nice": Wrapper("n", _set("--adjustment")),
    "nohup": Wrapper(),
    "timeout": Wrapper("ks", _set("--kill-after", "--signal"), operands=1),
    "stdbuf": Wrapper("ioe", _set("--input", "--output", "--error")),
    "setsid": Wrapper(),
    "ionice": Wrapper("cn", _set("--class", "--classdata")),
    "chrt": Wrapper("TPD", operands=1),
    "taskset": Wrapper(operands=1),
    "time": Wrapper("fo", _set("--format", "--output")),
    "coproc": Wrapper(),
    "command": Wrapper(idle=_set("-v", "-V")),
    "builtin": Wrapper(),
    "exec": Wrapper("a"),
    "busybox": Wrapper(idle=_set("--list", "--list-full", "--install")),
    "toybox": Wrapper(),
    "chroot": Wrapper("", _set("--userspec", "--groups"), operands=1),
    "unshare": Wrapper("SGRw", _set("--root", "--wd", "--setuid", "--setgid")),
    "nsenter": Wrapper("tSG", _set("--target", "--setuid", "--setgid")),
    "setpriv": Wrapper("", _set("--reuid", "--regid", "--groups")),
    "strace": Wrapper("abeEIopPsSuUX"),
    "ltrace": Wrapper("aeFlnopsu"),
    "unbuffer": Wrapper(),
    "caffeinate": Wrapper("tw"),
    "flock": Wrapper(
        "wE", _set("--timeout", "--wait", "--conflict-exit-code"), operands=1, shell=_set("-c", "--command")
    ),
    "script": Wrapper("cEIOoTBm", operands=99, shell=_set("-c", "--command")),
    "systemd-run": Wrapper("pEHMut", _set("--property", "--setenv", "--unit", "--description", "--slice", "--uid")),
    "watch": Wrapper("nq", _set("--interval", "--equexit"), joined=True),
    "ssh": Wrapper("BbcDEeFIiJLlmOopQRSWw", operands=1, joined=True),
    "xargs": Wrapper(
        "adEILnPs",
        _set("--arg-file", "--delimiter", "--max-args", "--max-procs", "--max-chars", "--replace", "--max-lines"),
    ),
    "parallel": Wrapper("jIaNnLdS", _set("--jobs", "--max-args", "--delay", "--retries"), joined=True),
}
"""Programs that run what follows them."""

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "rbash", "fish", "hush", "yash"})
"""Programs that read shell text: given by -c, from a file, or from their input."""

PASSED_BY_SHIMS = frozenset(WRAPPERS) - {"coproc", "builtin", "exec", "command", "time"}
"""Wrappers that have shims of their own."""

Answer = Runs | Reads


def runs(words: Sequence[Word], stdin: Input | None) -> Iterator[Answer]:
    """What a command runs in turn.

    Args:
        words: the command; its first word is known.
        stdin: what it reads, None where it is the caller's own input.
    """
    name = os.path.basename(words[0].literal or "")
    special = _SPECIAL.get(name)
    if special is not None:
        yield from special(list(words), stdin)
    elif name in SHELLS:
        yield from _shell(list(words), stdin)
    elif name in WRAPPERS:
        yield from _wrapper(WRAPPERS[name], list(words), stdin)


@dataclass(slots=True)
class _Options:
    """What stands before the operands."""

    rest: list[Word]
    values: dict[str, list[Word]]
    flags: list[str]
    unclear: bool = False


def _options(words: list[Word], wrapper: Wrapper) -> _Options:
    """Reads a program's options up to its first operand, as getopt does with `+`."""
    found = _Options([], {}, [])
    waiting = words[1:]
    while waiting:
        word = waiting[0]
        head = word.prefix
        if word.literal is None and not head.startswith("-"):
            if word.several and not head:
                found.unclear = True  # it may be options, or nothing, or the command itself
                waiting = waiting[1:]
                continue
            break
        if head == "--":
            waiting = waiting[1:]
            break
        if len(head) < 2 or head[0] != "-":
            break
        waiting = waiting[1:]
        if head.startswith("--"):
            name, equals, _ = head.partition("=")
            found.flags.append(name)
            if name in wrapper.long or name in wrapper.shell or name in wrapper.directory:
                if equals:
                    found.values.setdefault(name, []).append(_after(word, len(name) + 1))
                elif waiting:
                    found.values.setdefault(name, []).append(waiting.pop(0))
            continue
        for index, letter in enumerate(head[1:], 1):
            found.flags.append(f"-{letter}")
            if letter in wrapper.short or f"-{letter}" in wrapper.shell:
                rest = _after(word, index + 1)
                if rest.parts:
                    found.values.setdefault(f"-{letter}", []).append(rest)
                elif waiting:
                    found.values.setdefault(f"-{letter}", []).append(waiting.pop(0))
                break
    found.rest = waiting
    return found


def _after(word: Word, length: int) -> Word:
    """The word without its first characters, which are literal."""
    parts = list(word.parts)
    while parts and length:
        first = parts[0]
        if isinstance(first, Unknown):
            break
        taken = min(length, len(first.text))
        length -= taken
        parts[0] = Literal(first.text[taken:], first.quoted)
        if not first.text[taken:]:
            parts.pop(0)
    return Word(tuple(parts))


def _wrapper(wrapper: Wrapper, words: list[Word], stdin: Input | None) -> Iterator[Answer]:
    options = _options(words, wrapper)
    if wrapper.idle & set(options.flags):
        return
    if options.unclear:
        yield Runs(())
    name = os.path.basename(words[0].literal or "")
    rest = options.rest
    changes: list[tuple[str, Word | None]] = []
    if wrapper.assignments:
        if rest and rest[0].literal == "-" and name == "env":
            rest = rest[1:]
        while rest and "=" in rest[0].prefix:
            variable, _, _ = rest[0].prefix.partition("=")
            changes.append((variable, _after(rest[0], len(variable) + 1)))
            rest = rest[1:]
    texts = [text for option in sorted(wrapper.shell) for text in options.values.get(option, [])]
    if not texts and rest[wrapper.operands :] and rest[wrapper.operands].literal in wrapper.shell:
        texts = rest[wrapper.operands + 1 :][:1]  # flock FILE -c TEXT
    elif name in ("su", "script") and not texts:
        at = next((index for index, word in enumerate(rest) if word.literal in wrapper.shell), None)
        texts = [] if at is None else rest[at + 1 : at + 2]  # su USER -c TEXT
    if texts:
        for text in texts:
            yield _text([text])
        return
    rest = rest[wrapper.operands :]
    if name in ("sudo", "doas") and {"-s", "-i", "--shell", "--login"} & set(options.flags):
        yield _text(rest) if rest else Reads(None if stdin is None else stdin.text)
        return
    if not rest:
        return
    if wrapper.joined:
        yield from _joined(name, rest, stdin)
        return
    where = [word for option in sorted(wrapper.directory) for word in options.values.get(option, [])]
    if name == "env":
        removed = [*options.values.get("-u", []), *options.values.get("--unset", [])]
        changes = [*[(word.written, None) for word in removed], *changes]
    bare = name == "env" and bool({"-i", "--ignore-environment"} & set(options.flags))
    yield Runs(tuple(rest), where[-1] if where else None, tuple(changes), bare)


def _joined(name: str, rest: list[Word], stdin: Input | None) -> Iterator[Answer]:
    if name == "ssh":
        rest = _options([rest[0], *rest], WRAPPERS["ssh"]).rest  # ssh takes options after the host too
        yield _text(rest, remote=True)
        return
    if name == "parallel":
        at = next((index for index, word in enumerate(rest) if (word.literal or "").startswith(":::")), len(rest))
        given = literals(rest[at + 1 :])
        yield from [_text([*rest[:at], plain(one)]) for one in given or [] if not one.startswith(":::")]
        if given:
            return
        rest = [*rest[:at], unknown("{}")] if stdin is None or stdin.text is None else rest[:at]
    yield _text(rest)


def _text(words: Sequence[Word], *, remote: bool = False, inside: bool = False) -> Reads:
    return Reads(" ".join([word.written for word in words]), literals(words) is not None, None, remote, inside)


def _shell(words: list[Word], stdin: Input | None) -> Iterator[Answer]:
    """Of bash and its kin: -c anywhere among the options makes the first operand the text."""
    waiting = words[1:]
    given = reads = False
    while waiting:
        text = waiting[0].literal
        if text is None and waiting[0].several and not waiting[0].prefix:
            yield Runs(())
        elif text is None or len(text) < 2 or text[0] not in "-+":
            break
        elif text == "--":
            waiting = waiting[1:]
            break
        elif text in ("--rcfile", "--init-file", "-o", "+o", "-O", "+O") and len(waiting) > 1:
            waiting = waiting[1:]
        elif text[0] == "-" and not text.startswith("--"):
            given = given or "c" in text
            reads = reads or "s" in text
        elif text in ("--version", "--help"):
            return
        waiting = waiting[1:]
    if given:
        if waiting:
            text_word, *rest = waiting
            yield Reads(text_word.written, text_word.literal is not None, tuple(rest[1:]))
        return
    operand = waiting[0] if waiting else None
    if operand is not None and operand.written.startswith("<("):
        yield Reads(None)
    elif reads or operand is None or operand.literal in ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"):
        if stdin is not None:
            yield Reads(stdin.text, stdin.whole)
    elif operand.literal is None and operand.several and not operand.prefix:
        yield Runs(())


def _eval(words: list[Word], _stdin: Input | None) -> Iterator[Answer]:
    if words[1:]:
        yield _text(words[1:], inside=True)


def _trap(words: list[Word], _stdin: Input | None) -> Iterator[Answer]:
    rest = [word for word in words[1:] if word.literal != "--"]
    if len(rest) > 1 and not (rest[0].literal or "").startswith("-"):
        yield _text(rest[:1], inside=True)


def _source(words: list[Word], stdin: Input | None) -> Iterator[Answer]:
    if len(words) > 1 and words[1].written.startswith("<("):
        yield Reads(None)
    elif len(words) > 1 and words[1].literal in ("/dev/stdin", "/dev/fd/0") and stdin is not None:
        yield Reads(stdin.text, stdin.whole)


def _at(_words: list[Word], stdin: Input | None) -> Iterator[Answer]:
    if stdin is not None:
        yield Reads(stdin.text, stdin.whole)


def _env(words: list[Word], stdin: Input | None) -> Iterator[Answer]:
    """Of env, and its -S: a text that is split, and joined by what follows."""
    for index, word in enumerate(words[1:], 1):
        head = word.prefix
        if not head.startswith("-") and "=" not in head:
            break
        split = next((option for option in ("-S", "-vS", "-iS", "--split-string=") if head.startswith(option)), None)
        if split is None and head != "--split-string":
            continue
        text = _after(word, len(split)) if split and len(head) > len(split) else None
        rest = words[index + 1 :]
        if text is None:
            if not rest:
                return
            text, rest = rest[0], rest[1:]
        try:
            parts = shlex.split(text.written) if text.literal is not None else [text.written]
        except ValueError:
            yield Runs(())
            return
        made = [Word((Unknown(part, quoted=False),)) if "$" in part else plain(part) for part in parts]
        yield from _env([words[0], *words[1:index], *made, *rest], stdin)
        return
    yield from _wrapper(WRAPPERS["env"], words, stdin)


def _xargs(words: list[Word], stdin: Input | None) -> Iterator[Answer]:
    options = _options(words, WRAPPERS["xargs"])
    rest = options.rest or [plain("echo")]
    marks = [word.written for option in ("-I", "--replace") for word in options.values.get(option, [])]
    if "-i" in options.flags:
        marks.append("{}")
    lines = None if stdin is None or stdin.text is None or not stdin.whole or "-a" in options.flags else stdin.text
    if marks:
        given = [plain(line) for line in lines.splitlines()] if lines is not None else [unknown("{}", several=False)]
        for one in given:
            yield Runs(tuple([_filled(word, marks[0], one) for word in rest]))
        return
    if lines is None:
        yield Runs((*rest, unknown("…")))
        return
    try:
        given = [plain(text) for text in shlex.split(lines.replace("\0", " "))]
    except ValueError:
        given = [unknown("…")]
    yield Runs((*rest, *given))


def _filled(word: Word, mark: str, by: Word) -> Word:
    """The word with what takes the place of a mark in it."""
    if mark not in word.written:
        return word
    if word.literal is None:
        return unknown(word.written, several=False)
    before, _, after = word.written.partition(mark)
    parts = (Literal(before, quoted=True), *by.parts, Literal(after, quoted=True))
    return Word(tuple([part for part in parts if isinstance(part, Unknown) or part.text]))


def _find(words: list[Word], _stdin: Input | None) -> Iterator[Answer]:
    """Of find and fd: the command after -exec and its kin, `{}` being a file."""
    fd = os.path.basename(words[0].literal or "") in ("fd", "fdfind")
    starts = ("-x", "-X", "--exec", "--exec-batch") if fd else ("-exec", "-execdir", "-ok", "-okdir")
    at = 1
    while at < len(words):
        if words[at].literal in starts:
            end = at + 1
            while end < len(words) and words[end].literal != ";":
                if words[end].literal == "+" and words[end - 1].literal == "{}":
                    break
                end += 1
            found = [_filled(word, "{}", unknown("{}", several=False)) for word in words[at + 1 : end]]
            if found:
                where = unknown("{}") if words[at].literal in ("-execdir", "-okdir") else None
                yield Runs(tuple(found), where)
            at = end
        at += 1


_GIT = Wrapper("Cc", _set("--git-dir", "--work-tree", "--namespace", "--config-env", "--attr-source", "--super-prefix"))


def _git(words: list[Word], _stdin: Input | None) -> Iterator[Answer]:
    """Git's options taken off, aliases given on the line, and the subcommands that run commands."""
    options = _options(words, _GIT)
    rest = options.rest
    if not rest:
        return
    where = options.values.get("-C", [])
    if len(rest) < len(words) - 1:
        yield Runs((words[0], *rest), where[-1] if len(where) == 1 else unknown("-C") if where else None)
        settings = options.values.get("-c", [])
        for setting in settings:
            name, _, value = setting.written.partition("=")
            if name.lower() == f"alias.{rest[0].written.lower()}":
                yield from _git_alias(value, words[0], rest[1:])
        return
    verb = rest[0].literal
    if verb in ("bisect", "submodule") and len(rest) > 2 and rest[1].literal in ("run", "foreach"):
        following = [word for word in rest[2:] if word.literal not in ("--recursive", "-q", "--quiet")]
        yield _text(following) if verb == "submodule" else Runs(tuple(following))
    elif verb == "rebase":
        found = _options(rest, Wrapper("xsXC", _set("--exec", "--onto", "--strategy", "--strategy-option")))
        for text in [*found.values.get("-x", []), *found.values.get("--exec", [])]:
            yield _text([text])


def _git_alias(value: str, git: Word, rest: list[Word]) -> Iterator[Answer]:
    arguments = [word.written if word.literal is None else shlex.quote(word.literal) for word in rest]
    if value.startswith("!"):
        yield Reads(" ".join([value[1:], *arguments]))
        return
    try:
        yield Runs((git, *[plain(text) for text in shlex.split(value)], *rest))
    except ValueError:
        return


_SPECIAL: dict[str, Callable[[list[Word], Input | None], Iterator[Answer]]] = {
    "eval": _eval,
    "trap": _trap,
    "source": _source,
    ".": _source,
    "at": _at,
    "batch": _at,
    "env": _env,
    "xargs": _xargs,
    "find": _find,
    "fd": _find,
    "fdfind": _find,
    "git": _git,
}

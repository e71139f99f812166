"""git's global options taken off, and its aliases expanded, as `handle_options` and `handle_alias` in its git.c do."""

from __future__ import annotations

from collections.abc import Iterator

from safeshell.command import variables
from safeshell.command.command_line import block, unblock
from safeshell.command.unwrap.spelling import Spelling, World
from safeshell.text import text

BUILTINS = frozenset(
    b"""
    add am annotate apply archive backfill bisect blame branch bugreport bundle cat-file check-attr check-ignore
    check-mailmap check-ref-format checkout checkout-index cherry cherry-pick citool clean clone column commit
    commit-graph commit-tree config count-objects credential credential-cache credential-store cvsexportcommit
    cvsimport cvsserver daemon describe diagnose diff diff-files diff-index diff-pairs diff-tree difftool fast-export
    fast-import fetch fetch-pack filter-branch fmt-merge-msg for-each-ref for-each-repo format-patch fsck
    fsck-objects gc get-tar-commit-id grep gui hash-object help hook http-backend http-fetch http-push imap-send
    index-pack init init-db instaweb interpret-trailers last-modified log ls-files ls-remote ls-tree mailinfo
    mailsplit maintenance merge merge-base merge-file merge-index merge-octopus merge-one-file merge-ours
    merge-recursive merge-recursive-ours merge-recursive-theirs merge-resolve merge-subtree merge-tree mergetool
    mktag mktree multi-pack-index mv name-rev notes p4 pack-objects pack-refs patch-id pickaxe prune prune-packed pull
    push quiltimport range-diff read-tree rebase receive-pack reflog refs remote remote-ext remote-fd repack replace
    replay repo request-pull rerere reset restore rev-list rev-parse revert rm send-email send-pack shell shortlog
    show show-branch show-index show-ref sparse-checkout stage stash status stripspace submodule svn switch
    symbolic-ref tag unpack-file unpack-objects update-index update-ref update-server-info upload-archive
    upload-pack var verify-commit verify-pack verify-tag version web--browse worktree write-tree
    """.split()
)
"""What comes with git and can't be an alias. What not every version has is rather left out: it is looked up in vain,
where an alias would be missed."""

_FLAGS = frozenset(
    b"""
    -p --paginate -P --no-pager --no-lazy-fetch --no-replace-objects --bare --literal-pathspecs
    --no-literal-pathspecs --glob-pathspecs --noglob-pathspecs --icase-pathspecs --no-optional-locks --no-advice
    """.split()
)
_VALUES = frozenset(
    b"-C -c --git-dir --work-tree --namespace --super-prefix --config-env --attr-source --shallow-file".split()
)
"""Those that take a value: the next word, or for long ones after `=`."""

_SHELL_MEANING = frozenset(b"|&;<>()$`\\\"' \t\n*?[#~=%")
"""With one of these, git hands an alias with `!` to a shell (`prepare_shell_cmd`); else it runs the word."""


def unwrap(spelling: Spelling, world: World) -> Iterator[Spelling]:
    """What a git command really is: without its global options, or where it has none, what its alias stands for."""
    words = unblock(spelling.arguments)
    options = _Options(spelling, world)
    at = options.read(words)
    if at is None or at >= len(words):
        return
    if at > 1:
        yield options.result(block([words[0], *words[at:]]))
        return
    name, rest = words[1], words[2:]
    if name in BUILTINS or rest[:1] == [b"--help"]:
        return
    from safeshell.command.unwrap.splitting import split_alias  # noqa: PLC0415 # few commands are git's aliases

    for value in world.aliases(spelling, name):
        if value.startswith(b"!"):
            yield from _shell(spelling, value[1:], rest, world)
            continue
        expansion = split_alias(value)
        if expansion is not None and expansion != [b""]:
            yield spelling._replace(arguments=block([words[0], *expansion, *rest]))


class _Options:
    """git's global options, and what they change."""

    def __init__(self, spelling: Spelling, world: World) -> None:
        self._spelling = spelling
        self._world = world
        self._environment = spelling.environment
        self._directory = spelling.directory
        self._git = dict(spelling.git_environment)

    def read(self, words: list[bytes]) -> int | None:
        """Takes the options up; returns where the subcommand stands, None where git runs none."""
        at = 1
        while at < len(words):
            word = words[at]
            if not word.startswith(b"-") or word in (b"--help", b"-h", b"--version", b"-v"):
                return at
            name, equals, value = word.partition(b"=")
            if word in _FLAGS:
                self._flag(word)
            elif word in _VALUES:
                at += 1
                if at == len(words) or not self._value(word, words[at]):
                    return None
            elif equals and name in _VALUES and name.startswith(b"--"):
                if not self._value(name, value):
                    return None
            elif not (equals and name == b"--exec-path"):
                return None  # it prints something, or isn't known: git ends there
            at += 1
        return None

    def _flag(self, word: bytes) -> None:
        if word == b"--bare":
            self._git.setdefault(b"GIT_IMPLICIT_WORK_TREE", b"0")
            if self._directory is not None and variables.get(self._environment, b"GIT_DIR") is None:
                self._git.setdefault(b"GIT_DIR", self._directory)

    def _value(self, option: bytes, value: bytes) -> bool:
        """Takes one option up; returns whether git goes on."""
        match option:
            case b"-C":
                if value:
                    self._directory = self._world.enter(self._directory, value)
            case b"--git-dir":
                self._git[b"GIT_DIR"] = value
            case b"--work-tree":
                self._git[b"GIT_WORK_TREE"] = value
            case b"-c":
                key, equals, setting = value.partition(b"=")
                self._configure(key, setting if equals else None)
            case b"--config-env":
                key, equals, variable = value.rpartition(b"=")
                found = variables.get(self._environment, variable) if equals else None
                if found is None:
                    return False
                self._configure(key, found)
        return True

    def _configure(self, key: bytes, value: bytes | None) -> None:
        """Hands a setting on as git does, by the environment."""
        from safeshell.host.git.parameters import quote  # noqa: PLC0415 # few commands set git's configuration

        before = variables.get(self._environment, b"GIT_CONFIG_PARAMETERS")
        said = quote(key) + b"=" + (b"" if value is None else quote(value))
        entry = b"GIT_CONFIG_PARAMETERS=" + (before + b" " if before else b"") + said
        self._environment = variables.assigned(self._environment, [entry])

    def result(self, arguments: bytes) -> Spelling:
        """The command without its global options."""
        return Spelling(
            self._spelling.name, arguments, self._environment, self._directory, tuple(sorted(self._git.items()))
        )


def _shell(spelling: Spelling, line: bytes, rest: list[bytes], world: World) -> Iterator[Spelling]:
    """What git runs for an alias that starts with `!`: at the top of the work tree, with its own variables set."""
    environment = variables.assigned(
        spelling.environment, [name + b"=" + value for name, value in spelling.git_environment]
    )
    directory = spelling.directory
    top = world.work_tree(spelling)
    if top is not None and directory is not None and (directory + b"/").startswith(top.rstrip(b"/") + b"/"):
        below = directory[len(top.rstrip(b"/")) + 1 :]
        environment = variables.assigned(environment, [b"GIT_PREFIX=" + (below + b"/" if below else b"")])
        directory = top
    if _SHELL_MEANING.isdisjoint(line):
        if line:
            yield _command([line, *rest], environment, directory)
        return
    script = line + b' "$@"' if rest else line
    yield _command([b"sh", b"-c", script, line, *rest], environment, directory)
    from safeshell.command.unwrap.splitting import split_plain  # noqa: PLC0415 # few commands are git's aliases

    commands = split_plain(line)
    if commands is not None:
        commands[-1] += rest
        for words in filter(None, commands):
            yield _command(words, environment, directory)


def _command(words: list[bytes], environment: bytes, directory: bytes | None) -> Spelling:
    return Spelling(text(words[0][words[0].rfind(b"/") + 1 :]), block(words), environment, directory)

"""Every finding there can be: one row a code, worded here and nowhere else. Codes are stable, they are never reused.

SS1xx reading, SS2xx the model, SS3xx the meaning, SS4xx limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding.

    Attributes:
        code: the stable name.
        severity: `error` (no table) or `warning`.
        summary: what it is about, for reference pages.
        message: the wording; `{…}` are filled in by who reports it.
        hint: what mends it, likewise, or "".
    """

    code: str
    severity: Severity
    summary: str
    message: str
    hint: str = ""


_ROWS = (
    Code("SS101", "error", "A file or directory cannot be read", "can't read {path}: {reason}"),
    Code("SS102", "error", "The rules file is missing", "{path} does not exist", "run `safeshell init`"),
    Code("SS103", "error", "A rules file is a directory", "{path} is a directory, not a rules file"),
    Code("SS104", "error", "A rules file is a device, a pipe or a socket", "{path} is not a regular file"),
    Code(
        "SS105",
        "error",
        "Rules belong to another user, who could change what is decided",
        "{path} belongs to uid {uid}, not to {expected}",
        "only rules that nobody else can change are used: chown it, or copy it",
    ),
    Code("SS106", "error", "Rules are writable by others", "{path} is writable by others", "chmod go-w {path}"),
    Code(
        "SS107",
        "error",
        "A repository's rules belong to another user or are writable by others; the daemon skips them",
        "{path} {problem}: the repository's rules are skipped",
        "{remedy}",
    ),
    Code("SS108", "error", "A rules file is not UTF-8", "not UTF-8: byte 0x{byte:02x}", "save the file as UTF-8"),
    Code(
        "SS109",
        "error",
        "A rules file is empty",
        "the file holds no rules",
        "it needs at least `version: 1` and `rules:`",
    ),
    Code("SS110", "error", "The file is not YAML", "not YAML: {problem}"),
    Code("SS111", "error", "A tab indents YAML", "a tab can't indent YAML", "indent with spaces"),
    Code(
        "SS112",
        "error",
        "A key stands twice in one mapping",
        "the key {key!r} stands here twice, first on line {first}",
    ),
    Code(
        "SS113",
        "error",
        "Several documents in one file",
        "a second document starts here",
        "use `include:`, one file each",
    ),
    Code("SS114", "error", "A YAML tag", "the tag {tag} means nothing in rules", "remove it"),
    Code("SS115", "error", "A key that is not text", "a key must be text", "quote it, or give the value a key"),
    Code(
        "SS116",
        "error",
        "A rules file is not a mapping",
        "a rules file is a mapping, this is {found}",
        "start it with `version: 1`",
    ),
    Code("SS117", "error", "An alias without its anchor", "there is no anchor &{anchor} above"),
    Code("SS118", "error", "An alias inside its own anchor", "*{anchor} stands inside &{anchor} itself"),
    Code("SS119", "error", "A character that no command can hold", "{character} can't stand in rules", "{remedy}"),
    Code("SS120", "error", "An include does not exist", "{path} does not exist", "the path is relative to this file"),
    Code("SS121", "error", "No pack has this name", "there is no pack {name!r}", "{known}"),
    Code("SS122", "error", "Files include each other", "files include each other: {chain}", "break the cycle"),
    Code("SS123", "error", "A directory holds no rules", "{path} holds no *.yaml file"),
    Code("SS201", "error", "A key that does not exist", "unknown key {key!r}", "{suggestion}"),
    Code("SS202", "error", "A condition that does not exist", "unknown condition {key!r}", "{suggestion}"),
    Code("SS203", "error", "A key is missing", "{key!r} is missing"),
    Code("SS204", "error", "Text is wanted", "this must be text, it is {found}", "{hint}"),
    Code("SS205", "error", "Not one of the values there are", "{value} is none of {expected}", "{suggestion}"),
    Code("SS206", "error", "An empty list", "this list is empty: {meaning}"),
    Code("SS207", "error", "A name that a rule can't have", "{value} can't be a name", "{expected}"),
    Code("SS208", "error", "True or false is wanted", "this must be true or false, it is {found}"),
    Code("SS209", "error", "A list is wanted", "this must be a list, it is {found}", "{remedy}"),
    Code("SS210", "error", "A mapping is wanted", "this must be a mapping, it is {found}", "{remedy}"),
    Code(
        "SS211",
        "error",
        "Several conditions in one item",
        "one item holds one condition, this has {keys}",
        "make each an item of its own: `- {first}: …`",
    ),
    Code("SS212", "error", "An item without a condition", "{problem}"),
    Code("SS213", "error", "Not a version of the rule language", "the version must be 1, it is {found}"),
    Code("SS214", "error", "Text that may not be empty", "this is empty"),
    Code("SS215", "error", "A directory that is not absolute", "{value} is not an absolute path", "start it with /"),
    Code("SS216", "error", "Not an option's name", "{value!r} names no option: {problem}", "{remedy}"),
    Code(
        "SS217",
        "error",
        "The home directory of somebody else",
        "{value!r} can't be told: `~` is only the caller's own home",
        "write it out, or as `./{value}` where that is a file's name",
    ),
    Code("SS218", "error", "Not an agent's name", "{value!r} is the name of no agent", "{remedy}"),
    Code("SS219", "error", "Not a place", "{value!r} is no place: {problem}", "{remedy}"),
    Code("SS299", "error", "A value of the wrong form", "{problem}"),
    Code("SS301", "error", "Two rules of one name in one file", "a rule {name!r} stands here already, on line {first}"),
    Code(
        "SS302",
        "error",
        "An override names a rule that does not exist",
        "no included rule is called {name!r}",
        "{suggestion}",
    ),
    Code(
        "SS303",
        "error",
        "An override's name fits several rules",
        "{name!r} could be any of {candidates}",
        "write it as `file/{bare}` or `pack/{bare}`",
    ),
    Code(
        "SS304",
        "error",
        "An override of the file's own rule",
        "{name!r} is this file's own rule, on line {first}",
        "change it there",
    ),
    Code(
        "SS305",
        "error",
        "Two overrides of one rule in one file",
        "{name!r} is overridden here already, on line {first}",
    ),
    Code("SS306", "error", "A pattern that RE2 does not take", "this pattern does not compile: {reason}", "{remedy}"),
    Code("SS307", "error", "A redirect to nowhere", "a redirect needs `redirect_to`"),
    Code("SS308", "error", "A target without a redirect", "`redirect_to` needs `action: redirect`, this is {action}"),
    Code("SS309", "error", "A redirect's target is malformed", "{problem}", "{remedy}"),
    Code(
        "SS310",
        "error",
        "A timeout is malformed",
        "{value!r} is no timeout: {problem}",
        "a number with ms, s, m or h, like `30s`",
    ),
    Code(
        "SS311",
        "error",
        "A command name that nothing is called by",
        "{value!r} is no command's basename: {problem}",
        "{remedy}",
    ),
    Code("SS312", "error", "A rule's test is malformed", "{problem}", "{remedy}"),
    Code(
        "SS313",
        "warning",
        "A restricting rule without a test that it matches",
        "{name!r} restricts and no test shows that it matches",
        "add `tests: {{match: [a command]}}`",
    ),
    Code(
        "SS314",
        "warning",
        "A rule that can never match",
        "{name!r} can never match: its conditions contradict each other",
    ),
    Code("SS315", "warning", "An override that changes nothing", "this changes nothing about {name!r}"),
    Code(
        "SS316",
        "error",
        "A repository's rule does more than tighten",
        "a repository's rules can't {verb}",
        "only `deny` and `require_approval` work here; the rest belongs in ~/.safeshell/rules.yaml",
    ),
    Code(
        "SS317",
        "error",
        "A repository overrides rules",
        "a repository's rules can't override others",
        "overrides belong in ~/.safeshell/rules.yaml",
    ),
    Code(
        "SS318",
        "error",
        "A repository includes a file from outside",
        "{path} lies outside the repository {root}",
        "include only what is part of the repository, or a pack",
    ),
    Code(
        "SS319",
        "error",
        "A repository includes a pack that does more than tighten",
        "{pack} can't be included by a repository: {name!r} would {verb}",
        "include it in ~/.safeshell/rules.yaml",
    ),
    Code(
        "SS320",
        "error",
        "An override makes a rule a redirect without a target",
        "{name!r} has no `redirect_to`",
        "write a rule of your own that redirects",
    ),
    Code(
        "SS321",
        "warning",
        "A rule without commands, which nothing is shimmed for",
        "{name!r} names no commands: it sees only what is shimmed for other rules, shell lines, and `run --strict`",
        "add `commands: [...]`; a glob is expanded over PATH",
    ),
    Code(
        "SS322",
        "warning",
        "An item stands twice in a list",
        "{what} stands here twice, first on line {first}",
        "remove one",
    ),
    Code(
        "SS323",
        "warning",
        "A dot in what looks like a file's name stands for any character",
        "the dot in {word!r} stands for any character",
        "write it as {escaped}",
    ),
    Code(
        "SS324",
        "warning",
        "A pattern that matches the empty string",
        "this pattern matches the empty string, so it is found in every {subject}",
        "ask for at least one character that matters, or remove the condition",
    ),
    Code("SS325", "warning", "A condition that always holds", "this always holds: {why}", "{remedy}"),
    Code("SS326", "warning", "A condition that never holds", "this never holds: {why}", "{remedy}"),
    Code(
        "SS327",
        "warning",
        "A pattern that can't match the rule's own commands",
        "this can't be found in any command line of {names}",
        "a command line begins with the command's name, without its directory: {example}",
    ),
    Code(
        "SS328",
        "warning",
        "A `not` of what never holds",
        "this `not` excludes nothing: what it negates never holds",
        "remove it, or mend the condition",
    ),
    Code(
        "SS329",
        "warning",
        "Two conditions that can't hold together",
        "this can't hold together with {other} on line {line}",
        "write alternatives under `any`, or make two rules of it",
    ),
    Code(
        "SS330",
        "warning",
        "Conditions that can't hold together",
        "the conditions of {name!r} can't all hold for any command line of {names}",
        "write alternatives under `any`, or make several rules of it",
    ),
    Code(
        "SS331",
        "warning",
        "A branch outside a work tree",
        "outside a work tree only a bare repository or the inside of a .git has a branch",
        "leave `in_git_repo: false` or the branch out",
    ),
    Code(
        "SS332",
        "warning",
        "A redirect whose target is denied",
        "the target is itself denied, by {name!r} ({where})",
        "redirect to a command that is allowed, or except it there with `not:`",
    ),
    Code(
        "SS333",
        "warning",
        "A rule that stands twice",
        "{name!r} says what {other!r} says already ({where})",
        "remove one of them",
    ),
    Code(
        "SS334",
        "warning",
        "A rule that never decides, as a more restrictive or earlier one covers it",
        "{name!r} never decides: wherever it matches, {other!r} does too ({where}), which {verb}",
        "{remedy}",
    ),
    Code(
        "SS335",
        "error",
        "An approval where none is asked for",
        "`approval: outside` needs `action: require_approval`, that of {name!r} is {action}",
    ),
    Code(
        "SS401",
        "error",
        "A rules file is too large",
        "{path} has {size} MiB, a rules file may have {limit}",
        "split it and use `include:`",
    ),
    Code("SS402", "error", "YAML is nested too deep", "nested over {limit} deep"),
    Code(
        "SS403",
        "error",
        "Aliases stand for too much",
        "the aliases of this file stand for over {limit} values",
        "write out what differs, or use fewer aliases",
    ),
    Code("SS404", "error", "A rule is too complex", "{condition} makes over {limit} rows", "{remedy}"),
    Code(
        "SS405",
        "error",
        "The rules together are too complex",
        "the rules up to {name!r} make over {limit} rows",
        "write alternatives as one pattern with |",
    ),
    Code(
        "SS406",
        "error",
        "A pattern's automaton is too large",
        "this pattern's automaton does not fit {limit} MiB",
        "use smaller repetitions",
    ),
    Code("SS407", "error", "Includes are nested too deep", "includes are nested over {limit} deep"),
    Code("SS408", "error", "Conditions are nested too deep", "conditions are nested over {limit} deep"),
    Code(
        "SS409",
        "warning",
        "A pattern costs more than its budget",
        "this pattern does not compile within {limit} KiB: every command that it is asked of pays for it",
        "use smaller repetitions, or smaller sets of characters",
    ),
)

CODES: dict[str, Code] = {row.code: row for row in _ROWS}
"""All codes, in order."""

"""Hypothesis strategies: random policies as YAML text, and situations, from a vocabulary small enough to collide."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import strategies as st
from oracle import Situation

from safeshell.policy.facts import UNDECIDED

_NAMES = st.sampled_from(["git", "rm", "mkfs.ext4", "mkfs.xfs", "["])
_COMMANDS = st.lists(st.sampled_from(["git", "rm", "mkfs.*", "g?t", "[gr]*", "[", "*"]), min_size=1, max_size=3)
_WORDS = st.sampled_from(
    [
        *("push", "--force", "-f", "main", "HEAD^", "a b", "", "x\ny", "é", "$HOME", "'", "$ARGS"),
        *("-rf", "--forc", "--", "-", "-o", "+main", "/etc/x", "../etc", "build/../a", "/home/a/work"),
    ]
)
_OPTIONS = st.sampled_from(["-f", "--force", "-r", "--recursive", "-o", "--output"])
_OPTION_VALUES = st.fixed_dictionaries(
    {
        "option": st.lists(_OPTIONS, min_size=1, max_size=2),
        "matches": st.sampled_from([r"^main$", r"", r"^-", r"x$", r"etc"]),
    }
)
_OPERANDS = st.sampled_from([r"^\+", r"^/etc", r"main", r"", r"^-", r"^a b$", r"\n"])
_PATHS = st.sampled_from(["/etc", "~/work", "build", ".", "/", "~"])
_TEXTS = st.sampled_from(["push", "git push", "--force", "-f", "'HEAD^'", "x\ny", "é", "'", " ", "rm", ".", "a+"])
_LINES = st.sampled_from(
    [r"push", r"^git\s+push", r"push.*--force", r"\s(-f|--force)(\s|$)", r"(?i)MAIN", r"^$", r"\d"]
)
_BRANCHES = st.sampled_from(["main", "release/2", "é"])
_BRANCH_PATTERNS = st.sampled_from([r"^release/", r"main", r"é$", r""])
_DIRECTORIES = st.sampled_from(["/", "/work", "/workshop", "/home/a/work", "/tmp/x"])
_DIRECTORY_PATTERNS = st.sampled_from([r"/work", r"/home/[^/]+/work", r"^/tmp/", r"/a|/tmp", r"work$"])
_FILES = st.sampled_from([".gitignore", "/etc/x"])
_PLACES = st.sampled_from(["/etc/y", "/home/a/work", "/elsewhere", "/"])
_VARIABLES = st.sampled_from(["CI", "A", "HOME"])
_AGENTS = st.sampled_from(["codex", "gemini", "unknown"])
_VALUES = st.sampled_from(["1", "", "x y", "/home/a"])

_LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"command_matches": _LINES}),
    st.fixed_dictionaries({"command_contains": _TEXTS}).filter(lambda c: c["command_contains"].strip() != ""),
    st.fixed_dictionaries({"command_startswith": _TEXTS}).filter(lambda c: c["command_startswith"].strip() != ""),
    st.fixed_dictionaries({"git_branch_in": st.lists(_BRANCHES, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"git_branch_matches": _BRANCH_PATTERNS}),
    st.fixed_dictionaries({"in_git_repo": st.booleans()}),
    st.fixed_dictionaries({"path_matches": _DIRECTORY_PATTERNS}),
    st.fixed_dictionaries({"file_exists": _FILES}),
    st.fixed_dictionaries({"option": st.lists(_OPTIONS, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"option_value": _OPTION_VALUES}),
    st.fixed_dictionaries({"operand_matches": _OPERANDS}),
    st.fixed_dictionaries({"operand_under": st.lists(_PATHS, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"agent_in": st.lists(_AGENTS, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"env_equals": st.fixed_dictionaries({"variable": _VARIABLES, "value": _VALUES})}),
)


def _compound(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        st.fixed_dictionaries({"all": several}),
        st.fixed_dictionaries({"any": several}),
        st.fixed_dictionaries({"not": parts}),
    )


conditions = st.recursive(_LEAVES, _compound, max_leaves=6)
"""One condition, nested or not."""


@st.composite
def rules(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A rule of this name."""
    rule: dict[str, Any] = {"name": name, "message": "no"}
    rule["action"] = draw(st.sampled_from(["allow", "deny", "require_approval", "redirect"]))
    if rule["action"] == "redirect":
        rule["redirect_to"] = "trash $ARGS"
    optional: dict[str, st.SearchStrategy[Any]] = {
        "commands": _COMMANDS,
        "directory": _DIRECTORY_PATTERNS,
        "context": st.sampled_from(["all", "ai_only", "human_only"]),
        "conditions": st.lists(conditions, min_size=1, max_size=3),
        "takes_argument": st.lists(_OPTIONS, min_size=1, max_size=2),
        "timeout": st.sampled_from(["1ms", "250ms", "3000ms"]),
        "observe": st.booleans(),
    }
    rule.update({key: draw(strategy) for key, strategy in optional.items() if draw(st.booleans())})
    return rule


@st.composite
def policies(draw: st.DrawFn) -> str:
    """A rules file without includes."""
    count = draw(st.integers(1, 5))
    return _yaml({"version": 1, "rules": [draw(rules(f"rule-{number}")) for number in range(count)]})


@st.composite
def overrides(draw: st.DrawFn, included: str) -> str:
    """A rules file that includes `./included.yaml`, which has the given text, and changes some of its rules."""
    changes = []
    for rule in yaml.load(included, yaml.CSafeLoader)["rules"]:
        if not draw(st.booleans()):
            continue
        change: dict[str, Any] = {"name": rule["name"]}
        if draw(st.booleans()):
            change["unless"] = draw(st.lists(conditions, min_size=1, max_size=2))
        if draw(st.booleans()):
            change["action"] = draw(st.sampled_from(["allow", "deny", "require_approval"]))
        if draw(st.booleans()):
            change["disabled"] = draw(st.booleans())
        changes.append(change)
    own = [draw(rules("own"))]
    return _yaml({"version": 1, "include": ["./included.yaml"], "rules": own, "overrides": changes})


def _yaml(value: dict[str, Any]) -> str:
    text: str = yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True)
    return text


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """A command and the world around it, some of it undecided."""
    undecided = st.just(UNDECIDED)
    context = draw(st.sampled_from(["ai", "human"]))
    return Situation(
        argv=(draw(st.sampled_from(["", "/usr/bin/"])) + draw(_NAMES), *draw(st.lists(_WORDS, max_size=4))),
        directory=draw(_DIRECTORIES | undecided),
        branch=draw(st.none() | _BRANCHES | undecided),
        in_repo=draw(st.booleans() | undecided),
        env=draw(st.dictionaries(_VARIABLES, _VALUES)),
        files=draw(st.dictionaries(_FILES, st.booleans() | undecided)),
        context=context,
        agent=draw(st.none() | _AGENTS) if context == "ai" else None,
        places=draw(
            st.dictionaries(st.sampled_from(["main", "../etc", "/etc/x", "build"]), _PLACES | undecided, max_size=2)
        ),
    )


_ARGUMENT_LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"option": st.lists(_OPTIONS, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"option_value": _OPTION_VALUES}),
    st.fixed_dictionaries({"operand_matches": _OPERANDS}),
    st.fixed_dictionaries({"operand_under": st.lists(_PATHS, min_size=1, max_size=2)}),
)


_TAKEN = st.sampled_from(["-o", "--output", "-f"])


@st.composite
def argument_policies(draw: st.DrawFn) -> str:
    """Rules about nothing but arguments, so that what is special about these comes up often."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        rule: dict[str, Any] = {"name": f"rule-{number}", "message": "no"}
        rule["action"] = draw(st.sampled_from(["allow", "deny"]))
        leaves = st.recursive(_ARGUMENT_LEAVES, _compound, max_leaves=3)
        rule["conditions"] = draw(st.lists(leaves, min_size=1, max_size=2))
        if draw(st.booleans()):
            rule["takes_argument"] = draw(st.lists(_TAKEN, min_size=1, max_size=2))
        made.append(rule)
    return _yaml({"version": 1, "rules": made})


_ARGUMENTS = st.sampled_from(
    [
        *(
            "-f",
            "-rf",
            "-o",
            "--output",
            "--forc",
            "--",
            "",
            "+main",
            "main",
            "-ox",
            "--output=main",
            "-o=x",
            "--outp=main",
        ),
        *("../etc", "build/../a", "/etc/x", "/etc-old", "~/work", "builder"),
    ]
)


@st.composite
def argument_situations(draw: st.DrawFn) -> Situation:
    """A command with arguments that such rules are about, and where they lead."""
    return Situation(
        argv=(draw(st.sampled_from(["rm", "tool"])), *draw(st.lists(_ARGUMENTS, max_size=3))),
        directory=draw(_DIRECTORIES | st.just(UNDECIDED)),
        env=draw(st.sampled_from([{}, {"HOME": "/home/a"}])),
        places=draw(st.dictionaries(st.sampled_from(["main", "/etc/x"]), _PLACES | st.just(UNDECIDED), max_size=1)),
    )


_SHOWING_WORDS = st.sampled_from(
    [
        *("push", "push", "--help", "-h", "--dry-run", "-n", "-fn", "--no-dry-run", "--dry", "--force", "-f", "main"),
        *("--", "--dry-run=none", "--dry-run=client", "help", "delete", "-o", "--new", "--version", "x"),
    ]
)
_SHOWING_LINES = st.sampled_from(
    [
        *("push", "^git push", "--dry-run", "dry", r"^\S+ (--help|push)", "help", "-n$", "^rm .*x", "(--help|--force)"),
        *(r"\s(-f|--force)(\s|$)", "client", r"^\w+ \w+$", r"^\w+$", "main|--help"),
    ]
)
_SHOWING_LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"command_matches": _SHOWING_LINES}),
    st.fixed_dictionaries(
        {
            "option": st.lists(
                st.sampled_from(["--help", "-h", "-n", "--dry-run", "-f", "--force"]), min_size=1, max_size=2
            )
        }
    ),
    st.fixed_dictionaries({"operand_matches": st.sampled_from(["main", "^x$", "help", "push", "-"])}),
    st.fixed_dictionaries({"git_branch_in": st.just(["main"])}),
)


_SHOWING_NAMES = st.sampled_from(["git", "git", "rm", "kubectl", "tool"])
_SHOWN = st.sampled_from(
    [
        *(("git", "push", "--dry-run"), ("git", "push", "-fn", "main"), ("rm", "x", "--help"), ("tool", "--help")),
        ("kubectl", "delete", "x", "--dry-run=client"),
    ]
)


@st.composite
def showing_policies(draw: st.DrawFn, names: tuple[str, ...] = ("git", "rm", "[kt]*", "*", "*")) -> str:
    """Rules about commands that may only show, and about showing."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        rule: dict[str, Any] = {"name": f"rule-{number}", "message": "no"}
        rule["action"] = draw(st.sampled_from(["allow", "deny", "require_approval"]))
        rule["commands"] = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
        leaves = st.recursive(_SHOWING_LEAVES, _compound, max_leaves=4)
        conditions = draw(st.lists(leaves, max_size=2))
        if conditions:
            rule["conditions"] = conditions
        made.append(rule)
    return _yaml({"version": 1, "rules": made})


@st.composite
def showing_situations(draw: st.DrawFn) -> Situation:
    """Commands that may only show."""
    return Situation(
        argv=draw(_SHOWN | st.tuples(_SHOWING_NAMES, showing_words()).map(lambda drawn: (drawn[0], *drawn[1]))),
        branch=draw(st.sampled_from(["main", "x"]) | st.just(UNDECIDED)),
        env=draw(st.sampled_from([{}, {}, {"POSIXLY_CORRECT": ""}])),
    )


def showing_words() -> st.SearchStrategy[list[str]]:
    """Arguments of such commands."""
    return st.lists(_SHOWING_WORDS, max_size=4)

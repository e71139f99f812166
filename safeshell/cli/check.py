"""`safeshell check`: what would be decided for a command."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from typing import Any

import click

from safeshell.cli.check_context import AskedAs, asked_as
from safeshell.cli.check_tree import draw
from safeshell.cli.checked_command import CheckedCommand, stated_facts
from safeshell.cli.output import say, wants_colour, warn
from safeshell.cli.tables_in_force import TablesInForce
from safeshell.command.command_line import block
from safeshell.command.unwrap import spellings
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.home.settings import Settings
from safeshell.policy.composition import Judgement, judge_all
from safeshell.policy.context import Context
from safeshell.policy.decision import ACTIONS, Action, Decision
from safeshell.policy.explain import render
from safeshell.shell.hiding import hiding
from safeshell.shell.limits import RULE as OVERRUN
from safeshell.shell.syntax.tree import Dialect
from safeshell.text import columns, printable, text

EXIT = {Action.ALLOW: 0, Action.DENY: 3, Action.REQUIRE_APPROVAL: 4, Action.REDIRECT: 5}
_COLOUR = {Action.ALLOW: "green", Action.DENY: "red", Action.REQUIRE_APPROVAL: "yellow", Action.REDIRECT: "cyan"}


@click.command("check", context_settings={"ignore_unknown_options": False})
@click.option("--table", type=click.Path(), help="A table written by `compile -o`, in place of the ones in force.")
@click.option("--cwd", type=click.Path(), default=".", help="The working directory.")
@click.option("--branch", help="The git branch; implies a repository.")
@click.option("--env", "variables", multiple=True, metavar="K=V", help="A variable of the command's environment.")
@click.option("--context", "who", type=click.Choice(["ai", "human"]), help="Who is asking, if not whoever runs this.")
@click.option("--explain", "explained", is_flag=True, help="Say why, and who would run it; of a line what runs what.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("-c", "line", metavar="LINE", help="A shell line in place of COMMAND: each command in it is judged.")
@click.option("--shell", type=click.Choice([one.value for one in Dialect]), help="With -c: the shell that reads LINE.")
@click.option("--shims/--no-shims", default=None, help="With -c: as for a caller behind shims (default), or without.")
@click.option("--writes", multiple=True, metavar="PATH", help="In place of COMMAND: a file tool that writes PATH.")
@click.option("--reads", multiple=True, metavar="PATH", help="In place of COMMAND: a file tool that reads PATH.")
@click.argument("argv", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARG…]")
def command(
    table: str | None,
    cwd: str,
    branch: str | None,
    variables: tuple[str, ...],
    who: str | None,
    explained: bool,
    as_json: bool,
    line: str | None,
    shell: str | None,
    shims: bool | None,
    writes: tuple[str, ...],
    reads: tuple[str, ...],
    argv: tuple[str, ...],
) -> int:
    """Print what would be decided for COMMAND, a shell LINE or a file tool's call, by the daemon's own evaluator.

    No daemon is needed, and nothing runs.

    The environment is what --env gives, and HOME; an agent asks where the caller's own environment says so, as it would
    to a shim, and the last line names it. What COMMAND runs in turn, as `sh -c` does, is judged with it.

    --explain lists what was looked up, read and found. It starts a client, as the shim would be that this shell starts,
    and says whether the running daemon, or one that it would start, would run the command or have it run in place.
    Of a LINE it shows the commands as a tree, each below the one that runs it.

    --writes and --reads, as often as there are files, ask for a call of an agent's own file tool, as its hook would, in
    a session that began in --cwd. Most rules about files are for agents: add `--context ai`.

    Exit status: 0 allow, 3 deny, 4 require_approval, 5 redirect.
    """
    _check_usage(line, argv, shims=shims, shell=shell, files=(*writes, *reads))
    home = Home.find()
    directory = os.fsencode(os.path.realpath(cwd))
    if not os.path.isdir(directory):
        raise SafeShellError(f"{cwd} is not a directory")
    in_force = TablesInForce(home, table)
    tables, settings = in_force.at(directory), in_force.settings
    asked = asked_as(variables, who, Context(settings.markers))
    given = asked.environment
    if writes or reads:
        from safeshell.cli.checkfiles import answer_files, files_used  # noqa: PLC0415 # few ask for that

        used = files_used(writes, reads)
        answer, why = answer_files(used, in_force, _environment(given), directory, stated_facts(branch))
        _show(answer, asked, as_json=as_json)
        if explained:
            answer["explain"] = why.to_json()
            if not as_json:
                click.echo(f"\n{render(why)}", nl=False)
        if as_json:
            click.echo(json.dumps(answer))
        return EXIT[ACTIONS[answer["decision"]]]
    if line is not None:
        from safeshell.cli.checkline import answer_line, caller_of  # noqa: PLC0415 # the shell parser, only where needed

        caller = caller_of(
            tables,
            settings,
            given,
            directory,
            branch,
            shims=shims,
            tables_of=in_force.of,
            shell=Dialect(shell or Dialect.BASH.value),
            reads_files=True,
        )
        answer = answer_line(line, caller, explained=explained)
        _show(answer, asked, as_json=as_json)
        if explained and not as_json:
            click.echo(f"\n{draw(answer['commands'], answer['unread'])}", nl=False)
        if as_json:
            click.echo(json.dumps(answer))
        return EXIT[ACTIONS[answer["decision"]]]
    words = [os.fsencode(word) for word in argv]
    name = text(os.path.basename(words[0]))
    check = CheckedCommand(
        in_force.of,
        spellings(name, block(words), _environment(given), directory),
        Context(settings.markers),
        stated_facts(branch),
    )
    judgement = judge_all(check.spellings, check.facts, check.decide)
    answer = judgement.decision.to_json(cached=False)
    answer["spellings"] = _spellings_json(judgement)
    hidden = list(hiding(check.spellings))
    if hidden:
        from safeshell.cli.checkline import answer_in_turn, caller_of  # noqa: PLC0415 # as above

        caller = caller_of(tables, settings, given, directory, branch, shims=True, tables_of=in_force.of)
        answer = answer_in_turn(answer, hidden, caller)
    _show(answer, asked, as_json=as_json)
    if explained:
        _explain(check, judgement, answer, (home, settings), as_json=as_json)
    if as_json:
        click.echo(json.dumps(answer))
    return EXIT[ACTIONS[answer["decision"]]]


def _explain(
    check: CheckedCommand, judgement: Judgement, answer: dict[str, Any], asked: tuple[Home, Settings], *, as_json: bool
) -> None:
    """Adds to the answer why it is so and who would run the command, and prints that."""
    action = ACTIONS[answer["decision"]]
    # What the command runs in turn has no trace here: it can be asked about by itself.
    explanation = check.explain(judgement) if action is judgement.decision.action else None
    if explanation is not None:
        answer["explain"] = explanation.to_json()
        if not as_json:
            click.echo(f"\n{render(explanation)}", nl=False)
    placement, reason = _foretell(*asked, judgement.decision.changed(action=action))
    answer.update(placement=placement, reason=reason)
    if as_json:
        return
    click.echo(f"\nplacement  {': '.join(filter(None, (placement, reason)))}")
    if len(answer["spellings"]) > 1:
        click.echo("\njudged as")
        rows = [(one["decision"], one["rule"] or "", one["subject"]) for one in answer["spellings"]]
        click.echo(columns(rows), nl=False)


def _foretell(home: Home, settings: Settings, decision: Decision) -> tuple[str | None, str]:
    if decision.action is Action.DENY:
        return None, "denied, nothing runs"
    from safeshell.cli.predict_placement import predict_placement  # noqa: PLC0415 # only where it is asked for

    return predict_placement(home, settings, decision.execution)


def _spellings_json(judgement: Judgement) -> list[dict[str, str | None]]:
    return [
        {"subject": one.subject, "decision": one.action.word, "rule": one.rule or None, "source": one.source or None}
        for one in judgement.decisions
    ]


def _check_usage(
    line: str | None, argv: tuple[str, ...], *, shims: bool | None, shell: str | None, files: tuple[str, ...]
) -> None:
    if files and (line is not None or argv):
        raise click.UsageError("--writes and --reads take no COMMAND and no -c LINE")
    if "" in files:
        raise click.UsageError("an empty PATH names no file")
    if line is None and not argv and not files:
        raise click.UsageError("COMMAND, -c LINE, --writes PATH or --reads PATH is missing")
    if line is None and shims is not None:
        raise click.UsageError("--shims and --no-shims are about -c LINE")
    if line is None and shell is not None:
        raise click.UsageError("--shell is about -c LINE")
    if line is not None and argv:
        raise click.UsageError("-c LINE takes no COMMAND")
    if len(argv) == 1 and any(map(str.isspace, argv[0])) and not _is_program(argv[0]):
        raise click.UsageError(
            f"there is no program {argv[0]!r}. Did you mean a line? safeshell check -c {shlex.quote(argv[0])}"
        )


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _environment(variables: Mapping[str, str]) -> bytes:
    return b"\0" + block([os.fsencode(f"{name}={value}") for name, value in variables.items()])


def _show(answer: dict[str, Any], asked: AskedAs, *, as_json: bool) -> None:
    """Adds who asks; prints the decision for people, and says where a line is let through unjudged."""
    answer.update(context=asked.who, context_by=asked.by)
    action = ACTIONS[answer["decision"]]
    if answer["rule"] == OVERRUN and action is Action.ALLOW:
        warn(f"{answer['message']} Let through, for no agent asks.")
    if as_json:
        return
    word = click.style(action.word, fg=_COLOUR[action], bold=True)
    click.echo(f"{word}  {printable(answer['subject'])}", color=wants_colour(sys.stdout))
    if answer["rule"]:
        say(f"  rule {answer['rule']}" + (f" ({answer['source']})" if answer["source"] else ""))
    if answer["rule"] and answer["message"]:
        say(f"  {answer['message']}")
    if answer["approval"] == "outside":
        say("  approval outside: never by the agent's own prompt")
    say(f"context  {asked.words}")

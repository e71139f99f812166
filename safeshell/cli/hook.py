"""`safeshell hook`: agents ask SafeShell before they run a line."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator

import click

from safeshell.cli.hook_answer import command as answer
from safeshell.cli.hooklist import as_json, as_table, rows
from safeshell.cli.hooktest import try_hooks
from safeshell.cli.output import say, warn
from safeshell.cli.person import require_person, takes_pin
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home, working_directory
from safeshell.hooks.wiring import codex_trust, install, program
from safeshell.hooks.wiring.agent import Agent, Scope
from safeshell.hooks.wiring.agents import all_agents
from safeshell.hooks.wiring.notes import Notes, held
from safeshell.hooks.wiring.show import unified
from safeshell.hooks.wiring.targets import Target, choose, is_here, of_path, targets, work_tree

AGENTS = all_agents()


class _Group(click.Group):
    """Its commands, and `hook AGENT`, which is the hook program itself."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in AGENTS:
            return args[0], answer, args
        return super().resolve_command(ctx, args)


@click.group("hook", cls=_Group)
def command() -> None:
    """Wire SafeShell into AI agents: each asks before it runs a line.

    `safeshell hook AGENT` answers one such call: the agent's JSON on stdin, the answer as the agent wants it.
    """


_agents = click.argument("names", nargs=-1, metavar="AGENT...", type=click.Choice(list(AGENTS)))
_project = click.option("--project", is_flag=True, help="The repository's settings, not the user's.")


@command.command("install")
@_agents
@click.option("--all", "every", is_flag=True, help="Every agent that is installed here.")
@_project
@click.option("--dry-run", is_flag=True, help="Write nothing; print what would be changed.")
def install_(names: tuple[str, ...], every: bool, project: bool, dry_run: bool) -> int:
    """Have agents ask SafeShell before each line.

    What else is in their settings stays as it is, to the byte. What is wired already stays, an older entry is renewed.
    """
    home, scope, top = Home.find(), _scope(project), _top()
    home.check()
    if not dry_run and not os.path.exists(home.tables):
        warn("no rules are in force yet, so every line would be refused", "run `safeshell init`")
    agents = _chosen(names, every, lambda agent: is_here(agent, os.environ))
    failed = False
    with _notes(home, dry_run) as notes:
        if not dry_run:
            program.sync(home)
        for agent in agents:
            with _reported() as report:
                _install(home, notes, choose(agent, scope, top, os.environ), dry_run=dry_run)
            failed = failed or report.failed
    return int(failed)


def _install(home: Home, notes: Notes, target: Target, *, dry_run: bool) -> None:
    change = install.put(home, notes, target, dry_run=dry_run)
    title = target.agent.title
    if dry_run:
        click.echo(unified(change), nl=False)
        return
    say(f"{title}: {'wired in' if change.is_any else 'was wired already in'} {target.path}")
    if target.agent.asks_trust:
        _trust(notes, target)
    if change.is_any and target.agent.after:
        say(f"  {target.agent.after}", err=True)
    if change.is_any and target.agent.opens:
        say(f"  {title} runs the line where the hook {target.agent.opens}: try it with `safeshell hook test`", err=True)


def _trust(notes: Notes, target: Target) -> None:
    note = notes.find(target.agent.name, target.path)
    assert note is not None
    why = codex_trust.trust(target, _directory(), note)
    notes.keep(note)
    if why:
        warn(f"{target.agent.title} does not trust the hook yet, and so leaves it out: {why}", codex_trust.HINT)


@command.command("list")
@click.option("--json", "as_json_", is_flag=True, help="Print one JSON array.")
def list_(as_json_: bool) -> None:
    """List the agents: which are installed, and which ask SafeShell."""
    home = Home.find()
    found = rows(home, Notes(home), AGENTS.values(), _top())
    if as_json_:
        click.echo(json.dumps([as_json(row) for row in found]))
    else:
        click.echo(as_table(found), nl=False)


@command.command()
@_agents
@click.option("--all", "every", is_flag=True, help="Every agent that asks it.")
@_project
@click.option("--dry-run", is_flag=True, help="Write nothing; print what would be changed.")
@takes_pin
def uninstall(names: tuple[str, ...], every: bool, project: bool, dry_run: bool, pin_stdin: bool) -> int:
    """Have agents ask SafeShell no more. Inside an agent it takes the PIN.

    It takes out what `install` put in, here and in other repositories, and nothing that came later.
    """
    home = Home.find()
    agents = _chosen(names, every, lambda _: True)
    if not dry_run:
        require_person("safeshell hook uninstall", home, pin_stdin=pin_stdin)
    return int(not take_out(home, agents, project=project, dry_run=dry_run, says_none=not every))


def take_out(
    home: Home, agents: Iterable[Agent], *, project: bool = False, dry_run: bool = False, says_none: bool = False
) -> bool:
    """Takes the hook out of agents' settings, with the program once nobody calls it; returns whether all went well.

    Args:
        home: whose hook it is.
        agents: whose settings are looked at.
        project: only the settings of the repository around the working directory.
        dry_run: print what would be changed, and write nothing.
        says_none: whether it is said of an agent that it has no hook.
    """
    failed, top = False, _top()
    with _notes(home, dry_run) as notes:
        for agent in agents:
            changed = False
            for target in _wired(agent, notes, top, project):
                with _reported() as report:
                    changed = _uninstall(home, notes, target, dry_run=dry_run) or changed
                failed = failed or report.failed
                changed = changed or report.failed
            if not changed and says_none:
                say(f"{agent.title}: nothing to take out")
        if not dry_run and not notes.all():
            program.remove(home)
    return not failed


def _uninstall(home: Home, notes: Notes, target: Target, *, dry_run: bool) -> bool:
    """Takes the hook out of one file; returns whether there was any."""
    change = install.take(home, notes, target, dry_run=dry_run)
    if dry_run:
        click.echo(unified(change), nl=False)
    elif change.is_any:
        say(f"{target.agent.title}: {'removed' if change.after is None else 'taken out of'} {target.path}")
    return change.is_any


def _wired(agent: Agent, notes: Notes, top: str | None, project: bool) -> list[Target]:
    """The files that may have an agent's hook, those in other repositories by their notes."""
    scopes: tuple[Scope, ...] = ("project",) if project else ("user", "project")
    found = [target for scope in scopes for target in targets(agent, scope, top, os.environ)]
    if not project:
        found += [
            of_path(agent, "user" if note.scope == "user" else "project", note.path)
            for note in notes.all()
            if note.agent == agent.name
        ]
    return list({target.path: target for target in found}.values())


@command.command("test")
@_agents
@_project
@click.option("--json", "as_json_", is_flag=True, help="Print one JSON array.")
def test_(names: tuple[str, ...], project: bool, as_json_: bool) -> int:
    """Call what the agents' settings name, as the agent would, for a line that the rules deny.

    The line doesn't run. Exit status: 0 guarded, 1 not.
    """
    if not names:
        raise click.UsageError("which agent? `safeshell hook list` names them")
    home = Home.find()
    return try_hooks(home, [AGENTS[name] for name in names], _top() if project else None, _directory(), as_json_)


def _chosen(names: tuple[str, ...], every: bool, is_meant: object) -> list[Agent]:
    if bool(names) == every:
        raise click.UsageError("name agents, or --all" if not names else "either agents or --all")
    assert callable(is_meant)
    found = [AGENTS[name] for name in dict.fromkeys(names)] or [one for one in AGENTS.values() if is_meant(one)]
    if not found:
        raise SafeShellError(
            "no agent that is known is installed here", hint="name one: `safeshell hook install AGENT`"
        )
    return found


class _Report:
    failed = False


@contextlib.contextmanager
def _reported() -> Iterator[_Report]:
    """Says what goes wrong with one agent, and goes on with the others."""
    report = _Report()
    try:
        yield report
    except SafeShellError as error:
        warn(error.message, error.hint)
        report.failed = True


@contextlib.contextmanager
def _notes(home: Home, dry_run: bool) -> Iterator[Notes]:
    if dry_run:
        yield Notes(home)
        return
    with held(home) as notes:
        yield notes


def _scope(project: bool) -> Scope:
    return "project" if project else "user"


def _directory() -> str:
    return working_directory() or "/"


def _top() -> str:
    return work_tree(_directory())

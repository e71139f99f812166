"""`safeshell approvals`: commands that wait for a person's word."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import click

from safeshell import client
from safeshell.cli.daemon import launch
from safeshell.cli.output import say
from safeshell.cli.person import ask_pin, inside_agent, say_note
from safeshell.errors import PersonNeededError, SafeShellError, UnreachableError
from safeshell.home.paths import Home
from safeshell.home.person import agent_asks


@click.group("approvals")
def command() -> None:
    """Commands that wait for approval: list them, answer them."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the requests as a JSON array.")
def list_(*, as_json: bool) -> None:
    """Lists what waits, the oldest first."""
    pending = client.approvals({"do": "list"})["pending"]
    if as_json:
        click.echo(json.dumps(pending, indent=2))
        return
    if not pending:
        click.echo("nothing waits for approval", err=True)
    for entry in pending:
        for line in _describe(entry):
            say(line)


@command.command()
@click.argument("number", type=int)
@click.option(
    "--for",
    "span",
    type=click.Choice(["once", "5m", "session"]),
    default="once",
    show_default=True,
    help="Whether the same command is asked about again: at once, after 5 minutes, or not while its session lasts.",
)
@click.option(
    "--prefix",
    type=click.IntRange(min=2),
    help="With --for 5m or session: let every command pass that begins with this many of its words.",
)
@click.option("--pin-stdin", is_flag=True, help="Read the PIN from stdin instead of asking at the terminal.")
def approve(number: int, span: str, prefix: int | None, *, pin_stdin: bool) -> None:
    """Lets the command NUMBER run.

    Only somebody else than who asked may: at a terminal of another session, outside of every agent. What an agent asks
    for takes the PIN (`safeshell approvals enroll`).
    """
    if prefix is not None and span == "once":
        raise click.UsageError(
            "--prefix needs --for 5m or --for session: an approval for once is for this very command"
        )
    answer: dict[str, Any] = {"do": "approve", "id": number, "for": span}
    if prefix is not None:
        answer["prefix"] = prefix
    if _answer(answer, pin_stdin=pin_stdin).get("late"):
        click.echo(f"approved {number}: it no longer waits, so the next equal command runs, once", err=True)
    else:
        click.echo(f"approved {number}", err=True)


@command.command()
@click.argument("number", type=int)
@click.argument("words", nargs=-1)
@click.option("--pin-stdin", is_flag=True, help="Read the PIN from stdin instead of asking at the terminal.")
def deny(number: int, words: tuple[str, ...], *, pin_stdin: bool) -> None:
    """Keeps the command NUMBER from running; WORDS are told to who asked."""
    _answer({"do": "deny", "id": number, "words": " ".join(words)}, pin_stdin=pin_stdin)
    click.echo(f"denied {number}", err=True)


@command.command("enroll")
def enroll_command() -> None:
    """Sets the PIN that answering an agent's requests takes, or changes it; a person's, in no agent."""
    home = Home.find()
    agent = agent_asks(home)
    if agent:
        raise PersonNeededError(
            f"`safeshell approvals enroll` takes a person, and {inside_agent(agent)}: run it outside of that"
        )
    enroll(home)


def enroll(home: Home) -> None:
    """Asks for a PIN at the terminal and sets it; starts the daemon, which keeps it, where none runs.

    Raises:
        SafeShellError: there is no terminal, or the daemon doesn't take it, with its reason.
    """
    try:
        enrolled = client.approvals({"do": "list"}, home=home)["enrolled"]
    except UnreachableError:
        launch(home)
        enrolled = client.approvals({"do": "list"}, home=home)["enrolled"]
    request: dict[str, Any] = {"do": "enroll"}
    if enrolled:
        request["old"] = ask_pin("Old PIN")
    request["pin"] = ask_pin("New PIN")
    if ask_pin("Again") != request["pin"]:
        raise SafeShellError("the two PINs differ; nothing was changed", hint="run it again")
    _check(client.approvals(request, home=home))
    click.echo("the PIN is set", err=True)


def _answer(answer: dict[str, Any], *, pin_stdin: bool) -> dict[str, Any]:
    """Answers, and returns what came of it; the PIN is asked for only where the daemon wants it."""
    if pin_stdin:
        answer["pin"] = sys.stdin.readline().rstrip("\n")
    said = client.approvals(answer)
    if said.get("needs_pin"):
        for line in _waiting(answer["id"]):  # whoever types it sees what for
            say(line, err=True)
        said = client.approvals({**answer, "pin": ask_pin("PIN")})
    _check(said)
    say_note(said)
    return said


def _waiting(number: int) -> list[str]:
    """What is waiting under a number, described; nothing where it no longer waits."""
    pending = client.approvals({"do": "list"})["pending"]
    return [line for entry in pending if entry["id"] == number for line in _describe(entry)]


def _check(answer: dict[str, Any]) -> None:
    if not answer["ok"]:
        raise SafeShellError(answer["reason"])


def _describe(entry: dict[str, Any]) -> list[str]:
    left = max(0, round(entry["expires"] - time.time()))
    return [
        f"{entry['id']}  {entry['command']}",
        f"    in {entry['cwd'] or '?'}" + (f", on {entry['branch']}" if entry["branch"] else ""),
        *(["    cut here: it is too long to be shown whole, and can't be approved"] if entry.get("cut") else []),
        f"    {entry['rule']} ({entry['source']}): {entry['message']}",
        f"    asked by {'an agent' if entry['context'] == 'ai' else 'a person'} (pid {entry['pid']}), {left} s left",
    ]

"""`safeshell daemon`: the daemon of this home: start, stop, status."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import click

from safeshell.cli.output import say, warn
from safeshell.cli.person import require_person, takes_pin
from safeshell.cli.units import install_units
from safeshell.client import control
from safeshell.errors import RefusedError, SafeShellError, UnreachableError
from safeshell.home.client_conf import daemon_command, name_daemon_command, names_another
from safeshell.home.paths import Home
from safeshell.metrics.figures import reasons_text
from safeshell.protocol import Type
from safeshell.text import columns

START_S = 10.0
"""Seconds that a daemon may take to listen: a cold disk, a loaded machine."""

STOP_S = 10.0

_NO_HANDOVER = "there is no request of type"
_OTHER_GROUPS = ("other groups", "another group")


@click.group("daemon")
def command() -> None:
    """Start, stop and look at the daemon of this home."""


@command.command()
def start() -> None:
    """Start the daemon, unless it runs."""
    home = Home.find()
    home.check()
    running = _status(home)
    if running is not None:
        click.echo(f"running already, pid {running['pid']}", err=True)
        return
    launch(home)
    _say_started(home)


def _say_started(home: Home) -> None:
    click.echo(f"started, pid {control(Type.STATUS, home=home)['pid']}", err=True)


def launch(home: Home) -> None:
    """Starts the daemon as a client would: isolated, in a session of its own; returns when it listens.

    Raises:
        SafeShellError: it ended before, with its own reason.
    """
    reader, writer = os.pipe()
    errors_reader, errors_writer = os.pipe()
    with open("/dev/null", "rb") as null:
        process = subprocess.Popen(
            daemon_command(),
            stdin=null,
            stdout=subprocess.DEVNULL,
            stderr=errors_writer,
            cwd="/",
            env={
                "SAFESHELL_HOME": home.root,
                "SAFESHELL_READY_FD": str(writer),
                "HOME": os.path.expanduser("~"),
                "PATH": "/usr/local/bin:/usr/bin:/bin",
            },
            pass_fds=(writer,),
            start_new_session=True,
        )
    os.close(writer)
    os.close(errors_writer)
    with os.fdopen(reader, "rb") as ready, os.fdopen(errors_reader, "rb") as errors:
        if not ready.read(1):
            reason = errors.read().decode("utf-8", "replace").strip().removeprefix("safeshell: ")
            raise SafeShellError(f"the daemon did not start: {reason or f'status {process.wait()}'}")
    process.returncode = 0  # it is meant to outlive this process: Popen must not warn of it


@command.command()
@click.option("--now", is_flag=True, help="End running commands instead of waiting for them.")
@takes_pin
def stop(now: bool, pin_stdin: bool) -> None:
    """Stop the daemon once the running commands have ended. Inside an agent it takes the PIN."""
    home = Home.find()
    if _status(home) is not None:
        require_person("safeshell daemon stop", home, pin_stdin=pin_stdin)
    if not shut_down(home, now=now):
        click.echo("not running", err=True)
        return
    click.echo("stopped", err=True)


def shut_down(home: Home, *, now: bool) -> bool:
    """Stops the daemon; returns whether one ran.

    With `now` it is waited for; without, commands may still be running under the old daemon, which serves nobody else.

    Raises:
        PersonNeededError: an agent asks, and did not give the PIN (`require_person`).
        SafeShellError: it does not end.
    """
    try:
        pid = control(Type.STOP, 2 if now else 1, home=home)["pid"]
    except RefusedError:
        raise
    except UnreachableError:
        return False
    deadline = time.monotonic() + STOP_S
    descriptor = _pidfd(pid)
    if descriptor is None or not now:
        if descriptor is not None:
            os.close(descriptor)
        return True
    import select  # noqa: PLC0415 # only here

    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    ended = poll.poll(max(0, deadline - time.monotonic()) * 1000)
    os.close(descriptor)
    if not ended:
        raise SafeShellError(f"the daemon (pid {pid}) did not end in {STOP_S:.0f} s", hint=f"`kill -9 {pid}` ends it")
    return True


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


@command.command()
@click.option("--now", is_flag=True, help="End running commands instead of letting them end under the old daemon.")
@takes_pin
def restart(now: bool, pin_stdin: bool) -> None:
    """Put a new daemon in the place of the old one; no command is refused, running ones end under the old one.

    Inside an agent it takes the PIN where the new one is of another installation.
    """
    home = Home.find()
    home.check()
    if names_another(home):
        require_person("safeshell daemon restart", home, pin_stdin=pin_stdin)
    if not hand_over(home, now=now):
        shut_down(home, now=now)
        launch(home)
    _say_started(home)


def hand_over(home: Home, *, now: bool) -> bool:
    """Has the running daemon start this installation's and give it its socket; returns whether it did.

    It does not where none runs, where it is of a version that can't, or where the user's groups have changed since it
    was started, which only a daemon of this process's own gets.

    Raises:
        SafeShellError: the new daemon does not start; the old one goes on serving.
    """
    if _status(home) is None:
        return False
    name_daemon_command(home)
    try:
        control(Type.HANDOVER, 2 if now else 1, home=home)
    except UnreachableError as error:
        if error.message.startswith(_NO_HANDOVER) or error.message.endswith(_OTHER_GROUPS):
            return False
        raise SafeShellError(f"{error.message}; the old daemon goes on serving") from error
    return True


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(as_json: bool) -> int:
    """Show the daemon: what is in force, what it decided, who ran it.

    Exit status: 0 it runs and its rules are as the files say, 1 it does not run, they have errors or an edit waits.
    """
    home = Home.find()
    found = _status(home)
    if as_json:
        click.echo(json.dumps(found if found is not None else {"home": home.root, "pid": None}))
    elif found is None:
        say(f"not running ({home.root})")
    else:
        click.echo(_describe(found), nl=False)
    return 1 if found is None or found["error"] or found.get("held") else 0


def _describe(found: dict[str, Any]) -> str:
    requests = found["requests"]
    rows = [
        ("daemon", f"running, pid {found['pid']}, up {found['uptime_s']:.0f} s, {found['rss_kib'] / 1024:.1f} MiB"),
        ("home", found["home"]),
        ("rules", found["rules"]),
        ("table", found["table"] or "none in force"),
        *[("layer", _layer(layer)) for layer in found.get("layers", ())],  # an older daemon may still run
        ("requests", ", ".join(f"{name} {count}" for name, count in requests.items())),
        ("running", f"{found['running']} commands, {found['connections']} connections"),
        ("cache", f"{found['cache']['hits']} hits, {found['cache']['misses']} misses"),
    ]
    rows += [("shell lines", _lines(found["lines"]))] if "lines" in found else []  # as above
    for place, entry in found["placement"].items():
        rows.append((place, f"{entry['count']} ({reasons_text(entry)})"))
    rows += [
        ("observed", f"{entry['rule']} would have decided {entry['action']} {entry['count']} times")
        for entry in found["observed"]
    ]
    rows += [("error", found["error"])] if found["error"] else []
    rows += [("held", describe_held(found["held"]))] if found.get("held") else []
    rows += [("skipped", entry["error"]) for entry in found["repositories"] if entry["error"]]
    return columns([*rows, *_troubles(found)])


def _troubles(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A line for each thing beside deciding that doesn't go as it should."""
    audit, notify, front, shims = found["audit"], found["notify"], found["front"], found.get("shims")
    if audit["last_error"]:
        lost = audit.get("lost", audit["failures"])
        when = "can't be written" if lost or not audit["failures"] else "could not be written for a while"
        yield "audit log", f"{when}, {audit['failures']} records are lost: {audit['last_error']}"
    if notify["error"]:
        yield "notify", f"failed {notify['failures']} times, last: {notify['error']}"
    for agent, hook in found.get("hooks", {}).items():  # an older daemon's has none
        if hook["unknown"]:
            yield "hook", f"what {agent} sends isn't understood, so its lines don't run: {hook['unknown']}"
    # It looks for its front a moment after its start: then there is nothing to say yet.
    if not front["native"] and found["uptime_s"] > 1:
        yield "front", f"not loaded, a command costs more: {front['reason']}"
    if shims is None:  # an older daemon's
        return
    if shims["error"]:
        yield "shims", f"can't be made: {shims['error']}"
    if shims["lacking"]:
        yield "no shim", f"{', '.join(shims['lacking'])}: the rules are about them, and don't see them"
    if shims["unread"]:
        yield "unread", f"{', '.join(shims['unread'])}: did not answer, so programs in there have no shim"


def describe_held(held: dict[str, Any]) -> str:
    """An edit that waits for a person, on one line."""
    files = ", ".join(file["path"] for file in held["files"])
    return f"an edit of {files} waits for a person (`safeshell compile` confirms it): {'; '.join(held['loosens'])}"


def _layer(layer: dict[str, Any]) -> str:
    whose = ", published by root" if layer.get("published") else ""
    notice = f": {layer['notice'].removeprefix('safeshell: ')}" if layer.get("notice") and not layer["error"] else ""
    return f"{layer['kind']} {layer['rules']}, {layer['bytes'] / 1024:.1f} KiB{whose}{notice}"


def _lines(lines: dict[str, Any]) -> str:
    helper = "no helper" if lines["pid"] is None else f"helper {lines['pid']}"
    failing = f"; the last could not be judged: {lines['error']}" if lines.get("error") else ""
    return f"{lines['requests']}, {helper}, {lines['restarts']} restarts{failing}"


def _status(home: Home) -> dict[str, Any] | None:
    """What the daemon says of itself; None where none runs.

    Raises:
        RefusedError: one runs, and doesn't say.
    """
    try:
        return control(Type.STATUS, home=home)
    except RefusedError:  # a busy machine let the request be late, say
        raise
    except UnreachableError:
        return None


@command.command("reload")
def reload_() -> int:
    """Compile the rules again and put them in force, whether they have changed or not."""
    found = control(Type.RELOAD, home=Home.find())
    if found["error"]:
        warn(f"{found['error']}; the last good rules stay in force")
        return 1
    if found.get("held"):
        warn(describe_held(found["held"]))
        return 1
    click.echo(found["table"])
    return 0


@command.command()
def run() -> None:
    """Run the daemon in the foreground."""
    from safeshell.daemon.start import serve  # noqa: PLC0415 # the other commands need nothing of it

    serve(Home.find())


@command.command()
def install() -> None:
    """Write systemd user units that start the daemon with the first command."""
    home = Home.find()
    home.check()
    for path in install_units(home):
        say(path)
    click.echo("Now run: systemctl --user daemon-reload && systemctl --user enable --now safeshell.socket", err=True)

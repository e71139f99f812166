"""`safeshell export`: the audit log and the counters to an OpenTelemetry receiver."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click

from safeshell import __version__
from safeshell.audit.files import log_path, opened
from safeshell.audit.follow import follow as followed
from safeshell.cli.output import warn
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home

if TYPE_CHECKING:
    from safeshell.telemetry.logs import LogSender


@click.command("export")
@click.option(
    "--endpoint",
    envvar="OTEL_EXPORTER_OTLP_ENDPOINT",
    default="http://localhost:4318",
    show_default=True,
    metavar="URL",
    help="The receiver's OTLP/HTTP address; $OTEL_EXPORTER_OTLP_ENDPOINT.",
)
@click.option("--once", is_flag=True, help="Send what the log holds now, and the counters once, then end.")
@click.option("--logs/--no-logs", default=True, help="Send the audit log.  [default: logs]")
@click.option("--metrics/--no-metrics", default=True, help="Send the daemon's counters.  [default: metrics]")
@click.option(
    "--interval", type=click.FloatRange(min=1), default=10.0, show_default=True, help="Seconds between metrics."
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False),
    help="Where the last record sent is remembered.  [default: export.state in the home]",
)
def command(endpoint: str, state: str | None, interval: float, *, once: bool, logs: bool, metrics: bool) -> None:
    """Send the audit log and the daemon's counters to OpenTelemetry, until ^C.

    A process beside the daemon, never in a command's way. Records are sent in order and at least once: it goes on where
    it stopped. Headers, certificates and the like are taken from the variables that OpenTelemetry defines.
    """
    if not (logs or metrics):
        raise click.UsageError("with --no-logs and --no-metrics there is nothing to send")
    try:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 # an extra, see below

        from safeshell.telemetry import logs as sending  # noqa: PLC0415 # as above
        from safeshell.telemetry.metrics import send_metrics  # noqa: PLC0415 # as above
    except ModuleNotFoundError as error:
        raise SafeShellError(
            f"{error.name} is not installed", hint="pip install 'safeshell-guard[otel]' into SafeShell's environment"
        ) from error
    home = Home.find()
    endpoint = endpoint.rstrip("/")
    resource = Resource.create({"service.name": "safeshell", "service.version": __version__})
    provider = send_metrics(f"{endpoint}/v1/metrics", home, resource, interval) if metrics else None
    log = log_path(home)
    state = state or os.path.join(home.root, "export.state")
    sender = sending.LogSender(f"{endpoint}/v1/logs", state, log, resource, warn)
    try:
        if logs:
            _send(sender, log, once=once)
        elif not once:
            while True:
                time.sleep(interval)
    finally:
        if provider is not None:
            provider.shutdown()
        sender.close()
        skipped = f", {sender.skipped} lines are none" if sender.skipped else ""
        click.echo(f"{sender.sent} records sent{skipped}", err=True)


def _send(sender: LogSender, path: str, *, once: bool) -> None:
    if not once:
        for line in followed(path):
            if line is None:
                sender.flush()
            else:
                sender.take(line)
        return
    with opened(path) as streams:
        for stream in streams:
            for line in stream:
                sender.take(line)
    if not sender.flush(patient=False):
        raise SafeShellError("the receiver doesn't take records", hint="is it there, and does it speak OTLP over HTTP?")

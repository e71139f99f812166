"""Probes of what the daemon does beside deciding: the audit log, `notify`, its front, shims."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from typing import Any

from safeshell.cli.probes.model import Probe
from safeshell.client import evaluate_line
from safeshell.command import canary
from safeshell.daemon.approvals.notify_hook import PATH
from safeshell.errors import SafeShellError
from safeshell.home.paths import Home
from safeshell.install.native import native_front
from safeshell.shell.limits import RULE as OVERRUN


def probe_services(home: Home, status: dict[str, Any]) -> Iterator[Probe]:
    """Runs each of them.

    Args:
        home: whose.
        status: the daemon's.
    """
    yield probe_audit(home, status["audit"])
    yield probe_notify(status["notify"])
    yield probe_front(status["front"])
    if "shims" in status:  # an older daemon may still run
        yield probe_upkeep(status["shims"])


def probe_lines(home: Home) -> Probe:
    """Are shell lines judged, as hooks have it done?"""
    hint = "`safeshell daemon restart`; if that doesn't help, install again"
    try:
        answer = evaluate_line(canary.LINE, home=home)
    except SafeShellError as error:
        return Probe("lines", False, error.message, hint)
    if answer["rule"] == OVERRUN:
        return Probe("lines", False, f"none is judged: {answer['message']}", hint)
    return Probe("lines", True, "a shell line is judged")


def probe_audit(home: Home, audit: dict[str, Any]) -> Probe:
    """Is what is decided recorded, and could the next record be?"""
    if audit.get("lost", audit["failures"]) or (audit["last_error"] and not audit["failures"]):
        hint = "make room or mend its permissions: the next decision that is worth it is recorded again"
        return Probe("audit log", False, f"it can't be written: {audit['last_error']}", hint)
    obstacle = _why_not_written(home)
    if obstacle:
        return Probe("audit log", False, f"it can't be written: {obstacle}", "make room or mend its permissions")
    if audit["failures"]:
        return Probe("audit log", True, f"{audit['failures']} records were lost earlier: {audit['last_error']}")
    return Probe("audit log", True, f"{audit['seq']} records")


def _why_not_written(home: Home) -> str:
    """Why a record could not be written now; nothing is written to tell."""
    try:
        descriptor = os.open(home.audit, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return "" if os.access(home.root, os.W_OK) else f"{home.root} can't be written to"
    except OSError as error:
        return f"{home.audit}: {error.strerror}"
    try:
        return "" if os.fstatvfs(descriptor).f_bavail else f"{home.audit}: {os.strerror(errno.ENOSPC)}"
    finally:
        os.close(descriptor)


def probe_notify(notify: dict[str, Any]) -> Probe:
    """Does the program that is told of commands that wait do its work?"""
    if not notify["command"]:
        return Probe("notify", None, "the settings name no program that is told of commands that wait")
    program = notify["command"][0]
    if shutil.which(program, path=os.fsdecode(PATH)) is None:
        return Probe("notify", False, f"{program} can't be executed", "mend `notify` in config.yaml")
    if notify["error"]:
        found = f"{program} failed {notify['failures']} times, last: {notify['error']}"
        return Probe("notify", False, found, "run it by hand, as docs/approvals.md says")
    return Probe("notify", True, program)


def probe_front(front: dict[str, Any]) -> Probe:
    """Does native code answer what was asked before?"""
    if front["native"]:
        return Probe("front", True, f"{front['kept']} answers kept, {front['answered']} given again")
    found = f"it isn't loaded, a command costs more: {front['reason']}"
    if native_front() is None:
        return Probe("front", None, found, "install again where there is a C compiler, then `safeshell daemon restart`")
    return Probe("front", False, found, "install again, then `safeshell daemon restart`")


def probe_upkeep(shims: dict[str, Any]) -> Probe:
    """Do the shims follow the rules?"""
    if shims["sync"] == "manual":
        return Probe("shims follow", None, "only by `safeshell shims sync`, as the settings say")
    if shims["error"]:
        return Probe("shims follow", False, shims["error"], "mend that, then `safeshell shims sync`")
    if shims["unread"]:
        found = f"directories did not answer, programs in them have no shim: {', '.join(shims['unread'])}"
        return Probe("shims follow", False, found, "mend the mount, or take them off PATH")
    return Probe("shims follow", True, "the daemon makes them as the rules in force dispatch")

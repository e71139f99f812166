"""Cells of a record, for lines that people are shown; what it lacks is ""."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import Any


def edit(record: Mapping[str, Any]) -> str:
    """What was changed, of a record of that; else ""."""
    found = record.get("edit")
    if not isinstance(found, dict):
        return ""
    files = ", ".join(os.path.basename(file["path"]) for file in found["files"])
    parts = [
        f"{name} {', '.join(found[name])}" for name in ("added", "removed", "changed", "settings") if name in found
    ]
    said = [f"{files}: {'; '.join(parts)}" if parts else files, found["state"]]
    if found.get("problem"):
        said.append(str(found["problem"]))
    if "by" in record:
        said.append(f"by process {record['by']['pid']}{', with the PIN' if 'agent' in record['by'] else ''}")
    during = record.get("during")
    if during:
        ran = during if isinstance(during, str) else " | ".join(shlex.join(one["argv"]) for one in during)
        said.append(f"meanwhile ran: {ran}")
    return ", ".join(said)


def decision(record: Mapping[str, Any]) -> str:
    """The decision's word, or what there is instead of one."""
    return str(record.get("decision") or ("error" if "error" in record else record.get("kind", "")))


def rule(record: Mapping[str, Any]) -> str:
    """The rule that decided, else in brackets those that only observed."""
    observed = ",".join(str(one["rule"]) for one in record.get("observed", ()))
    return str(record.get("rule") or (f"({observed})" if observed else ""))


def directory(record: Mapping[str, Any]) -> str:
    """The working directory, `~` for the home of who reads."""
    path, home = str(record.get("cwd", "")), os.path.expanduser("~")
    return "~" + path[len(home) :] if path == home or path.startswith(home + "/") else path

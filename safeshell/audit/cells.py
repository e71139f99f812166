"""Cells of a record, for lines that people are shown; what it lacks is ""."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any


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

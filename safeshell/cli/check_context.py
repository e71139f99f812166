"""Context that `check` decides in: the environment that is given, and who asks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

import click

from safeshell.policy.context import Context
from safeshell.shell.caller import block_of


class AskedAs(NamedTuple):
    """Who asks.

    Attributes:
        environment: what the command's environment is.
        who: `ai` or `human`.
        by: what tells: a variable, `--context`, or None where nothing says that it is an agent.
    """

    environment: dict[str, str]
    who: str
    by: str | None

    @property
    def words(self) -> str:
        """For people."""
        return self.who if self.by is None else f"{self.who} ({self.by})"


def asked_as(variables: Iterable[str], who: str | None, context: Context) -> AskedAs:
    """Who asks: the caller, as a shim in its place would be told, but where that is said.

    Args:
        variables: the environment, each as `K=V`. HOME is the caller's where it isn't among them.
        who: `ai` or `human`, where that is said.
        context: tells by the environment.

    Raises:
        click.BadParameter: a variable has another form.
    """
    given = {"HOME": os.path.expanduser("~"), **dict(map(_variable, variables))}
    signs = [name.decode() for name in context.variables]
    if who is None:
        given = {**{name: os.environ[name] for name in signs if name in os.environ}, **given}
    elif who == "ai":
        given["SAFESHELL_CONTEXT"] = "ai"
    else:
        given = {name: value for name, value in given.items() if name not in signs}
    sign = context.sign(block_of(given))
    return AskedAs(given, "human" if sign is None else "ai", sign if who is None else "--context")


def _variable(variable: str) -> tuple[str, str]:
    name, equals, value = variable.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"{variable!r} is not K=V", param_hint="--env")
    return name, value

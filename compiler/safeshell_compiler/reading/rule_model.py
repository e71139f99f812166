"""The rule model: what a rules file may say (contract, "Rule language"). Shapes only; meaning is the compiler's.

The daemon never imports this module: it reads compiled tables.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

from pydantic import Field, Strict, create_model, model_validator
from pydantic_core import PydanticCustomError

from safeshell.policy.lies import USES
from safeshell_compiler.atoms import BY_CONDITION, KINDS
from safeshell_compiler.condition_kind import Filled, Flag, Model, Text

Kind = Literal["user", "system", "repository"]
"""Whose rules they are. A repository's may only tighten; a system's can't be overridden by a user."""

Action = Literal["allow", "deny", "require_approval", "redirect"]
Context = Literal["all", "ai_only", "human_only"]
Execution = Literal["auto", "daemon", "in_place"]
Approval = Literal["any", "outside"]
"""Who may approve: a person anywhere an approval is taken, or never by the agent's own prompt."""

PRECEDENCE: tuple[Action, ...] = ("deny", "require_approval", "redirect", "allow")
"""The actions, most restrictive first: the first one that matches decides."""

RuleName = Annotated[str, Strict(), Field(pattern=r"\A[a-z0-9-]+\z")]
QualifiedName = Annotated[str, Strict(), Field(pattern=r"\S")]


class _Condition(Model):
    """One condition: exactly one of the fields is given. `kind` and `value` say which."""

    @model_validator(mode="before")
    @classmethod
    def _one_kind(cls, data: Any) -> Any:
        if isinstance(data, dict):
            if not data:
                raise PydanticCustomError("no_condition", "an empty condition")
            if len(data) > 1 and all(key in CONDITION_KINDS for key in data):
                raise PydanticCustomError("two_conditions", "two conditions", {"keys": list(data)})
        return data

    @property
    def kind(self) -> str:
        """The condition's name as it stands in YAML."""
        (field,) = self.model_fields_set
        return field.rstrip("_")

    @property
    def value(self) -> Any:
        """The condition's value, of the type of the field that `kind` names."""
        (field,) = self.model_fields_set
        return getattr(self, field)


if TYPE_CHECKING:
    Condition = _Condition
else:
    _parts = Annotated[tuple["Condition", ...], Field(min_length=1)]
    Condition = create_model(
        "Condition",
        __base__=_Condition,
        __module__=__name__,
        **{name: (kind.conditions[name] | None, None) for name, kind in BY_CONDITION.items()},
        all_=(_parts | None, Field(None, alias="all")),
        any_=(_parts | None, Field(None, alias="any")),
        not_=(Optional["Condition"], Field(None, alias="not")),
    )

CONDITION_KINDS = tuple(field.alias or name for name, field in Condition.model_fields.items())
"""The names of all conditions."""


class _Case(Model):
    """One example command in a rule's `tests`. What it leaves out has the contract's defaults (None here).

    Without a command it is a call of an agent's file tool, of which the files are stated.
    """

    command: Filled | None = None
    branch: Text | None = None
    cwd: Annotated[str, Strict(), Field(pattern=r"\A/")] = "/"
    env: dict[Text, Text] = Field(default_factory=dict)
    files: tuple[Text, ...] = ()
    context: Literal["ai", "human"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: Any) -> Any:
        return {"command": data} if isinstance(data, str) else data

    @property
    def shown(self) -> str:
        """What it is an example of, in words."""
        if self.command is not None:
            return self.command
        files = [(use, getattr(self, use)) for use in USES]
        return "; ".join(f"{use} {shlex.join(paths)}" for use, paths in files if paths)


if TYPE_CHECKING:
    Case = _Case
else:
    Case = create_model(
        "Case",
        __base__=_Case,
        __module__=__name__,
        **{key: field for kind in KINDS.values() for key, field in kind.stated.items()},
    )


class Cases(Model):
    """A rule's own tests: commands that it must match and commands that it must not."""

    match: tuple[Case, ...] = ()
    no_match: tuple[Case, ...] = ()


Conditions = Annotated[tuple[Condition, ...], Field(min_length=1)]


class RuleModel(Model):
    """One rule."""

    name: RuleName
    commands: Annotated[tuple[Filled, ...], Field(min_length=1)] | None = None
    directory: Filled | None = None
    context: Context = "all"
    conditions: Conditions | None = None
    takes_argument: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    action: Action
    redirect_to: Filled | None = None
    message: Filled
    timeout: Text | None = None
    execution: Execution | None = None
    approval: Approval = "any"
    observe: Flag = False
    tests: Cases = Cases()


class Override(Model):
    """A change to a rule from an include."""

    name: QualifiedName
    disabled: Flag | None = None
    action: Action | None = None
    message: Filled | None = None
    context: Context | None = None
    approval: Approval | None = None
    unless: Conditions | None = None


class RuleFile(Model):
    """A whole rules file."""

    version: Literal[1]
    include: tuple[Filled, ...] = ()
    rules: tuple[RuleModel, ...] = ()
    overrides: tuple[Override, ...] = ()

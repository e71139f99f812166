"""config.yaml: the settings, read and checked; `safeshell.home.settings` holds them without YAML."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, ValidationError
from pydantic_core import PydanticCustomError

from safeshell.home.settings import Limits, Settings
from safeshell.policy.patterns import check, search
from safeshell_compiler.findings.report import Finding, FindingPlace, Report, suggest
from safeshell_compiler.reading.duration import parse_duration
from safeshell_compiler.reading.sources import Reader, Source
from safeshell_compiler.reading.tree import Node, key_place, locate, parse, plain

_DEFAULTS = Settings()
_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def _size(value: Any) -> Any:
    if type(value) is int:
        return value
    if isinstance(value, str):
        for unit, factor in _UNITS.items():
            number = value.removesuffix(unit).strip()
            if value.endswith(unit) and number.isdigit():
                return int(number) * factor
    raise PydanticCustomError("size", "this must be a number of bytes, or one with KiB, MiB or GiB, like 8MiB")


def _duration(value: Any) -> Any:
    milliseconds = parse_duration(value) if isinstance(value, str) else None
    if milliseconds is None:
        raise PydanticCustomError("duration", "this must be a number with ms, s, m or h, like 5s")
    return milliseconds


def _words(value: Any) -> Any:
    """A command as text is split as a shell would; a list is words already."""
    if isinstance(value, str):
        try:
            value = shlex.split(value)
        except ValueError as error:
            raise PydanticCustomError("words", "{why}", {"why": f"this is no command: {error}"}) from error
    if (
        isinstance(value, list)
        and value
        and all(isinstance(word, str) and "\0" not in word for word in value)
        and value[0]
    ):
        return tuple(value)
    raise PydanticCustomError("words", "this must be a command: text, or a list of words")


def _pattern(value: Any) -> Any:
    """A pattern of secrets; one that finds the empty text would redact everything."""
    if isinstance(value, str):
        complaint = check(value)
        if complaint is not None:
            raise PydanticCustomError("pattern", "{why}", {"why": f"this is no RE2 pattern: {complaint}"})
        if not search(value, ""):
            return value
    raise PydanticCustomError("pattern", "this must be an RE2 pattern that finds some text")


_Names = tuple[Annotated[str, Strict(), Field(pattern=r"\S")], ...]
_Variables = tuple[Annotated[str, Strict(), Field(pattern=r"\A[^=\s]+\z")], ...]
_Policy = Literal["allow", "deny"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Unreachable(_Model):
    ai: _Policy = "deny"
    human: _Policy = "allow"


class _Agents(_Model):
    markers: _Variables = _DEFAULTS.markers


class _Limits(_Model):
    request_bytes: Annotated[int, BeforeValidator(_size), Field(ge=1 << 16, le=1 << 28)] = Limits().request_bytes
    connections: Annotated[int, Strict(), Field(ge=4, le=2000)] = Limits().connections
    client_deadline: Annotated[int, BeforeValidator(_duration), Field(ge=10)] = Limits().client_deadline_ms
    commands: Annotated[int, Strict(), Field(ge=1, le=2000)] = Limits().commands


class _Secret(_Model):
    name: Annotated[str, Strict(), Field(pattern=r"\A[a-z0-9-]+\z")]
    pattern: Annotated[str, BeforeValidator(_pattern)]


class _Redact(_Model):
    known: Annotated[bool, Strict()] = True
    extra: tuple[_Secret, ...] = ()


class _Trash(_Model):
    size: Annotated[int, BeforeValidator(_size), Field(ge=0)] = _DEFAULTS.trash_size
    age: Annotated[int, BeforeValidator(_duration)] = _DEFAULTS.trash_age_ms


class _Shims(_Model):
    client: Literal["native", "bash"] = "native"
    extra: _Names = ()
    except_: _Names = Field((), alias="except")
    sync: Literal["automatic", "manual"] = "automatic"


class Config(_Model):
    """What config.yaml may say; every key has its default."""

    execution: Literal["auto", "daemon", "in_place"] = "auto"
    unreachable: _Unreachable = _Unreachable()
    agents: _Agents = _Agents()
    approval_timeout: Annotated[int, BeforeValidator(_duration), Field(ge=1000)] = _DEFAULTS.approval_timeout_ms
    notify: Annotated[tuple[str, ...], BeforeValidator(_words)] = ()
    audit: Literal["restricted", "all"] = "restricted"
    audit_size: Annotated[int, BeforeValidator(_size), Field(ge=1 << 12)] = _DEFAULTS.audit_size
    audit_keep: Annotated[int, Strict(), Field(ge=0, le=1000)] = _DEFAULTS.audit_keep
    redact: _Redact = _Redact()
    stats: Annotated[bool, Strict()] = True
    trash: _Trash = _Trash()
    limits: _Limits = _Limits()
    shims: _Shims = Field(default_factory=lambda: _Shims.model_validate({}))


_SECTIONS: dict[str, type[_Model]] = {
    "unreachable": _Unreachable,
    "agents": _Agents,
    "redact": _Redact,
    "trash": _Trash,
    "limits": _Limits,
    "shims": _Shims,
}


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """What came of reading config.yaml.

    Attributes:
        settings: the settings, None where the file has errors.
        findings: what is wrong with it.
        sources: the file.
    """

    settings: Settings | None
    findings: tuple[Finding, ...]
    sources: tuple[Source, ...]


def read_config(path: str) -> ReadConfig:
    """Reads the settings; a file that isn't there, or is empty, leaves every default."""
    report = Report()
    reader = Reader("user", report)
    if not reader.exists(path):
        return ReadConfig(_DEFAULTS, (), reader.sources)
    settings: Settings | None = None
    text = reader.text(path, FindingPlace(path))
    if text is not None and not _has_content(text):
        settings = _DEFAULTS
    elif text is not None:
        tree = parse(text, path, report)
        if tree is not None and not report.errors:
            settings = _validate(tree, path, report)
    return ReadConfig(settings, report.sorted(), reader.sources)


def _has_content(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _validate(tree: Node, path: str, report: Report) -> Settings | None:
    try:
        return _settings(Config.model_validate(plain(tree)))
    except ValidationError as error:
        for details in error.errors(include_url=False):
            location = details["loc"]
            if details["type"] == "extra_forbidden":
                parent = locate(tree, location[:-1])
                model = _SECTIONS.get(str(location[0]), Config) if len(location) > 1 else Config
                known = [field.alias or name for name, field in model.model_fields.items()]
                key = str(location[-1])
                suggestion = suggest(key, known, "there are " + ", ".join(known))
                report.add("SS201", key_place(parent, key, path), key=key, suggestion=suggestion)
            else:
                node = locate(tree, location)
                problem = details["msg"].replace("Input should", "this should")
                if details["type"] == "string_type" and node.raw:
                    problem = f"this must be text, quote it: '{node.raw}'"
                report.add("SS299", node.place(path), problem=problem)
    return None


def _settings(config: Config) -> Settings:
    return Settings(
        execution=config.execution,
        unreachable_ai=config.unreachable.ai,
        unreachable_human=config.unreachable.human,
        markers=config.agents.markers,
        approval_timeout_ms=config.approval_timeout,
        notify=config.notify,
        audit_all=config.audit == "all",
        audit_size=config.audit_size,
        audit_keep=config.audit_keep,
        redact=tuple((secret.name, secret.pattern) for secret in config.redact.extra),
        redact_known=config.redact.known,
        stats=config.stats,
        trash_size=config.trash.size,
        trash_age_ms=config.trash.age,
        limits=Limits(
            request_bytes=config.limits.request_bytes,
            connections=config.limits.connections,
            client_deadline_ms=config.limits.client_deadline,
            commands=config.limits.commands,
        ),
        shims_client=config.shims.client,
        shims_extra=tuple(os.path.basename(name) for name in config.shims.extra),
        shims_except=config.shims.except_,
        shims_sync=config.shims.sync,
    )

"""Settings as the daemon and the clients need them: plain values, every one with its default.

`config.yaml` is read and checked by the compiler (`safeshell_compiler.reading.config`), which knows YAML; this module
doesn't.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from safeshell.errors import TableError
from safeshell.policy.context import KNOWN_MARKERS
from safeshell.protocol import REQUEST_BYTES


class Limits(NamedTuple):
    """Limits of what one daemon takes on (docs/protocol.md gives the reasons).

    Attributes:
        request_bytes: bytes in one request.
        connections: open connections.
        client_deadline_ms: from connection to complete request, in ms.
        commands: running children; beyond them commands run in place.
    """

    request_bytes: int = REQUEST_BYTES
    connections: int = 512
    client_deadline_ms: int = 5000
    commands: int = 256


class Settings(NamedTuple):
    """The settings of a home.

    Attributes:
        execution: who runs a command: auto, daemon or in_place.
        unreachable_ai, unreachable_human: what clients do without a daemon: deny or allow.
        markers: variables that tell an agent.
        approval_timeout_ms: how long a command waits for an approval: less than the 120 s that agents give a command.
        notify: a program, and its arguments, that is told of commands that wait; empty for none.
        audit_all: whether every decision is recorded, or only those that restrict.
        audit_size: bytes of the audit log before it is rotated.
        audit_keep: how many rotated files are kept.
        redact: patterns of secrets beside the known ones, each a name and an RE2.
        redact_known: whether the known formats are redacted.
        stats: whether the daemon measures its own latency.
        trash_size: bytes that the trash holds before the oldest goes, 0 for any number.
        trash_age_ms: how long a thing stays in the trash, 0 for ever.
        limits: what one daemon takes on.
        shims_client: native or bash.
        shims_extra, shims_except: names that get a shim, or none, whatever the rules say.
        shims_sync: automatic: the daemon makes and removes shims as the tables in force dispatch; or manual.
    """

    execution: str = "auto"
    unreachable_ai: str = "deny"
    unreachable_human: str = "allow"
    markers: tuple[str, ...] = KNOWN_MARKERS
    approval_timeout_ms: int = 100_000
    notify: tuple[str, ...] = ()
    audit_all: bool = False
    audit_size: int = 64 << 20
    audit_keep: int = 8
    redact: tuple[tuple[str, str], ...] = ()
    redact_known: bool = True
    stats: bool = True
    trash_size: int = 10 << 30
    trash_age_ms: int = 30 * 24 * 3600 * 1000
    limits: Limits = Limits()
    shims_client: str = "native"
    shims_extra: tuple[str, ...] = ()
    shims_except: tuple[str, ...] = ()
    shims_sync: str = "automatic"

    def to_json(self) -> dict[str, Any]:
        """As tables.lmdb holds them."""
        return {**self._asdict(), "limits": self.limits._asdict()}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Settings:
        """The reverse; what an older version did not store has its default, what only a newer one knows is left out.

        Raises:
            TableError: it isn't what any version stored.
        """
        try:
            values: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in record.items()
                if name in cls._fields
            }
            limits = record.get("limits", {})
            values["limits"] = Limits(**{name: limits[name] for name in Limits._fields if name in limits})
            values["redact"] = tuple((name, pattern) for name, pattern in record.get("redact", ()))
        except (TypeError, ValueError, AttributeError) as error:
            raise TableError("the settings beside the tables are damaged", hint="run `safeshell compile`") from error
        return cls(**values)

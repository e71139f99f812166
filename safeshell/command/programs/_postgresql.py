"""Options that the clients of PostgreSQL share."""

from __future__ import annotations

CONNECTION = "host= port= username= no-password password help version"

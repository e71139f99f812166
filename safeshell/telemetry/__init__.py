"""The audit log and the daemon's counters for OpenTelemetry, from a process beside the daemon (docs/telemetry.md)."""

"""An alert as Prometheus' Alertmanager tells it apart and shows it: labels, annotations, fingerprint.

The fingerprint is the one that Alertmanager itself works out of the labels: FNV-1a, 64 bits, over the names
and values in the names' order, each followed by a byte 255.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pitstop.model.findings import Severity
from pitstop.ports.alert_channels import Message

SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.WARNING: "warning",
    Severity.INFORMATIONAL: "info",
}

NEVER = "0001-01-01T00:00:00Z"
"""When what is still active has ended, in Alertmanager's messages."""

_OFFSET = 14695981039346656037
_PRIME = 1099511628211


def labels_of(message: Message, severity: Severity | None = None) -> dict[str, str]:
    """What tells it apart from all others that are active. ``severity``: another one than it has now."""
    labels = {
        "alertname": message.code,
        "severity": SEVERITIES[severity or message.severity],
        "subject": message.subject,
        "system": message.system,
    }
    more = {"source": message.source, "update": message.update}
    more["pitstop_test"] = "true" if message.is_test else ""
    return labels | {name: value for name, value in more.items() if value}


def annotations_of(message: Message) -> dict[str, str]:
    """What is shown of it; what is empty is left out."""
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(message.steps, start=1))
    runbook = next((link.url for link in message.links if link.words == RUNBOOK), "")
    said = {
        "summary": message.what,
        "description": message.impact,
        "remedy": steps,
        "runbook_url": runbook,
        "verdict": message.verdict,
        "closed_by": message.closed_by,
        "reason": message.reason,
    }
    return {name: value for name, value in said.items() if value}


RUNBOOK = "Runbook"
"""The words of the link that leads to a runbook."""


def fingerprint(labels: Mapping[str, str]) -> str:
    """Sixteen hexadecimal digits."""
    value = _OFFSET
    for name in sorted(labels):
        for byte in (*name.encode(), 255, *labels[name].encode(), 255):
            value = ((value ^ byte) * _PRIME) & 0xFFFF_FFFF_FFFF_FFFF
    return f"{value:016x}"


def rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

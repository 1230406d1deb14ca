"""Alerts to send, and a server's certificate to send them to."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pitstop.model.findings import Severity
from pitstop.ports.alert_channels import Link, Message
from simulators.certificates import self_signed

AT = datetime(2026, 3, 4, 5, 6, 7, 8000, tzinfo=UTC)
SECRET = "s3cr3t-never-said"


def message(
    id_: str = "a1",
    *,
    severity: Severity = Severity.CRITICAL,
    closed: datetime | None = None,
    before: Severity | None = None,
    what: str = "The disk of n3 is full.",
) -> Message:
    return Message(
        id=id_,
        system="Rack 7",
        code="no-space",
        severity=severity,
        subject="node n3",
        what=what,
        impact="No update goes on.",
        steps=("Make room on n3.", 'Then resume "the run".'),
        links=(
            Link("The run", "https://pitstop.example/runs/7"),
            Link("Runbook", "https://pitstop.example/runbooks/no-space"),
        ),
        detail="",
        raised=AT,
        page=f"https://pitstop.example/alerts/{id_}",
        closed=closed,
        closed_by="ada" if closed else "",
        reason="made room" if closed else "",
        before=before,
        source="checks",
    )


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate of 127.0.0.1 that is its own authority: its file, and the server's side."""
    now = datetime.now(UTC)
    public, secret = self_signed(["127.0.0.1"], now - timedelta(hours=1), now + timedelta(days=1))
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(public)
    private.write_bytes(secret)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, private)
    return cert, context

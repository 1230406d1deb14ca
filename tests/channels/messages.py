"""Alerts to send, and a server's certificate to send them to."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pitstop.model.findings import Severity
from pitstop.ports.alert_channels import Link, Message

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
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, private)
    return cert, context

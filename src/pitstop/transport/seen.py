"""The newest catalogue that this system has accepted from a source: nothing goes back behind it.

TUF's own counters guard against old *metadata*. This guards against newly signed metadata that brings an
old catalogue back, and against a catalogue that was changed without a new number. Kept in one small file of
its own, written only when a catalogue has passed every check.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from tuf.api.metadata import Role  # type: ignore[attr-defined]  # tuf's documented names, without __all__

from pitstop.model.errors import StateUnusable, TrustError
from pitstop.package.typed import from_json
from pitstop.transport import durable

_HINT = "The catalogue in use stays as it was. Tell the publisher: what is published may not be taken back."


@dataclass(frozen=True, slots=True)
class Seen:
    """One catalogue: its number (from its target path), when it was issued, the SHA-256 of its bytes, and the
    keys that signed it."""

    number: int
    issued: datetime
    sha256: str
    signers: tuple[str, ...] = ()


def load(file: Path) -> Seen | None:
    """What was accepted last; None: nothing yet.

    Raises:
        StateUnusable: the file is damaged.
    """
    try:
        return from_json(file.read_bytes(), Seen)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise StateUnusable(
            f"{file} is damaged: {error}",
            hint="Restore it from a backup. Without it an older catalogue would not be recognised as older.",
        ) from error


def store(file: Path, seen: Seen) -> None:
    durable.write(file, msgspec.json.encode(seen))


def still_counts(seen: Seen | None, role: Role) -> Seen | None:
    """What was seen, unless the publisher has taken back the keys that signed it: who had stolen them may
    have signed a number that no catalogue will ever reach again.

    Args:
        role: who may sign catalogues now.
    """
    if seen is None or not seen.signers:
        return seen
    return seen if len(set(seen.signers) & set(role.keyids)) >= role.threshold else None


def require_not_back(source: str, before: Seen | None, now: Seen) -> None:
    """Raises TrustError when ``now`` is older than what was accepted before, or another under its number."""
    if before is None or replace(before, signers=now.signers) == now:
        return
    if now.number < before.number or now.issued < before.issued:
        raise TrustError(
            f"source {source}: {_named(now)} goes back behind {_named(before)}, which this system has seen",
            hint=_HINT,
        )
    if now.number == before.number:
        raise TrustError(
            f"source {source}: catalogue {now.number} is another than the one seen before under this number",
            hint=_HINT,
        )


def _named(seen: Seen) -> str:
    return f"catalogue {seen.number} of {seen.issued.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

"""A client for the service that the environment or the profile names."""

from __future__ import annotations

import os
from collections.abc import Sequence

from pitstop.cli import profile
from pitstop.client.client import PitstopClient
from pitstop.model.errors import InvalidInput, NotFound

_WHOLE_ID = 36

_LOOKED_AT = 1_000
"""Runs among which one is found by the beginning of its id: as many as a page may have."""


def connect() -> PitstopClient:
    """Raises InvalidInput when address, profile or certificates cannot be used."""
    chosen = profile.current(os.environ)
    return PitstopClient(chosen.url, token=chosen.token, ca=chosen.ca)


def run_id_of(client: PitstopClient, given: str | None) -> str:
    """The run that was meant: by its id, by the beginning of its id, or (nothing given) the newest.

    Raises:
        NotFound: there is none.
        InvalidInput: several begin so.
    """
    if given and len(given) >= _WHOLE_ID:
        return given
    return _among([run.id for run in client.runs(limit=_LOOKED_AT if given else 1)], given)


def run_id_among(ids: Sequence[str], given: str | None) -> str:
    """As :func:`run_id_of`, of these ids, newest first."""
    return given if given and len(given) >= _WHOLE_ID else _among(ids, given)


def _among(ids: Sequence[str], given: str | None) -> str:
    found = [run for run in ids if run.startswith((given or "").lower())]
    if not found:
        raise NotFound(f"there is no run {given}" if given else "there is no run yet")
    if given and len(found) > 1:
        raise InvalidInput(f"{len(found)} runs begin with {given}", hint="Give more of the id.")
    return found[0]

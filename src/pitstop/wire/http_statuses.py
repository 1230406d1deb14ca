"""The HTTP status of each error: one table for API and portal. A pure mapping, no web framework."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pitstop.model import errors
from pitstop.model.errors import PitstopError

STATUSES: Final[Mapping[type[PitstopError], int]] = MappingProxyType(
    {
        errors.InvalidInput: 400,
        errors.NotSignedIn: 401,
        errors.NotPermitted: 403,
        errors.NotFound: 404,
        errors.NotAllowed: 409,
        errors.Conflict: 409,
        errors.TrustError: 422,
        errors.Unreachable: 502,
        errors.StateUnusable: 503,
        errors.NoSpace: 507,
    }
)
"""A subclass without a row has that of its parent."""

OURS: Final = 500
"""What is left over: the service itself is to blame."""


def status_of(error: PitstopError) -> int:
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), OURS)

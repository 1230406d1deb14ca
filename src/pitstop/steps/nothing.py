"""Arguments of the kinds that take none."""

from __future__ import annotations

import msgspec


class NoArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Takes no arguments."""

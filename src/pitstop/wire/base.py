"""What all read models share."""

from __future__ import annotations

import msgspec


class View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What all read models share: frozen, named fields, camelCase in JSON."""

"""How a setting says what it is for."""

from __future__ import annotations

from typing import Any

import msgspec


def said(description: str, **bounds: Any) -> msgspec.Meta:
    """What docs/settings.md says of a setting."""
    return msgspec.Meta(description=description, **bounds)

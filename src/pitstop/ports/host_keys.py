"""The host keys that machines must show: remembered from the first contact, under the machine's name.

Jump hosts have keys of their own, under ``ADDRESS:PORT``. Adapter: :mod:`pitstop.store.host_keys`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class HostKeys(Protocol):
    """May be used from several threads."""

    def pinned(self, name: str) -> str | None:
        """The key as ``TYPE BASE64``; None before the first contact."""

    def all_pinned(self) -> Mapping[str, str]:
        """By name."""

    def pin(self, name: str, key: str) -> str:
        """Remember, durably, the key that was shown at first contact; one that is there already stays. The
        key that holds now."""

    def trust(self, name: str, key: str) -> None:
        """From now on this key holds, whatever was there."""

    def forget(self, name: str) -> None:
        """Let the next contact be the first again."""

"""Who may read the metrics: Prometheus by a token of its own, and everybody who may see the system."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from pathlib import Path

from pitstop.channels.secrets import first_line
from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import InvalidInput
from pitstop.service.desk import AccountsDesk

log = logging.getLogger(__name__)

READER = "metrics"
"""What whoever holds the token is called."""


@dataclass(frozen=True, slots=True)
class MetricsAccess:
    """Implements :class:`pitstop.service.desk.MetricsDesk`.

    Attributes:
        token: the file whose first line it is, read each time; None: there is none.
    """

    accounts: AccountsDesk
    token: Path | None = None

    def actor(self, token: str, origin: str) -> Actor:
        if self._is_the_token(token):
            return Actor(READER, Role.READER, origin)
        return self.accounts.actor(token, origin)

    def _is_the_token(self, token: str) -> bool:
        if self.token is None:
            return False
        try:
            return secrets.compare_digest(token.encode(), first_line(self.token).encode())
        except InvalidInput as error:
            log.warning("nobody reads the metrics by a token: %s", error)
            return False

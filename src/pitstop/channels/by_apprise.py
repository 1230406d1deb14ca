"""Whatever `apprise` reaches: chats, pagers, push services. An extra: ``pip install 'pitstop[apprise]'``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from pitstop.channels.secrets import first_line
from pitstop.channels.wording import text, title
from pitstop.model.errors import InvalidInput, Unreachable
from pitstop.model.findings import Severity
from pitstop.ports.alert_channels import Message

_TYPES = {Severity.CRITICAL: "failure", Severity.WARNING: "warning", Severity.INFORMATIONAL: "info"}


@dataclass(frozen=True, slots=True)
class ByApprise:
    """One service.

    Attributes:
        address: file whose first line is its address, as apprise writes these; a secret as a whole.
    """

    name: str
    address: Path
    at_least: Severity
    most: ClassVar[int] = 8
    again: ClassVar[timedelta | None] = None

    @property
    def says(self) -> str:
        return f"apprise, by the address in {self.address.name}"

    def send(self, messages: Sequence[Message]) -> None:
        service, scheme = self._service()
        kind = "success" if all(message.closed for message in messages) else _TYPES[messages[0].severity]
        try:
            taken = service.notify(body=text(messages), title=title(messages), notify_type=kind)
        except Exception as error:
            raise Unreachable(f"{scheme} broke: {type(error).__name__}") from None
        if not taken:
            raise Unreachable(
                f"{scheme} did not take it",
                hint="Check the address with apprise's own command: it says what the service answers.",
            )

    def _service(self) -> tuple[Any, str]:
        """And the word that its address begins with. Raises InvalidInput."""
        address = first_line(self.address)
        try:
            import apprise  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            raise InvalidInput(
                f"the alert channel {self.name} needs apprise, which is not installed",
                hint="Install it beside Pitstop: pip install 'pitstop[apprise]'",
            ) from error
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its messages may name what is secret
        service = apprise.Apprise()
        if not service.add(address):
            raise InvalidInput(
                f"the first line of {self.address} is no address that apprise knows",
                hint="Its documentation lists them: https://github.com/caronc/apprise/wiki",
            )
        return service, address.partition(":")[0]

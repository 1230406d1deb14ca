"""By HTTP: a webhook that takes what Alertmanager sends to its receivers, and an Alertmanager itself."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx

from pitstop.channels.labels import NEVER, annotations_of, fingerprint, labels_of, rfc3339
from pitstop.channels.secrets import first_line
from pitstop.model.errors import InvalidInput, NotPermitted, TrustError, Unreachable
from pitstop.model.findings import Severity
from pitstop.ports.alert_channels import Message

_SECONDS = 15.0
_HINT = "Check the channel's address and token in the settings, and what the other side's log says."

REPEATED_EVERY = timedelta(minutes=1)
FADES_AFTER = timedelta(minutes=5)
"""An Alertmanager forgets what it is not told of again: so it is told every minute what is still active."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to post to.

    Attributes:
        url: with no secret in it.
        token: file whose first line is sent as a bearer token.
        ca: PEM file of the authorities to trust instead of this machine's.
    """

    url: str
    token: Path | None = None
    ca: Path | None = None

    @property
    def says(self) -> str:
        """The address without what may be secret in it: its path and query often are."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"

    def post(self, body: object, path: str = "") -> None:
        """Raises Unreachable, NotPermitted, TrustError, InvalidInput: it did not take it."""
        headers = {"Authorization": f"Bearer {first_line(self.token)}"} if self.token else {}
        try:
            context = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
            with httpx.Client(verify=context, trust_env=False, timeout=_SECONDS) as client:
                answer = client.post(
                    f"{self.url.rstrip('/')}{path}" if path else self.url, json=body, headers=headers
                )
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise TrustError(f"{self.says} shows a certificate that is not trusted") from error
            raise Unreachable(f"{self.says} cannot be reached: {error}", hint=_HINT) from error
        except httpx.TimeoutException as error:
            raise Unreachable(f"{self.says} does not answer within {_SECONDS:.0f} s", hint=_HINT) from error
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise Unreachable(f"{self.says} cannot be used: {type(error).__name__}", hint=_HINT) from error
        if not answer.is_success:
            raise _refused(self.says, answer.status_code)


def _refused(says: str, status: int) -> Exception:
    if status in (401, 403, 407):
        return NotPermitted(f"{says} does not take it: status {status}", hint=_HINT)
    if 400 <= status < 500 and status not in (408, 425, 429):
        return InvalidInput(f"{says} refuses it: status {status}", hint=_HINT)
    return Unreachable(f"{says} does not take it now: status {status}", hint=_HINT)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Whatever takes the messages that Alertmanager sends to a webhook receiver, version 4."""

    name: str
    endpoint: Endpoint
    at_least: Severity
    portal: str
    most: ClassVar[int] = 64
    again: ClassVar[timedelta | None] = None

    @property
    def says(self) -> str:
        return f"webhook {self.endpoint.says}"

    def send(self, messages: Sequence[Message]) -> None:
        self.endpoint.post(self.body(messages))
        if ended := _ended(messages):
            self.endpoint.post(self.body(ended))

    def body(self, messages: Sequence[Message]) -> dict[str, Any]:
        alerts = [alert for message in messages for alert in _alerts(message)]
        system = messages[0].system
        return {
            "version": "4",
            "groupKey": f'{{}}:{{system="{system}"}}',
            "truncatedAlerts": 0,
            "status": "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved",
            "receiver": self.name,
            "groupLabels": {"system": system},
            "commonLabels": _common([alert["labels"] for alert in alerts]),
            "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
            "externalURL": self.portal,
            "alerts": alerts,
        }


def _ended(messages: Sequence[Message]) -> Sequence[Message]:
    """A test ends as soon as it has arrived: it must not stay active over there."""
    return [replace(message, closed=datetime.now(UTC)) for message in messages if message.is_test]


def _alerts(message: Message) -> list[dict[str, Any]]:
    """The alert; before it, as resolved, what it was under another severity: that is another one there."""
    now = _alert(message, message.severity, message.closed)
    if message.before is None:
        return [now]
    return [_alert(message, message.before, message.closed or datetime.now(UTC)), now]


def _alert(message: Message, severity: Severity, ended: datetime | None) -> dict[str, Any]:
    labels = labels_of(message, severity)
    return {
        "status": "firing" if ended is None else "resolved",
        "labels": labels,
        "annotations": annotations_of(message),
        "startsAt": rfc3339(message.raised),
        "endsAt": NEVER if ended is None else rfc3339(ended),
        "generatorURL": message.page,
        "fingerprint": fingerprint(labels),
    }


def _common(each: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *others = each
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """An Alertmanager, told as Prometheus tells it: what is active again and again, with an end ahead."""

    name: str
    endpoint: Endpoint
    at_least: Severity
    most: ClassVar[int] = 64
    again: ClassVar[timedelta | None] = REPEATED_EVERY

    @property
    def says(self) -> str:
        return f"Alertmanager {self.endpoint.says}"

    def send(self, messages: Sequence[Message]) -> None:
        for told in (messages, _ended(messages)):
            alerts = [alert for message in told for alert in _alerts(message)]
            if alerts:
                self.endpoint.post([_posted(alert, datetime.now(UTC)) for alert in alerts], "/api/v2/alerts")


def _posted(alert: dict[str, Any], now: datetime) -> dict[str, Any]:
    ends = rfc3339(now + FADES_AFTER) if alert["endsAt"] == NEVER else alert["endsAt"]
    said = {name: alert[name] for name in ("labels", "annotations", "startsAt", "generatorURL")}
    return said | {"endsAt": ends}

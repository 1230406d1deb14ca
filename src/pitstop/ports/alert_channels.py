"""Where alerts are sent on to, and what is remembered of that.

What a channel is owed is worked out from the alerts as they are and from what it took last: an alert is its
own outbox, written in the transaction in which it is raised. So nothing is lost with the service, nothing
that is over is sent late, and what a channel took it is not sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pitstop.model.alerts import Owed
from pitstop.model.findings import Severity


@dataclass(frozen=True, slots=True)
class Link:
    """``words`` name where ``url`` leads."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """An alert as channels tell it: plain text, and nothing secret.

    Attributes:
        id: the alert's.
        closed: None while it is active.
        before: the severity under which the channel was told of it, where that was another one.
        verdict: ``needs-attention`` or ``failed``, of a failed run; else "".
        steps: what to do, in this order.
        source, update: as the alert has them; "" where it has none.
        page: address of the alert's page in the portal.
        is_test: somebody tries whether the channel works.
    """

    id: str
    system: str
    code: str
    severity: Severity
    subject: str
    what: str
    impact: str
    steps: tuple[str, ...]
    links: tuple[Link, ...]
    detail: str
    raised: datetime
    page: str
    closed: datetime | None = None
    closed_by: str = ""
    reason: str = ""
    before: Severity | None = None
    verdict: str = ""
    source: str = ""
    update: str = ""
    is_test: bool = False


class Channel(Protocol):
    """Somewhere that people or other systems hear of alerts."""

    @property
    def name(self) -> str: ...

    @property
    def says(self) -> str:
        """What it is and where it leads, without secrets."""

    @property
    def at_least(self) -> Severity:
        """The mildest that it is told of."""

    @property
    def most(self) -> int:
        """How many messages it takes at once; it takes all of them, or none."""

    @property
    def again(self) -> timedelta | None:
        """How often it wants to hear again of what is active, if what it knows fades; None: never."""

    def send(self, messages: Sequence[Message]) -> None:
        """Blocks, for half a minute at most.

        Raises:
            Unreachable: it did not take them. TrustError, NotPermitted, NotFound, InvalidInput: nor will it
            until somebody changes something.
        """


@dataclass(frozen=True, slots=True)
class ChannelStanding:
    """How a channel does.

    Attributes:
        failures: in a row.
        problem: what it failed with last; "" where it works.
        due: before then it is left alone.
        took: when it last took something.
    """

    failures: int = 0
    problem: str = ""
    due: datetime | None = None
    took: datetime | None = None


class Outbox(Protocol):
    def owed(self, channel: Channel, at: datetime) -> Sequence[Owed]:
        """What the channel is still to be told, oldest first; of itself it is told nothing."""

    def took(self, channel: str, owed: Sequence[Owed], at: datetime) -> None:
        """It took these; with none, a test."""

    def failed(self, channel: str, problem: str, due: datetime) -> None:
        """It did not take what it was sent, once more."""

    def standings(self) -> Mapping[str, ChannelStanding]:
        """By name, of those that were ever sent anything."""

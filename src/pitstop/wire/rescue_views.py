"""The read model of the console on the machine itself."""

from __future__ import annotations

from pitstop.wire.base import View
from pitstop.wire.views import RunReport


class RescueStatus(View, frozen=True):
    """What there is to know when portal and API may be down.

    ``service``: the pid of who holds the state folder, "" where nobody does. ``faces``: why portal and API do
    not answer; ``database``: why it can only be read; "" where all is well. ``alerts``: how many are active;
    ``run``: the newest one.
    """

    service: str
    faces: str
    database: str
    alerts: int
    run: RunReport | None

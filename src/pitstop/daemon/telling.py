"""Wiring of alerts: seeing them, sending them on, and looking for what is worth one."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.daemon.ground import Ground
from pitstop.engine.alarm import NotDriven
from pitstop.service.alert_look import AlertLook
from pitstop.service.alert_messages import AlertMessages
from pitstop.service.alert_sending import AlertSending
from pitstop.service.alerts import AlertsService
from pitstop.service.check_rounds import CheckRounds
from pitstop.service.runs import RunsService


@dataclass(frozen=True, slots=True)
class Telling:
    alerts: AlertsService
    sending: AlertSending
    look: AlertLook
    not_driven: NotDriven


def telling(on: Ground, rounds: CheckRounds, runs: RunsService) -> Telling:
    stored, said = on.stored, on.settings.alerts
    messages = AlertMessages(stored.runs, on.header.name, said.portal, runs.offered)
    return Telling(
        alerts=AlertsService(stored.alerts, messages, on.audited),
        sending=AlertSending(said.channels, stored.outbox, stored.alerts, messages, on.audited),
        look=AlertLook(stored.alerts, on.knowledge, rounds.verdict),
        not_driven=NotDriven(stored.alerts, on.clock),
    )

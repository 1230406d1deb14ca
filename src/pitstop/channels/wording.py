"""What an alert says to people who read it elsewhere: plain text, calm, complete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pitstop.model.findings import Severity
from pitstop.policy.alerting import rank
from pitstop.ports.alert_channels import Message

VERDICTS = {"needs-attention": "needs attention", "failed": "failed"}


def title(messages: Sequence[Message]) -> str:
    """One line: how bad, of which system, what."""
    first = messages[0]
    if len(messages) == 1:
        return f"[{_state(first)}] {first.system}: {one_line(first.what)}"
    active = [message.severity for message in messages if message.closed is None]
    state = max(active, key=rank) if active else "Closed"
    return f"[{state}] {first.system}: {len(messages)} alerts"


def text(messages: Sequence[Message]) -> str:
    """All of it, one after the other."""
    return "\n\n\n".join("\n".join(_lines(message)) for message in messages) + "\n"


def one_line(words: str) -> str:
    return " ".join(words.split())


def _state(message: Message) -> str:
    if message.is_test:
        return "Test"
    return "Closed" if message.closed else message.severity.value


def _lines(message: Message) -> Iterator[str]:
    yield f"[{_state(message)}] {one_line(message.what)}"
    yield ""
    if message.verdict and not message.closed:
        soon = "as soon as possible" if message.severity is Severity.CRITICAL else "in business hours"
        yield f"The update {VERDICTS[message.verdict]}: to be looked at {soon}."
    if message.impact:
        yield f"Impact:  {message.impact}"
    yield f"About:   {message.subject} ({message.code})"
    yield f"Raised:  {_said(message.raised)}"
    if message.closed:
        yield f"Closed:  {_said(message.closed)} by {message.closed_by}" + _because(message)
    elif message.steps:
        yield ""
        yield "What to do:"
        yield from (f"  {number}. {step}" for number, step in enumerate(message.steps, start=1))
    yield ""
    yield f"The alert: {message.page}"
    yield from (f"{link.words}: {link.url}" for link in message.links)


def _because(message: Message) -> str:
    return f": {one_line(message.reason)}" if message.reason else ""


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"

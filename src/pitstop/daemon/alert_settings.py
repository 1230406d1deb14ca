"""What ``pitstop.toml`` says about alerts: ``[alerts]``, and a table for each channel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import msgspec

from pitstop.channels.by_apprise import ByApprise
from pitstop.channels.http import Alertmanager, Endpoint, Webhook
from pitstop.channels.mail import Encryption, Mail
from pitstop.channels.syslog import Syslog, Way
from pitstop.daemon.settings_words import said as _said
from pitstop.model.errors import InvalidInput
from pitstop.model.findings import Severity
from pitstop.ports.alert_channels import Channel

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MAIL_PORTS = {Encryption.STARTTLS: 587, Encryption.TLS: 465, Encryption.NONE: 25}
_SYSLOG_PORTS = {Way.UDP: 514, Way.TCP: 514, Way.TLS: 6514}


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file."""


_Name = Annotated[
    str, _said("Short name: small letters, digits, `.`, `_` and `-`.", pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
]
_AtLeast = Annotated[
    Severity, _said("The mildest alert that it is told of: `Critical`, `Warning` or `Informational`.")
]
_Authorities = Annotated[str | None, _said("PEM file of the certificate authorities to trust.")]
_Token = Annotated[str | None, _said("File whose first line is sent as a bearer token.")]


class WebhookTable(_Said, frozen=True):
    """An ``[[alerts.webhook]]``."""

    name: _Name
    url: Annotated[str, _said("Where to post to: what takes the webhooks of an Alertmanager (version 4).")]
    at_least: _AtLeast = Severity.WARNING
    token: _Token = None
    ca: _Authorities = None


class AlertmanagerTable(_Said, frozen=True):
    """An ``[[alerts.alertmanager]]``."""

    name: _Name
    url: Annotated[str, _said("Address of an Alertmanager, without `/api/v2/alerts`.")]
    at_least: _AtLeast = Severity.WARNING
    token: _Token = None
    ca: _Authorities = None


class EmailTable(_Said, frozen=True):
    """An ``[[alerts.email]]``."""

    name: _Name
    host: Annotated[str, _said("The mail server.")]
    sender: Annotated[str, _said("The address that it is from.")]
    to: Annotated[tuple[str, ...], _said("The addresses that it goes to.", min_length=1)]
    port: Annotated[int, _said("Its port; 0: 587, or 465 with `tls`, or 25 with `none`.", ge=0, le=65535)] = 0
    encryption: Annotated[
        Encryption,
        _said(
            "`starttls` (insisted on), `tls` from the first byte, or `none`: for a server on this machine."
        ),
    ] = Encryption.STARTTLS
    at_least: _AtLeast = Severity.WARNING
    user: Annotated[str, _said("The account at the mail server; by default none.")] = ""
    password: Annotated[str | None, _said("File whose first line is its password.")] = None
    ca: _Authorities = None


class SyslogTable(_Said, frozen=True):
    """An ``[[alerts.syslog]]``."""

    name: _Name
    url: Annotated[
        str, _said("`udp://HOST[:514]`, `tcp://HOST[:514]`, `tls://HOST[:6514]`, or `unix:///run/log.sock`.")
    ]
    at_least: _AtLeast = Severity.INFORMATIONAL
    ca: _Authorities = None


class AppriseTable(_Said, frozen=True):
    """An ``[[alerts.apprise]]``."""

    name: _Name
    address: Annotated[
        str, _said("File whose first line is the service's address as apprise writes it, with its secrets.")
    ]
    at_least: _AtLeast = Severity.WARNING


class AlertsTable(_Said, frozen=True):
    """``[alerts]``."""

    portal: Annotated[
        str, _said("The address at which people reach the portal, for links; by default that of `listen`.")
    ] = ""
    metrics_token: Annotated[
        str | None,
        _said("File whose first line Prometheus sends as a bearer token, to read `/metrics`."),
    ] = None
    webhook: Annotated[list[WebhookTable], _said("Webhooks, each an `[[alerts.webhook]]`.")] = []
    alertmanager: Annotated[
        list[AlertmanagerTable], _said("Alertmanagers, each an `[[alerts.alertmanager]]`.")
    ] = []
    email: Annotated[list[EmailTable], _said("People to write to, each an `[[alerts.email]]`.")] = []
    syslog: Annotated[list[SyslogTable], _said("Collectors of logs, each an `[[alerts.syslog]]`.")] = []
    apprise: Annotated[list[AppriseTable], _said("What apprise reaches, each an `[[alerts.apprise]]`.")] = []


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What holds, checked."""

    portal: str
    channels: Sequence[Channel] = ()
    metrics_token: Path | None = None


def alert_settings(said: AlertsTable, folder: Path, portal: str) -> AlertSettings:
    """``portal``: where it is when the table does not say. Raises InvalidInput: an address is none."""
    if said.portal:
        _address(said.portal, "alerts.portal", ("http", "https"))
    portal = (said.portal or portal).rstrip("/")
    channels = tuple(_channels(said, folder, portal))
    twice = [name for name, count in Counter(channel.name for channel in channels).items() if count > 1]
    if twice:
        raise InvalidInput(f"there are several alert channels of the name {twice[0]}")
    token = folder / said.metrics_token if said.metrics_token else None
    return AlertSettings(portal, channels, token)


def _channels(said: AlertsTable, folder: Path, portal: str) -> Iterator[Channel]:
    for webhook in said.webhook:
        yield Webhook(webhook.name, _endpoint(webhook, folder), webhook.at_least, portal)
    for manager in said.alertmanager:
        yield Alertmanager(manager.name, _endpoint(manager, folder), manager.at_least)
    for email in said.email:
        yield _mail(email, folder)
    for syslog in said.syslog:
        yield _syslog(syslog, folder)
    for service in said.apprise:
        yield ByApprise(service.name, folder / service.address, service.at_least)


def _endpoint(said: WebhookTable | AlertmanagerTable, folder: Path) -> Endpoint:
    parts = _address(said.url, f"alert channel {said.name}: url", ("http", "https"))
    if parts.scheme == "http" and said.token and parts.hostname not in _LOOPBACK:
        raise InvalidInput(
            f"alert channel {said.name}: its token would be sent in the clear",
            hint="Give an https:// address, or leave the token out.",
        )
    return Endpoint(
        said.url, folder / said.token if said.token else None, folder / said.ca if said.ca else None
    )


def _mail(said: EmailTable, folder: Path) -> Mail:
    if bool(said.user) != bool(said.password):
        raise InvalidInput(f"alert channel {said.name}: user and password are given together")
    if said.encryption is Encryption.NONE and (said.user or said.host not in _LOOPBACK):
        raise InvalidInput(
            f"alert channel {said.name}: without encryption only a mail server on this machine is written "
            "to, and without an account",
            hint='Leave `encryption` at "starttls".',
        )
    for address in (said.sender, *said.to):
        if "@" not in address or any(character in address for character in "\r\n,"):
            raise InvalidInput(f"alert channel {said.name}: {address!r} is no e-mail address")
    return Mail(
        said.name,
        said.host,
        said.port or _MAIL_PORTS[said.encryption],
        said.encryption,
        said.sender,
        said.to,
        said.at_least,
        said.user,
        folder / said.password if said.password else None,
        folder / said.ca if said.ca else None,
    )


def _syslog(said: SyslogTable, folder: Path) -> Syslog:
    parts = urlsplit(said.url)
    ca = folder / said.ca if said.ca else None
    if parts.scheme == Way.UNIX and parts.path and not parts.netloc:
        return Syslog(said.name, Way.UNIX, parts.path, 0, said.at_least)
    parts = _address(said.url, f"alert channel {said.name}: url", tuple(_SYSLOG_PORTS))
    way = Way(parts.scheme)
    return Syslog(said.name, way, parts.hostname or "", parts.port or _SYSLOG_PORTS[way], said.at_least, ca)


def _address(url: str, where: str, schemes: Sequence[str]) -> SplitResult:
    """Raises InvalidInput: it is not one of these, or it carries a secret."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in schemes and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        known, parts = False, urlsplit("")
    if not known:
        raise InvalidInput(
            f"{where} is no address that begins with {' or '.join(f'{s}://' for s in schemes)}"
        )
    if parts.username or parts.password:
        raise InvalidInput(f"{where} carries a secret", hint="Secrets are in files of their own.")
    return parts

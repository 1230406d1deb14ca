"""The service's settings: ``pitstop.toml``, with ``PITSTOP_*`` in the environment overriding it.

Paths in the file are relative to it. State never lies in a checkout: by default it is in
``/var/lib/pitstop`` for root and below ``XDG_STATE_HOME`` for users. ``docs/settings.md`` is made from the
structs in here.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from pitstop.daemon.alert_settings import AlertSettings, AlertsTable, alert_settings
from pitstop.daemon.case_settings import ContactSettings, contacts_of
from pitstop.daemon.check_settings import CheckSettings, ChecksTable, CheckTable, check_settings
from pitstop.daemon.log_settings import (
    LogCommand,
    LogPattern,
    LogSettings,
    LogsTable,
    LogTarget,
    log_settings,
)
from pitstop.daemon.settings_words import said as _said
from pitstop.model.cases import Contact
from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.packages import PackageType
from pitstop.model.releases import PublisherKind
from pitstop.model.sizes import parse_size
from pitstop.ports.feeds import Source
from pitstop.ports.media import Bounds
from pitstop.transport.http_fetcher import proxy_parts

SETTINGS_NAME = "pitstop.toml"
DIRECT = "direct"
"""What a source says as its proxy that is to be reached without one."""


_Days = Annotated[int, msgspec.Meta(ge=1, le=3660)]


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A ``[[source]]``: a publisher's feed that the operator trusts."""

    name: Annotated[str, _said("Short name: small letters, digits, `.`, `_` and `-`.")]
    publisher: Annotated[str, _said("The publisher's short name, which its catalogue must carry.")]
    kind: Annotated[PublisherKind, _said("`platform` owns the software, `oem` firmware and drivers.")]
    types: Annotated[list[PackageType], _said("The package types that the source may publish.")]
    root: Annotated[
        str,
        _said(
            "The file with the publisher's root of trust, as it was handed over; pinned at the first start."
        ),
    ]
    url: Annotated[
        str,
        _said(
            "Address of the site: `http(s)://`, or `file://` of a folder with the same files. Empty for a "
            "source that is not connected: its packages are imported."
        ),
    ] = ""
    mirrors: Annotated[
        list[str], _said("Further addresses with the same files, asked where the first one fails.")
    ] = []
    proxy: Annotated[
        str | None,
        _said("Another proxy for this source than `proxy` above; `direct` for none."),
    ] = None
    ca: Annotated[
        str | None,
        _said(
            "PEM file of the certificate authorities that this source's site may have; instead of `ca` above."
        ),
    ] = None


class FileSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ``pitstop.toml`` may say."""

    system: Annotated[str, _said("The file that declares the system and its nodes.")]
    state: Annotated[
        str | None,
        _said(
            "The folder of all state; by default `/var/lib/pitstop` for root, else `pitstop` below "
            "`XDG_STATE_HOME`."
        ),
    ] = None
    database: Annotated[
        str | None,
        _said(
            "`postgresql://[USER[:PASSWORD]@]HOST[:PORT]/NAME`: a PostgreSQL that several services and "
            "workers share ([several machines](several-machines.md)). By default the database lies in the "
            "state folder, for one service alone."
        ),
    ] = None
    listen: Annotated[str, _said("Address and port of API and portal; on loopback.")] = "127.0.0.1:8460"
    poll_minutes: Annotated[
        float,
        _said("How often the connected sources are asked for news; each time a tenth earlier or later."),
    ] = 60.0
    proxy: Annotated[
        str | None,
        _said(
            "`http://[USER:PASSWORD@]HOST:PORT` that sources are reached through. The proxies that the "
            "environment names for other programs are not used."
        ),
    ] = None
    ca: Annotated[
        str | None,
        _said("PEM file of the certificate authorities to trust, instead of this machine's own."),
    ] = None
    bandwidth: Annotated[
        str | None,
        _said("What all downloads together may take a second, such as `10M` (bytes); by default no limit."),
    ] = None
    import_folder: Annotated[
        str | None, _said("A folder that is watched: what is put there is imported. By default none.")
    ] = None
    import_bucket: Annotated[
        str | None,
        _said(
            "A place in an object store that is watched, such as `s3://bucket/path`: what is put there is "
            "imported. By default none."
        ),
    ] = None
    import_bucket_options: Annotated[
        dict[str, str],
        _said(
            "Settings of that store, such as `endpoint` and `region`; what is not given, credentials above "
            "all, comes from the environment (`AWS_ACCESS_KEY_ID`, ...)."
        ),
    ] = {}
    medium_warn_days: Annotated[_Days, _said("A medium older than this is imported with a warning.")] = 90
    medium_refuse_days: Annotated[_Days, _said("A medium older than this is refused.")] = 365
    keep_payloads_days: Annotated[
        _Days,
        _said("How long after its installation an update's payload is kept, unless it is still needed."),
    ] = 14
    contact: Annotated[
        list[ContactSettings], _said("Whom to ask for support, each a `[[contact]]` of its own.")
    ] = []
    case_key: Annotated[
        str | None,
        _said(
            "The file with the private key (Ed25519, PEM) that support cases are signed with, made if it is "
            "missing. By default `case-key` in the state folder; machines of one system share one."
        ),
    ] = None
    ansible_wheels: Annotated[
        str | None,
        _said(
            "A folder with wheels of ansible-core and ansible-runner and a `requirements.txt` with digests, "
            "for plans that play playbooks and bring no Ansible."
        ),
    ] = None
    source: Annotated[list[SourceSettings], _said("The sources, each a `[[source]]` of its own.")] = []
    alerts: Annotated[AlertsTable, _said("Where alerts are sent on to: a table `[alerts]`.")] = AlertsTable()
    logs: Annotated[LogsTable, _said("How logs are collected and kept: a table `[logs]`.")] = LogsTable()
    log_target: Annotated[
        list[LogTarget], _said("Where log bundles may be sent, each a `[[log_target]]` of its own.")
    ] = []
    log_pattern: Annotated[
        list[LogPattern],
        _said("What is removed from logs beside what is built in, each a `[[log_pattern]]` of its own."),
    ] = []
    log_command: Annotated[
        list[LogCommand],
        _said("Commands whose output is collected from nodes, each a `[[log_command]]` of its own."),
    ] = []
    checks: Annotated[ChecksTable, _said("How the system is checked: a table `[checks]`.")] = ChecksTable()
    check: Annotated[list[CheckTable], _said("Checks of your own, each a `[[check]]` of its own.")] = []


ENVIRONMENT = {
    "PITSTOP_SYSTEM": "system",
    "PITSTOP_STATE": "state",
    "PITSTOP_DATABASE": "database",
    "PITSTOP_LISTEN": "listen",
    "PITSTOP_POLL_MINUTES": "poll_minutes",
    "PITSTOP_PROXY": "proxy",
}
"""Variables that override a setting. ``PITSTOP_PROXY`` empty: no proxy, whatever the file says."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How sources are reached, checked.

    Attributes:
        bandwidth: bytes a second for all together; None: no limit.
        proxies, authorities: by name of source, where it has its own.
    """

    proxy: str | None = None
    ca: Path | None = None
    bandwidth: int | None = None
    proxies: Mapping[str, str | None] = field(default_factory=dict)
    authorities: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WatchedBucket:
    """Where it is, and what its store is told."""

    url: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds, from file and environment, checked; all paths absolute."""

    folder: Path
    system_file: Path
    state: Path
    database: str | None
    host: str
    port: int
    poll_minutes: float
    sources: tuple[tuple[Source, Path], ...]
    reach: Reach
    import_folder: Path | None
    import_bucket: WatchedBucket | None
    medium: Bounds
    keep_payloads: timedelta
    logs: LogSettings
    checks: CheckSettings
    alerts: AlertSettings
    contacts: tuple[Contact, ...]
    case_key: Path | None
    ansible_wheels: Path | None


def read_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in this file.

    Raises:
        NotFound: the file is not there.
        InvalidInput: it does not hold to the form; the message names the place.
    """
    if not path.is_file():
        raise NotFound(
            f"there is no settings file {path}", hint="Name one with --settings or PITSTOP_SETTINGS."
        )
    try:
        said = msgspec.toml.decode(path.read_bytes(), type=FileSettings)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{path}: {error}", hint="The settings are in docs/settings.md.") from error
    folder = path.resolve().parent
    host, port = _address(environment.get("PITSTOP_LISTEN", said.listen))
    return Settings(
        folder=folder,
        system_file=folder / environment.get("PITSTOP_SYSTEM", said.system),
        state=folder / (environment.get("PITSTOP_STATE") or said.state or default_state(environment)),
        database=_database(environment.get("PITSTOP_DATABASE", said.database)),
        host=host,
        port=port,
        poll_minutes=_positive(environment.get("PITSTOP_POLL_MINUTES", said.poll_minutes)),
        sources=tuple((_source(source), folder / source.root) for source in said.source),
        reach=_reach(said, folder, environment),
        import_folder=folder / said.import_folder if said.import_folder else None,
        import_bucket=_bucket(said),
        medium=_medium_bounds(said),
        keep_payloads=timedelta(days=said.keep_payloads_days),
        logs=log_settings(said.logs, said.log_target, said.log_pattern, said.log_command, folder),
        checks=check_settings(said.checks, said.check, folder),
        alerts=alert_settings(said.alerts, folder, f"http://{host}:{port}"),
        contacts=contacts_of(said.contact),
        case_key=folder / said.case_key if said.case_key else None,
        ansible_wheels=folder / said.ansible_wheels if said.ansible_wheels else None,
    )


def default_state(environment: Mapping[str, str]) -> str:
    """Where state lies when nothing says otherwise: by root or user."""
    if os.geteuid() == 0:
        return "/var/lib/pitstop"
    home = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return str(Path(home) / "pitstop")


def _database(address: str | None) -> str | None:
    if not address:
        return None
    if urlsplit(address).scheme not in ("postgresql", "postgres"):
        raise InvalidInput(
            "database is not the address of a PostgreSQL, such as postgresql://pitstop@db.example/pitstop",
            hint="Leave it out to keep the database in the state folder.",
        )
    return address


def _source(said: SourceSettings) -> Source:
    return Source(said.name, said.publisher, said.kind, said.url, frozenset(said.types), tuple(said.mirrors))


def _reach(said: FileSettings, folder: Path, environment: Mapping[str, str]) -> Reach:
    proxies = {item.name: _proxy(item.proxy) for item in said.source if item.proxy is not None}
    return Reach(
        proxy=_proxy(environment.get("PITSTOP_PROXY", said.proxy)),
        ca=folder / said.ca if said.ca else None,
        bandwidth=parse_size(said.bandwidth) if said.bandwidth else None,
        proxies=proxies,
        authorities={item.name: folder / item.ca for item in said.source if item.ca},
    )


def _proxy(address: str | None) -> str | None:
    """The proxy's address, if it is one; None for none. Raises InvalidInput."""
    if not address or address == DIRECT:
        return None
    proxy_parts(address)
    return address


def _bucket(said: FileSettings) -> WatchedBucket | None:
    if said.import_bucket:
        return WatchedBucket(said.import_bucket, said.import_bucket_options)
    if said.import_bucket_options:
        raise InvalidInput("there are import_bucket_options, and no import_bucket")
    return None


def _medium_bounds(said: FileSettings) -> Bounds:
    if said.medium_warn_days > said.medium_refuse_days:
        raise InvalidInput(
            f"medium_warn_days = {said.medium_warn_days} is more than "
            f"medium_refuse_days = {said.medium_refuse_days}"
        )
    return Bounds(timedelta(days=said.medium_warn_days), timedelta(days=said.medium_refuse_days))


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise InvalidInput(f"listen = {listen!r} is not an address and a port, such as 127.0.0.1:8460")
    host = host.strip("[]")
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise InvalidInput(f"listen: {host!r} is not an address of this machine") from error
    if not loopback:
        raise InvalidInput(
            f"listen = {listen!r} is not on loopback, and the service speaks plain HTTP",
            hint="Listen on 127.0.0.1 and put a TLS proxy of this machine in front.",
        )
    return host, int(port)


def _positive(value: str | float) -> float:
    try:
        number = float(value)
    except ValueError as error:
        raise InvalidInput(f"poll_minutes = {value!r} is not a number") from error
    if not 0 < number < float("inf"):
        raise InvalidInput(f"poll_minutes = {value!r} is not a positive number")
    return number

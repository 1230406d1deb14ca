"""What ``pitstop.toml`` says about logs: ``[logs]``, ``[[log_target]]``, ``[[log_pattern]]`` and
``[[log_command]]``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import asyncssh
import msgspec

from pitstop.daemon.settings_words import said as _said
from pitstop.diagnostics.budget import Bounds
from pitstop.diagnostics.node_reading import What
from pitstop.diagnostics.node_sources import DEFAULT_COMMANDS, DEFAULT_FILES
from pitstop.diagnostics.redaction import Rules
from pitstop.diagnostics.targets import PutTarget, SftpTarget, StoreTarget, path_of, read_options
from pitstop.model.errors import InvalidInput
from pitstop.model.sizes import parse_size
from pitstop.ports.logs import Target


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file."""


class LogsTable(_Said, frozen=True):
    """``[logs]``."""

    files: Annotated[
        tuple[str, ...],
        _said("Files to collect from nodes: paths in the node's root, in which `*` stands for slashes too."),
    ] = DEFAULT_FILES
    sos: Annotated[bool, _said("Whether each node always makes a report with `sos` as well.")] = False
    automatic: Annotated[bool, _said("Whether logs are collected by themselves when a run has failed.")] = (
        True
    )
    pseudonyms: Annotated[
        bool,
        _said("Whether addresses and names (machines, users) are replaced, unless a call says otherwise."),
    ] = False
    file_limit: Annotated[str, _said("The most of one file, journal or output: its newest part.")] = "64MiB"
    node_limit: Annotated[str, _said("The most that is collected from one node.")] = "512MiB"
    limit: Annotated[str, _said("The most that is collected for one bundle, before it is compressed.")] = (
        "2GiB"
    )
    minutes: Annotated[
        int, _said("How long collecting may take; what has not come by then is left out.", ge=1, le=1440)
    ] = 30
    bandwidth: Annotated[str | None, _said("What all nodes together may send a second, for logs.")] = "50M"
    keep_days: Annotated[int, _said("How long a bundle is kept that was asked for.", ge=1, le=3660)] = 90
    keep_run_days: Annotated[
        int, _said("How long a bundle is kept that was collected for a run.", ge=1, le=3660)
    ] = 180
    space: Annotated[
        str,
        _said("What all bundles together may take; beyond that the oldest goes, but none that is pinned."),
    ] = "10G"


class LogTarget(_Said, frozen=True):
    """A ``[[log_target]]``."""

    name: Annotated[str, _said("Short name.")]
    url: Annotated[str, _said("`sftp://USER@HOST/FOLDER`, `s3://BUCKET/PATH`, or `https://` to PUT to.")]
    key: Annotated[str | None, _said("SFTP: file with the private key.")] = None
    host_key: Annotated[str | None, _said("SFTP: the server's key, as a line of OpenSSH.")] = None
    options: Annotated[
        str | None,
        _said(
            "S3: file with `NAME=VALUE` lines: `endpoint`, `region`, `access_key_id`, `secret_access_key`."
        ),
    ] = None
    token: Annotated[str | None, _said("PUT: file whose first line is sent as a bearer token.")] = None
    ca: Annotated[str | None, _said("PEM file of the certificate authorities to trust.")] = None
    automatic: Annotated[bool, _said("Whether what was collected by itself is sent there by itself.")] = False


class LogPattern(_Said, frozen=True):
    """A ``[[log_pattern]]``."""

    name: Annotated[str, _said("What stands in the place of what is found.")]
    pattern: Annotated[
        str,
        _said(
            "What to remove, as a pattern of RE2, looked for in each line; with a group, only what it holds."
        ),
    ]


class LogCommand(_Said, frozen=True):
    """A ``[[log_command]]``."""

    name: Annotated[str, _said("What its output is called; one of the built-in names replaces that command.")]
    run: Annotated[
        str, _said("Shell text, run in the node's root folder; empty: not run. It must change nothing.")
    ]


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What holds, checked."""

    what: What = field(default_factory=What)
    bounds: Bounds = field(default_factory=Bounds)
    own: Mapping[str, bytes] = field(default_factory=dict)
    targets: Sequence[Target] = ()
    bandwidth: int | None = None
    automatic: bool = True
    pseudonyms: bool = False
    keep: timedelta = timedelta(days=90)
    keep_of_runs: timedelta = timedelta(days=180)
    space: int = 10_000_000_000


def log_settings(
    said: LogsTable,
    targets: Sequence[LogTarget],
    patterns: Sequence[LogPattern],
    commands: Sequence[LogCommand],
    folder: Path,
) -> LogSettings:
    """Raises InvalidInput: a size, a pattern or a target is none."""
    own = {pattern.name: pattern.pattern.encode() for pattern in patterns}
    Rules(own)
    wanted = {**DEFAULT_COMMANDS, **{command.name: command.run for command in commands}}
    return LogSettings(
        what=What(said.files, {name: run for name, run in wanted.items() if run}, said.sos),
        bounds=Bounds(
            thing=parse_size(said.file_limit),
            node=parse_size(said.node_limit),
            whole=parse_size(said.limit),
            long=timedelta(minutes=said.minutes),
        ),
        own=own,
        targets=tuple(_target(target, folder) for target in targets),
        bandwidth=parse_size(said.bandwidth) if said.bandwidth else None,
        automatic=said.automatic,
        pseudonyms=said.pseudonyms,
        keep=timedelta(days=said.keep_days),
        keep_of_runs=timedelta(days=said.keep_run_days),
        space=parse_size(said.space),
    )


def _require_key(target: str, line: str) -> None:
    """Raises InvalidInput: it is no key."""
    try:
        asyncssh.import_public_key(line)
    except asyncssh.KeyImportError as error:
        raise InvalidInput(f"log_target {target}: host_key is no public key as OpenSSH writes it") from error


def _target(said: LogTarget, folder: Path) -> Target:
    ca = folder / said.ca if said.ca else None
    parts = urlsplit(said.url)
    match parts.scheme:
        case "sftp":
            if not said.key or not said.host_key:
                raise InvalidInput(
                    f"log_target {said.name}: an SFTP target has a `key` and a `host_key`",
                    hint="`ssh-keyscan HOST` prints the key; compare it with what the server's owner says.",
                )
            _require_key(said.name, said.host_key)
            host, port, user, path = path_of(said.url)
            return SftpTarget(
                said.name, host, port, user, path, folder / said.key, said.host_key, said.automatic
            )
        case "s3":
            options = read_options(folder / said.options) if said.options else {}
            return StoreTarget(said.name, said.url, options, ca, said.automatic)
        case "https":
            token = folder / said.token if said.token else None
            return PutTarget(said.name, said.url, token, ca, said.automatic)
        case "http" if parts.hostname in ("127.0.0.1", "::1", "localhost"):
            token = folder / said.token if said.token else None
            return PutTarget(said.name, said.url, token, ca, said.automatic)
    raise InvalidInput(
        f"log_target {said.name}: {said.url!r} is no place that logs can be sent to",
        hint="It is sftp://USER@HOST/FOLDER, s3://BUCKET/PATH or https://HOST/PATH.",
    )

"""`docs/settings.md`: what `pitstop.toml` may say, made from the structs that read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from pitstop.daemon.alert_settings import (
    AlertmanagerTable,
    AlertsTable,
    AppriseTable,
    EmailTable,
    SyslogTable,
    WebhookTable,
)
from pitstop.daemon.case_settings import ContactSettings
from pitstop.daemon.check_settings import ChecksTable, CheckTable
from pitstop.daemon.log_settings import LogCommand, LogPattern, LogsTable, LogTarget
from pitstop.daemon.settings import ENVIRONMENT, FileSettings, SourceSettings

_HEAD = """# Settings of the service

Made from the code by `make docs`.

One file, `pitstop.toml`, named with `--settings` or `PITSTOP_SETTINGS` (by default
`/etc/pitstop/pitstop.toml`). Paths in it are relative to it. What is not in these tables is refused. Sizes
are bytes, or such as `700M`, `4G` (powers of a thousand) or `4GiB`.
"""

_EXAMPLE = r"""
```toml
system = "nodes.yaml"
bandwidth = "10M"
proxy = "http://proxy.example:3128"

[[source]]
name = "northstar"
publisher = "northstar"
kind = "platform"
types = ["Full", "Express", "Hotfix"]
root = "northstar.root.json"
url = "https://updates.northstar.example"
mirrors = ["https://mirror.example/northstar"]

[[contact]]
name = "Northstar support"
party = "platform"
asks = ["deployment", "update"]
phone = "+1 555 0100"
number = "C-1001"
until = 2027-12-31

[logs]
files = ["var/log/*", "opt/lantern/log/*"]
space = "20G"

[[log_target]]
name = "vendor"
url = "sftp://northstar@files.example/incoming"
key = "keys/logs"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBO/y9XiVAuV/w6zOtOJVHlBldyzm3zhdywUi/oQe839"

[[log_pattern]]
name = "badge"
pattern = '\bB-[0-9]{6}\b'

[checks]
backup = "/var/backups/pitstop"

[[check]]
name = "root-disk"
run = ["/usr/lib/nagios/plugins/check_disk", "-w", "10%", "-c", "5%", "-p", "/"]
on = "nodes"

[alerts]
portal = "https://pitstop.example"

[[alerts.email]]
name = "operators"
host = "mail.example"
sender = "pitstop@rack.example"
to = ["operators@rack.example"]
user = "pitstop"
password = "secrets/mail"

[[alerts.alertmanager]]
name = "monitoring"
url = "https://alertmanager.example"
token = "secrets/alertmanager"

[[source]]                      # not connected: imported from media
name = "emberforge"
publisher = "emberforge"
kind = "oem"
types = ["OEM"]
root = "emberforge.root.json"
```
"""


TABLES_OF_LOGS: dict[str, type[msgspec.Struct]] = {
    "log_target": LogTarget,
    "log_pattern": LogPattern,
    "log_command": LogCommand,
}


TABLES_OF_ALERTS: dict[str, type[msgspec.Struct]] = {
    "alerts.webhook": WebhookTable,
    "alerts.alertmanager": AlertmanagerTable,
    "alerts.email": EmailTable,
    "alerts.syslog": SyslogTable,
    "alerts.apprise": AppriseTable,
}


def settings_page() -> str:
    """The whole page."""
    lines = [_HEAD, "## At the top", "", *_table(FileSettings), ""]
    lines += ["## Each `[[source]]`", "", *_table(SourceSettings), ""]
    lines += ["## Each `[[contact]]`", "", "See [cases.md](cases.md).", "", *_table(ContactSettings), ""]
    lines += ["## `[logs]`", "", "See [logs.md](logs.md).", "", *_table(LogsTable), ""]
    for table, struct in TABLES_OF_LOGS.items():
        lines += [f"## Each `[[{table}]]`", "", *_table(struct), ""]
    lines += ["## `[checks]`", "", "See [checks.md](checks.md).", "", *_table(ChecksTable), ""]
    lines += ["## Each `[[check]]`", "", *_table(CheckTable), ""]
    lines += ["## `[alerts]`", "", "See [alerts.md](alerts.md).", "", *_table(AlertsTable), ""]
    for table, struct in TABLES_OF_ALERTS.items():
        lines += [f"## Each `[[{table}]]`", "", *_table(struct), ""]
    lines += ["## From the environment", "", "Overrides the file.", "", "| variable | setting |", "|---|---|"]
    lines += [f"| `{variable}` | `{setting}` |" for variable, setting in ENVIRONMENT.items()]
    return "\n".join(lines) + "\n" + _EXAMPLE


def _table(struct: type[msgspec.Struct]) -> Iterator[str]:
    yield "| setting | kind | by default | what it says |"
    yield "|---|---|---|---|"
    _, parts = msgspec.json.schema_components([struct])
    shape: dict[str, Any] = parts[struct.__name__]
    for name, described in shape["properties"].items():
        default = "(needed)" if name in shape.get("required", ()) else _value(described.get("default"))
        yield f"| `{name}` | {_kind(described)} | {default} | {described['description']} |"


def _kind(described: dict[str, Any]) -> str:
    if "anyOf" in described:
        return " or ".join(_kind(item) for item in described["anyOf"] if item.get("type") != "null")
    if described.get("type") == "array":
        return "list"
    if described.get("type") == "object":
        return "table"
    if "$ref" in described or "allOf" in described:
        return "table" if "default" in described else "word"
    if "enum" in described:
        return "word"
    return {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes or no"}[
        described["type"]
    ]


def _value(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, list | tuple) and default:
        return f"`{json.dumps(default)}`"
    return "" if default in (None, "", []) or isinstance(default, dict) else f"`{default}`"

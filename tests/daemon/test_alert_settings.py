"""What ``[alerts]`` may say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitstop.channels.by_apprise import ByApprise
from pitstop.channels.http import Alertmanager, Webhook
from pitstop.channels.mail import Encryption, Mail
from pitstop.channels.syslog import Syslog, Way
from pitstop.daemon.alert_settings import AlertSettings
from pitstop.daemon.settings import read_settings
from pitstop.model.errors import InvalidInput
from pitstop.model.findings import Severity

MAIL = """[[alerts.email]]
name = "m"
host = "mail.example"
sender = "p@rack.example"
to = ["a@rack.example"]
"""
HOOK = '[[alerts.webhook]]\nname = "h"\nurl = "https://hook.example/x"\n'


def read(tmp_path: Path, said: str) -> AlertSettings:
    file = tmp_path / "pitstop.toml"
    file.write_text(f'system = "nodes.yaml"\n{said}')
    return read_settings(file, {}).alerts


def test_every_kind_of_channel(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        '[alerts]\nportal = "https://pitstop.example/"\nmetrics_token = "scrape"\n'
        + HOOK
        + '[[alerts.alertmanager]]\nname = "am"\nurl = "http://am.example:9093"\nat_least = "Critical"\n'
        + MAIL
        + 'user = "p"\npassword = "secrets/mail"\n'
        + '[[alerts.syslog]]\nname = "s"\nurl = "tls://log.example"\n'
        + '[[alerts.syslog]]\nname = "u"\nurl = "unix:///run/log.sock"\n'
        + '[[alerts.apprise]]\nname = "c"\naddress = "secrets/chat"\n',
    )
    assert (settings.portal, settings.metrics_token) == ("https://pitstop.example", tmp_path / "scrape")
    hook, manager, mail, log, here, chat = settings.channels
    assert isinstance(hook, Webhook)
    assert isinstance(manager, Alertmanager)
    assert manager.at_least is Severity.CRITICAL
    assert isinstance(mail, Mail)
    assert (mail.port, mail.encryption) == (587, Encryption.STARTTLS)
    assert mail.password == tmp_path / "secrets" / "mail"
    assert isinstance(log, Syslog)
    assert (log.way, log.port) == (Way.TLS, 6514)
    assert isinstance(here, Syslog)
    assert (here.way, here.host) == (Way.UNIX, "/run/log.sock")
    assert isinstance(chat, ByApprise)


def test_without_any_there_are_none(tmp_path: Path) -> None:
    settings = read(tmp_path, "")
    assert (settings.channels, settings.portal) == ((), "http://127.0.0.1:8460")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (HOOK + HOOK, "several alert channels of the name h"),
        (HOOK.replace("https://hook", "ftp://hook"), "no address that begins with http"),
        (HOOK.replace("https://hook", "https://ada:pw@hook"), "carries a secret"),
        (HOOK.replace("https://hook.example/x", "https://[broken"), "no address"),
        (HOOK.replace("https", "http") + 'token = "t"\n', "in the clear"),
        (HOOK.replace('"h"', '"a b"'), "name"),
        (MAIL + 'user = "p"\n', "given together"),
        (MAIL + 'encryption = "none"\n', "mail server on this machine"),
        (MAIL.replace('["a@rack.example"]', "[]"), "length"),
        (MAIL.replace("a@rack.example", "a@rack.example, b@rack.example"), "no e-mail address"),
        ('[[alerts.syslog]]\nname = "s"\nurl = "log.example:514"\n', "no address"),
        ('[[alerts.webhook]]\nname = "h"\nurl = "https://x.example"\nsecret = "x"\n', "secret"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, said: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as error:
        read(tmp_path, said)
    assert "pw" not in str(error.value)

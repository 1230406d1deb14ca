"""By e-mail: over SMTP, encrypted unless the server is on this machine."""

from __future__ import annotations

import hashlib
import logging
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from html import escape
from pathlib import Path
from typing import ClassVar

from pitstop.channels.secrets import first_line
from pitstop.channels.wording import one_line, text, title
from pitstop.model.errors import InvalidInput, NotPermitted, TrustError, Unreachable
from pitstop.model.findings import Severity
from pitstop.ports.alert_channels import Message

log = logging.getLogger(__name__)

_SECONDS = 20.0
_HINT = "Check the mail server, the account and its password in the settings, and what the server's log says."


class Encryption(StrEnum):
    """``starttls``: asked for before anything is said, and insisted on. ``tls``: from the first byte.
    ``none``: for a server on this machine, without an account."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Mail:
    """People who are written to.

    Attributes:
        password: file whose first line it is; needed with a user.
    """

    name: str
    host: str
    port: int
    encryption: Encryption
    sender: str
    to: tuple[str, ...]
    at_least: Severity
    user: str = ""
    password: Path | None = None
    ca: Path | None = None
    most: ClassVar[int] = 32
    again: ClassVar[timedelta | None] = None

    @property
    def says(self) -> str:
        return f"e-mail to {', '.join(self.to)} by {self.host}:{self.port}"

    def send(self, messages: Sequence[Message]) -> None:
        server = f"the mail server {self.host}:{self.port}"
        try:
            with self._signed_in() as connection:
                refused = connection.send_message(self.letter(messages))
        except ssl.SSLCertVerificationError as error:
            raise TrustError(f"{server} shows a certificate that is not trusted") from error
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
            raise NotPermitted(
                f"{server} does not let {self.user or 'this machine'} in", hint=_HINT
            ) from error
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise InvalidInput(f"{server} refuses the message: {type(error).__name__}", hint=_HINT) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(f"{server} cannot be used: {_said(error)}", hint=_HINT) from error
        if refused:
            log.warning("alert channel %s: %s did not take %s", self.name, server, ", ".join(refused))

    @contextmanager
    def _signed_in(self) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context(cafile=str(self.ca) if self.ca else None)
        if self.encryption is Encryption.TLS:
            opened: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=_SECONDS, context=context)
        else:
            opened = smtplib.SMTP(self.host, self.port, timeout=_SECONDS)
        with opened as connection:
            if self.encryption is Encryption.STARTTLS:
                connection.starttls(context=context)
            if self.user and self.password:
                connection.login(self.user, first_line(self.password))
            yield connection

    def letter(self, messages: Sequence[Message]) -> EmailMessage:
        """One e-mail of all of them. Sent again, it is the same one: it has the same Message-ID."""
        letter, domain = EmailMessage(), self.sender.rpartition("@")[2].strip("<> ") or "localhost"
        letter["From"] = self.sender
        letter["To"] = ", ".join(self.to)
        letter["Subject"] = one_line(title(messages))
        letter["Date"] = format_datetime(datetime.now(UTC))
        letter["Message-ID"] = f"<{_identity(messages)}@{domain}>"
        if len(messages) == 1:
            letter["References"] = f"<{messages[0].id}@{domain}>"
        letter["Auto-Submitted"] = "auto-generated"
        if any(message.severity is Severity.CRITICAL and not message.closed for message in messages):
            letter["Importance"] = "high"
        letter.set_content(text(messages))
        letter.add_alternative(_html(messages), subtype="html")
        return letter


def _identity(messages: Sequence[Message]) -> str:
    said = "\n".join(f"{m.id} {m.severity} {m.closed or ''} {m.raised}" for m in messages)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _html(messages: Sequence[Message]) -> str:
    return f"<!DOCTYPE html><html><body>{''.join(map(_part, messages))}</body></html>"


def _part(message: Message) -> str:
    """Lines of text, the steps as a list, the links as links."""
    head = f"<h2>{escape(one_line(title([message])))}</h2>"
    impact = f"<p>{escape(message.impact)}</p>" if message.impact else ""
    about = f"<p>About: {escape(message.subject)} <code>{escape(message.code)}</code></p>"
    steps = "".join(f"<li>{escape(step)}</li>" for step in message.steps)
    what = f"<p>What to do:</p><ol>{steps}</ol>" if steps and not message.closed else ""
    reason = (
        f"<p>Closed by {escape(message.closed_by)}. {escape(message.reason)}</p>" if message.closed else ""
    )
    links = "".join(
        f'<li><a href="{escape(url)}">{escape(words)}</a></li>'
        for words, url in [("The alert", message.page), *((link.words, link.url) for link in message.links)]
        if url.startswith(("https://", "http://"))
    )
    return f"{head}{impact}{about}{what}{reason}<ul>{links}</ul>"


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"status {error.smtp_code}"
    return str(error) or type(error).__name__

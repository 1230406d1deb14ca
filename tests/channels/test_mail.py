"""E-mail, against a real SMTP server with STARTTLS and accounts."""

from __future__ import annotations

import email
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from channels.messages import AT, SECRET, certificate, message
from pitstop.channels.mail import Encryption, Mail
from pitstop.model.errors import InvalidInput, NotPermitted, TrustError, Unreachable
from pitstop.model.findings import Severity


class Box:
    """Keeps what comes; ``answer``: what it says of it instead, once."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.to: list[str] = []
        self.answer = ""

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
        if self.answer:
            said, self.answer = self.answer, ""
            return said
        self.letters.append(email.message_from_bytes(envelope.content, policy=default))
        self.to += envelope.rcpt_tos
        return "250 OK"


def _lets_in(_server: object, _session: object, _envelope: object, _how: str, who: object) -> AuthResult:
    right = isinstance(who, LoginPassword) and who == LoginPassword(b"pitstop", SECRET.encode())
    return AuthResult(success=right, handled=False)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def secured(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    return certificate(tmp_path)


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def server(box: Box, secured: tuple[Path, ssl.SSLContext]) -> Iterator[Controller]:
    controller = Controller(
        box,
        "127.0.0.1",
        free_port(),
        tls_context=secured[1],
        require_starttls=True,
        authenticator=_lets_in,
        auth_required=True,
    )
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def mail(server: Controller, secured: tuple[Path, ssl.SSLContext], tmp_path: Path) -> Mail:
    password = tmp_path / "password"
    password.write_text(f"{SECRET}\n")
    people = ("ada@rack.example", "bob@rack.example")
    return Mail(
        "mail",
        "127.0.0.1",
        server.port,
        Encryption.STARTTLS,
        "pitstop@rack.example",
        people,
        Severity.WARNING,
        "pitstop",
        password,
        secured[0],
    )


def test_a_letter_says_it_all(mail: Mail, box: Box) -> None:
    mail.send([message()])
    (letter,) = box.letters
    assert box.to == ["ada@rack.example", "bob@rack.example"]
    assert letter["Subject"] == "[Critical] Rack 7: The disk of n3 is full."
    assert (letter["Importance"], letter["Auto-Submitted"]) == ("high", "auto-generated")
    plain = letter.get_body(("plain",))
    rich = letter.get_body(("html",))
    assert plain is not None
    assert rich is not None
    text = plain.get_content().replace("\r\n", "\n")
    assert "  1. Make room on n3.\n  2. Then resume" in text
    assert "https://pitstop.example/alerts/a1" in text
    assert "<ol><li>Make room on n3.</li>" in rich.get_content()


def test_a_letter_that_is_sent_again_is_the_same_one(mail: Mail) -> None:
    one, two = mail.letter([message()]), mail.letter([message()])
    assert one["Message-ID"] == two["Message-ID"]
    closed = mail.letter([message(closed=AT)])
    assert closed["Message-ID"] != one["Message-ID"]
    assert closed["References"] == one["References"]
    assert closed["Subject"] == "[Closed] Rack 7: The disk of n3 is full."
    plain = closed.get_body(("plain",))
    assert plain is not None
    assert "by ada: made room" in plain.get_content()


def test_several_alerts_are_one_letter(mail: Mail, box: Box) -> None:
    mail.send([message(), message("a2", severity=Severity.WARNING, what="Its clock is off.")])
    (letter,) = box.letters
    assert letter["Subject"] == "[Critical] Rack 7: 2 alerts"


def test_what_a_node_said_puts_no_header_into_a_letter(mail: Mail, box: Box) -> None:
    mail.send([message(what="full\r\nBcc: everybody@rack.example\r\n\r\n<script>alert(1)</script>")])
    (letter,) = box.letters
    assert letter["Bcc"] is None
    assert "everybody@rack.example" in letter["Subject"]
    rich = letter.get_body(("html",))
    assert rich is not None
    assert "<script>" not in rich.get_content()


def test_a_wrong_password_is_said_without_it(mail: Mail, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}-not\n")
    with pytest.raises(NotPermitted) as said:
        mail.send([message()])
    assert SECRET not in f"{said.value} {said.value.hint} {mail.says} {mail!r}"


def test_nothing_is_said_to_a_server_with_a_strange_certificate(mail: Mail, box: Box) -> None:
    with pytest.raises(TrustError):
        replace(mail, ca=None).send([message()])
    assert box.letters == []


def test_a_server_without_starttls_gets_nothing(mail: Mail) -> None:
    plain_box = Box()
    controller = Controller(plain_box, "127.0.0.1", free_port())
    controller.start()
    try:
        port = controller.port
        with pytest.raises(NotPermitted):
            replace(mail, port=port).send([message()])
        assert plain_box.letters == []
        replace(mail, port=port, encryption=Encryption.NONE, user="", password=None).send([message()])
        assert len(plain_box.letters) == 1
    finally:
        controller.stop()


@pytest.mark.parametrize(("answer", "error"), [("554 no", InvalidInput), ("451 later", InvalidInput)])
def test_a_letter_that_is_refused_was_not_taken(
    mail: Mail, box: Box, answer: str, error: type[Exception]
) -> None:
    box.answer = answer
    with pytest.raises(error, match="refuses"):
        mail.send([message()])


def test_nobody_there(mail: Mail, server: Controller) -> None:
    with pytest.raises(Unreachable):
        replace(mail, port=free_port()).send([message()])

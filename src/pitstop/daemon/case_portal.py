"""The file of a case as the portal of the system that it is of: as of when it was made, to be read only.

It is the portal itself, over the copy of the state that is in the file, with a clock that stands. Whoever
looks is a reader, who may change nothing; and the copy is thrown away behind him.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec
import uvicorn
from litestar import Litestar

from pitstop.daemon.cases import SYSTEM
from pitstop.daemon.desks import wire
from pitstop.daemon.server import listening
from pitstop.daemon.settings import read_settings
from pitstop.daemon.stored import open_state
from pitstop.daemon.web import create_app
from pitstop.diagnostics.case_reading import opened_case
from pitstop.model.accounts import Actor, Role
from pitstop.model.errors import InvalidCase
from pitstop.model.system import SystemDescription
from pitstop.package.typed import from_json
from pitstop.service.accounts import AccountsService
from pitstop.service.audited import Audited

READER = "reader of a case"


class StandingClock:
    """Implements :class:`pitstop.ports.clock.Clock`: it is always then."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return 0.0

    async def sleep_until(self, at: datetime) -> None:
        """Nothing: nobody waits here."""


class AnyReader(AccountsService):
    """Whoever comes is a reader, without a sign-in: there is no account in the copy."""

    def actor(self, token: str, origin: str) -> Actor:  # noqa: ARG002  there is none
        return Actor(READER, Role.READER, origin)


def view_case(file: Path, known_key: str | None, port: int) -> None:
    """Serve it on loopback until Ctrl-C.

    Raises:
        NotFound, InvalidCase, CaseNotGenuine: it is no file of a case, or not what the system has signed.
        StateUnusable: a newer Pitstop wrote it; or the port is taken.
    """
    taken = listening("127.0.0.1", port)
    with case_app(file, known_key) as app:
        config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
        print(f"http://127.0.0.1:{taken.getsockname()[1]}/   Ctrl-C ends it.", flush=True)  # noqa: T201
        uvicorn.Server(config).run(sockets=[taken])


@contextmanager
def case_app(file: Path, known_key: str | None = None) -> Iterator[Litestar]:
    """API and portal over what is in the file, which is checked before. Raises as :func:`view_case`."""
    with (
        tempfile.TemporaryDirectory(prefix="pitstop-case-") as scratch,
        opened_case(file, known_key) as case,
    ):
        case.check_all()
        state = Path(scratch) / "state"
        case.unpack(state)
        header = _header(state)
        (Path(scratch) / "pitstop.toml").write_text('system = "none"\nstate = "state"\n', encoding="utf-8")
        settings = read_settings(Path(scratch) / "pitstop.toml", {})
        with open_state(state) as stored:
            clock = StandingClock(case.contents.made)
            desk = wire(settings, stored, clock=clock, header=header).desk
            accounts = AnyReader(stored.accounts, Audited(stored.audit, clock), clock)
            yield create_app(replace(desk, accounts=accounts))


def _header(state: Path) -> SystemDescription:
    try:
        return from_json((state / SYSTEM).read_bytes(), SystemDescription)
    except (OSError, msgspec.DecodeError) as error:
        raise InvalidCase(f"the file does not say what the system is: {error}") from error

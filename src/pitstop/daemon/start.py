"""Starting: the first time, and every time."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from pathlib import Path

from pitstop.daemon.clock import MachineClock
from pitstop.daemon.desks import Wired, wire
from pitstop.daemon.installation import follow_launcher
from pitstop.daemon.old_host_keys import take_over
from pitstop.daemon.own_log import LOG_FORMAT, log_to_file
from pitstop.daemon.server import run
from pitstop.daemon.settings import Settings, read_settings
from pitstop.daemon.stored import open_state, worker_name
from pitstop.model.errors import InvalidInput, NotFound
from pitstop.service.accounts import FIRST_ACCOUNT, HERE, AccountsService
from pitstop.service.audited import Audited


@dataclass(frozen=True, slots=True)
class FirstStart:
    """The first account; ``password`` is None where there were accounts already."""

    account: str
    password: str | None


def initialise(settings_file: Path) -> FirstStart:
    """Make the state folder, pin the sources, make the first account. Again is no harm; while nobody has ever
    signed in, the first account then gets a new password.

    Raises:
        NotFound, InvalidInput: settings, nodes file or a root of trust are missing or wrong.
        StateUnusable: the service runs, or the folder cannot be used.
        TrustError: a source has another root pinned already.
    """
    settings = read_settings(settings_file)
    with open_state(settings.state, settings.database) as stored:
        wired = wire(settings, stored)
        _declare(wired)
        return FirstStart(FIRST_ACCOUNT, wired.accounts.first_start(again=True))


def raise_epoch(settings_file: Path, above: int) -> int:
    """Let the next epoch be higher than ``above``; audited. The counter's value now.

    Raises:
        StateUnusable: the service runs, or the folder cannot be used.
    """
    settings = read_settings(settings_file)
    with open_state(settings.state, settings.database) as stored:
        audited = Audited(stored.audit, MachineClock())
        with audited.act("pitstop", f"raise the epoch above {above}", "all runs", HERE):
            return stored.journal.raise_epoch(above)


def reset_password(settings_file: Path, account: str) -> str:
    """Give an account a new password; audited. The password, shown this once.

    Raises:
        NotFound: there is no such account.
        StateUnusable: the service runs, or the folder cannot be used.
    """
    settings = read_settings(settings_file)
    clock = MachineClock()
    with open_state(settings.state, settings.database) as stored:
        accounts = AccountsService(stored.accounts, Audited(stored.audit, clock), clock)
        return accounts.reset_password(account)


def start(settings_file: Path) -> None:
    """Run the service. Where there is no account yet, the first one is made and its password printed.

    Raises:
        As ``initialise``.
    """
    settings = _settings_and_log(settings_file)
    with open_state(settings.state, settings.database) as stored:
        log_to_file(stored.folder)
        wired = wire(settings, stored)
        _declare(wired)
        password = wired.accounts.first_start()
        if password is not None:
            print(f"First account: {FIRST_ACCOUNT}\nPassword:      {password}", flush=True)  # noqa: T201
        print(f"Pitstop is at http://{settings.host}:{settings.port}", flush=True)  # noqa: T201
        run(wired)


def work(settings_file: Path) -> None:
    """Only work: drive runs and do what is due, beside the services that share the database.

    Raises:
        InvalidInput: the settings name no database that could be shared.
        As ``initialise``.
    """
    settings = _settings_and_log(settings_file)
    if settings.database is None:
        raise InvalidInput(
            "a worker by itself has nothing to do: its state would be its own",
            hint="Name the PostgreSQL that it shares with the service, by `database` in the settings or "
            "PITSTOP_DATABASE.",
        )
    with open_state(settings.state, settings.database) as stored:
        log_to_file(stored.folder)
        wired = wire(settings, stored)
        _declare(wired)
        print(f"Pitstop works as {worker_name()}", flush=True)  # noqa: T201
        run(wired, faces=False)


def _settings_and_log(settings_file: Path) -> Settings:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format=LOG_FORMAT)
    for chatty in ("httpx", "asyncssh", "alembic", "procrastinate"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    follow_launcher()
    return read_settings(settings_file)


def _declare(wired: Wired) -> None:
    """Bring into force what settings and nodes file declare."""
    take_over(wired.settings.state, wired.ground.stored.host_keys)
    wired.acting.declarations.take_file()
    _declare_sources(wired)


def _declare_sources(wired: Wired) -> None:
    for source, root in wired.settings.sources:
        wired.getting.sources.declare(source, _read_root(wired.settings, source.name, root))
    wired.getting.sources.switch_off_others()


def _read_root(settings: Settings, source: str, root: Path) -> bytes:
    try:
        return root.read_bytes()
    except OSError as error:
        raise NotFound(
            f"source {source}: the root of trust {root} cannot be read: {error.strerror}",
            hint=f"Put the publisher's root beside the settings in {settings.folder}, or correct `root`.",
        ) from error

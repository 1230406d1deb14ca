"""``pitstop rescue``: the way in on the machine itself, when portal and API are down.

Five verbs and no more. ``console`` is for the other side of an SSH key: as its forced command it takes one of
the verbs from the client, and nothing else; without a command it asks for them.
"""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.main import get_command

from pitstop.cli.alert import alert_lines
from pitstop.cli.connection import run_id_among
from pitstop.cli.output import note, say, say_json
from pitstop.cli.rescue_report import status_lines
from pitstop.cli.run import Now, Reason, RunId
from pitstop.cli.service import DEFAULT_SETTINGS, SettingsFile
from pitstop.cli.system import AsJson
from pitstop.model.errors import InvalidInput, NoSpace, PitstopError

if TYPE_CHECKING:
    from pitstop.daemon.rescue import Rescue

VERBS = ("status", "findings", "resume", "stop", "logs")
FORCED = "SSH_ORIGINAL_COMMAND"
"""What sshd says was asked for, where a command is forced."""
STANDARD_OUTPUT = "-"


@dataclass(frozen=True, slots=True)
class Caller:
    """Attributes: ``remote``: it may be anybody with the key, who is let do the verbs alone."""

    settings: Path
    who: str
    origin: str
    remote: bool = False


app = typer.Typer(
    help="When portal and API are down: status, findings, resume, stop, logs, on the machine itself.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


@app.callback()
def called(
    context: typer.Context,
    settings: SettingsFile = DEFAULT_SETTINGS,
    who: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Who asks, for the audit log; by default your login.")
    ] = "",
) -> None:
    """Who asks, and of which service."""
    if context.obj is None:
        context.obj = Caller(settings, who or _login(), _origin())


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what works, where the newest run is, and what is open now."""
    with _opened(context) as rescue:
        found = rescue.status()
    if as_json:
        say_json(found)
        return
    for line in status_lines(found):
        say(line)


@app.command()
def findings(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the active alerts, with what to do."""
    with _opened(context) as rescue:
        alerts = rescue.findings()
    if as_json:
        say_json(alerts)
        return
    if not alerts:
        note("No active alerts.")
    for alert in alerts:
        for line in alert_lines(alert):
            say(line)


@app.command()
def resume(
    context: typer.Context,
    run: RunId = None,
    again_on: Annotated[
        list[str] | None,
        typer.Option(
            "--again-on", metavar="NODE", help="A replaced node: what was done on the old one is done again."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that failed or stopped, and follow it. Without a service it is driven here."""
    with _opened(context) as rescue:
        run_id = _run_id(rescue, run)
        rescue.resume(run_id, frozenset(again_on or ()))
        note(f"Run {run_id} goes on.")
        _follow(rescue, run_id, as_json=as_json)


@app.command()
def stop(
    context: typer.Context, run: RunId = None, reason: Reason = "", now: Now = False, as_json: AsJson = False
) -> None:
    """Stop a run at the next safe point, and follow it until there. It can go on later."""
    with _opened(context) as rescue:
        run_id = _run_id(rescue, run)
        rescue.stop(run_id, reason, now=now)
        note(f"Run {run_id} stops at the next safe point.")
        _follow(rescue, run_id, as_json=as_json)


@app.command()
def logs(
    context: typer.Context,
    hours: Annotated[float, typer.Option(min=0.1, max=744, help="The last so many hours.")] = 4.0,
    run: Annotated[str | None, typer.Option(metavar="ID", help="With this run.")] = None,
    node: Annotated[list[str] | None, typer.Option(help="This node; may be said again.")] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="FOLDER", help="Where to save; - for standard output.")
    ] = ".",
) -> None:
    """Collect logs into one file, with secrets removed. Needs neither the service nor room in its state."""
    caller: Caller = context.obj
    if caller.remote and to != STANDARD_OUTPUT:
        raise InvalidInput(
            "over this connection a file goes to standard output alone",
            hint="ssh ... logs --to - > pitstop-logs.zip",
        )
    with _opened(context) as rescue, _working_folder(to) as folder:
        run_id = _run_id(rescue, run) if run else None
        file = rescue.collect_logs(hours, run_id, tuple(node or ()), folder)
        if to == STANDARD_OUTPUT:
            with file.open("rb") as made:
                shutil.copyfileobj(made, sys.stdout.buffer)
        else:
            say(str(file.rename(Path(to) / file.name)))


@app.command()
def console(context: typer.Context) -> None:
    """For sshd: does the one verb that the client asks for, or asks for verbs; nothing else is let in.

    In authorized_keys: restrict,command="pitstop rescue --as NAME console" KEY
    """
    caller = context.obj
    context.obj = Caller(caller.settings, caller.who, caller.origin, remote=True)
    asked = os.environ.get(FORCED)
    if asked is not None:
        _do(context, _words(asked))
        return
    _do(context, ["status"])
    note(f"\nVerbs: {', '.join(VERBS)}; with --help for more; exit.")
    for line in _lines():
        try:
            words = _words(line)
            if words:
                _do(context, words)
        except (PitstopError, typer.TyperException) as error:
            note(f"error: {error}")
            if isinstance(error, PitstopError) and error.hint:
                note(f"hint: {error.hint}")
        except SystemExit:
            continue


def _run_id(rescue: Rescue, given: str | None) -> str:
    return run_id_among([run.id for run in rescue.stored.runs.runs()], given)


def _words(asked: str) -> list[str]:
    """The verb and what belongs to it; ``pitstop rescue`` before it may be said.

    Raises:
        InvalidInput: it is none of the verbs.
    """
    try:
        words = shlex.split(asked)
    except ValueError as error:
        raise InvalidInput(f"this cannot be read: {error}", hint="Close what was quoted.") from error
    for before in ("pitstop", "rescue"):
        if words[:1] == [before]:
            words = words[1:]
    if words and words[0] not in VERBS:
        raise InvalidInput(f"{words[0]!r} is not open here", hint=f"Open are: {', '.join(VERBS)}.")
    return words


def _do(context: typer.Context, words: Sequence[str]) -> None:
    if not words:
        words = ["status"]
    command = get_command(app)
    command.main(list(words), prog_name="rescue", standalone_mode=False, obj=context.obj)


def _lines() -> Iterator[str]:
    while True:
        try:
            line = input("rescue> ").strip()
        except EOFError:
            return
        if line in ("exit", "quit"):
            return
        yield line


def _follow(rescue: Rescue, run_id: str, *, as_json: bool) -> None:
    from pitstop.cli.following import show_reports

    try:
        show_reports(rescue.reports(run_id, note), as_json=as_json)
    except KeyboardInterrupt:
        note("\nNot followed any further. A run that was driven from here stands until a service starts.")
        raise


@contextmanager
def _opened(context: typer.Context) -> Iterator[Rescue]:
    from pitstop.daemon.rescue import rescue

    caller: Caller = context.obj
    with rescue(caller.settings, caller.who, caller.origin) as opened:
        try:
            yield opened
        finally:
            if opened.audit.elsewhere:
                note(f"This is in the system log, not in the audit log: {opened.audit.elsewhere}")


@contextmanager
def _working_folder(to: str) -> Iterator[Path]:
    """Below where the file goes, so that it is whole there or not at all."""
    below = None if to == STANDARD_OUTPUT else to
    try:
        folder = tempfile.TemporaryDirectory(prefix=".pitstop-logs-", dir=below)
    except OSError as error:
        raise NoSpace(
            f"logs cannot be saved to {to}: {error.strerror}", hint="Name another folder by --to."
        ) from error
    with folder as name:
        yield Path(name)


def _login() -> str:
    name = os.environ.get("SUDO_USER") or getpass.getuser()
    return name if name.isprintable() else "unknown"


def _origin() -> str:
    client = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    return f"rescue, ssh from {client}" if client else "rescue"

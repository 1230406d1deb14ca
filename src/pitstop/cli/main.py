"""The ``pitstop`` command: the table of its nouns, and how a call ends.

Every call ends with an exit status of the table in ``docs/exit-statuses.md``. An error is said on standard
error as ``error: ...``, an empty line, ``hint: ...``; no traceback, unless ``PITSTOP_TRACEBACK`` is set.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TextIO

import typer

from pitstop.cli.nouns import Noun, nouns_group
from pitstop.model.errors import NotAllowed, PitstopError

INTERRUPTED = 130
BROKEN_PIPE = 141

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # which says: not there
"""httpx has a command line of its own, which loaded rich, click and pygments with every client command."""

NOUNS = (
    Noun("system", "pitstop.cli.system", "The system: its versions, its support, its nodes."),
    Noun("node", "pitstop.cli.node", "Nodes: list, show, test, add, change, replace, remove, trust."),
    Noun("update", "pitstop.cli.update", "Updates: list, show, install."),
    Noun("checklist", "pitstop.cli.checklist", "The activity checklist of an update: show, tick, untick."),
    Noun("run", "pitstop.cli.run", "Runs: list, show, watch, resume, mend, stop, abort, cancel."),
    Noun("issue", "pitstop.cli.issue", "Known issues: list, show, match, consent, evaluate."),
    Noun("plan", "pitstop.cli.plan", "Plans: check, show, rehearse."),
    Noun("alert", "pitstop.cli.alert", "Alerts: list, show, close; their channels."),
    Noun("source", "pitstop.cli.source", "Sources of updates: list, check."),
    Noun("download", "pitstop.cli.download", "Collect updates into a transfer, for systems without a link."),
    Noun("import", "pitstop.cli.import_", "Import what was carried here: transfers, volumes, files."),
    Noun("transfer", "pitstop.cli.transfer", "Transfers: request, show, verify."),
    Noun("logs", "pitstop.cli.logs", "Logs: collect, list, show, save, send."),
    Noun("case", "pitstop.cli.case", "Support cases: open, list, show, write, save, verify, view."),
    Noun("support", "pitstop.cli.support", "Whether the system is supported, on any day."),
    Noun("path", "pitstop.cli.path", "The ordered updates to a target, and when they fit."),
    Noun("explain", "pitstop.cli.explain", "Why a release can or cannot go on: all reasons."),
    Noun("releases", "pitstop.cli.releases", "Every release, and how it stands on this system."),
    Noun("windows", "pitstop.cli.windows", "Maintenance windows: list, set, blackout, clear."),
    Noun("contract", "pitstop.cli.contract", "The hardware support contract: show, set."),
    Noun("fact", "pitstop.cli.fact", "Facts of the system: list, set, forget."),
    Noun("check", "pitstop.cli.check", "Checks of the system: list, show, run, skip, unskip, ready."),
    Noun("risk", "pitstop.cli.risk", "Named risks of releases: list, accept, revoke."),
    Noun("catalogue", "pitstop.cli.catalogue", "Catalogue files: check."),
    Noun("audit", "pitstop.cli.audit", "The audit log: list."),
    Noun("user", "pitstop.cli.user", "Accounts: list, add, password."),
    Noun("login", "pitstop.cli.session", "Sign in to the service.", "login_app"),
    Noun("logout", "pitstop.cli.session", "End the session.", "logout_app"),
    Noun("whoami", "pitstop.cli.session", "Say who is signed in.", "whoami_app"),
    Noun("publish", "pitstop.cli.publish", "Build, sign and publish packages (the publisher's side)."),
    Noun("service", "pitstop.cli.service", "Run the update service on this machine."),
    Noun("rescue", "pitstop.cli.rescue", "On the machine itself: status, findings, resume, stop, logs."),
    Noun("version", "pitstop.cli.version", "Print the version of this Pitstop."),
)
"""Every noun; each is loaded only when it is called for."""

SAYS = """Patch and update for integrated systems.

Settings: PITSTOP_URL (the service's address), PITSTOP_TOKEN (a session), PITSTOP_CA (certificates to trust);
else what `pitstop login` has put into your profile.
"""


def main() -> None:
    """The entry point: does not come back."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """One call; its exit status."""
    for stream in (sys.stdout, sys.stderr):
        _never_fails_to_encode(stream)
    try:
        status = _called(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return _left_alone()
    return status


def _called(arguments: Sequence[str]) -> int:
    try:
        group = nouns_group(tuple(noun for noun in NOUNS if find_spec(noun.module)), SAYS)
        result = group.main(list(arguments), prog_name="pitstop", standalone_mode=False)
    except PitstopError as error:
        _say_error(error)
        return error.exit_status
    except typer.TyperException as error:
        return _say_usage(error)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            raise BrokenPipeError from end
        return end.code if isinstance(end.code, int) else 1
    except BrokenPipeError:
        raise
    except Exception as error:
        return _say_unexpected(error)
    return result if isinstance(result, int) else 0


def _say_error(error: PitstopError) -> None:
    _err(f"error: {error.message}")
    if isinstance(error, NotAllowed):
        for finding in error.findings:
            _err(f"  [{finding.severity}] {finding.subject}: {finding.what}")
            if finding.remedy:
                _err(f"    remedy: {finding.remedy}")
    _hint(error.hint)


def _say_usage(error: typer.TyperException) -> int:
    """A call that is not of the form it must have. A noun alone is answered with its help."""
    message = error.format_message()
    if message.startswith("Usage:"):
        _err(message)
        return error.exit_code
    context = getattr(error, "ctx", None)
    _err(f"error: {message}")
    _hint(f"See `{context.command_path if context else 'pitstop'} --help`.")
    return error.exit_code


def _say_unexpected(error: Exception) -> int:
    if os.environ.get("PITSTOP_TRACEBACK"):
        traceback.print_exception(error)
    _err(f"error: something unexpected happened: {type(error).__name__}: {error}")
    _hint("Set PITSTOP_TRACEBACK=1, run it again, and give the output to support.")
    return PitstopError.exit_status


def _hint(text: str) -> None:
    if text:
        _err(f"\nhint: {text}")


def _err(text: str) -> None:
    typer.echo("".join(sign for sign in text if sign in "\n\t" or sign.isprintable()), err=True)


def _left_alone() -> int:
    """Nobody reads any longer: end without a word, and without the interpreter's complaint at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


def _never_fails_to_encode(stream: TextIO) -> None:
    """A sign that the terminal cannot show becomes a question mark."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")

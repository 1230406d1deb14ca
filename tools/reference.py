"""Writes the reference pages that are made from the code: `python -m tools.reference [--check]`.

The code is the truth, the page a copy: `make docs` writes them, a test fails when one is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from pitstop.cli import exit_statuses
from pitstop.model import errors
from pitstop.model.run_actions import RUN_ACTIONS
from pitstop.model.run_moves import RUN_MOVES, STEP_MOVES
from pitstop.model.runs import RunState
from pitstop.model.updates import ACTIONS, MOVES, STORED_STATES, UpdateState
from tools.alerts_reference import alerts_page
from tools.check_reference import checks_page
from tools.checklist_reference import checklist_page
from tools.known_issues_reference import known_issues_page
from tools.plan_reference import plan_page
from tools.settings_reference import settings_page

DOCS = Path(__file__).parent.parent / "docs"


def moves_page() -> str:
    """`docs/moves.md`: the table of moves of updates, runs and steps, and the actions."""
    lines = [
        "# Moves",
        "",
        "Made from the code by `make docs`. What is not in here is refused, naming thing, state and event.",
        "",
        "## An update: stored states and the events they take",
        "",
        "| state | event | leads to |",
        "|---|---|---|",
    ]
    lines += [f"| {state} | {event} | {to} |" for (state, event), to in MOVES.items()]
    derived = ", ".join(state for state in UpdateState if state not in STORED_STATES)
    lines += ["", f"Derived whenever asked, never stored: {derived}.", ""]
    lines += ["## What an operator can ask for", "", "| action | verb in the API | open in | what it does |"]
    lines += ["|---|---|---|---|"]
    for action in ACTIONS:
        states = ", ".join(state for state in UpdateState if state in action.states)
        lines.append(f"| {action.label} | `{action.verb}` | {states} | {action.says} |")
    lines += ["", "## A run: its states and the events they take", "", "| state | event | leads to |"]
    lines += ["|---|---|---|"]
    lines += [f"| {state} | {event.__name__} | {to} |" for (state, event), to in RUN_MOVES.items()]
    lines += ["", "Of step events, a failed run takes a reset alone: it is about to be resumed.", ""]
    lines += ["## What can be asked of a run", "", "| action | verb in the API | open in | what it does |"]
    lines += ["|---|---|---|---|"]
    for offer in RUN_ACTIONS:
        states = ", ".join(state for state in RunState if state in offer.states)
        lines.append(f"| {offer.label} | `{offer.verb}` | {states} | {offer.says} |")
    lines += ["", "## A step", "", "| event | taken in | leads to |", "|---|---|---|"]
    lines += [_move_row(event, allowed, to) for event, (allowed, to) in STEP_MOVES.items()]
    return "\n".join(lines) + "\n"


def _move_row(event: type, allowed: frozenset[str], to: str) -> str:
    return f"| {event.__name__} | {', '.join(sorted(allowed))} | {to} |"


def errors_page() -> str:
    """`docs/errors.md`: every error code with its exit status and hint."""
    lines = [
        "# Errors",
        "",
        "Made from the code by `make docs`. Codes and exit statuses are never reused; 0 is success.",
        "",
        "| code | exit status | what to do |",
        "|---|---|---|",
    ]
    for error in _tree(errors.PitstopError):
        lines.append(f"| `{error.code}` | {error.exit_status} | {error.default_hint} |")
    return "\n".join(lines) + "\n"


def _tree(error: type[errors.PitstopError]) -> Iterator[type[errors.PitstopError]]:
    """An error and those below it, of the model alone: others are an adapter's own business."""
    if error.__module__ == errors.__name__:
        yield error
        for inner in error.__subclasses__():
            yield from _tree(inner)


PAGES: dict[str, Callable[[], str]] = {
    "checks.md": checks_page,
    "checklist.md": checklist_page,
    "alerts.md": alerts_page,
    "errors.md": errors_page,
    "exit-statuses.md": exit_statuses.document,
    "moves.md": moves_page,
    "plan.md": plan_page,
    "known-issues.md": known_issues_page,
    "settings.md": settings_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check say which are stale."""
    stale = [
        name
        for name, page in PAGES.items()
        if not (DOCS / name).exists() or (DOCS / name).read_text() != page()
    ]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/{name} is stale: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(PAGES[name]())
        print(f"wrote docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

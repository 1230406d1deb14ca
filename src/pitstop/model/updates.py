"""The states of an update and the one table of moves between them.

Stored are the states of the process; the others (*has prerequisite*, *recalled*, ...) are derived whenever
they are asked for, by :mod:`pitstop.policy`. Buttons, the API's actions, the command line's verbs and
``docs/moves.md`` are made from ``MOVES`` and ``ACTIONS``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pitstop.model.errors import InvalidMove


class UpdateState(StrEnum):
    READY = "Ready"
    DOWNLOADING = "Downloading"
    DOWNLOAD_FAILED = "DownloadFailed"
    PREPARING = "Preparing"
    PREPARATION_FAILED = "PreparationFailed"
    HEALTH_CHECKING = "HealthChecking"
    HEALTH_CHECK_FAILED = "HealthCheckFailed"
    READY_TO_INSTALL = "ReadyToInstall"
    INSTALLING = "Installing"
    INSTALLATION_FAILED = "InstallationFailed"
    INSTALLED = "Installed"
    # derived, never stored
    HAS_PREREQUISITE = "HasPrerequisite"
    INVALID = "Invalid"
    RECALLED = "Recalled"
    OBSOLETE = "Obsolete"
    ANOTHER_IN_PROGRESS = "NotApplicableBecauseAnotherUpdateIsInProgress"
    ADDITIONAL_CONTENT_REQUIRED = "AdditionalContentRequired"
    HEALTH_CHECK_EXPIRED = "HealthCheckExpired"


STORED_STATES = frozenset(tuple(UpdateState)[:11])
"""The states of the process: what a store may hold."""

IN_PROGRESS = frozenset(
    {UpdateState.DOWNLOADING, UpdateState.PREPARING, UpdateState.HEALTH_CHECKING, UpdateState.INSTALLING}
)
"""While one update is in one of these, the others are not applicable."""


class UpdateEvent(StrEnum):
    """What can happen to an update."""

    DOWNLOAD_STARTED = "download-started"
    DOWNLOAD_FAILED = "download-failed"
    PREPARATION_STARTED = "preparation-started"
    PREPARATION_FAILED = "preparation-failed"
    HEALTH_CHECK_STARTED = "health-check-started"
    HEALTH_CHECK_FAILED = "health-check-failed"
    HEALTH_CHECK_PASSED = "health-check-passed"
    INSTALL_STARTED = "install-started"
    INSTALL_FAILED = "install-failed"
    INSTALL_SUCCEEDED = "install-succeeded"
    WENT_ALONG = "went-along"
    GIVEN_UP = "given-up"


_S = UpdateState
_E = UpdateEvent
_MAY_START = (
    _S.READY,
    _S.READY_TO_INSTALL,
    _S.DOWNLOAD_FAILED,
    _S.PREPARATION_FAILED,
    _S.HEALTH_CHECK_FAILED,
)

MOVES: dict[tuple[UpdateState, UpdateEvent], UpdateState] = {
    **{(state, _E.DOWNLOAD_STARTED): _S.DOWNLOADING for state in _MAY_START},
    (_S.DOWNLOADING, _E.DOWNLOAD_STARTED): _S.DOWNLOADING,  # taken up again after the service was away
    (_S.DOWNLOADING, _E.DOWNLOAD_FAILED): _S.DOWNLOAD_FAILED,
    (_S.DOWNLOADING, _E.PREPARATION_STARTED): _S.PREPARING,
    (_S.DOWNLOADING, _E.PREPARATION_FAILED): _S.PREPARATION_FAILED,  # it arrived, and is not what was signed
    (_S.PREPARING, _E.PREPARATION_STARTED): _S.PREPARING,
    (_S.PREPARING, _E.PREPARATION_FAILED): _S.PREPARATION_FAILED,
    (_S.PREPARING, _E.HEALTH_CHECK_STARTED): _S.HEALTH_CHECKING,
    (_S.READY_TO_INSTALL, _E.HEALTH_CHECK_STARTED): _S.HEALTH_CHECKING,
    (_S.HEALTH_CHECK_FAILED, _E.HEALTH_CHECK_STARTED): _S.HEALTH_CHECKING,
    (_S.HEALTH_CHECKING, _E.HEALTH_CHECK_STARTED): _S.HEALTH_CHECKING,
    (_S.HEALTH_CHECKING, _E.HEALTH_CHECK_FAILED): _S.HEALTH_CHECK_FAILED,
    (_S.HEALTH_CHECKING, _E.HEALTH_CHECK_PASSED): _S.READY_TO_INSTALL,
    (_S.READY_TO_INSTALL, _E.INSTALL_STARTED): _S.INSTALLING,
    (_S.INSTALLATION_FAILED, _E.INSTALL_STARTED): _S.INSTALLING,
    (_S.INSTALLING, _E.INSTALL_STARTED): _S.INSTALLING,
    (_S.INSTALLING, _E.INSTALL_FAILED): _S.INSTALLATION_FAILED,
    (_S.INSTALLING, _E.INSTALL_SUCCEEDED): _S.INSTALLED,
    **{(state, _E.WENT_ALONG): _S.INSTALLED for state in _MAY_START},  # in the run of its family
    (_S.DOWNLOADING, _E.GIVEN_UP): _S.READY,
    (_S.PREPARING, _E.GIVEN_UP): _S.READY,
    (_S.HEALTH_CHECKING, _E.GIVEN_UP): _S.READY_TO_INSTALL,
    (_S.INSTALLING, _E.GIVEN_UP): _S.READY_TO_INSTALL,
    (_S.INSTALLATION_FAILED, _E.GIVEN_UP): _S.READY_TO_INSTALL,
}


def move(update: str, state: UpdateState, event: UpdateEvent) -> UpdateState:
    """The state that ``event`` leads to.

    Raises:
        InvalidMove: the table has no such move; names update, state and event.
    """
    to = MOVES.get((state, event))
    if to is None:
        raise InvalidMove(f"update {update} is {state} and cannot take {event}")
    return to


class Verb(StrEnum):
    """What an operator can ask for."""

    PREPARE = "prepare"
    CHECK_HEALTH = "healthCheck"
    APPLY = "apply"
    RESUME = "rerun"


@dataclass(frozen=True, slots=True)
class Action:
    """An offer: this verb is open in these states, under this label.

    Attributes:
        command: what does it at a shell; the update's name follows, of a resume the run's id.
    """

    verb: Verb
    label: str
    states: frozenset[UpdateState]
    says: str
    command: str


ACTIONS: tuple[Action, ...] = (
    Action(
        Verb.APPLY,
        "Update now",
        frozenset(_MAY_START) | {_S.HEALTH_CHECK_EXPIRED},
        "Prepare, check health, and install over all nodes.",
        "pitstop update install",
    ),
    Action(
        Verb.PREPARE,
        "Prepare only",
        frozenset({_S.READY, _S.DOWNLOAD_FAILED, _S.PREPARATION_FAILED}),
        "Download, verify and check health; stop before anything is installed.",
        "pitstop update prepare",
    ),
    Action(
        Verb.CHECK_HEALTH,
        "Check health",
        frozenset({_S.READY_TO_INSTALL, _S.HEALTH_CHECK_FAILED, _S.HEALTH_CHECK_EXPIRED}),
        "Run the health check of the prepared package again.",
        "pitstop update check",
    ),
    Action(
        Verb.RESUME,
        "Resume",
        frozenset({_S.INSTALLATION_FAILED}),
        "Go on from the step that failed; finished steps are not done again.",
        "pitstop run resume",
    ),
)


def actions_for(state: UpdateState) -> tuple[Action, ...]:
    """The actions open to an update that shows this state."""
    return tuple(action for action in ACTIONS if state in action.states)


def action(verb: Verb) -> Action:
    return next(item for item in ACTIONS if item.verb is verb)


def require_open(update: str, state: UpdateState, verb: Verb) -> Action:
    """The action of ``verb``, if it is open in ``state``.

    Raises:
        InvalidMove: it is not; names update, state and verb, and the hint says what is open.
    """
    wanted = action(verb)
    if state not in wanted.states:
        names = ", ".join(item.label for item in actions_for(state)) or "none"
        raise InvalidMove(
            f"update {update} is {state}: {wanted.label!r} is not open", hint=f"Open now: {names}."
        )
    return wanted

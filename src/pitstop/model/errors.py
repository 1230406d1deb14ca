"""The error tree: every error a user can meet has a stable code, a hint and an exit status.

Adapters translate foreign exceptions into these at their edge. ``code`` is kebab-case and never
reused; ``exit_status`` is what the command line ends with; ``hint`` says what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pitstop.model.findings import Finding, Severity


class PitstopError(Exception):
    """Something that cannot be done, said so that a person can act on it."""

    code: str = "internal-error"
    exit_status: int = 1
    default_hint: str = "Run the command again; if it stays, open a support case with the logs."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint if hint is not None else self.default_hint

    def __str__(self) -> str:
        return self.message


class InvalidInput(PitstopError):
    """What was handed in is not of the form it must have."""

    code = "invalid-input"
    exit_status = 2
    default_hint = "Correct what the message names and try again."


class InvalidVersion(InvalidInput):
    code = "invalid-version"
    default_hint = "A version is numbers separated by dots, such as 1.2311.3.62."


class InvalidPackage(InvalidInput):
    """A package, its metadata, its plan or its manifest does not hold to the format."""

    code = "invalid-package"
    default_hint = "The package is damaged or was built wrongly: get it again from the publisher."


class InvalidCase(InvalidInput):
    """A case's file does not hold to the format."""

    code = "invalid-case"
    default_hint = "It is no case's file, or it is damaged: ask the system's operator for it again."


class InvalidPlan(InvalidInput):
    code = "invalid-plan"
    default_hint = "Check the plan with `pitstop plan check`; its format is in docs/plan.md."


class InvalidCatalogue(InvalidInput):
    code = "invalid-catalogue"
    default_hint = "The catalogue in use stays as it was. Report the problems to the publisher."


class NotFound(PitstopError):
    """The thing that was named is not there."""

    code = "not-found"
    exit_status = 3
    default_hint = "List what there is and check the name."


class NotAllowed(PitstopError):
    """Refused by a rule: the move is not in the table, or a finding blocks it.

    Attributes:
        findings: what blocks, where findings do; set by whoever raises.
    """

    findings: tuple[Finding, ...] = ()
    code = "not-allowed"
    exit_status = 4
    default_hint = "See the findings for what to do first."


class FactMissing(NotAllowed):
    """A fact that decides is not recorded: the answer is unknown, and unknown is no yes."""

    code = "fact-missing"
    default_hint = "Record it with `pitstop fact set NAME=VALUE`, or declare it in the nodes file."


class InvalidMove(NotAllowed):
    """A thing in this state does not take this event; names thing, state and event."""

    code = "invalid-move"
    default_hint = "The actions that are open now are listed with the thing."


class DeclaredInFile(NotAllowed):
    """A node of the nodes file is changed there alone."""

    code = "declared-in-file"
    default_hint = "Change it in the nodes file, then start the service again."


class NodeUnfit(NotAllowed):
    """A node did not pass its test, so it was not declared."""

    code = "node-unfit"
    default_hint = (
        "Mend what the findings name, then try again; `--untested` declares it as it is. Until it passes "
        "`pitstop node test`, runs fail on it."
    )


class Conflict(PitstopError):
    """Somebody else changed the thing meanwhile, or another exclusive operation runs."""

    code = "conflict"
    exit_status = 4
    default_hint = "Look at the thing again and repeat what is still wanted."


class RunLasts(Conflict):
    """What changes the nodes is not done while a run goes on."""

    code = "run-lasts"
    default_hint = "Wait until the run has ended, or stop it; then try again."


class NodesChanging(Conflict):
    """The nodes are being changed just now: no run begins, and no other change."""

    code = "nodes-changing"
    default_hint = "It takes a minute at most: try again."


class EpochLost(Conflict):
    """Another worker has taken over the run: this one writes and acts no more."""

    code = "epoch-lost"
    default_hint = "Nothing to do: the run goes on in the worker that took it over."


class EpochBehind(Conflict):
    """Nodes have acted for a newer epoch than this service's own counter gives."""

    code = "epoch-behind"
    exit_status = 4
    default_hint = (
        "Was this service's state restored from a backup, or does another service act on these nodes? "
        "Make sure that no other does; then stop this one, run `pitstop service raise-epoch` with a higher "
        "number than the nodes have seen, start it, and resume the run."
    )


class NotSignedIn(PitstopError):
    code = "not-signed-in"
    exit_status = 5
    default_hint = "Sign in with `pitstop login`, or in the portal."


class NotPermitted(PitstopError):
    """The account is known but its role does not include this."""

    code = "not-permitted"
    exit_status = 5
    default_hint = "Ask an administrator of this system for the role that the message names."


class TrustError(PitstopError):
    """A signature, digest, threshold, expiry or origin is wrong. Never ignored, never a finding only."""

    code = "not-trusted"
    exit_status = 6
    default_hint = "Do not install it. Get it again from the publisher; if it stays, tell the publisher."


class HostKeyChanged(TrustError):
    """A machine shows another SSH host key than the pinned one.

    Attributes:
        name: what the key is pinned under.
        shown: the key as one OpenSSH line; None where it is of another type.
    """

    code = "host-key-changed"
    default_hint = "Do not go on before somebody has found out why the key has changed."

    def __init__(
        self, message: str, *, hint: str | None = None, name: str = "", shown: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.name = name
        self.shown = shown


class WrongPublisher(TrustError):
    code = "wrong-publisher"
    default_hint = "This source may not publish that. Check the source, and tell the publisher."


class CaseNotGenuine(TrustError):
    """A case's file is not what the system signed, or was signed by another key."""

    code = "case-not-genuine"
    default_hint = "Do not use the file. Ask the system's operator for it again."


class DigestMismatch(TrustError):
    code = "digest-mismatch"
    default_hint = "The file is damaged or was changed. Get it again; if it stays, tell the publisher."


class MetadataExpired(TrustError):
    code = "metadata-expired"
    default_hint = (
        "The publisher has not renewed its metadata, or this copy is old. "
        "Check this machine's clock, then ask the publisher."
    )


class Unreachable(PitstopError):
    """A source, a node or the service does not answer."""

    code = "unreachable"
    exit_status = 7
    default_hint = "Check the address, the network and that the other side runs, then try again."


class StepFailed(PitstopError):
    """A step of a run did not bring its node to the state it names."""

    code = "step-failed"
    exit_status = 8
    default_hint = "Mend the cause that the output names, then resume the run."


class NotWell(StepFailed):
    """What a check has found keeps the update off.

    Attributes:
        severity: of the worst.
    """

    def __init__(self, message: str, *, hint: str | None = None, severity: Severity | None = None) -> None:
        super().__init__(message, hint=hint)
        self.severity = severity


class CheckBlocks(NotWell):
    """A check of the update's own package has found that the system is not as the new version needs it."""

    code = "package-check"
    default_hint = "Mend what it names, then check health again."


class NotReady(NotWell):
    """The system's checks have found what keeps every update off."""

    code = "not-ready"
    default_hint = (
        "Mend what is listed below, or skip the checks that only warn, by name and with a reason "
        "(`pitstop check skip NAME --reason TEXT`). Then check health again."
    )


class NodeNotBack(StepFailed):
    """A node was restarted and does not answer any more."""

    code = "node-not-back"
    default_hint = (
        "Look at the node's console, on its screen or through its management controller: where does it stop? "
        "Once it is up, resume the run: it is not restarted again."
    )


class NodeNotRestarted(StepFailed):
    """A node was told to restart, answers, and has not been restarted."""

    code = "node-not-restarted"
    default_hint = (
        "See on the node what holds the restart up, such as a program that is not to be ended. "
        "Mend it, then resume the run; a restart by hand counts too."
    )


class NodeFull(StepFailed):
    """A node has not the room that the step needs."""

    code = "node-full"
    default_hint = "Free the space that the message names on the node, then resume the run."


class PackagesHeld(StepFailed):
    """A package that the operator holds on a node would be changed."""

    code = "packages-held"
    default_hint = (
        "Somebody holds it on purpose (`apt-mark showhold`, `dnf versionlock list`, `excludepkgs` in "
        "dnf.conf): find out why. Let go of it on the node (`apt-mark unhold NAME`, `dnf versionlock delete "
        "NAME`), then resume the run."
    )


class PackagesLocked(StepFailed):
    """Another program uses a node's package database, and does not let go of it."""

    code = "packages-locked"
    default_hint = "Let the program that the message names come to its end, or end it; then resume the run."


class PackagesBroken(StepFailed):
    """A node's packages are half installed, and cannot be finished."""

    code = "packages-broken"
    default_hint = (
        "See on the node what `dpkg --audit` and `dpkg --configure -a` say, or `dnf check`; mend that, then "
        "resume the run."
    )


class PackagesUnfit(StepFailed):
    """The packages that were brought cannot be installed on a node as it is."""

    code = "packages-unfit"
    default_hint = (
        "Was something installed or removed on this node by hand? Put that right, then resume the run; "
        "else the package lacks something: abort the run, and tell the publisher."
    )


class PackagesGone(StepFailed):
    """What packages would replace on a node cannot be had any more, and without it there is no way back."""

    code = "packages-gone"
    default_hint = (
        "Put the files of the packages that the message names where dnf keeps such on the node, "
        "`/var/cache/dnf/kept/packages`, then resume the run; or ask the publisher for an update that "
        "carries them, or that gives up the way back."
    )


class OtherPackages(StepFailed):
    """A node's packages are of another form than those that were brought, or managed by another program."""

    code = "packages-other-manager"
    default_hint = (
        "Has the node the right roles, and is this the package for its operating system? `packages` needs "
        "apt, `rpm-packages` dnf 4. If it can be installed there, install it, then resume the run; else "
        "abort it, and tell the publisher."
    )


class OtherModel(StepFailed):
    """Firmware for another model than the node is."""

    code = "firmware-other-model"
    default_hint = (
        "Has the node the right roles, and is this the package for this hardware? Abort the run, and tell "
        "the publisher if the package is for this model."
    )


class FirmwareFailed(StepFailed):
    """A management controller has not brought the firmware onto its node."""

    code = "firmware-failed"
    default_hint = (
        "See the controller's own log for the cause. Mend it, then resume the run: what runs is looked at, "
        "and the image is sent again only where it is needed."
    )


class FirmwareHangs(StepFailed):
    """A management controller works on firmware for longer than the step allows."""

    code = "firmware-hangs"
    default_hint = (
        "Do not take the node's power. See in the controller whether its task goes on, then resume the run: "
        "a task that still runs is watched on, and nothing is sent beside it."
    )


class FirmwareBusy(StepFailed):
    """A management controller is at an update that is not this step's."""

    code = "firmware-busy"
    default_hint = (
        "See in the controller's task list whose it is. Wait for its end, then resume the run: nothing was "
        "sent meanwhile."
    )


class PlaybookFailed(StepFailed):
    """A playbook has failed on a node."""

    code = "playbook-failed"
    default_hint = (
        "The step's output has every task on that node. Mend what the failed one names, then resume the run: "
        "the playbook is played again there, and not on nodes where it has ended well."
    )


class PitstopFellBack(StepFailed):
    """A new version of the update service did not come up, and the former one runs again."""

    code = "pitstop-fell-back"
    default_hint = (
        "See the service's log for the new version's own words. Mend what they name, or get a package that "
        "is mended; then resume the run: the new version is tried again."
    )


class NotLaunched(StepFailed):
    """Versions of the update service are changed by its launcher, and there is none."""

    code = "not-launched"
    default_hint = (
        "Lay the launcher out with `pitstop service install`, start the service with it "
        "(docs/self-update.md), then resume the run."
    )


class RunEndedFailed(PitstopError):
    """A run that was watched ended as failed."""

    code = "run-failed"
    exit_status = 8
    default_hint = "See `pitstop run show`; mend the cause, then `pitstop run resume`."


class NoSpace(PitstopError):
    code = "no-space"
    exit_status = 9
    default_hint = "Free the space that the message names, then try again."


class StateUnusable(PitstopError):
    """The state folder is locked by another process, or was written by a newer Pitstop."""

    code = "state-unusable"
    exit_status = 10
    default_hint = "Check that no other pitstop service uses this state folder."


class RecordDamaged(StateUnusable):
    """A record of the database cannot be read any more: it is damaged, or of another version."""

    code = "record-damaged"
    default_hint = (
        "Everything else goes on. To have it again, restore the database from a backup; then look at the "
        "disk that it lies on."
    )

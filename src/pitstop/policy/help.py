"""What a system may ask of support: everything, help with the way back into support, or neither."""

from __future__ import annotations

from enum import StrEnum

from pitstop.policy.support import SupportState, SupportStatus


class Help(StrEnum):
    FULL = "full"
    UPDATING_ONLY = "updating-only"
    NONE = "none"
    UNKNOWN = "unknown"


HELP_WORDS: dict[Help, str] = {
    Help.FULL: "The policy entitles this system to support.",
    Help.UPDATING_ONLY: "This system is out of compliance: it is helped with the update back to a "
    "supported family, and with nothing else before that.",
    Help.NONE: "It is recorded that there is no valid hardware support contract: the policy entitles to no "
    "support.",
    Help.UNKNOWN: "Whether the policy entitles to support cannot be said: see the findings.",
}


def help_of(status: SupportStatus) -> Help:
    """A contract that is known to be missing decides first; then compliance; nothing is assumed."""
    if status.entitled is False:
        return Help.NONE
    if status.state is SupportState.OUT_OF_COMPLIANCE:
        return Help.UPDATING_ONLY
    if status.state is SupportState.SUPPORTED and status.entitled:
        return Help.FULL
    return Help.UNKNOWN

"""Doing what a remedy says: step by step and to the letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

_COMMAND = re.compile(r"`(pitstop [^`]+)`|with: (pitstop .+)$")
_TO_ITS_END = ("--yes", "--watch")
"""Whoever installs is asked whether they are sure, and looks on."""
_IF_AGAIN = "If it fails again,"


def follow(
    steps: Sequence[str], hands: Mapping[str, Callable[[], object]], command: Callable[..., object]
) -> None:
    """Do what the remedy says, step by step and to the letter: commands as they stand, the rest by hand.

    Args:
        hands: what a person does, by the beginning of the sentence that tells them to.
        command: does one, however it ends, told its words behind ``pitstop``.
    """
    used = set()
    for step in steps:
        if step.startswith(_IF_AGAIN):
            continue
        by_hand = next((words for words in hands if step.startswith(words)), None)
        commands = [a or b for a, b in _COMMAND.findall(step)]
        assert by_hand is not None or commands, f"nobody knows how to do this: {step!r}, of {steps}"
        if by_hand is not None:
            used.add(by_hand)
            hands[by_hand]()
        else:
            for line in commands:
                command(*line.split()[1:], *(_TO_ITS_END if "update install" in line else ()))
    assert used == set(hands), f"the remedy does not tell: {set(hands) - used}; it is {steps}"

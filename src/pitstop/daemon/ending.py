"""How this process is to end: for good, or to be started anew by the launcher."""

from __future__ import annotations

import os
import signal

from pitstop.daemon.launcher import RESTART


class Ending:
    """Decided by whoever asks for the end, read by the process at its end.

    Attributes:
        status: what the process ends with.
    """

    def __init__(self) -> None:
        self.status = 0

    def to_be_started_anew(self) -> None:
        """End this process, as SIGTERM does, with the status that the launcher understands."""
        self.status = RESTART
        os.kill(os.getpid(), signal.SIGTERM)

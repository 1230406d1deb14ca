"""Driving one run in this process, where no service does: the same driver, under the state lock."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from pitstop.daemon.desks import wire
from pitstop.daemon.settings import Settings
from pitstop.daemon.stored import open_state
from pitstop.daemon.work import driven


class DrivingHere:
    """A thread that drives the run until it is driven no longer, or until ``end``."""

    def __init__(self, settings: Settings, run_id: str) -> None:
        self._settings, self._run_id = settings, run_id
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._broke: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="drive", daemon=True)
        self._thread.start()

    def require_working(self) -> None:
        """Raises what it broke with: the state cannot be opened or written, or the engine is wrong."""
        if self._broke is not None:
            raise self._broke

    def end(self) -> None:
        """Leave the run as it is: whoever works next takes it up."""
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _work(self) -> None:
        try:
            with open_state(self._settings.state, self._settings.database) as stored:
                wired = wire(self._settings, stored)

                async def drive() -> None:
                    try:
                        await driven(wired, self._run_id)
                    finally:
                        await wired.acting.close()

                self._task = self._loop.create_task(drive())
                with suppress(asyncio.CancelledError):
                    self._loop.run_until_complete(self._task)
        except BaseException as error:
            self._broke = error
        finally:
            self._loop.close()

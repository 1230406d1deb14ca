"""HTTP addresses and ports in memory: :class:`pitstop.ports.http.HttpProber` for tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pitstop.model.errors import Unreachable
from pitstop.ports.nodes import Answer


def well(_url: str) -> Answer:
    """Everything answers 200."""
    return Answer(200, "")


class SimulatedHttp:
    """Answers as the function that is handed in says; None: nobody there.

    Attributes:
        asked: addresses, as they came; a port as ``tcp://ADDRESS:PORT``.
    """

    def __init__(self, answers: Callable[[str], Answer | None] = well) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def get(self, url: str, *, deadline: timedelta) -> Answer:
        self.asked.append(url)
        answer = self.answers(url)
        if answer is None:
            raise Unreachable(f"{url} does not answer within {deadline}")
        return answer

    async def connect(self, address: str, port: int, *, deadline: timedelta) -> None:
        await self.get(f"tcp://{address}:{port}", deadline=deadline)

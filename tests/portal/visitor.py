"""Somebody who visits the portal in a test, through a real application around a simulated desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from httpx import Response
from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.testing import TestClient

from pitstop.portal.app import lost_page, portal_routes
from pitstop.portal.sessions import COOKIE
from pitstop.service.desk import Desk
from pitstop.service.watching import Watches
from portal.markup import Page, read
from simulators import desk
from simulators.desk import Scene


def application(around: Desk, *, heartbeat: float = 15.0) -> Litestar:
    watches = Watches(around.runs, interval=0.02, fresh=0.5, heartbeat=heartbeat)
    return Litestar(
        portal_routes(around, watches),
        exception_handlers={HTTPException: lost_page(around)},
        openapi_config=None,
        logging_config=None,
    )


@dataclass
class Visitor:
    """A browser without a window: never follows redirects, sends ``Origin`` with forms as browsers do."""

    client: TestClient[Litestar]
    scene: Scene

    def sign_in(self, name: str) -> Visitor:
        self.client.cookies.set(COOKIE, self.scene.token(name))
        return self

    def get(self, path: str, **more: Any) -> Response:
        return self.client.get(path, follow_redirects=False, **more)

    def post(self, path: str, form: dict[str, str] | None = None) -> Response:
        origin = str(self.client.base_url).rstrip("/")
        return self.client.post(path, data=form, headers={"Origin": origin}, follow_redirects=False)

    def page(self, path: str, *, status: int = 200) -> Page:
        """The page at this path, whose HTML must be right."""
        return page_of(self.get(path), status)


def page_of(answer: Response, status: int = 200) -> Page:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = read(answer.text)
    assert page.faults == []
    return page


@contextmanager
def visitor(scene: Scene, *, base_url: str = "http://portal.example:8470") -> Iterator[Visitor]:
    """Building an application takes longer than most tests: there is one, around one stage, which is set
    anew for each visitor."""
    stage, app = _stage()
    vars(stage).update(vars(scene))
    with TestClient(app, base_url=base_url) as client:
        yield Visitor(client, stage)


@cache
def _stage() -> tuple[Scene, Litestar]:
    stage = desk.quiet()
    return stage, application(stage.desk)

"""The application of both faces: compressed where that helps, one watcher for both, errors by whose path it
is."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from pitstop.daemon.web import create_app
from pitstop.portal.sessions import COOKIE
from simulators import desk, scenes
from simulators.desk import Scene
from simulators.serving import serving

WATCH = f"/api/v1/runs/{scenes.RUN_NOW}/watch"
LIVE = f"/runs/{scenes.RUN_NOW}/live"


@pytest.fixture(scope="module")
def scene() -> Scene:
    return desk.running()


@pytest.fixture(scope="module")
def client(scene: Scene) -> Iterator[httpx.Client]:
    """Signed in at both faces."""
    token = scene.token("ada")
    with (
        serving(create_app(scene.desk)) as url,
        httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            cookies={COOKIE: token},
            trust_env=False,
        ) as somebody,
    ):
        yield somebody


@pytest.mark.parametrize("path", ["/", f"/runs/{scenes.RUN_NOW}", "/static/portal.css", "/api/v1/updates"])
def test_big_answers_are_compressed_for_who_takes_that(client: httpx.Client, path: str) -> None:
    small = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in small.headers["vary"].lower()
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert small.num_bytes_downloaded < plain.num_bytes_downloaded / 2
    assert small.content == plain.content


@pytest.mark.parametrize("path", ["/static/favicon.svg", "/api/v1/session"])
def test_small_answers_are_sent_as_they_are(client: httpx.Client, path: str) -> None:
    assert "content-encoding" not in client.get(path).headers


@pytest.mark.parametrize("path", [WATCH, LIVE, "/live"])
def test_a_stream_is_not_compressed_and_comes_as_it_is_made(client: httpx.Client, path: str) -> None:
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert "content-encoding" not in answer.headers
        assert next(line for line in answer.iter_lines() if line.startswith("data: "))


def test_api_and_portal_share_one_look_at_a_run(client: httpx.Client, scene: Scene) -> None:
    with client.stream("GET", WATCH) as api:
        lines = api.iter_lines()
        next(line for line in lines if line.startswith("data: "))
        shown = scene.calls["runs.show"]
        with client.stream("GET", LIVE) as portal:
            next(line for line in portal.iter_lines() if line.startswith("data: "))
            assert scene.calls["runs.show"] == shown


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/nothing", "text/html"),
        ("/api/v1/nothing", "application/problem+json"),
        ("/subscriptions/nothing?api-version=2021-07-01", "application/json"),
    ],
)
def test_a_lost_address_is_answered_in_the_manner_of_its_part(
    client: httpx.Client, path: str, media_type: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].split(";")[0] == media_type

"""The client over real HTTP: what the desk gives arrives typed, what it refuses is raised as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from litestar import Litestar, Response, get

from pitstop.api.app import create_app
from pitstop.client.client import PitstopClient
from pitstop.model import errors
from pitstop.model.errors import (
    Conflict,
    DigestMismatch,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotPermitted,
    NotSignedIn,
    PitstopError,
    Unreachable,
)
from pitstop.model.updates import Verb
from pitstop.service.watching import Watches
from pitstop.wire.views import RunReport
from simulators import desk as simulated
from simulators import scenes
from simulators.desk import PASSWORD, Scene
from simulators.serving import serving


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Scene, str]]:
    """One server for all: the scene that is shown is the test's."""
    shown = simulated.quiet()
    with serving(create_app(shown.desk, watches=Watches(shown.desk.runs, interval=0.02))) as address:
        yield shown, address


@pytest.fixture
def scene(stage: tuple[Scene, str]) -> Scene:
    stage[0].become(simulated.failed())
    return stage[0]


@pytest.fixture
def url(stage: tuple[Scene, str]) -> str:
    return stage[1]


@pytest.fixture
def client(url: str, scene: Scene) -> Iterator[PitstopClient]:
    with PitstopClient(url, token=scene.token("ada")) as opened:
        yield opened


def test_every_question_is_answered_with_the_desks_own_values(client: PitstopClient, scene: Scene) -> None:
    assert client.system() == scene.system
    assert client.updates() == tuple(scene.updates.values())
    assert client.update(scenes.HOTFIX) == scene.updates[scenes.HOTFIX]
    assert client.notes(scenes.HOTFIX) == scenes.NOTES
    assert client.run(scenes.RUN_FAILED) == scenes.report_failed()
    assert client.runs() == tuple(report.run for report in scene.reports.values())
    assert client.runs(scenes.BASE) == (scenes.report_done().run,)
    assert tuple(client.events(scenes.RUN_FAILED)) == scenes.events(scenes.report_failed())
    assert client.alerts(active_only=True) == tuple(scene.alerts.values())
    assert client.sources() == client.check_sources() == scene.sources


def test_what_is_changed_is_changed_at_the_desk(client: PitstopClient, scene: Scene) -> None:
    assert client.start(scenes.FIRMWARE, Verb.PREPARE).requested_by == "ada"
    assert client.resume(scenes.RUN_FAILED).attempt == 2
    assert client.close_alert(scenes.ALERT_FAILED).closed_by == "ada"
    assert [entry.what for entry in client.audit(2)] == ["close alert", "resume"]
    assert scene.reports[scenes.RUN_FAILED].run.state == "in-progress"


def test_a_session_is_opened_used_and_ended(url: str) -> None:
    with PitstopClient(url) as nobody:
        session = nobody.sign_in("admin", PASSWORD)
    with PitstopClient(url, token=session.token) as admin:
        assert admin.who_am_i().role == "administrator"
        assert admin.add_account("bea", "reader", "long enough for all").name == "bea"
        assert "bea" in {account.name for account in admin.accounts()}
        admin.change_password(PASSWORD, "another long password")
        admin.sign_out()
        with pytest.raises(NotSignedIn):
            admin.who_am_i()


def test_a_system_is_adopted_once(url: str, scene: Scene) -> None:
    scene.system = msgspec.structs.replace(scene.system, package_versions=(), current_version="")
    with PitstopClient(url, token=scene.token("admin")) as admin:
        assert admin.adopt({"Lantern": "1.2305.0.10"}).current_version == "1.2305.0.10"


def test_refusals_are_raised_as_what_they_were(client: PitstopClient, scene: Scene) -> None:
    with pytest.raises(NotFound, match="there is no update Northstar 9"):
        client.update("Northstar 9")
    with pytest.raises(NotPermitted) as forbidden:
        client.accounts()
    assert forbidden.value.hint == "These roles may: administrator."
    with pytest.raises(NotAllowed) as refused:
        client.start(scenes.EXPRESS, Verb.APPLY)
    assert refused.value.findings[0].code == "hotfix-required"
    assert refused.value.exit_status == 4
    client.resume(scenes.RUN_FAILED)
    with pytest.raises(errors.InvalidMove):
        client.resume(scenes.RUN_FAILED)


@pytest.mark.parametrize("name", ["", ".", "..", "../system", "a/b"])
def test_a_name_that_would_lead_elsewhere_is_not_asked_for(client: PitstopClient, name: str) -> None:
    with pytest.raises(NotFound, match="nothing is called"):
        client.update(name)


KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.PitstopError) and "code" in vars(kind)
]
"""Those with a code of their own: by that they are told apart."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_comes_through_with_code_hint_and_exit_status(
    client: PitstopClient, scene: Scene, kind: type[PitstopError]
) -> None:
    scene.failing = kind("it went wrong", hint="mend it")
    with pytest.raises(kind) as raised:
        client.system()
    error = raised.value
    assert (type(error), error.message, error.hint) == (kind, "it went wrong", "mend it")


def test_an_error_of_a_newer_service_keeps_its_code(client: PitstopClient, scene: Scene) -> None:
    class OfTomorrow(Conflict):
        code = "of-tomorrow"

    scene.failing = OfTomorrow("not yet", hint="wait")
    with pytest.raises(PitstopError, match="not yet") as raised:
        client.system()
    assert (raised.value.code, raised.value.hint) == ("of-tomorrow", "wait")


def test_nothing_there_asks_whether_the_service_runs() -> None:
    with PitstopClient("http://127.0.0.1:1") as client, pytest.raises(Unreachable) as raised:
        client.system()
    assert "Is the service running?" in raised.value.hint
    assert "http://127.0.0.1:1" in raised.value.message


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    client: PitstopClient, url: str, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with PitstopClient(url, token=scene.token("ada")) as direct:
        assert direct.system() == client.system()


@get("/api/v1/system", media_type="text/html", sync_to_thread=False)
def page() -> str:
    return "<h1>It works</h1>"


@get("/api/v1/updates", media_type="text/html", sync_to_thread=False)
def gateway() -> Response[str]:
    return Response("<h1>Bad gateway</h1>", status_code=502)


@pytest.mark.parametrize("ask", [PitstopClient.system, PitstopClient.updates])
def test_something_else_at_the_address_is_not_taken_for_the_service(ask: object) -> None:
    other = Litestar([page, gateway], openapi_config=None, logging_config=None)
    with serving(other) as url, PitstopClient(url) as client, pytest.raises(Unreachable, match="answer"):
        ask(client)  # type: ignore[operator]  # one of two methods, called alike


def test_certificates_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="certificate authority"):
        PitstopClient("https://127.0.0.1:1", ca=tmp_path / "none.pem")


def test_a_digest_mismatch_is_still_distrust_on_this_side(client: PitstopClient, scene: Scene) -> None:
    scene.failing = DigestMismatch("volume 1 was changed")
    with pytest.raises(errors.TrustError) as raised:
        client.system()
    assert raised.value.exit_status == 6


# --- watching --------------------------------------------------------------------------------------------


def in_progress(scene: Scene) -> RunReport:
    report = scenes.report_now()
    scene.reports[report.run.id] = report
    return report


def finished(report: RunReport) -> RunReport:
    run = msgspec.structs.replace(report.run, state="succeeded", ended=scenes.NOW)
    return msgspec.structs.replace(report, run=run)


def test_watching_ends_with_the_run(client: PitstopClient, scene: Scene) -> None:
    report = in_progress(scene)
    seen = client.watch(scenes.RUN_NOW)
    assert next(seen).run.state == "in-progress"
    scene.change_run(finished(report))
    assert [later.run.state for later in seen] == ["succeeded"]


def test_watching_goes_on_through_a_restart_of_the_service(scene: Scene) -> None:
    report = in_progress(scene)
    app = create_app(scene.desk, watches=Watches(scene.desk.runs, interval=0.02))
    lost: list[str] = []
    with serving(app) as url:
        port = int(url.rpartition(":")[2])
        client = PitstopClient(url, token=scene.token("ada"))
        seen = client.watch(scenes.RUN_NOW, lost=lambda error: lost.append(error.code), pause=lambda _: None)
        assert next(seen).run.revision == 40
    scene.change_run(finished(report))
    again = create_app(scene.desk, watches=Watches(scene.desk.runs, interval=0.02))
    with client, serving(again, port=port):
        assert [later.run.state for later in seen] == ["succeeded"]
    assert set(lost) == {"unreachable"}


def test_watching_gives_up_when_the_service_stays_away(scene: Scene) -> None:
    in_progress(scene)
    waits: list[float] = []
    with serving(create_app(scene.desk, watches=Watches(scene.desk.runs, interval=0.02))) as url:
        client = PitstopClient(url, token=scene.token("ada"))
        seen = client.watch(scenes.RUN_NOW, patience=3, pause=waits.append)
        next(seen)
    with client, pytest.raises(Unreachable):
        next(seen)
    assert waits == sorted(waits)
    assert sum(waits) >= 3


def test_watching_without_a_session_is_refused_at_once(url: str) -> None:
    with PitstopClient(url, token="gone") as client, pytest.raises(NotSignedIn):
        next(client.watch(scenes.RUN_FAILED))

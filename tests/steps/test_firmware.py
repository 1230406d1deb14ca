"""``firmware``: a real HTTP controller that follows DMTF's schema, and the emulator of ``sushy-tools``."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from machines.bmc import PASSWORD, USER, Bmc, serving
from pitstop.model.errors import (
    DigestMismatch,
    FirmwareBusy,
    FirmwareFailed,
    FirmwareHangs,
    InvalidPlan,
    NodeNotBack,
    NotFound,
    OtherModel,
    StepFailed,
    Unreachable,
)
from pitstop.model.runs import Step
from pitstop.model.system import Login, Node
from pitstop.nodes.redfish import RedfishControllers
from pitstop.ports.nodes import Answer
from pitstop.steps.firmware_update import TASK, WAS
from pitstop.steps.kind import Done, StepContext
from pitstop.steps.table import KINDS
from simulators.clock import SimulatedClock
from simulators.nodes import SimulatedNodes

from .conftest import Content, NodeBench

T = TypeVar("T")
NEW, OLD = "2.1.2604.3", "2.0.2510.1"
ARGS: Mapping[str, object] = {
    "image": "firmware/lumen.fw",
    "component": "BIOS",
    "version": NEW,
    "models": ["Lumen R4"],
    "earlier": {"version": OLD, "image": "firmware/lumen-2.0.fw"},
}


@dataclass
class Scene:
    """A node whose controller is at this address."""

    content: Content
    address: str
    secret: Path
    waits: list[str] = field(default_factory=list)
    reports: list[tuple[int, int]] = field(default_factory=list)
    nodes: SimulatedNodes = field(default_factory=SimulatedNodes)
    deadline: timedelta = timedelta(seconds=60)
    facts: Mapping[str, str] = field(default_factory=dict)
    record: dict[str, str] = field(default_factory=dict)

    def context(self, kind: str = "firmware", *, undone: Step | None = None) -> StepContext:
        node = Node("n1", "10.0.0.1", facts={"bmc": self.address, **self.facts})
        bench = NodeBench(self.nodes, self.content, node, waits=self.waits, reports=self.reports)
        bench.clock, bench.deadline = SimulatedClock(), self.deadline
        context = bench.context(kind, undoes="1.1")
        login = Login(USER, f"file:{self.secret}")
        world = replace(context.world, controllers=RedfishControllers(lambda: {"bmc": login}))
        step = replace(context.step, args=dict(ARGS), record=dict(self.record))
        return replace(context, world=world, step=step, earlier=lambda _kind: undone, note=self.note)

    async def note(self, record: Mapping[str, str]) -> None:
        self.record.update(record)

    def act(self, **other: object) -> Done:
        kind = KINDS["firmware"]
        return ran(kind.act(self.context(), kind.read({**ARGS, **other}, "here")))

    def probe(self) -> Done | None:
        kind = KINDS["firmware"]
        return ran(kind.probe(self.context(), kind.read(ARGS, "here")))

    def go_back(self, noted: Mapping[str, str], *, resumed: bool = False) -> Done:
        """Take back a step that has noted this."""
        kind = KINDS["restore-firmware"]
        undone = Step("1.1", "f", kind="firmware", record=noted)
        self.record = self.record if resumed else {}
        return ran(kind.act(self.context(kind.name, undone=undone), kind.read(ARGS, "here")))


def ran(doing: Awaitable[T]) -> T:
    async def whole() -> T:
        return await doing

    return asyncio.run(whole())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    content = Content(tmp_path / "content")
    content.add("firmware/lumen.fw", f"an image\nversion {NEW}\nmodel Lumen R4\n".encode())
    content.add("firmware/lumen-2.0.fw", f"an image\nversion {OLD}\n".encode())
    (tmp_path / "secret").write_text(PASSWORD + "\n")
    return Scene(content, "", tmp_path / "secret")


@pytest.fixture
def bmc(scene: Scene) -> Iterator[Bmc]:
    with serving(Bmc(OLD)) as made:
        scene.address = made.address
        yield made


@pytest.mark.parametrize("takes", [True, False], ids=["sent", "fetched"])
def test_firmware_is_brought_watched_and_read_back(bmc: Bmc, scene: Scene, *, takes: bool) -> None:
    bmc.takes = takes
    assert scene.probe() is None
    done = scene.act()
    assert (done.output, dict(done.record)) == (f"BIOS of n1 is at {NEW}", {WAS: OLD})
    assert bmc.version == NEW
    assert any("its management controller to update BIOS (task /redfish/v1/" in said for said in scene.waits)
    assert scene.reports
    scene.record.clear()
    assert scene.probe() is not None
    scene.act()
    assert bmc.begun == 1, "what is there is not brought again"


def test_nobody_but_the_declared_controller_is_asked_with_its_login(bmc: Bmc, scene: Scene) -> None:
    bmc.calls_itself = "https://controller.invalid"
    scene.act()
    assert (bmc.version, scene.record[TASK]) == (NEW, "/redfish/v1/TaskMonitors/1")


def test_an_abort_goes_back_to_what_was_there(bmc: Bmc, scene: Scene) -> None:
    done = scene.act()
    scene.go_back(done.record)
    assert bmc.version == OLD
    scene.go_back({WAS: OLD})
    assert bmc.begun == 2
    bmc.version = NEW
    assert "had this firmware before" in scene.go_back(scene.act().record).output
    assert bmc.version == NEW


def test_firmware_for_another_model_is_refused_by_name_and_nothing_is_begun(bmc: Bmc, scene: Scene) -> None:
    bmc.model = "Lumen R5"
    with pytest.raises(OtherModel, match="node n1 is a 'Lumen R5', and the image is for Lumen R4"):
        scene.act()
    assert bmc.begun == 0


def test_what_could_not_be_gone_back_from_is_not_begun(bmc: Bmc, scene: Scene) -> None:
    bmc.version = "1.9"
    with pytest.raises(
        FirmwareFailed, match=r"is at 1\.9, and the package can go back to 2\.0\.2510\.1 alone"
    ):
        scene.act()
    assert bmc.begun == 0


def test_a_task_that_ends_critical_says_the_controllers_own_words_and_is_tried_again(
    bmc: Bmc, scene: Scene
) -> None:
    bmc.critical = True
    with pytest.raises(FirmwareFailed, match=r"Exception.*Flash device write protected"):
        scene.act()
    bmc.critical = False
    scene.act()
    assert bmc.version == NEW


def test_a_task_that_hangs_is_said_at_the_deadline_and_watched_on_when_resumed(
    bmc: Bmc, scene: Scene
) -> None:
    bmc.hangs = True
    for _ in range(2):
        with pytest.raises(
            FirmwareHangs, match="is still at it: task /redfish/v1/TaskMonitors/1 is Running at 0 %"
        ):
            scene.act()
    bmc.hangs = False
    assert scene.probe() is None, "what was begun is brought to its end"
    done = scene.act()
    assert (bmc.version, bmc.begun, done.record[WAS]) == (NEW, 1, OLD)


def test_a_task_that_has_ended_meanwhile_is_taken_and_can_still_be_gone_back_from(
    bmc: Bmc, scene: Scene
) -> None:
    bmc.hangs = True
    with pytest.raises(FirmwareHangs):
        scene.act()
    bmc.hangs = False
    for _ in range(bmc.looks):
        bmc.look(scene.record[TASK])
    assert bmc.version == NEW
    done = scene.act()
    assert (bmc.begun, done.record[WAS]) == (1, OLD)
    scene.go_back(done.record)
    assert bmc.version == OLD


@pytest.mark.parametrize("end", ["gone", "bad"])
def test_after_a_task_that_is_gone_or_has_ended_badly_it_is_begun_anew(
    bmc: Bmc, scene: Scene, end: str
) -> None:
    bmc.hangs = True
    with pytest.raises(FirmwareHangs):
        scene.act()
    bmc.hangs = False
    if end == "gone":
        bmc.tasks.clear()
    else:
        bmc.tasks[scene.record[TASK]]["critical"] = True
    scene.act()
    assert (bmc.version, bmc.begun) == (NEW, 2)


def test_a_good_end_without_the_version_is_said_once_and_then_begun_anew(bmc: Bmc, scene: Scene) -> None:
    name = scene.content.files[0].path
    scene.content.add(name, b"an image\nversion 9\n")
    with pytest.raises(FirmwareFailed, match=r"has ended its task well, and BIOS is at 9, not 2\.1"):
        scene.act(earlier=None)
    scene.content.add(name, f"an image\nversion {NEW}\n".encode())
    scene.act(earlier=None)
    assert (bmc.version, bmc.begun) == (NEW, 2)


@pytest.mark.parametrize("takes", [True, False], ids=["sent", "fetched"])
def test_a_link_that_was_lost_before_the_answer_comes_to_one_update(
    bmc: Bmc, scene: Scene, *, takes: bool
) -> None:
    bmc.takes, bmc.silent, bmc.looks = takes, True, 4
    with pytest.raises(Unreachable, match="does not answer"):
        scene.act()
    assert bmc.begun == 1, "it is told once, not as often as the library would try"
    assert scene.act().record[WAS] == OLD
    assert (bmc.version, bmc.begun) == (NEW, 1)
    assert any("to be free: " in said for said in scene.waits)


@pytest.mark.parametrize("status", [409, 503])
@pytest.mark.parametrize("lists", [True, False], ids=["listed", "refused"])
def test_a_controller_that_is_at_somebody_elses_update_is_waited_for(
    bmc: Bmc, scene: Scene, status: int, *, lists: bool
) -> None:
    bmc.lists, bmc.refuses, bmc.hangs = lists, status, True
    theirs = bmc.begin(b"version 2.0.2510.1\n", "Immediate")
    said = r"TaskMonitors/1 is Running|Tasks/1 is Running" if lists else "it takes nothing now.*ResourceInUse"
    with pytest.raises(FirmwareBusy, match=said):
        scene.act()
    assert bmc.begun == 1
    bmc.hangs = False
    bmc.tasks[theirs]["looked"] = bmc.looks
    scene.act()
    assert (bmc.version, bmc.begun) == (NEW, 2)


def test_going_back_waits_for_what_the_step_has_begun(bmc: Bmc, scene: Scene) -> None:
    bmc.hangs = True
    with pytest.raises(FirmwareHangs):
        scene.act()
    begun = dict(scene.record)
    with pytest.raises(FirmwareHangs):
        scene.go_back(begun)
    assert bmc.begun == 1, "nothing is sent beside it"
    bmc.hangs = False
    assert "at 2.0.2510.1 again" in scene.go_back(begun).output
    assert (bmc.version, bmc.begun) == (OLD, 2)


def test_going_back_that_hangs_is_watched_on_too(bmc: Bmc, scene: Scene) -> None:
    was = scene.act().record
    bmc.hangs = True
    with pytest.raises(FirmwareHangs):
        scene.go_back(was)
    bmc.hangs = False
    scene.go_back(was, resumed=True)
    assert (bmc.version, bmc.begun) == (OLD, 2)


def test_where_nothing_was_begun_nothing_is_gone_back_from(bmc: Bmc, scene: Scene) -> None:
    bmc.model = "Lumen R5"
    with pytest.raises(OtherModel):
        scene.act()
    assert scene.go_back(scene.record).output == "nothing was begun here"


def test_a_machine_that_did_not_come_back_is_waited_for_and_not_updated_or_restarted_again(
    bmc: Bmc, scene: Scene
) -> None:
    boots, up, orders = ["first"], [True], []

    def restarts() -> None:
        orders.append(1)
        up[0] = False

    bmc.on_restart = restarts
    scene.nodes.does = lambda _call: Answer(0 if up[0] else 1, boots[-1])
    with pytest.raises(NodeNotBack) as away:
        scene.act(apply="on-reset", restart=True)
    assert f"Its management controller: {bmc.address}." in away.value.hint
    bmc.tasks.clear()
    with pytest.raises(NodeNotBack):
        scene.act(apply="on-reset", restart=True)
    boots.append("second")
    up[0] = True
    scene.act(apply="on-reset", restart=True)
    assert (bmc.version, bmc.begun, len(orders)) == (NEW, 1, 1)


@pytest.mark.parametrize("stages", [False, True], ids=["ended", "pending"])
def test_firmware_that_waits_for_a_restart_gets_one(bmc: Bmc, scene: Scene, *, stages: bool) -> None:
    bmc.stages = stages
    boots = ["first"]
    bmc.on_restart = lambda: boots.append("second")
    scene.nodes.does = lambda _call: Answer(0, boots[-1])
    scene.act(apply="on-reset", restart=True)
    assert (bmc.version, boots) == (NEW, ["first", "second"])
    with pytest.raises(InvalidPlan, match="needs `restart: true`"):
        scene.act(apply="on-reset")


def test_an_image_that_was_changed_is_not_sent(bmc: Bmc, scene: Scene) -> None:
    file = scene.content.files[0]
    (scene.content.folder / file.sha256).write_bytes(b"something else")
    with pytest.raises(DigestMismatch, match=r"lumen\.fw in this service's store is not what was signed"):
        scene.act()
    assert bmc.begun == 0


def test_who_is_not_let_in_is_told_where_the_login_is(bmc: Bmc, scene: Scene) -> None:
    scene.secret.write_text("guessed\n")
    with pytest.raises(StepFailed, match="does not accept login bmc"):
        scene.act()
    scene.secret.unlink()
    with pytest.raises(NotFound, match="the password of login bmc is not there"):
        scene.act()
    scene.facts = {"bmc_login": "other"}
    with pytest.raises(NotFound, match="there is no login 'other'"):
        scene.act()


def test_a_controller_that_does_not_answer_is_unreachable(scene: Scene) -> None:
    scene.address = "http://127.0.0.1:9"
    with pytest.raises(Unreachable, match="the management controller of node n1"):
        scene.act()


def test_the_secret_is_in_nothing_that_is_kept(bmc: Bmc, scene: Scene) -> None:
    bmc.critical = True
    with pytest.raises(FirmwareFailed) as failed:
        scene.act()
    kept = [str(failed.value), failed.value.hint, *scene.waits, *getattr(failed.value, "__notes__", [])]
    assert not [text for text in kept if PASSWORD in text]


def test_the_emulator_of_others_is_updated_too(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fetches nothing and has no inventory; what it lacks here, a model and versions, it is lent."""
    app, fake = emulated()
    versions = {"BiosVersion": "1.0.0"}
    monkeypatch.setattr(fake, "get_versions", lambda _self, _identity: versions, raising=False)
    monkeypatch.setattr(fake, "set_versions", lambda _self, _id, new: versions.update(new), raising=False)
    monkeypatch.setitem(app.config, "SUSHY_EMULATOR_FAKE_DRIVER", True)
    monkeypatch.setitem(app.config, "SUSHY_EMULATOR_STATE_DIR", str(scene.secret.parent))
    with served(app) as scene.address:
        done = scene.act(version="1.1.0", models=["Emulated"], earlier=None)
    assert done.output == "BIOS of n1 is at 1.1.0"


def emulated() -> tuple[Any, Any]:
    """The application, and the class of its machines."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it is built with uses what Python gives up
        from sushy_tools.emulator.main import app  # noqa: PLC0415
        from sushy_tools.emulator.resources.systems.fakedriver import FakeDriver  # noqa: PLC0415
    return app, FakeDriver


@contextmanager
def served(app: Any) -> Iterator[str]:
    def with_model(environ: Any, start: Any) -> Any:
        def of_any_length(status: str, headers: list[tuple[str, str]]) -> Any:
            return start(status, [each for each in headers if each[0] != "Content-Length"])

        answer = b"".join(app.wsgi_app(environ, of_any_length))
        return [answer.replace(b'"BiosVersion"', b'"Model": "Emulated", "BiosVersion"')]

    server = make_server("127.0.0.1", 0, with_model, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_args: object) -> None:
        """Nobody reads it."""

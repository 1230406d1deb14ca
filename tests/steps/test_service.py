"""``service``: the init's own verbs, and its own word for what runs."""

from __future__ import annotations

import os

import pytest

from pitstop.model.errors import InvalidPlan, StepFailed
from pitstop.steps.table import KINDS

from .conftest import Bench, Play

INIT = """\
#!/bin/sh
echo "$1" >>"$PITSTOP_ROOT/verbs"
case $1 in
start | restart) touch "$PITSTOP_ROOT/runs" ;;
stop) rm -f "$PITSTOP_ROOT/runs" ;;
status) [ -e "$PITSTOP_ROOT/unknown" ] && exit 4; [ -e "$PITSTOP_ROOT/runs" ] || exit 3 ;;
esac
"""


def lay(bench: Bench) -> None:
    script = bench.server.root / "etc/init.d/lamp"
    script.parent.mkdir(parents=True)
    script.write_text(INIT)
    script.chmod(0o755)


def test_a_service_is_started_stopped_and_restarted(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        for number, state in enumerate(("started", "stopped", "restarted")):
            await bench.act("service", {"name": "lamp", "state": state}, index=f"1.{number}")
        assert (bench.server.root / "verbs").read_text().split() == [
            *("status", "start"),  # what it was is noted before it is changed
            *("status", "stop"),
            "restart",
        ]

    play(scene)


def test_its_own_status_says_whether_it_is_done(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        started, stopped = ({"name": "lamp", "state": state} for state in ("started", "stopped"))
        assert await bench.probe("service", started) is None
        assert await bench.probe("service", stopped) is not None
        (bench.server.root / "runs").touch()
        assert await bench.probe("service", started) is not None
        assert await bench.probe("service", stopped) is None
        (bench.server.root / "unknown").touch()
        assert await bench.probe("service", started) is None
        assert await bench.probe("service", stopped) is None
        assert set((bench.server.root / "verbs").read_text().split()) == {"status"}

    play(scene)


def test_a_restart_is_done_only_when_something_says_so(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        (bench.server.root / "runs").touch()
        restarted: dict[str, object] = {"name": "lamp", "state": "restarted"}
        assert await bench.probe("service", restarted) is None
        asked = {**restarted, "done_when": ["test", "-e", "new"]}
        assert await bench.probe("service", asked) is None
        (bench.server.root / "new").touch()
        assert await bench.probe("service", asked) is not None

    play(scene)


def test_systemd_is_asked_where_it_is_the_init(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        lay(bench)
        (bench.server.root / "run/systemd/system").mkdir(parents=True)
        systemctl = bench.server.root / "sbin/systemctl"
        systemctl.parent.mkdir()
        systemctl.write_text('#!/bin/sh\necho "systemd: $*"')
        systemctl.chmod(0o755)
        bench.server.environment["PATH"] = f"{systemctl.parent}:{os.environ['PATH']}"
        done = await bench.act("service", {"name": "lamp", "state": "restarted"})
        assert done.output == "systemd: restart lamp\n"
        assert not (bench.server.root / "verbs").exists()

    play(scene)


def test_a_service_that_is_not_there_is_a_failure_and_never_found_stopped(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        stopped = {"name": "lamp", "state": "stopped"}
        assert await bench.probe("service", stopped) is None
        with pytest.raises(StepFailed, match="there is no service lamp"):
            await bench.act("service", stopped)

    play(scene)


@pytest.mark.parametrize("name", ["", "../x", "-x", "a b", "a/b"])
def test_a_name_is_a_name(name: str) -> None:
    with pytest.raises(InvalidPlan, match="name"):
        KINDS["service"].read({"name": name, "state": "started"}, "item 3")

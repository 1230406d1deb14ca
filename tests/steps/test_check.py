"""``check`` and ``readiness``: what a package asks of a node, and what the system's checks say before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from pitstop.model.checks import CheckResult, CheckSkip, finding_of, skip_of
from pitstop.model.errors import CheckBlocks, InvalidPlan, NotReady
from pitstop.model.findings import Finding, Severity, from_error

from .conftest import Bench, Play

AT = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass
class Given:
    """Implements :class:`pitstop.ports.checks.Readiness`."""

    skips: Sequence[CheckSkip] = ()
    found: Sequence[Finding] = ()
    strict: bool = False

    def weighed(self, result: CheckResult) -> Finding | None:
        return finding_of(result, skip_of(result, self.skips), strict=self.strict)

    async def blockers(self, update: str) -> Sequence[Finding]:
        return self.found


def asks(text: str, severity: str = "Critical") -> dict[str, object]:
    return {"name": "spare-room", "run": ["sh", "-c", text], "severity": severity, "remedy": "Make room."}


@pytest.mark.parametrize(
    ("severity", "status", "wanted"),
    [
        ("Critical", 0, None),
        ("Critical", 1, "Warning"),
        ("Critical", 2, "Critical"),
        ("Critical", 3, "Warning"),
        ("Warning", 1, "Warning"),
        ("Warning", 2, "Warning"),
        ("Informational", 2, None),
        ("Informational", 3, None),
    ],
)
def test_it_blocks_by_its_status_and_its_severity(
    play: Play, severity: str, status: int, wanted: str | None
) -> None:
    async def scene(bench: Bench) -> None:
        args = asks(f"echo 'half of it | free=5'; exit {status}", severity)
        if wanted is None:
            done = await bench.act("check", args)
            assert done.record["said"] == "half of it"
            return
        with pytest.raises(CheckBlocks, match="half of it") as blocked:
            await bench.act("check", args)
        finding = from_error(blocked.value, "step")
        assert (finding.code, finding.severity) == ("package-check", wanted)
        assert finding.remedy.startswith("Make room.")
        assert "skip the check spare-room" in finding.remedy
        assert "free=5" in finding.detail

    play(scene)


def test_the_program_comes_with_the_package_and_leaves_nothing_behind(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        logic = b'#!/bin/sh\ncat "$PITSTOP_ROOT/state"\n[ "$1" = \'a b\' ] || exit 2\n'
        bench.content.add("checks/preflight", logic)
        (bench.server.root / "state").write_text("as the new version needs it\n")
        before = sorted(bench.server.root.rglob("*"))
        done = await bench.act("check", {"name": "new", "program": "checks/preflight", "arguments": ["a b"]})
        assert done.record["said"] == "as the new version needs it"
        assert sorted(bench.server.root.rglob("*")) == before
        with pytest.raises(InvalidPlan, match="no file"):
            await bench.act("check", {"name": "new", "program": "checks/other"})

    play(scene)


def test_a_warning_that_is_skipped_by_name_does_not_end_it_and_says_so(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        skip = CheckSkip("spare-room", "node n1", "bought already", "ada", AT)
        bench.readiness = Given([skip])
        done = await bench.act("check", asks("echo tight; exit 1"))
        assert done.output.startswith("Skipped by ada: bought already")
        assert done.record["status"] == "warning"
        with pytest.raises(CheckBlocks):
            await bench.act("check", asks("echo none; exit 2"))
        bench.readiness = Given([skip], strict=True)
        with pytest.raises(CheckBlocks):
            await bench.act("check", asks("echo tight; exit 1"))

    play(scene)


@pytest.mark.parametrize(
    "args",
    [
        {"name": "x"},
        {"name": "x", "run": ["true"], "program": "y"},
        {"name": "Not A Name", "run": ["true"]},
        {"name": "x", "run": ["true"], "severity": "Terrible"},
    ],
)
def test_what_is_no_check_is_refused(play: Play, args: dict[str, object]) -> None:
    async def scene(bench: Bench) -> None:
        with pytest.raises(InvalidPlan):
            await bench.act("check", args)

    play(scene)


def test_readiness_names_what_keeps_the_update_off_the_worst_first(play: Play) -> None:
    async def scene(bench: Bench) -> None:
        await bench.act("readiness", {})
        bench.readiness = Given()
        await bench.act("readiness", {})
        bench.readiness = Given(
            found=[
                Finding("check-restart", Severity.WARNING, "node n1", "waits for a restart", "Restart it."),
                Finding("check-clock", Severity.CRITICAL, "node n2", "an hour behind", "Set it."),
            ]
        )
        with pytest.raises(NotReady, match=r"node n2: an hour behind; node n1") as refused:
            await bench.act("readiness", {})
        finding = from_error(refused.value, "step")
        assert (finding.code, finding.severity) == ("not-ready", "Critical")
        assert "remedy: Restart it." in finding.detail
        assert "pitstop check skip" in finding.remedy

    play(scene)

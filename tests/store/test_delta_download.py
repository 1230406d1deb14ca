"""A system brings an update over its publisher's real site: with the fewest bytes, and by all means."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pitstop.model.errors import Unreachable
from pitstop.model.packages import PackageType
from pitstop.model.releases import PublisherKind, ReleaseId
from pitstop.model.runs import Run, RunPurpose, RunState, Step
from pitstop.model.system import SystemDescription
from pitstop.package.delta_route import Delta
from pitstop.package.fileset import DOCUMENTS
from pitstop.package.site_layout import package_target
from pitstop.ports.feeds import Feed, Source
from pitstop.publish.building import build, plan_kinds
from pitstop.publish.delta_wishes import DeltaWishes
from pitstop.publish.founding import found
from pitstop.publish.releasing import read_built
from pitstop.publish.settings import PublisherSettings
from pitstop.steps.download import DOWNLOAD
from pitstop.steps.kind import StepContext, World
from pitstop.steps.nothing import NoArgs
from pitstop.steps.unpack import UNPACK
from pitstop.store.payloads import FilePayloads
from pitstop.transport.feeds import TufFeeds
from publish.press import PASSPHRASE, Press, a_moment_ago
from simulators.clock import SimulatedClock, no_wait
from simulators.http import SimulatedHttp
from simulators.nodes import SimulatedNodes
from transport.http_site import HttpSite, cuts
from transport.polled import link_for_tests

ONE, TWO, THREE = "1.2601.0.1", "1.2602.0.1", "1.2603.0.1"
TYPES = frozenset(PackageType) - {PackageType.OEM}


def text(version: str) -> str:
    """Large, and nearly the same in all versions."""
    return hashlib.shake_256(b"text").hexdigest(30_000) + version


@dataclass
class Rack:
    """A system, and the site of its publisher."""

    site: HttpSite
    payloads: FilePayloads
    feeds: TufFeeds
    source: Source
    told: list[tuple[int, int]] = field(default_factory=list)

    def feed(self, _update: str = "") -> Feed:
        return self.feeds.open(self.source)

    def know(self, version: str) -> None:
        """Bring the small files of a release, as a poll does."""
        feed, name = self.feed(), f"Northstar{version}"
        self.payloads.put_documents(name, {file: feed.document(name, file) for file in DOCUMENTS})

    def bring(self, version: str) -> str:
        """Download and unpack; what the download says of itself."""
        name = f"Northstar{version}"
        said = asyncio.run(self._act(self._context(name)))
        assert not self.payloads.missing_content(name)
        for file in self.payloads.manifest(name).files:
            assert hashlib.sha256(self.payloads.content(file).read_bytes()).hexdigest() == file.sha256
        return said

    async def _act(self, context: StepContext) -> str:
        done = await DOWNLOAD.act(context, NoArgs())
        if await UNPACK.probe(context, NoArgs()) is None:
            await UNPACK.act(context, NoArgs())
        return done.output

    def _context(self, package: str) -> StepContext:
        clock = SimulatedClock()
        system = SystemDescription("rack", "north", "Lumen", "R4", (), {})
        world = World(system, SimulatedNodes(), SimulatedHttp(), self.payloads, self.feed, clock)
        of = ReleaseId("northstar", "lantern", self.payloads.metadata(package).version)
        at = datetime(2026, 11, 20, tzinfo=UTC)
        run = Run("1", package, of, RunPurpose.PREPARE, RunState.IN_PROGRESS, at, "me")
        step = Step("1.1", "Download", kind="download")
        return StepContext(
            world, run, step, None, lambda _kind: None, lambda *told: self.told.append(told), no_wait
        )

    def fetched(self) -> list[str]:
        """The payload files that the site was asked for."""
        paths = [asked.path for asked in self.site.asked if asked.path.endswith((".zip", ".delta"))]
        return [path.rpartition("/")[2].replace("Northstar", "") for path in paths]

    def spoil(self, name: str, raw: bytes | None) -> None:
        """Put other bytes, or none, in the place of a target file."""
        (path,) = (path for path in self.site.files if path.endswith(f"/{name}"))
        files = dict(self.site.files)
        if raw is None:
            del files[path]
        else:
            files[path] = raw
        self.site.files = files


def published(folder: Path) -> Press:
    """Three releases on a site; deltas from each to the next."""
    settings = PublisherSettings(
        folder / "northstar", "northstar", "Northstar", "Northstar", PublisherKind.PLATFORM, "lantern"
    )
    press = Press(found(settings, PASSPHRASE, a_moment_ago()), folder)
    before: tuple[str, ...] = ()
    for number, version in enumerate((ONE, TWO, THREE), start=1):
        more = f'type = "Full"\nfamily = "{number}"' + (f'\npredecessor = "{number - 1}"' if before else "")
        source = press.source(version, more, text=text(version))
        wishes = DeltaWishes(press.repository, before, lambda _line: None, lambda: lambda _done, _all: None)
        built = build(source, press.work / "built", press.settings, plan_kinds(), deltas=wishes)
        press.release(read_built(built.folder))
        before = (version,)
    return press


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Press:
    return published(tmp_path_factory.mktemp("publisher"))


@pytest.fixture
def rack(press: Press, tmp_path: Path) -> Iterator[Rack]:
    """A system that knows all releases, and has the content of the first."""
    site = press.settings.site_folder
    files = {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    with HttpSite(files) as server:
        source = Source("northstar", "northstar", PublisherKind.PLATFORM, server.url, TYPES)
        feeds = TufFeeds(tmp_path / "sources", link=link_for_tests([]))
        feeds.pin(source, press.settings.root_file.read_bytes())
        rack = Rack(server, FilePayloads(tmp_path / "state"), feeds, source)
        for version in (ONE, TWO, THREE):
            rack.know(version)
        assert rack.bring(ONE) == "1 fetched, 0 here already, " + str(size_of(rack, ONE)) + " bytes in all"
        server.asked.clear()
        rack.told.clear()
        yield rack


def size_of(rack: Rack, version: str) -> int:
    return rack.payloads.metadata(f"Northstar{version}").size


def delta_name(to: str, base: str) -> str:
    return f"Northstar{to}-from-Northstar{base}.delta"


def delta_size(rack: Rack, to: str, base: str) -> int:
    (size,) = (len(raw) for path, raw in rack.site.files.items() if path.endswith(delta_name(to, base)))
    return size


def test_one_hop_is_fetched_instead_of_the_payload(rack: Rack) -> None:
    size = delta_size(rack, TWO, ONE)
    assert rack.bring(TWO) == (
        f"made from Northstar{ONE}: {size} bytes of 1 deltas fetched instead of {size_of(rack, TWO)}"
    )
    assert rack.fetched() == [f"{TWO}-from-{ONE}.delta"]
    assert rack.told[-1] == (size, size)
    assert size < size_of(rack, TWO) / 10


def test_two_hops_at_once(rack: Rack) -> None:
    size = delta_size(rack, TWO, ONE) + delta_size(rack, THREE, TWO)
    said = rack.bring(THREE)
    assert said.startswith(f"made from Northstar{ONE}, Northstar{TWO}: {size} bytes of 2 deltas")
    assert rack.fetched() == [f"{TWO}-from-{ONE}.delta", f"{THREE}-from-{TWO}.delta"]
    assert rack.told[-1] == (size, size)
    assert rack.payloads.missing_content(f"Northstar{TWO}")  # what lay between was not kept


def test_without_a_base_it_is_the_payload(rack: Rack, tmp_path: Path) -> None:
    bare = replace(rack, payloads=FilePayloads(tmp_path / "bare"))
    for version in (ONE, TWO):
        bare.know(version)
    bare.bring(TWO)
    assert bare.fetched() == [f"{TWO}-1.zip"]


def test_what_is_known_no_more_is_no_way(rack: Rack, tmp_path: Path) -> None:
    """The documents of what lies between are not here, as where it was withdrawn."""
    bare = replace(rack, payloads=FilePayloads(tmp_path / "bare"))
    for version in (ONE, THREE):
        bare.know(version)
    bare.bring(ONE)
    bare.site.asked.clear()
    bare.bring(THREE)
    assert bare.fetched() == [f"{THREE}-1.zip"]


def test_a_volume_that_is_here_is_not_fetched_as_a_delta(rack: Rack) -> None:
    name = f"Northstar{TWO}-1.zip"
    rack.feed().fetch_volume(f"Northstar{TWO}", name, rack.payloads.volume(f"Northstar{TWO}", name), silent)
    rack.site.asked.clear()
    assert rack.bring(TWO).startswith("0 fetched, 1 here already")
    assert rack.fetched() == []


def silent(_done: int, _in_all: int) -> None:
    pass


@pytest.mark.parametrize("raw", [None, b"", b"nonsense" * 1000])
def test_a_delta_that_cannot_be_had_costs_no_update(rack: Rack, raw: bytes | None) -> None:
    rack.spoil(delta_name(TWO, ONE), raw)
    said = rack.bring(TWO)
    assert said.startswith("no delta could be used: ")
    assert said.endswith(f"1 fetched, 0 here already, {size_of(rack, TWO)} bytes in all")
    assert f"{TWO}-1.zip" in rack.fetched()
    assert (size_of(rack, TWO), size_of(rack, TWO)) in rack.told


def test_a_base_that_was_damaged_costs_no_update(rack: Rack) -> None:
    greeting = rack.payloads.manifest(f"Northstar{ONE}").files[0]
    path = rack.payloads.content(greeting)
    path.chmod(0o600)
    with path.open("r+b") as content:
        content.write(b"!!!")
    said = rack.bring(TWO)
    assert said.startswith("no delta could be used: opt/greeting.txt, made with a delta, is not the file")
    assert rack.fetched() == [f"{TWO}-from-{ONE}.delta", f"{TWO}-1.zip"]


def test_a_site_that_is_away_is_said_as_it_is(rack: Rack) -> None:
    rack.site.files = {}
    with pytest.raises(Unreachable):
        rack.bring(TWO)


def test_deltas_that_were_carried_here_need_no_site(rack: Rack) -> None:
    """As an import brings them: they lie at their places."""
    package, name = f"Northstar{TWO}", delta_name(TWO, ONE)
    delta = Delta(package, f"Northstar{ONE}", name, delta_size(rack, TWO, ONE))
    rack.feed().fetch_volume(package, name, rack.payloads.delta(package, delta), silent)
    rack.site.files = {}
    assert rack.bring(TWO) == (
        f"made from Northstar{ONE}: 0 bytes of 1 deltas fetched instead of {size_of(rack, TWO)}"
    )


def test_a_delta_goes_on_where_the_link_was_cut(rack: Rack) -> None:
    package, name = f"Northstar{TWO}", delta_name(TWO, ONE)
    path = package_target(package, name)
    rack.site.troubles[f"targets/{path}"] = cuts(times=1, after=100)
    assert rack.bring(TWO).startswith("made from")
    first, second = (asked for asked in rack.site.asked if asked.path.endswith(name))
    assert (first.start, second.start) == (None, 100)
    assert first.sent + second.sent == len(rack.site.files[f"targets/{path}"])

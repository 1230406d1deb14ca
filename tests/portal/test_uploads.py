"""Uploading real transfers in a real browser, to the real desk: through a break, on another day, without
scripts; and that a form that was cut leaves nothing behind."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.browsing import BROWSER_MARKS, Served, served, sign_in
from simulators import desk, import_scenes
from simulators.imports import SimulatedImports
from transfers.publishers import Publisher, oem, platform
from transfers.system import System, system
from transport.repository import laid_out

pytestmark = BROWSER_MARKS

FULL = "Northstar1.2402.0.8"
SLOWLY = 800_000
"""Bytes a second: the transfer has 1.6 million."""


@pytest.fixture(scope="module")
def publisher() -> Publisher:
    return platform()


@pytest.fixture
def transfer(publisher: Publisher, tmp_path: Path) -> Path:
    """The platform's whole repository on a medium."""
    return laid_out(publisher.repository.for_media(), tmp_path / "transfer" / "northstar").parent


@pytest.fixture
def rack(publisher: Publisher, tmp_path: Path) -> Iterator[System]:
    with system(tmp_path / "state", [publisher, oem()]) as made:
        yield made


@pytest.fixture
def portal(rack: System) -> Iterator[Served]:
    scene = desk.quiet()
    scene.imports = rack.imports
    with served(scene) as made:
        yield made


def slowed(page: Page, rate: int = SLOWLY) -> None:
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate},
    )


def upload(page: Page, folder: Path) -> None:
    page.get_by_label("Or a folder").set_input_files(folder)
    page.get_by_role("button", name=re.compile("^(Upload and import|Go on)$")).click()


def here(rack: System) -> int:
    """Bytes of uploads that are on the system's disk."""
    return sum(
        path.stat().st_size for path in (rack.folder / "imports").glob("*/files/**/*") if path.is_file()
    )


def until_some_is_here(rack: System) -> int:
    deadline = time.monotonic() + 20
    while here(rack) < 100_000:
        assert time.monotonic() < deadline, "nothing comes"
        time.sleep(0.05)
    return here(rack)


def test_a_transfer_is_uploaded_goes_on_after_the_service_was_gone_and_is_imported(
    page: Page, portal: Served, rack: System, transfer: Path
) -> None:
    sign_in(page, portal, "/imports")
    slowed(page, SLOWLY // 2)
    upload(page, transfer)
    expect(page.get_by_role("heading", name="Uploading transfer")).to_be_focused()
    expect(page.locator("#sent-words")).to_contain_text(re.compile(r"kB/s, \d+ s left"))
    portal.stop()
    expect(page.get_by_text("What has come is kept; trying again")).to_be_visible()
    kept = here(rack)
    assert 0 < kept < 1_500_000
    portal.start()
    expect(page.get_by_text("Succeeded")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("row", name=FULL)).to_contain_text("All here")
    assert rack.whole(FULL)
    assert here(rack) == 0


def test_an_upload_that_was_stopped_goes_on_another_day_from_its_page(
    page: Page, portal: Served, rack: System, transfer: Path
) -> None:
    sign_in(page, portal, "/imports")
    slowed(page)
    upload(page, transfer)
    until_some_is_here(rack)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import: transfer")
    expect(page.get_by_text("are here. Nothing is looked into before all is.")).to_be_visible()
    kept = here(rack)
    (item,) = rack.arrivals.all()
    later = page.context.new_page()
    later.goto(portal.address + "/imports")
    later.get_by_role("row", name="Receiving").get_by_role("link", name="transfer").click()
    upload(later, transfer)
    expect(later.get_by_text("Succeeded")).to_be_visible(timeout=20_000)
    assert [done.id for done in rack.arrivals.all()] == [item.id]
    assert kept > 0
    assert rack.whole(FULL)


def test_files_that_do_not_belong_to_it_do_not_go_on(
    page: Page, portal: Served, rack: System, transfer: Path, tmp_path: Path
) -> None:
    sign_in(page, portal, "/imports")
    slowed(page)
    upload(page, transfer)
    until_some_is_here(rack)
    page.get_by_role("button", name="Stop").click()
    other = tmp_path / "other"
    other.mkdir()
    (other / "readme.txt").write_text("another folder")
    upload(page, other)
    expect(page.get_by_role("alert")).to_contain_text("None of these files belongs to this import")
    volume = next((transfer / "northstar").rglob("*.zip"))
    volume.write_bytes(volume.read_bytes() + b"more")
    upload(page, transfer)
    expect(page.get_by_role("alert")).to_contain_text("were announced")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("The import was discarded.")).to_be_visible()
    assert here(rack) == 0


def test_a_session_that_ended_meanwhile_loses_nothing(
    page: Page, portal: Served, rack: System, transfer: Path
) -> None:
    sign_in(page, portal, "/imports")
    slowed(page)
    upload(page, transfer)
    until_some_is_here(rack)
    portal.scene.tokens.clear()
    expect(page.get_by_role("link", name="Sign in and go on")).to_be_visible()
    page.get_by_role("link", name="Sign in and go on").click()
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(desk.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import: transfer")
    upload(page, transfer)
    expect(page.get_by_text("Succeeded")).to_be_visible(timeout=20_000)


def test_without_scripts_a_form_brings_it_all(
    chromium: Browser, portal: Served, rack: System, transfer: Path
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, portal, "/imports")
    upload(page, transfer)
    expect(page.get_by_role("heading", level=1)).to_have_text("Import: transfer")
    expect(page.get_by_text("Succeeded")).to_be_visible()
    assert rack.whole(FULL)
    context.close()


def test_a_form_that_is_cut_leaves_nothing_behind(portal: Served, rack: System) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.zip"\r\n\r\n'
    said = [
        "POST /imports HTTP/1.1",
        f"Host: 127.0.0.1:{portal.port}",
        f"Origin: {portal.address}",
        f"Cookie: pitstop-session={portal.scene.token('ada')}",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 9000000",
    ]
    with socket.create_connection(("127.0.0.1", portal.port)) as cut:
        cut.sendall("\r\n".join(said).encode() + b"\r\n\r\n" + head + b"a" * 3_000_000)
        until_some_is_here(rack)
    deadline = time.monotonic() + 10
    while rack.arrivals.all():
        assert time.monotonic() < deadline, "the import is still there"
        time.sleep(0.02)
    assert list((rack.folder / "imports").iterdir()) == []


def test_an_import_that_is_done_meanwhile_fills_by_itself(page: Page) -> None:
    scene = desk.quiet()
    canned = SimulatedImports({"importing": import_scenes.importing()})
    scene.imports = canned
    with served(scene) as portal:
        sign_in(page, portal, "/imports/importing")
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "30.0")
        canned.imports["importing"] = import_scenes.importing(1_200_000)
        expect(page.get_by_role("progressbar")).to_have_attribute("value", "60.0")
        portal.stop()
        expect(page.get_by_text("The service does not answer.")).to_be_visible()
        portal.start()
        canned.imports["importing"] = import_scenes.succeeded()
        expect(page.get_by_text("Succeeded")).to_be_visible()


def test_the_page_is_used_by_keyboard_alone(page: Page, portal: Served, transfer: Path) -> None:
    sign_in(page, portal, "/imports")
    page.get_by_label("Path").focus()
    page.keyboard.type(str(transfer))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Succeeded")).to_be_visible()
    page.goto(portal.address + "/imports")
    page.get_by_role("button", name="Upload and import").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("No files were chosen")
    expect(page.get_by_role("alert")).to_be_focused()

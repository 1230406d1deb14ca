"""The pages of imports, and what the portal takes in: as a form, by path, and in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest

from pitstop.model.accounts import Role
from portal.visitor import Visitor, page_of, visitor
from simulators import desk, import_scenes
from simulators.imports import SimulatedImports
from simulators.scenes import HOTFIX

Files = list[tuple[str, tuple[str, bytes]]]


@pytest.fixture
def imports(quiet: Visitor) -> SimulatedImports:
    """What the desk of ``quiet`` knows of imports: one in each state."""
    made = SimulatedImports({item.id: item for item in import_scenes.every()})
    quiet.scene.imports = made
    return made


@pytest.fixture
def quiet() -> Iterator[Visitor]:
    """An operator, of a desk that no other test has."""
    with visitor(desk.quiet()) as somebody:
        yield somebody.sign_in("ada")


def send(visit: Visitor, files: Files, path: str = "/imports") -> tuple[int, str]:
    origin = str(visit.client.base_url).rstrip("/")
    answer = visit.client.post(path, files=files, headers={"Origin": origin}, follow_redirects=False)
    if answer.status_code != 303:
        page_of(answer, answer.status_code)
    return answer.status_code, answer.headers.get("location", "") or answer.text


# --- what is seen


def test_imports_in_progress_and_past_are_shown_with_what_they_need(
    quiet: Visitor, imports: SimulatedImports
) -> None:
    del imports
    page = quiet.page("/imports")
    rows = [" ".join(row.text.split()) for row in page.all("tr")]
    text = " ".join(rows)
    assert "Importing 600 kB of 2 MB, 30 %, 100 kB/s, 14 s left" in text
    assert "Receiving 62 % of 2 MB here" in text
    assert "Failed usb/emberforge is of no source of this system" in text
    assert "Declare its publisher as a source" in text


@pytest.mark.parametrize(
    ("import_id", "said"),
    [
        ("receiving", "1.2 MB of 2 MB are here"),
        ("importing", "600 kB of 2 MB, 30 %"),
        ("succeeded", "Older than what is known: its payloads were taken, nothing else"),
        ("succeeded", "Import the transfer&#39;s other volumes, in any order."),
        ("failed", "Declare its publisher as a source"),
        ("failed", "Import again"),
    ],
)
def test_an_import_says_how_far_it_is_what_was_found_and_what_to_do(
    quiet: Visitor, imports: SimulatedImports, import_id: str, said: str
) -> None:
    del imports
    quiet.page(f"/imports/{import_id}")
    assert said in quiet.get(f"/imports/{import_id}").text


def test_a_package_that_is_known_leads_to_its_update(quiet: Visitor, imports: SimulatedImports) -> None:
    del imports
    links = [link.attributes["href"] for link in quiet.page("/imports/succeeded").all("a")]
    assert f"/updates/{HOTFIX}" in links
    assert not any("9999" in link for link in links)


def test_a_reader_sees_imports_and_hands_nothing_over(quiet: Visitor, imports: SimulatedImports) -> None:
    quiet.sign_in("rea")
    for path in ("/imports", *(f"/imports/{import_id}" for import_id in imports.imports)):
        assert [form.attributes["action"] for form in quiet.page(path).all("form")] == ["/sign-out"]
    before = dict(imports.imports)
    assert send(quiet, [("files", ("a.zip", b"x"))])[0] == 403
    page_of(quiet.post("/imports/by-path", {"path": "/media/usb"}), 403)
    page_of(quiet.post("/imports/failed/finish"), 403)
    page_of(quiet.post("/imports/failed/discard"), 403)
    assert imports.imports == before


def test_support_is_shown_no_imports(quiet: Visitor) -> None:
    quiet.scene.accounts["sue"] = Role.SUPPORT
    quiet.sign_in("sue")
    for path in ("/imports", "/imports/any", "/imports/request.json"):
        page_of(quiet.get(path), 403)


def test_the_request_for_the_downloader_is_given_as_a_file(quiet: Visitor) -> None:
    answer = quiet.get("/imports/request.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="request.json"'
    assert answer.json()["system"] == "aurora"


def test_an_import_that_is_not_there_is_a_page_that_says_so(quiet: Visitor) -> None:
    page_of(quiet.get("/imports/none"), 404)
    for path in ("/imports/none/finish", "/imports/none/discard"):
        page_of(quiet.post(path), 404)


# --- by path, again, and away


def test_a_path_of_the_services_machine_is_imported(quiet: Visitor, imports: SimulatedImports) -> None:
    to = quiet.post("/imports/by-path", {"path": " /media/usb/transfer "}).headers["location"]
    assert imports.imports[to.rpartition("/")[2]].path == "/media/usb/transfer"


def test_a_path_that_is_refused_stays_in_the_form(quiet: Visitor, imports: SimulatedImports) -> None:
    del imports
    page = page_of(quiet.post("/imports/by-path", {"path": ""}), 400)
    assert [field.attributes["value"] for field in page.all("input") if field.attributes["id"] == "path"] == [
        ""
    ]
    assert page.texts("h1") == ["Imports"]


def test_a_failed_import_is_done_again_or_discarded(quiet: Visitor, imports: SimulatedImports) -> None:
    assert quiet.post("/imports/failed/finish").headers["location"] == "/imports/failed"
    assert imports.imports["failed"].state == "succeeded"
    assert quiet.post("/imports/failed/discard").headers["location"] == "/imports?done=discarded"
    assert "failed" not in imports.imports


@pytest.mark.parametrize("verb", ["finish", "discard"])
def test_the_way_back_from_the_sign_in_leads_to_the_page(quiet: Visitor, verb: str) -> None:
    assert quiet.get(f"/imports/failed/{verb}").headers["location"] == "/imports/failed"
    assert quiet.get("/imports/by-path").headers["location"] == "/imports"


# --- a plain form


def test_the_files_of_a_form_are_taken_in_and_imported(quiet: Visitor, imports: SimulatedImports) -> None:
    large = bytes(range(256)) * 12_000
    files: Files = [
        ("files", ("usb-2-of-2.zip", large)),
        ("files", ("usb-1-of-2.zip", b"")),
        ("folder", ("", b"")),
    ]
    status, to = send(quiet, files)
    item = imports.imports[to.rpartition("/")[2]]
    assert (status, item.name, item.state) == (303, "usb-2-of-2.zip", "succeeded")
    assert imports.contents == {(item.id, "usb-2-of-2.zip"): large, (item.id, "usb-1-of-2.zip"): b""}


def test_a_folder_is_handed_over_as_what_it_holds(quiet: Visitor, imports: SimulatedImports) -> None:
    _, to = send(
        quiet, [("folder", ("usb/metadata/timestamp.json", b"{}")), ("folder", ("usb/targets/a", b"a"))]
    )
    item = imports.imports[to.rpartition("/")[2]]
    assert (item.name, [file.name for file in item.files]) == (
        "usb",
        ["metadata/timestamp.json", "targets/a"],
    )


def test_a_form_without_files_says_so(quiet: Visitor, imports: SimulatedImports) -> None:
    before = dict(imports.imports)
    status, page = send(quiet, [("files", ("", b"")), ("folder", ("", b""))])
    assert (status, "No files were chosen" in page) == (400, True)
    answer = quiet.post("/imports", {"files": "usb"})
    page_of(answer, 400)
    assert "This is no form with files" in answer.text
    assert imports.imports == before


def test_a_form_that_is_broken_leaves_nothing_behind(quiet: Visitor, imports: SimulatedImports) -> None:
    before = dict(imports.imports)
    whole = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.zip"\r\n\r\n' + b"a" * 3_000_000
    )
    headers = {
        "Origin": str(quiet.client.base_url).rstrip("/"),
        "Content-Type": "multipart/form-data; boundary=x",
    }
    answer = quiet.client.post("/imports", content=whole, headers=headers, follow_redirects=False)
    page_of(answer, 400)
    assert "The form is broken" in answer.text
    assert imports.contents != {}
    assert imports.imports == before


# --- in pieces


def begin(visit: Visitor, body: object) -> tuple[int, dict[str, str]]:
    origin = str(visit.client.base_url).rstrip("/")
    answer = visit.client.post("/imports/uploads", json=body, headers={"Origin": origin})
    return answer.status_code, answer.json()


def piece(visit: Visitor, import_id: str, offset: int, content: bytes, file: int = 0) -> tuple[int, str]:
    headers = {"Origin": str(visit.client.base_url).rstrip("/"), "Upload-Offset": str(offset)}
    answer = visit.client.patch(f"/imports/{import_id}/files/{file}", content=content, headers=headers)
    return answer.status_code, answer.text


def test_an_upload_is_announced_sent_in_pieces_and_says_where_to_go_on(
    quiet: Visitor, imports: SimulatedImports
) -> None:
    status, item = begin(quiet, {"name": "usb", "files": [{"name": "a.zip", "size": 6}]})
    assert (status, item["state"]) == (201, "receiving")
    assert piece(quiet, item["id"], 0, b"abc") == (200, '{"received":3}')
    again, said = piece(quiet, item["id"], 0, b"abc")
    assert (again, json.loads(said)["code"], json.loads(said)["hint"]) == (
        409,
        "conflict",
        "Go on from byte 3.",
    )
    state = quiet.get(f"/imports/{item['id']}/state.json").json()
    assert [file["received"] for file in state["files"]] == [3]
    assert piece(quiet, item["id"], 3, b"def")[0] == 200
    assert "All files are here." in quiet.get(f"/imports/{item['id']}").text
    assert imports.contents == {(item["id"], "a.zip"): b"abcdef"}


def test_what_the_script_is_refused_comes_in_words(quiet: Visitor, imports: SimulatedImports) -> None:
    for body in ({"name": "usb"}, {"path": "/media/usb"}):
        status, said = begin(quiet, body)
        assert (status, said["code"]) == (400, "invalid-input")
    assert quiet.get("/imports/none/state.json").json()["code"] == "not-found"
    quiet.sign_in("rea")
    assert begin(quiet, {"name": "usb", "files": [{"name": "a", "size": 1}]})[1]["code"] == "not-permitted"
    quiet.scene.tokens.clear()
    status, text = piece(quiet, "receiving", 0, b"x")
    assert (status, json.loads(text)["code"]) == (401, "not-signed-in")
    assert msgspec.structs.replace(imports.imports["receiving"]) == import_scenes.receiving()


@pytest.mark.parametrize(
    "path", ["/imports", "/imports/by-path", "/imports/uploads", "/imports/failed/discard"]
)
def test_another_sites_page_hands_nothing_over(quiet: Visitor, imports: SimulatedImports, path: str) -> None:
    before = dict(imports.imports)
    headers = {"Origin": "https://evil.example"}
    answer = quiet.client.post(path, files=[("files", ("a.zip", b"x"))], headers=headers)
    assert answer.status_code == 403
    headers["Upload-Offset"] = "0"
    assert quiet.client.patch("/imports/receiving/files/0", content=b"x", headers=headers).status_code == 403
    assert imports.imports == before

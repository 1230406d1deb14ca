"""Ways out of trouble: the console on the machine itself, and a case for the vendor's side."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from litestar.testing import TestClient

from e2e.conftest import Operator
from pitstop.daemon.case_portal import case_app

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("second")]

HOTFIX = "Northstar1.2601.1.15"
NEXT = "Northstar1.2604.0.21"


def test_a_run_is_stopped_and_goes_on_from_the_console_whether_a_service_runs_or_not(
    second: Operator,
) -> None:
    second.reach(HOTFIX)
    settings = ("--settings", str(second.stage.folder / "pitstop.toml"), "--as", "ada")
    second.pitstop("checklist", "tick", NEXT, "users", "--note", "by mail")
    run_id = second.install(NEXT)
    second.pitstop("rescue", *settings, "stop", run_id, "--reason", "not tonight")
    assert second.asked("run", "show", run_id)["run"]["state"] == "stopped"
    kept = {item["id"]: item for item in second.asked("checklist", "show", NEXT)["items"]}
    assert (kept["users"]["note"], kept["window"]["standing"]) == ("by mail", "todo")
    assert kept["installed"]["standing"] == "todo"
    second.pitstop("checklist", "tick", NEXT, "window", status=2)

    service = second.stage.service
    assert service is not None
    service.stop()
    said = json.loads(second.pitstop("rescue", *settings, "status", "--json"))
    assert said["service"] == ""
    assert said["faces"]
    assert said["run"]["run"]["state"] == "stopped"
    second.pitstop("rescue", *settings, "resume", run_id)
    assert set(second.versions().values()) == {"1.2604.0.21"}
    assert second.drained() == []

    second.stage.start_service()
    assert second.asked("update", "show", NEXT)["state"] == "Installed"
    kept = {item["id"]: item for item in second.asked("checklist", "show", NEXT)["items"]}
    assert {kept[name]["standing"] for name in ("installed", "nodes-back", "versions", "users")} == {"done"}
    acts = [(entry["who"], entry["what"]) for entry in second.asked("audit", "list")]
    assert {("ada", "stop run"), ("ada", "resume run"), ("ada", "rescue status")} <= set(acts)


def test_a_case_is_handed_over_and_opened_on_the_other_side(second: Operator, tmp_path: Path) -> None:
    second.reach(HOTFIX)
    run_id = second.asked("run", "list")[0]["id"]
    said = ("--text", "It is slow. password=hunter2", "--severity", "C", "--contact", "Northstar support")
    case = json.loads(second.pitstop("case", "open", "A question", *said, "--run", run_id, "--json"))
    assert case["file"]["state"] == "ready"
    number = str(case["number"])
    second.pitstop("case", "write", number, "Which version?", "--theirs", "--reference", "SR-42")
    file = Path(second.pitstop("case", "save", number, "--to", str(tmp_path)).strip())
    (tmp_path / "key.pem").write_text(second.pitstop("case", "key"))
    key = ("--key", str(tmp_path / "key.pem"))
    checked = json.loads(second.pitstop("case", "verify", str(file), *key, "--json"))
    assert (checked["case"], checked["knownKey"]) == (case["number"], True)
    with zipfile.ZipFile(file) as archive:
        assert not [name for name in archive.namelist() if b"hunter2" in archive.read(name)]
        assert [name for name in archive.namelist() if name.startswith("logs/")]

    with case_app(file) as app, TestClient(app) as portal:
        pages = {path: portal.get(path) for path in ("/", f"/runs/{run_id}", "/support", "/nodes", "/alerts")}
        assert {path: page.status_code for path, page in pages.items()} == dict.fromkeys(pages, 200)
        assert "reader of a case" in pages["/"].text
        assert "Lantern" in pages[f"/runs/{run_id}"].text
        assert portal.post("/check", headers={"Origin": "http://testserver.local"}).status_code == 403

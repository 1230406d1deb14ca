"""The pages of nodes: seen by all, tested by operators, changed by administrators, without any script."""

from __future__ import annotations

import pytest

from pitstop.model.node_rules import fingerprint
from pitstop.model.system import Become, JumpHost
from portal.visitor import Visitor, page_of
from simulators.rack import BROKEN, SPARE, key_of

NEW = {
    "name": "n5",
    "address": SPARE,
    "port": "",
    "user": "",
    "key": "",
    "agent": "",
    "jump": "gate@10.0.1.1, 10.0.2.1:2222",
    "roles": "web, storage",
    "fault_domain": "A",
    "root": "/",
    "become": "sudo",
    "host_key": "",
}


@pytest.fixture
def admin(nobody: Visitor) -> Visitor:
    return nobody.sign_in("admin")


def fields_of(visitor: Visitor, path: str, action: str) -> set[str]:
    page = visitor.page(path)
    return {form.attributes["action"] for form in page.all("form")} & {action}


def test_all_are_listed_with_where_they_are_declared(quiet: Visitor) -> None:
    page = quiet.page("/nodes")
    assert [link for link in page.texts("a") if link in {"n1", "n2", "n3", "n4"}] == ["n1", "n2", "n3", "n4"]
    assert page.texts("td").count("Nodes file") == 3
    assert page.texts("td").count("The service") == 1
    assert fingerprint(key_of("10.0.0.14")) in quiet.get("/nodes").text


def test_a_node_is_added_and_shown(admin: Visitor) -> None:
    assert admin.post("/nodes", NEW).headers["location"] == "/nodes/n5?done=node-added"
    node = admin.scene.nodes.declared.declared["n5"].node
    assert node.jump == (JumpHost("10.0.1.1", 22, "gate"), JumpHost("10.0.2.1", 2222))
    assert (node.roles, node.become, node.user, node.port) == (("web", "storage"), Become.SUDO, "ops", 22)
    answer = admin.get("/nodes/n5?done=node-added")
    page_of(answer)
    assert "The node was added" in answer.text
    assert fingerprint(key_of(SPARE)) in answer.text


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({**NEW, "address": BROKEN}, 409, "did not pass its test"),
        ({**NEW, "name": "n4"}, 409, "there is a node n4 already"),
        ({**NEW, "port": "many"}, 400, "is no port"),
        ({**NEW, "jump": "@"}, 400, "is no jump host"),
    ],
)
def test_what_is_refused_keeps_what_was_typed(
    admin: Visitor, form: dict[str, str], status: int, says: str
) -> None:
    answer = admin.post("/nodes", form)
    page = page_of(answer, status)
    assert says in answer.text.replace("There", "there")
    typed = {field.attributes["name"]: field.attributes.get("value") for field in page.all("input")}
    assert {name: typed[name] for name in ("name", "address", "jump", "roles")} == {
        name: form[name] for name in ("name", "address", "jump", "roles")
    }
    assert "n5" not in admin.scene.nodes.declared.declared


def test_a_test_shows_what_it_found_and_what_to_do(quiet: Visitor) -> None:
    page = page_of(quiet.post("/nodes/n4/test"))
    assert "It passed its test" in page.texts("h2")[0]
    quiet.scene.nodes.broken.add("10.0.0.14")
    answer = quiet.post("/nodes/n4/test")
    assert "It did not pass its test" in page_of(answer).texts("h2")[0]
    assert "Install it: util-linux." in answer.text


def test_another_host_key_is_shown_and_trusted_by_the_fingerprint_that_was_typed(admin: Visitor) -> None:
    admin.scene.nodes.machines["10.0.0.14"] = key_of(SPARE)
    answer = admin.post("/nodes/n4/test")
    page_of(answer)
    shown, pinned = fingerprint(key_of(SPARE)), fingerprint(key_of("10.0.0.14"))
    assert shown in answer.text
    assert pinned in answer.text
    page_of(admin.post("/nodes/n4/trust", {"fingerprint": pinned}), 422)
    assert admin.post("/nodes/n4/trust", {"fingerprint": shown}).headers["location"].endswith("key-trusted")
    assert admin.scene.nodes.declared.host_keys.pinned("n4") == key_of(SPARE)


def test_a_form_shows_the_node_as_it_is_and_an_emptied_field_is_empty(admin: Visitor) -> None:
    page = admin.page("/nodes/n4")
    typed = {
        field.attributes["id"].removeprefix("change-"): field.attributes.get("value", "")
        for field in page.all("input")
        if field.attributes["id"].startswith("change-")
    }
    typed.pop("become")
    assert (typed["jump"], typed["roles"], typed["port"]) == ("gate@10.0.1.1:22", "web", "22")
    assert admin.post("/nodes/n4/change", {**typed, "jump": ""}).status_code == 303
    assert admin.scene.nodes.declared.declared["n4"].node.jump == ()


def test_a_machine_is_replaced_and_a_node_removed(admin: Visitor) -> None:
    assert admin.post("/nodes/n4/replace", {"address": SPARE}).status_code == 303
    assert admin.scene.nodes.declared.declared["n4"].node.address == SPARE
    assert admin.post("/nodes/n4/remove").headers["location"] == "/nodes?done=node-removed"
    page_of(admin.get("/nodes/n4"), 404)


def test_while_a_run_lasts_every_change_is_refused_on_its_page(running: Visitor) -> None:
    running.sign_in("admin")
    for path, form in (
        ("/nodes", NEW),
        ("/nodes/n4/change", {"address": SPARE, "root": "/", "user": "ops", "key": "k"}),
        ("/nodes/n4/replace", {"address": SPARE}),
        ("/nodes/n4/remove", {}),
    ):
        answer = running.post(path, form)
        page_of(answer, 409)
        assert "run-lasts" in answer.text
        assert "Wait until the run has ended" in answer.text


def test_a_node_of_the_file_offers_no_change(admin: Visitor) -> None:
    page = admin.page("/nodes/n1")
    actions = {form.attributes["action"] for form in page.all("form")}
    assert actions == {"/sign-out", "/nodes/n1/test"}
    page_of(admin.post("/nodes/n1/remove"), 409)


@pytest.mark.parametrize(
    ("name", "offered"), [("rea", set()), ("ada", {"/nodes/n4/test"})], ids=["reader", "operator"]
)
def test_who_may_not_change_is_offered_no_form(nobody: Visitor, name: str, offered: set[str]) -> None:
    page = nobody.sign_in(name).page("/nodes/n4")
    assert {form.attributes["action"] for form in page.all("form")} - {"/sign-out"} == offered
    page_of(nobody.post("/nodes", NEW), 403)
    page_of(nobody.post("/nodes/n4/remove"), 403)


def test_the_way_back_after_signing_in_leads_to_the_node(quiet: Visitor) -> None:
    for verb in ("test", "change", "replace", "remove", "trust"):
        assert quiet.get(f"/nodes/n4/{verb}").headers["location"] == "/nodes/n4"

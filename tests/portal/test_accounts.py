"""The administrator's page of accounts."""

from __future__ import annotations

import pytest

from pitstop.model.accounts import Role
from pitstop.portal.pages.accounts import MAY
from portal.visitor import Visitor, page_of

GOOD = {"name": "eve", "role": "support", "password": "correct horse", "again": "correct horse"}


@pytest.fixture
def admin(nobody: Visitor) -> Visitor:
    return nobody.sign_in("admin")


def test_it_lists_who_may_sign_in_and_as_what(admin: Visitor) -> None:
    page = admin.page("/accounts")
    assert page.texts("th")[4:] == ["ada", "rea", "admin (you)"]
    assert {"Operator", "Reader", "Administrator"} <= set(page.texts("td"))


def test_every_role_is_offered_with_what_it_may(admin: Visitor) -> None:
    assert list(MAY) == list(Role)
    page = admin.page("/accounts")
    radios = [field.attributes for field in page.all("input") if field.attributes["type"] == "radio"]
    assert [radio["value"] for radio in radios] == list(Role)
    assert [radio["value"] for radio in radios if "checked" in radio] == ["reader"]


def test_an_account_is_added(admin: Visitor) -> None:
    assert admin.post("/accounts", GOOD).headers["location"] == "/accounts?done=account"
    assert admin.scene.accounts["eve"] is Role.SUPPORT
    assert "The account was added." in admin.get("/accounts?done=account").text


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({**GOOD, "again": "battery staple"}, 400, "differently"),
        ({**GOOD, "role": "king"}, 400, "role"),
        ({key: value for key, value in GOOD.items() if key != "role"}, 400, "role"),
        ({**GOOD, "password": "pa55", "again": "pa55"}, 400, "too short"),
        ({**GOOD, "name": "ada"}, 409, "already"),
    ],
)
def test_what_is_refused_keeps_the_form_but_not_the_password(
    admin: Visitor, form: dict[str, str], status: int, says: str
) -> None:
    before = dict(admin.scene.accounts)
    answer = admin.post("/accounts", form)
    page = page_of(answer, status)
    assert says in answer.text
    fields = {field.attributes["id"]: field.attributes for field in page.all("input")}
    assert fields["name"]["value"] == form["name"]
    assert "value" not in fields["password"]
    assert form["password"] not in answer.text
    assert admin.scene.accounts == before

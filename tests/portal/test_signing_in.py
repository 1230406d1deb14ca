"""Signing in, the cookie, and the way back to where one was."""

from __future__ import annotations

import pytest

from pitstop.portal.sessions import COOKIE, safe_way_back, sign_in_path
from portal.visitor import Visitor, page_of, visitor
from simulators import desk
from simulators.desk import PASSWORD


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("/", "/"),
        ("/runs/7?done=resumed", "/runs/7?done=resumed"),
        (None, "/"),
        ("", "/"),
        ("runs", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/runs\r\nSet-Cookie: a=b", "/"),
        ("/ /evil.example", "/"),
        ("/sign-in?next=/sign-in", "/"),
        ("/sign-out", "/"),
    ],
)
def test_the_way_back_stays_in_the_portal(wanted: str | None, leads: str) -> None:
    assert safe_way_back(wanted) == leads


def test_the_sign_in_address_carries_the_way_back_whole() -> None:
    assert sign_in_path("/") == "/sign-in"
    assert sign_in_path("/runs/7?a=1&b=2") == "/sign-in?next=%2Fruns%2F7%3Fa%3D1%26b%3D2"


@pytest.mark.parametrize(
    "path", ["/runs", "/updates/x", "/alerts", "/nodes", "/sources", "/audit", "/account"]
)
def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(nobody: Visitor, path: str) -> None:
    answer = nobody.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == sign_in_path(path)
    page = nobody.page(answer.headers["location"])
    (hidden,) = [field for field in page.all("input") if field.attributes["type"] == "hidden"]
    assert hidden.attributes["value"] == path
    form = {"name": "ada", "password": PASSWORD, "next": path}
    assert nobody.post("/sign-in", form).headers["location"] == path


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(nobody: Visitor) -> None:
    answer = nobody.post("/check")
    assert answer.headers["location"] == "/sign-in?next=%2Fcheck"
    assert nobody.scene.calls["sources.check"] == 0
    nobody.sign_in("ada")
    assert nobody.get("/check").headers["location"] == "/"
    assert nobody.get("/runs/7/resume").headers["location"] == "/runs/7"
    assert nobody.get("/alerts/7/close").headers["location"] == "/alerts/7"


def test_a_form_cannot_lead_away_either(nobody: Visitor) -> None:
    form = {"name": "ada", "password": PASSWORD, "next": "https://evil.example/"}
    assert nobody.post("/sign-in", form).headers["location"] == "/"


@pytest.mark.parametrize(("scheme", "is_secure"), [("http", False), ("https", True)])
def test_the_cookie_is_kept_from_scripts_and_other_sites(scheme: str, is_secure: bool) -> None:
    with visitor(desk.quiet(), base_url=f"{scheme}://portal.example") as somebody:
        answer = somebody.post("/sign-in", {"name": "ada", "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{COOKIE}=token-ada-")
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/" in cookie
        assert ("Secure" in cookie) is is_secure


def test_a_wrong_password_is_told_and_the_name_kept(nobody: Visitor) -> None:
    answer = nobody.post("/sign-in", {"name": 'a"da', "password": "wrong-secret", "next": "/runs"})
    page = page_of(answer, 401)
    name, way_back = [e.attributes for e in page.all("input") if e.attributes["name"] in ("name", "next")][
        ::-1
    ]
    assert name["value"] == 'a"da'
    assert way_back["value"] == "/runs"
    assert "Name or password is wrong" in answer.text
    assert "not-signed-in" in answer.text
    assert "wrong-secret" not in answer.text
    assert "set-cookie" not in answer.headers


def test_an_incomplete_form_is_a_page_that_says_so(nobody: Visitor) -> None:
    page_of(nobody.post("/sign-in", {"name": "ada"}), 400)


def test_who_is_signed_in_needs_no_sign_in_page(quiet: Visitor) -> None:
    assert quiet.get("/sign-in?next=/runs").headers["location"] == "/runs"


def test_signing_out_ends_the_session_and_the_cookie(quiet: Visitor) -> None:
    answer = quiet.post("/sign-out")
    assert answer.headers["location"] == "/sign-in?done=signed-out"
    assert f"{COOKIE}=" in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert quiet.scene.tokens == {}
    assert quiet.get("/").status_code == 303


def test_a_password_is_changed_and_all_sessions_end(quiet: Visitor) -> None:
    new = "battery staple horse"
    answer = quiet.post("/account", {"old": PASSWORD, "new": new, "again": new})
    assert answer.headers["location"] == "/sign-in?done=password"
    assert quiet.scene.passwords == {"ada": new}


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (
            {"old": "wrong", "new": "battery staple horse", "again": "battery staple horse"},
            "old password is wrong",
        ),
        ({"old": PASSWORD, "new": "battery staple horse", "again": "another one, longer"}, "differently"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "too short"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(quiet: Visitor, form: dict[str, str], says: str) -> None:
    answer = quiet.post("/account", form)
    page_of(answer, 400)
    assert says in answer.text
    assert quiet.scene.passwords == {}


def test_a_refresh_by_script_without_a_session_is_told_where_to_go(nobody: Visitor) -> None:
    answer = nobody.get("/runs", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/sign-in?next=%2Fruns"
    assert answer.content == b""

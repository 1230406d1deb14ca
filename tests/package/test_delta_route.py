"""The route with the fewest bytes, over deltas that are signed and packages that are held."""

from __future__ import annotations

import pytest

from pitstop.package.delta_names import delta_ends, delta_name
from pitstop.package.delta_route import Delta, cheapest_route
from pitstop.package.site_layout import package_target, signed_deltas


def delta(package: str, base: str, size: int) -> Delta:
    return Delta(package, base, delta_name(package, base), size)


ONE_TWO, TWO_THREE, ONE_THREE = delta("N2", "N1", 10), delta("N3", "N2", 10), delta("N3", "N1", 25)
ALL = (ONE_THREE, TWO_THREE, ONE_TWO)


@pytest.mark.parametrize(
    ("held", "route"),
    [
        ({"N1"}, (ONE_TWO, TWO_THREE)),
        ({"N2"}, (TWO_THREE,)),
        ({"N1", "N2"}, (TWO_THREE,)),
        (set(), None),
        ({"N3"}, None),  # nothing leads on from what is wanted itself
        ({"N0"}, None),
    ],
)
def test_the_fewest_bytes_win(held: set[str], route: tuple[Delta, ...] | None) -> None:
    assert cheapest_route("N3", ALL, held.__contains__) == route


def test_of_equals_the_one_with_fewer_deltas() -> None:
    direct = delta("N3", "N1", 20)
    assert cheapest_route("N3", [ONE_TWO, TWO_THREE, direct], {"N1"}.__contains__) == (direct,)


def test_what_is_here_costs_nothing() -> None:
    route = cheapest_route("N3", ALL, {"N1"}.__contains__, lambda item: 0 if item == ONE_THREE else item.size)
    assert route == (ONE_THREE,)


def test_circles_end() -> None:
    circle = [delta("N3", "N2", 1), delta("N2", "N3", 1), delta("N2", "N2", 0)]
    assert cheapest_route("N3", circle, set[str]().__contains__) is None


def test_packages_that_do_not_come_into_question_are_not_looked_at() -> None:
    asked: list[str] = []

    def held(package: str) -> bool:
        asked.append(package)
        return package == "N2"

    cheapest_route("N3", [*ALL, delta("N9", "N8", 1)], held)
    assert asked == ["N2"]


def test_names_lead_back_to_what_they_were_made_of() -> None:
    name = "Northstar1.2402.0.8-from-Northstar1.2311.3.62.delta"
    assert delta_name("Northstar1.2402.0.8", "Northstar1.2311.3.62") == name
    assert delta_ends(name) == ("Northstar1.2402.0.8", "Northstar1.2311.3.62")


@pytest.mark.parametrize(
    "name",
    [
        "N2-1.zip",
        "N2-from-.delta",
        "-from-N1.delta",
        "N2-from-N1-from-N0.delta",
        "N2-from-../N1.delta",
        "N2-from-N1",
    ],
)
def test_other_names_are_no_deltas(name: str) -> None:
    assert delta_ends(name) is None


def test_signed_deltas_lie_in_the_folder_of_their_package() -> None:
    signed = {
        package_target("N2", ONE_TWO.name): 10,
        package_target("N3", ONE_TWO.name): 10,
        f"notes/{ONE_TWO.name}": 10,
        package_target("N2", "N2-1.zip"): 10,
        package_target("N2", f"{ONE_TWO.name}.pieces"): 10,
    }
    assert signed_deltas(signed) == [ONE_TWO]

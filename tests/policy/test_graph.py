"""The graph: order by predecessor and by what replaces what, never by sorting across numbering schemes."""

from __future__ import annotations

import pytest

from pitstop.model.errors import NotFound
from pitstop.model.findings import Finding, Severity
from policy.building import chain, full, graph_of, hotfix, oem, oem_line, platform, v
from policy.hub_history import FAMILIES, firmware, history

HUB = graph_of(history(), firmware())


def test_families_stand_in_order_of_release() -> None:
    assert tuple(HUB.families) == FAMILIES


def test_families_stand_in_order_however_the_catalogue_lists_them() -> None:
    graph = graph_of(platform(tuple(reversed(chain("z", "m", "a")))))
    assert list(graph.families) == ["z", "m", "a"]


def test_hotfixes_of_two_schemes_stand_in_the_order_that_they_say() -> None:
    line = [str(release.version) for release in HUB.families["1901"].hotfixes]
    assert line == ["1901.2.103", "1901.3.105", "1.1901.5.109"]


def test_a_reissue_stands_after_what_it_reissues() -> None:
    builds = [str(release.version) for release in HUB.families["1901"].builds]
    assert builds == ["1.1901.0.95", "1.1901.0.99"]


def test_one_hotfix_stands_in_the_line_of_each_family_that_it_serves() -> None:
    for family in ("1712", "1802", "1803"):
        assert [str(h.version) for h in HUB.families[family].hotfixes] == ["1.0.180312.1"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1.2311.3.62", "Cloud1.2311.3.62"),
        ("Cloud1.2311.3.62", "Cloud1.2311.3.62"),
        ("hub/cloud 1.2311.3.62", "Cloud1.2311.3.62"),
        ("180103.2", "Cloud180106.1"),
        ("2.3.2401.2", "Smith2.3.2401.2"),
    ],
)
def test_a_release_is_found_by_name_build_identity_or_equivalent_build(text: str, name: str) -> None:
    assert HUB.find(text).name == name


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(NotFound, match=r"no release is known as '9\.9'"):
        HUB.find("9.9")


def test_a_build_of_two_oem_lines_is_not_chosen_by_chance() -> None:
    graph = graph_of(oem_line(oem("2.0")), oem_line(oem("2.0", publisher="jones"), publisher="jones"))
    with pytest.raises(NotFound, match="several OEM releases"):
        graph.find("2.0")


def test_a_removal_keeps_its_reason_and_leaves_the_first_graph_alone() -> None:
    node = HUB.families["2002"]
    gone = node.hotfixes[-1]
    why = Finding("test", Severity.CRITICAL, "x", "gone", "none")
    view = HUB.without({gone.id: why})
    assert [h.version for h in view.hotfixes(node)] == [v("1.2002.66.173")]
    assert view.removed[gone.id] is why
    assert view.without({}).removed == view.removed
    assert [h.version for h in HUB.hotfixes(node)] == [v("1.2002.69.179"), v("1.2002.66.173")]


def test_moves_inside_and_between_families_are_the_edges() -> None:
    graph = graph_of(
        platform(
            chain("a", "b"),
            full("1.1.0.1", "a"),
            hotfix("1.1.1.1", "a"),
            hotfix("1.1.2.2", "a"),
            full("1.2.0.1", "b", "1.1.1.1"),
        )
    )
    inside, across = 3, 2
    assert graph.edges == inside + across

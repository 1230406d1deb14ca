"""A node that says otherwise than the ledger keeps every update off, and says which and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pitstop.model.system import NodeVersion
from pitstop.model.updates import UpdateState
from pitstop.policy.applicability import applicabilities, situation_of
from pitstop.policy.facts import SystemFacts
from pitstop.policy.rules.nodes_agree import NODE_DIFFERS, differing_nodes
from policy.building import chain, full, graph_of, hotfix, oem, oem_line, platform, system

BASE = full("1.1.0.1", "a")
FIX = hotfix("1.1.1.1", "a")
SILENT = hotfix("1.1.2.2", "a", changes_version=False)
NEXT = full("1.2.0.1", "b", "1.1.0.1")
GRAPH = graph_of(platform(chain("a", "b"), BASE, FIX, SILENT, NEXT), oem_line(oem("2.0")))
FACTS = system(GRAPH, "1.1.0.1", "1.1.1.1", "2.0")
LAST = max(entry.at for entry in FACTS.installed)


def said(version: str, at: datetime = LAST, node: str = "n3", product: str = BASE.id.product) -> SystemFacts:
    return replace(FACTS, node_versions=(NodeVersion(node, product, version, at),))


def findings(facts: SystemFacts) -> list[tuple[str, str]]:
    return [(finding.subject, finding.what) for finding in differing_nodes(situation_of(GRAPH, facts))]


def test_nodes_that_say_what_the_ledger_has_are_no_finding() -> None:
    assert findings(said("1.1.1.1")) == []
    assert findings(FACTS) == [], "nor are nodes that nobody has asked"


def test_a_node_that_differs_blocks_every_update_and_names_itself_and_the_remedy() -> None:
    verdict = applicabilities(GRAPH, said("1.1.0.1"))[NEXT.name]
    (finding,) = [finding for finding in verdict.reasons if finding.code == NODE_DIFFERS]
    assert finding.subject == "node n3"
    assert "1.1.0.1" in finding.what
    assert "1.1.1.1" in finding.what
    assert "pitstop node test n3" in finding.remedy
    assert not verdict.installable
    assert verdict.state is UpdateState.HAS_PREREQUISITE
    alike = applicabilities(GRAPH, said("1.1.1.1"))[NEXT.name]
    assert NODE_DIFFERS not in {finding.code for finding in alike.reasons}


def test_what_it_said_before_the_last_install_is_not_held_against_it() -> None:
    """siderolabs/omni 3360: a version that was remembered, not read, kept every further upgrade off."""
    assert findings(said("1.1.0.1", LAST - timedelta(seconds=1))) == []
    assert findings(said("1.1.0.1", LAST + timedelta(seconds=1))) != []


def test_firmware_is_held_against_the_firmware_that_is_on() -> None:
    product = oem("2.0").id.product
    assert findings(said("2.0", product=product)) == []
    ((subject, what),) = findings(said("1.9", product=product))
    assert (subject, "2.0" in what) == ("node n3", True)


def test_a_hotfix_that_leaves_the_version_asks_for_the_version_that_shows() -> None:
    facts = system(GRAPH, "1.1.0.1", "1.1.1.1", "1.1.2.2")
    spoken = NodeVersion("n3", BASE.id.product, "1.1.1.1", LAST + timedelta(days=900))
    assert findings(replace(facts, node_versions=(spoken,))) == []


@pytest.mark.parametrize("state", [UpdateState.INSTALLING, UpdateState.INSTALLATION_FAILED])
def test_while_an_update_is_half_done_nodes_may_differ(state: UpdateState) -> None:
    assert findings(replace(said("1.1.0.1"), states={NEXT.name: state})) == []
    assert findings(replace(said("1.1.0.1"), in_progress=NEXT.name)) == []


def test_a_product_of_which_nothing_is_installed_is_nobodys_business() -> None:
    assert findings(said("9", product="other")) == []

"""``pitstop explain``: why can't I install that? All reasons, offline."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.assumed import CatalogueFiles, Facts, Hardware, InstalledBuilds, Nodes, assumed
from pitstop.cli.connection import connect
from pitstop.cli.nouns import verb_app
from pitstop.cli.output import clean, field, finding_lines, paint, say, say_json, table
from pitstop.cli.path import step_lines
from pitstop.cli.system import AsJson
from pitstop.wire.formats import NOTHING, spoken
from pitstop.wire.policy_formats import MET_WORDS, STANDING_WORDS, known_text, path_headline, total_text
from pitstop.wire.policy_views import Explanation, RiskView


def explain(
    release: Annotated[str, typer.Argument(metavar="VERSION", help="A build, or an update's name.")],
    *,
    catalogue: CatalogueFiles = None,
    installed: InstalledBuilds = None,
    fact: Facts = None,
    hardware: Hardware = "",
    nodes: Nodes = None,
    as_json: AsJson = False,
) -> None:
    """Say why a release can or cannot go on: all reasons, prerequisites, risks, and what goes on first."""
    from pitstop.service.policy_releases import explanation

    system = assumed(catalogue, installed, facts=fact, hardware=hardware, nodes=nodes)
    if system is not None:
        answer = explanation(system.graph, system.facts, release, {})
    else:
        with connect() as client:
            answer = client.explain(release)
    if as_json:
        say_json(answer)
        return
    for line in explanation_lines(answer):
        say(line)


def explanation_lines(answer: Explanation) -> list[str]:
    release, state = answer.release, spoken(answer.release.state)
    lines = [f"{release.name}, {clean(release.title)}: {paint(state.words, state.tone)}"]
    lines += field("answer", _verdict(answer))
    families = f", family {', '.join(release.families)}" if release.families else ""
    lines += field("release", f"{release.package_type} {release.version}{families}")
    lines += field("released", release.released or "not known")
    if answer.missing_facts:
        lines += field("facts lacking", ", ".join(answer.missing_facts))
    lines += field("knowledge", known_text(answer.as_known_on))
    blocking = [finding for finding in answer.reasons if finding.severity != "Informational"]
    others = [finding for finding in answer.reasons if finding.severity == "Informational"]
    for title, findings in (("Why not", blocking), ("To know", others)):
        if findings:
            lines += ["", title]
            lines += [f"  {line}" for finding in findings for line in finding_lines(finding)]
    return [*lines, *_prerequisites(answer), *_risks(answer.risks), *_first(answer)]


def _verdict(answer: Explanation) -> str:
    release = answer.release
    if release.state == "Installed":
        return "it is installed"
    if answer.removed is not None:
        return "no, and nothing on this system can change that"
    if not release.installable:
        return "not now"
    return "yes" if release.recommended else "yes, but it is not recommended"


def _prerequisites(answer: Explanation) -> list[str]:
    if not answer.prerequisites:
        return []
    rows = ((MET_WORDS[item.met], item.install_first or NOTHING, item.what) for item in answer.prerequisites)
    return ["", *table(("PREREQUISITE", "INSTALL FIRST", "WHAT"), rows)]


def _risks(risks: tuple[RiskView, ...]) -> list[str]:
    return ["", *risk_lines(risks)] if risks else []


def risk_lines(risks: tuple[RiskView, ...]) -> list[str]:
    rows = ((risk.name, STANDING_WORDS.get(risk.standing, risk.standing), _risk_text(risk)) for risk in risks)
    return table(("RISK", "THIS SYSTEM", "WHAT"), rows)


def _risk_text(risk: RiskView) -> str:
    parts = (
        risk.message,
        f"Fixed in {risk.fixed_in}." if risk.fixed_in else "",
        f"Record {', '.join(risk.missing)} to know." if risk.missing else "",
        f"Accepted by {risk.accepted_by}: {risk.reason}" if risk.accepted_by else "",
        risk.link,
    )
    return " ".join(filter(None, parts))


def _first(answer: Explanation) -> list[str]:
    path = answer.first
    if path is None or not path.steps or [step.name for step in path.steps] == [answer.release.name]:
        return []
    title = "The way to it" if path.reached and path.target == answer.release.name else "What goes on first"
    return ["", f"{title}: {path_headline(path)}", *step_lines(path), *field("takes", total_text(path))]


app = verb_app(explain)

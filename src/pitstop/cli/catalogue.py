"""``pitstop catalogue``: whether catalogue files hold together.

There is no import: nothing unsigned enters a system. A catalogue comes from a source that it trusts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pitstop.cli.assumed import read_bytes
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import note, say, say_json
from pitstop.cli.system import AsJson
from pitstop.model.errors import InvalidCatalogue
from pitstop.model.findings import Finding, Severity, from_error
from pitstop.model.releases import Catalogue
from pitstop.wire.formats import count

app = noun_app("Catalogue files: check.")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Catalogues (JSON).")],
    as_json: AsJson = False,
) -> None:
    """List everything that is wrong with these catalogues, each by itself and together."""
    from pitstop.policy.catalogue_checks import problems
    from pitstop.service.findings import finding_view

    found: list[Finding] = []
    catalogues: list[Catalogue] = []
    for file in files:
        catalogue, faults = _read(file)
        found += faults
        catalogues += [catalogue] if catalogue is not None else []
    found += problems(catalogues)
    if as_json:
        say_json(tuple(finding_view(finding) for finding in found))
    else:
        for finding in found:
            say(f"{finding.subject}: {finding.what}")
    if found:
        raise InvalidCatalogue(
            f"{count(len(found), 'problem')} in {count(len(files), 'catalogue')}",
            hint="Mend what is listed, then check again.",
        )
    releases = sum(len(catalogue.releases) for catalogue in catalogues)
    note(f"{count(len(files), 'catalogue')} with {count(releases, 'release')}: no problem was found.")


def _read(file: Path) -> tuple[Catalogue | None, list[Finding]]:
    """The catalogue, if it can be read at all, and what its form lacks."""
    from pitstop.package.catalogue_format import catalogue_problems, parse_catalogue

    raw = read_bytes(file)
    try:
        catalogue = parse_catalogue(raw)
    except InvalidCatalogue as error:
        return None, [from_error(error, str(file))]
    return catalogue, [_fault(file, what) for what in catalogue_problems(catalogue)]


def _fault(file: Path, what: str) -> Finding:
    return Finding("invalid-catalogue", Severity.CRITICAL, str(file), what, "Mend it, then check again.")

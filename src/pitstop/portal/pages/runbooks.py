"""``/runbooks/{code}``: what a finding means and how to mend it, as it came with this Pitstop."""

from __future__ import annotations

import re
from pathlib import Path

from litestar import get
from litestar.params import FromPath
from litestar.response import Response

import pitstop
from pitstop.model.accounts import Permission
from pitstop.model.errors import NotFound
from pitstop.portal.visits import OpenVisit

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")


@get("/runbooks/{code:str}", sync_to_thread=True)
def show(visit: OpenVisit, code: FromPath[str]) -> Response[str]:
    visit.actor.require(Permission.SEE)
    text = runbook(code)
    if text is None:
        raise NotFound(f"there is no runbook {code}", hint="Look under the code that the finding shows.")
    return visit.page("runbook.html", code=code, text=text)


def runbook(code: str) -> str | None:
    """Its text without its heading; None where there is none."""
    if not _CODE.fullmatch(code):
        return None
    for folder in _places():
        file = folder / f"{code}.md"
        if file.is_file():
            return file.read_text(encoding="utf-8").partition("\n")[2].strip()
    return None


def _places() -> tuple[Path, ...]:
    """In the installed package; in a checkout, beside the sources."""
    package = Path(pitstop.__file__).parent
    return package / "runbooks", package.parents[1] / "docs" / "runbooks"

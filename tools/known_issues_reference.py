"""`docs/known-issues.md`: what a list of known issues may say, made from the formats that read it."""

from __future__ import annotations

from typing import Any

import msgspec

from pitstop.model.known_issues import Place
from pitstop.package.failure_cases_format import CaseLine, FailureOfCase, StepOfCase
from pitstop.package.known_issues_documents import (
    ApplicableDocument,
    IssueDocument,
    MendDocument,
    SignatureDocument,
    WhatDocument,
    WhereDocument,
)
from pitstop.policy.known_issues.glossary import SUBJECTS
from pitstop.policy.known_issues.matching import FEW_PATTERNS, LEAST_STRENGTH, STRENGTH_FOR_PATTERNS
from pitstop.policy.known_issues.texts import MOST_CHARACTERS
from pitstop.steps.table import MEND_KINDS, STILL_KINDS
from tools.plan_reference import described

_HEAD = """# Known issues

Made from the code by `make docs`.

A publisher signs one list of what goes wrong with its product: `known-issues/<n>.json` on its site,
carried on media too. A failure of a run is held against the lists of all sources; what it may be is
offered next to the step that failed, with what speaks for it: to be read, to be mended with the
operator's consent where an entry allows it, and then resumed.

Systems without a connection get it with every transfer, and alone with `pitstop download SITE --news`.

Publishers write TOML: `format = 2`, and one `[[issue]]` after another in the fields below.
`pitstop publish issue check FILE` says whether it holds, `pitstop publish issue add FILE` signs it.
Unknown fields are refused. What is signed is canonical JSON: `{"format": 2, "publisher", "product",
"issued", "issues": [...]}`.

```toml
format = 2

[[issue]]
id = "stale-lock"
title = "A lock whose holder is gone"
applicable = { all_supported = true }
occurrence = "Common"
symptom = "A step refuses to begin: *another instance is running*."
cause = "The holder was killed before it gave the lock back."
remediation = "Make sure that the holder is gone, remove the lock, then resume."
[[issue.signatures]]
mend = true
where = { phase = ["install"], kind = ["command", "service"] }
[issue.signatures.what]
all = ['another instance is running', ['no such process', 'process \\d+ is gone']]
none = ['still (alive|running)']

[issue.mend]
says = "Removes lock files whose process is gone."
steps = [
  { name = "Remove", kind = "command", args = { run = ["/opt/lantern/bin/unlock", "--stale"] } },
]
verify = [
  { name = "No lock", kind = "probe", args = { run = ["test", "!", "-e", "/run/lantern.lock"] } },
]
```
"""

_HOW = f"""## How a failure is matched

1. Texts are brought into one form: colours are taken out, quotes and blanks are of one kind. Of what a
   step printed the last {MOST_CHARACTERS[Place.OUTPUT]} characters are looked at, of the log
   {MOST_CHARACTERS[Place.LOG]}, of the error {MOST_CHARACTERS[Place.ERROR]}.
2. Issues that are for other builds, or gone with the build that was going on, are left out.
3. An issue of which a signature holds, and nothing of `excludes`, is a **match**. Matches are ranked:
   what is certain before what is likely; then what was found in the error before the output before the
   log, later before earlier, with more evidence before less, and with wording that is more alike.
4. Only where nothing matches, the wording decides. Compared are words, cut to their beginning, and
   subjects: what a glossary of {len(SUBJECTS)} troubles of servicing knows different words for, also in other
   languages (*no space*: `ENOSPC`, `disk full`, `kein Speicherplatz`). Of the issue counts the title most,
   then symptom, cause, words of its patterns, remediation; of the failure the error, then output, log, kind
   and name of the step, the end of each. It is BM25: what few issues speak of counts more; a list of fewer
   than 40 is taken as one of 40. Offered as **perhaps related** is at most one issue, the most alike.
   What speaks for it must come to {LEAST_STRENGTH}, in words that no issue uses; for an issue with
   signatures, none of which holds, to {STRENGTH_FOR_PATTERNS} more for each doubling of its patterns beyond
   {FEW_PATTERNS}. It is more where the next issue is far behind, and less where the failure does not speak
   of the subjects of the issue's title and symptom, or the issue not of the failure's. It is not offered if
   something of `excludes` holds, or a signature would but for its `none`. It never offers a mend.
5. A **mend** is offered with the first match alone, if a signature with `mend = true` holds and no other
   issue is certain as well.

Format 1 is read as well: in place of `signatures` it has `matches`, lists of literal pieces of text; a
failure that holds all pieces of one list is a match. It knows neither `excludes` nor `mend`.

## What is done with it

Next to the failed step, on the run's page, in `pitstop run show` and as `issues` of the run in the API:
cause and remedy, the evidence, and the mend where it is offered. `pitstop issue list`, `show` and `match`
ask without a run.

`pitstop run mend RUN` (operators) does the mend on the nodes where the run failed with that issue:
further places of the run, journalled and fenced as its own steps, then verified. Afterwards the run is as
failed as before, and is resumed; a mend that fails is shown as a failed step. While it lasts nothing else
begins, and it is in the audit log.
`pitstop issue consent ISSUE` agrees to a mend beforehand: the service then mends and resumes by itself,
once for each failure; `--withdraw` takes that back. What fails again after its mend waits for a person.
Where the worker was lost before it came to that, the next look within a minute or two does it; a run that
had failed before the consent was given is left alone.

The alert of the failed run names the likeliest of these issues, what to do first, and where the run's page
tells of it, wherever the alert is told.

## Measure a list

    pitstop issue evaluate CATALOGUE CASES [--set dev|held-out] [--show misses]

CATALOGUE is a list in JSON or TOML, of format 1 or 2; CASES has one JSON object a line. A line that is
not of the format is refused with its number. The last line of the output is a JSON object:

| field | meaning |
|---|---|
| `issues`, `cases` | how many of each |
| `top1` | the share of cases that are right: the expected issue is the first offer; or none, and nothing is |
| `top3` | the same, with the expected issue among the first three |
| `false_mends` | mends that were offered for a failure that they are not for |

A case that expects `null` is right when nothing is offered at all, neither a match nor what is perhaps
related.
"""


def known_issues_page() -> str:
    """The whole page."""
    kinds = ", ".join(f"`{name}`" for name in sorted(MEND_KINDS))
    still = ", ".join(f"`{name}`" for name in sorted(STILL_KINDS))
    lines = [_HEAD]
    parts: tuple[tuple[str, type[msgspec.Struct]], ...] = (
        ("An issue", IssueDocument),
        ("`applicable`", ApplicableDocument),
        ("A signature", SignatureDocument),
        ("`where`", WhereDocument),
        ("`what`", WhatDocument),
        ("`mend`", MendDocument),
    )
    for title, document in parts:
        lines += [f"## {title}", "", *_of(document), ""]
    lines += [
        f"Steps are of the kinds {kinds}, those of `verify` of {still}, as in [a plan](plan.md).",
        "",
        _HOW,
    ]
    lines += ["## A case", "", *_of(CaseLine), ""]
    lines += ["## `failure` of a case", "", *_of(FailureOfCase), ""]
    lines += ["## `step` of a failure", "", *_of(StepOfCase), ""]
    return "\n".join(lines).rstrip() + "\n"


def _of(document: type[msgspec.Struct]) -> list[str]:
    _, definitions = msgspec.json.schema_components((document,), ref_template="#/$defs/{name}")
    known: dict[str, Any] = dict(definitions)
    return list(described(known[document.__name__], known))

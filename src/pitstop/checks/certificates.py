"""``certificates``: none of the certificates that are named in the settings is near its end.

Files are looked at on their machine; only the certificates in them travel, never what else lies there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509

from pitstop.checks.kind import (
    CheckKind,
    Outcome,
    Surroundings,
    Target,
    fails,
    not_looked_at,
    of_machines,
    passes,
    unknown,
    warns,
)
from pitstop.model.findings import Severity

WARN = timedelta(days=30)
_FILE_BYTES = 32_768
_REMEDY = "Renew it, put it in its place, and have its users read it again."
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


async def _look(around: Surroundings, target: Target) -> Outcome:
    habits = around.habits
    places = habits.certificates if target.node is None else habits.node_certificates
    if not places:
        setting = "certificates" if target.node is None else "node_certificates"
        return not_looked_at(f"skipped: no certificates are named (`{setting}` under [checks])")
    said = await around.ask(target, script(places))
    return judge(said.output, around.now())


def script(places: Sequence[str]) -> str:
    """Prints, for each file, its name and the certificates in it; last ``end``."""
    patterns = " ".join(f'"$PITSTOP_ROOT"{_glob(place)}' for place in places)
    return f"""
for file in {patterns}; do
    [ -f "$file" ] || {{ [ ! -e "$file" ] || echo "file $file"; continue; }}
    echo "file $file"
    [ -r "$file" ] || echo "cannot be read"
    sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' "$file" 2>/dev/null | head -c {_FILE_BYTES}
    echo
done
echo end
"""


def _glob(path: str) -> str:
    """Quoted for the shell, but for ``*`` and ``?``."""
    parts = re.split(r"([*?]+)", path)
    return "".join(part if part[:1] in ("*", "?") else shlex.quote(part) for part in parts if part)


def judge(said: str, now: datetime) -> Outcome:
    """What to think of all these certificates, as the script has said them."""
    if "end" not in said.splitlines()[-1:]:
        return unknown("there is more than is read at once", "Name fewer files under [checks].")
    files = re.split(r"^file ", said, flags=re.MULTILINE)[1:]
    if not files:
        return not_looked_at("skipped: none of the files that are named is there")
    ends, unreadable = [], []
    for each in files:
        name, _, text = each.partition("\n")
        found = list(_ends(text, name))
        ends += found
        unreadable += [] if found else [name]
    ends.sort()
    return _judged(ends, unreadable, now)


def _judged(ends: list[tuple[datetime, str]], unreadable: list[str], now: datetime) -> Outcome:
    detail = "\n".join(f"{end:%Y-%m-%d} {says}" for end, says in ends[:50])
    if ends and ends[0][0] <= now:
        over = [says for end, says in ends if end <= now]
        return fails(f"{', '.join(over[:3])} ended on {ends[0][0]:%Y-%m-%d}", _REMEDY, detail=detail)
    if ends and ends[0][0] - now <= WARN:
        left = (ends[0][0] - now).days
        soon = [says for end, says in ends if end - now <= WARN]
        return warns(f"{', '.join(soon[:3])} ends in {left} days", _REMEDY, detail=detail)
    if unreadable:
        names = ", ".join(unreadable[:3])
        return unknown(
            f"no certificate can be read in {names}",
            "See that the file is PEM and that Pitstop's user may read it, or name it no longer.",
            detail=detail,
        )
    return passes(f"the first of {len(ends)} to end does so on {ends[0][0]:%Y-%m-%d}", detail=detail)


def _ends(text: str, name: str) -> Iterator[tuple[datetime, str]]:
    for pem in _PEM.findall(text):
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
            subject = certificate.subject.rfc4514_string()
        except ValueError:
            continue
        yield certificate.not_valid_after_utc.astimezone(UTC), f"{subject or 'nameless'} in {name}"


CERTIFICATES = CheckKind(
    "check-certificates",
    "Certificates last",
    f"The certificates in the files that `certificates` and `node_certificates` name. A warning "
    f"{WARN.days} days before the end of one.",
    Severity.CRITICAL,
    of_machines,
    _look,
)

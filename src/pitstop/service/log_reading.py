"""Log bundles as faces show them."""

from __future__ import annotations

from datetime import datetime

from pitstop.model.logs import Bundle, Outcome
from pitstop.service.findings import finding_view
from pitstop.wire.log_views import BundleView, CollectedView, SentView


def bundle_view(bundle: Bundle, parts: tuple[int, int], kept_until: datetime) -> BundleView:
    """``parts``: how many places were read, of how many."""
    wanted = bundle.wanted
    return BundleView(
        id=bundle.id,
        file_name=bundle.file_name,
        by=bundle.by,
        why=bundle.why,
        state=bundle.state,
        created=bundle.created,
        ended=bundle.ended,
        since=wanted.since,
        until=wanted.until,
        nodes=wanted.nodes,
        roles=wanted.roles,
        run=wanted.run,
        pseudonyms=wanted.pseudonyms,
        pinned=bundle.pinned,
        kept_until=kept_until,
        size=bundle.size,
        sha256=bundle.sha256,
        parts_done=parts[0],
        parts=parts[1],
        failed=sum(thing.outcome is Outcome.FAILED for thing in bundle.collected),
        removed=bundle.removed,
        collected=tuple(
            CollectedView(
                origin=thing.origin,
                name=thing.name,
                outcome=thing.outcome,
                member=thing.member,
                lines=thing.lines,
                size=thing.size,
                note=thing.note,
            )
            for thing in bundle.collected
        ),
        sent=tuple(
            SentView(
                target=sent.target,
                by=sent.by,
                begun=sent.begun,
                done=sent.done,
                place=sent.place,
                finding=finding_view(sent.finding) if sent.finding else None,
            )
            for sent in bundle.sent
        ),
        findings=tuple(finding_view(finding) for finding in bundle.findings),
    )

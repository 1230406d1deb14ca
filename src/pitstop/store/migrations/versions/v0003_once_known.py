"""Schema 3: what must not be forgotten of packages, sources, sign-ins and audited acts.

An update keeps the digest of its package as it was first known, a run the digest of the package that it is
of; a source whether the settings still declare it; an account when it last signed in; an audit entry which
earlier one it completes. What is known of the past already is taken from the catalogues and the audit log.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table in ("updates", "runs"):
        digest = sa.Column("package_sha256", sa.String(64), nullable=False, server_default="")
        op.add_column(table, digest)
    op.add_column("sources", sa.Column("declared", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("accounts", sa.Column("signed_in", sa.String(27)))
    op.add_column("audit_log", sa.Column("completes", sa.Integer()))
    _take_digests_from_catalogues()
    _take_sign_ins_from_the_audit_log()


def _take_digests_from_catalogues() -> None:
    sources = sa.table("sources", sa.column("number"), sa.column("catalogue"))
    updates = sa.table("updates", sa.column("name"), sa.column("package_sha256"))
    known = sa.select(sources.c.catalogue).where(sources.c.catalogue.is_not(None)).order_by(sources.c.number)
    connection = op.get_bind()
    for (catalogue,) in connection.execute(known).all():
        for release in json.loads(catalogue)["releases"]:
            connection.execute(
                sa.update(updates)
                .where(updates.c.name == release["name"], updates.c.package_sha256 == "")
                .values(package_sha256=release.get("package_sha256", ""))
            )


def _take_sign_ins_from_the_audit_log() -> None:
    op.execute(
        "UPDATE accounts SET signed_in = (SELECT max(at) FROM audit_log"
        " WHERE who = accounts.name AND what = 'sign in' AND outcome = 'done')"
    )

"""Placeholders: the colours of a photo at 4 × 3 pixels, shown until its thumbnail is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("photos", sa.Column("placeholder", sa.LargeBinary(length=36), nullable=True))
    op.create_index(
        "ix_photos_placeholder", "photos", ["id"], unique=False, sqlite_where=sa.text("placeholder IS NULL")
    )

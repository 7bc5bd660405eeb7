"""Labels: words that fit photos, the examples that a person gave of them, and what each model makes of both."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_labels"),
        sa.UniqueConstraint("source", "name", name="uq_labels_source_name"),
    )
    op.create_table(
        "examples",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=16), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["label_id"], ["labels.id"], name="fk_examples_label_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("label_id", "fingerprint", name="pk_examples"),
    )
    op.create_table(
        "probes",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("bias", sa.Double(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=False),
        sa.Column("recall", sa.Double(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["label_id"], ["labels.id"], name="fk_probes_label_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_probes_model_id"),
        sa.PrimaryKeyConstraint("label_id", "model_id", name="pk_probes"),
    )
    op.create_table(
        "photo_labels",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["label_id"], ["labels.id"], name="fk_photo_labels_label_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_photo_labels_model_id"),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_photo_labels_photo_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("label_id", "model_id", "photo_id", name="pk_photo_labels"),
    )
    op.create_index("ix_photo_labels_photo_id", "photo_labels", ["photo_id"], unique=False)

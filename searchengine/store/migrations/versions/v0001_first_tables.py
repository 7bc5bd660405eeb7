"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=False),
        sa.Column("preprocessing", sa.String(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("removals", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
        sa.UniqueConstraint(
            "name",
            "revision",
            "checksum",
            "preprocessing",
            "dim",
            name="uq_models_name_revision_checksum_preprocessing_dim",
        ),
    )
    op.create_index("uq_models_active", "models", ["active"], unique=True, sqlite_where=sa.text("active = 1"))
    op.create_table(
        "photos",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=16), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=True),
        sa.Column("taken_from", sa.String(), nullable=True),
        sa.Column("camera", sa.String(), nullable=True),
        sa.Column("lens", sa.String(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("caption", sa.String(), nullable=True),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("flaw", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_photos"),
        sa.UniqueConstraint("fingerprint", name="uq_photos_fingerprint"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_photos_camera", "photos", ["camera"], unique=False)
    op.create_index("ix_photos_format", "photos", ["format"], unique=False)
    op.create_index("ix_photos_hidden", "photos", ["id"], unique=False, sqlite_where=sa.text("hidden = 1"))
    op.create_index("ix_photos_taken_at", "photos", ["taken_at"], unique=False)
    op.create_table(
        "roots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("exclude", sa.JSON(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("device", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_roots"),
        sa.UniqueConstraint("path", name="uq_roots_path"),
    )
    op.create_table(
        "embeddings",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("precision", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_embeddings_model_id"),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_embeddings_photo_id"),
        sa.PrimaryKeyConstraint("seq", name="pk_embeddings"),
        sa.UniqueConstraint("model_id", "photo_id", name="uq_embeddings_model_id_photo_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_embeddings_model_id_seq", "embeddings", ["model_id", "seq"], unique=False)
    op.create_index("ix_embeddings_photo_id", "embeddings", ["photo_id"], unique=False)
    op.create_table(
        "failures",
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("sidecar_ns", sa.BigInteger(), nullable=False),
        sa.Column("decoder", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["root_id"], ["roots.id"], name="fk_failures_root_id"),
        sa.PrimaryKeyConstraint("path", name="pk_failures"),
    )
    op.create_index("ix_failures_root_id", "failures", ["root_id"], unique=False)
    op.create_table(
        "files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("sidecar_ns", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.Boolean(), nullable=False),
        sa.Column("beside", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_files_photo_id"),
        sa.ForeignKeyConstraint(["root_id"], ["roots.id"], name="fk_files_root_id"),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        sa.UniqueConstraint("path", name="uq_files_path"),
    )
    op.create_index("ix_files_photo_id", "files", ["photo_id"], unique=False)
    op.create_index("ix_files_root_id", "files", ["root_id"], unique=False)

"""Words: labels of a vocabulary, captions, remembered queries with what was said of their answers, albums."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("photos", sa.Column("look", sa.LargeBinary(length=8), nullable=True))
    op.create_index("ix_photos_look", "photos", ["look"], unique=False)
    op.add_column("labels", sa.Column("also", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "labellings",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_labellings_model_id"),
        sa.PrimaryKeyConstraint("model_id", name="pk_labellings"),
    )
    op.create_table(
        "captions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_captions_photo_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_captions"),
        sa.UniqueConstraint("text", "source", "photo_id", name="uq_captions_text_source_photo_id"),
    )
    op.create_index("ix_captions_photo_id", "captions", ["photo_id"], unique=False)
    op.create_table(
        "sentences",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_sentences_model_id"),
        sa.PrimaryKeyConstraint("model_id", "text", name="pk_sentences"),
    )
    _searches()
    _albums()


def _searches() -> None:
    op.create_table(
        "searches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("saved", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_searches"),
        sa.UniqueConstraint("line", name="uq_searches_line"),
    )
    op.create_table(
        "marks",
        sa.Column("search_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["search_id"], ["searches.id"], name="fk_marks_search_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_marks_photo_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("search_id", "photo_id", "turn", name="pk_marks"),
    )
    op.create_index("ix_marks_photo_id", "marks", ["photo_id"], unique=False)
    op.create_table(
        "concepts",
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("search_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["label_id"], ["labels.id"], name="fk_concepts_label_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["search_id"], ["searches.id"], name="fk_concepts_search_id"),
        sa.PrimaryKeyConstraint("label_id", name="pk_concepts"),
    )
    op.create_index("ix_concepts_search_id", "concepts", ["search_id"], unique=False)


def _albums() -> None:
    op.create_table(
        "albums",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("search_id", sa.Integer(), nullable=True),
        sa.Column("least", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["search_id"], ["searches.id"], name="fk_albums_search_id"),
        sa.PrimaryKeyConstraint("id", name="pk_albums"),
        sa.UniqueConstraint("name", name="uq_albums_name"),
    )
    op.create_index("ix_albums_search_id", "albums", ["search_id"], unique=False)
    op.create_table(
        "album_photos",
        sa.Column("album_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["album_id"], ["albums.id"], name="fk_album_photos_album_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_album_photos_photo_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("album_id", "photo_id", name="pk_album_photos"),
    )
    op.create_index("ix_album_photos_photo_id", "album_photos", ["photo_id"], unique=False)

"""The tables, as typed SQLAlchemy models.

Only their shape: how they are read and written stands beside each part, how an older library is brought up to date in
`migrations/`. A test holds the two together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, LargeBinary, MetaData, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Named constraints, so that a migration can find them again."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {bytes: LargeBinary, float: Double, list[str]: JSON}  # noqa: RUF012  # SQLAlchemy reads it as it stands


class RootRow(Base):
    """A folder that is watched."""

    __tablename__ = "roots"

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[bytes] = mapped_column(unique=True)
    exclude: Mapped[list[str]]
    online: Mapped[bool]
    device: Mapped[str | None]  # st_dev when it was last there; tells an emptied folder from an empty mount point


class PhotoRow(Base):
    """One content and what its file says of it. Ids are never used twice: vectors elsewhere are known by them."""

    __tablename__ = "photos"

    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    # Whether no file of it is there any more. It follows from `files`, and stands here because every search asks
    # for these few, and working it out would read an index entry of every photo.
    hidden: Mapped[bool]
    width: Mapped[int]
    height: Mapped[int]
    format: Mapped[str]
    taken_at: Mapped[datetime | None]
    taken_from: Mapped[str | None]
    camera: Mapped[str | None]
    lens: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    caption: Mapped[str | None]
    keywords: Mapped[list[str]]
    flaw: Mapped[str | None]
    # What stays of its look at 9 × 8 pixels, 64 bits, of which near-copies share most. None until it is worked out.
    look: Mapped[bytes | None] = mapped_column(LargeBinary(8))
    # Its colours at 4 × 3 pixels, red, green and blue, shown until its thumbnail is there. None until worked out.
    placeholder: Mapped[bytes | None] = mapped_column(LargeBinary(36))

    __table_args__ = (
        Index("ix_photos_taken_at", "taken_at"),
        Index("ix_photos_format", "format"),
        Index("ix_photos_camera", "camera"),
        Index("ix_photos_look", "look"),
        Index("ix_photos_hidden", "id", sqlite_where=text("hidden = 1")),
        Index("ix_photos_placeholder", "id", sqlite_where=text("placeholder IS NULL")),
        {"sqlite_autoincrement": True},
    )


class FileRow(Base):
    """One place where a photo lies. A path stands here or among the failures, never in both."""

    __tablename__ = "files"

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[bytes] = mapped_column(unique=True)
    root_id: Mapped[int] = mapped_column(ForeignKey("roots.id"), index=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    sidecar_ns: Mapped[int] = mapped_column(BigInteger)
    missing: Mapped[bool]  # its root is there and it isn't; a file that is away has a root that isn't online
    beside: Mapped[bytes | None]  # for a RAW: the path of the picture that stands for it, whose photo it shares


class ModelRow(Base):
    """A model that photos were embedded with."""

    __tablename__ = "models"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    revision: Mapped[str]
    checksum: Mapped[str]
    preprocessing: Mapped[str]
    dim: Mapped[int]
    active: Mapped[bool]
    removals: Mapped[int] = mapped_column(BigInteger)  # embeddings deleted or replaced since ever

    __table_args__ = (
        UniqueConstraint("name", "revision", "checksum", "preprocessing", "dim"),
        Index("uq_models_active", "active", unique=True, sqlite_where=text("active = 1")),
    )


class EmbeddingRow(Base):
    """A photo's vector by one model. `seq` grows with every one written, so that an index knows what it lacks."""

    __tablename__ = "embeddings"

    seq: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id"), index=True)
    vector: Mapped[bytes]  # little-endian float16 (dim,)
    precision: Mapped[str]  # what the model computed in: "float32", "float16", "int8"

    __table_args__ = (
        UniqueConstraint("model_id", "photo_id"),
        Index("ix_embeddings_model_id_seq", "model_id", "seq"),
        {"sqlite_autoincrement": True},
    )


class FailureRow(Base):
    """A file that couldn't be read as a photo."""

    __tablename__ = "failures"

    path: Mapped[bytes] = mapped_column(primary_key=True)
    root_id: Mapped[int] = mapped_column(ForeignKey("roots.id"), index=True)
    reason: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    sidecar_ns: Mapped[int] = mapped_column(BigInteger)
    decoder: Mapped[str]


class LabelRow(Base):
    """A word that may fit photos, once for each source that says when it does."""

    __tablename__ = "labels"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    source: Mapped[str]  # "probe": learnt from examples; "concept": from marks on answers; "vocabulary": by its words
    also: Mapped[list[str]] = mapped_column(server_default="[]")  # other words for the same

    __table_args__ = (UniqueConstraint("source", "name"),)


class ExampleRow(Base):
    """A photo that a person showed for a label. It need not be in the library, so it is known by its content."""

    __tablename__ = "examples"

    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    path: Mapped[bytes]  # where it lay then


class ProbeRow(Base):
    """What one model has learnt of a label: confidence is the sigmoid of `weights` · vector + `bias`."""

    __tablename__ = "probes"

    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"), primary_key=True)
    weights: Mapped[bytes]  # little-endian float32 (dim,)
    bias: Mapped[float]
    accuracy: Mapped[float]  # cross-validated, of examples and others counting alike
    recall: Mapped[float]  # cross-validated: the share of the examples that is recognised
    last_seq: Mapped[int] = mapped_column(BigInteger)  # of the last embedding that it was applied to


class PhotoLabelRow(Base):
    """A label that fits a photo, as one model sees it. What doesn't fit has no row."""

    __tablename__ = "photo_labels"

    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True, index=True)
    confidence: Mapped[float]  # 0.5 to 1


class LabellingRow(Base):
    """How far a model has given the vocabulary's labels to the library's photos."""

    __tablename__ = "labellings"

    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"), primary_key=True)
    checksum: Mapped[str]  # of the vocabulary and of everything else that the labels follow from
    last_seq: Mapped[int] = mapped_column(BigInteger)  # of the last embedding that has its labels


class CaptionRow(Base):
    """A sentence that a photo may be described with, beyond what stands in the photos' own files."""

    __tablename__ = "captions"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    source: Mapped[str]  # "list": a person's own sentences; else the name of the captioner that wrote it
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), index=True)  # None: any

    __table_args__ = (UniqueConstraint("text", "source", "photo_id"),)


class SentenceRow(Base):
    """A sentence as one model sees it, so that it is encoded once: captions and saved searches."""

    __tablename__ = "sentences"

    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"), primary_key=True)
    text: Mapped[str] = mapped_column(primary_key=True)
    vector: Mapped[bytes]  # little-endian float16 (dim,)


class SearchRow(Base):
    """A query that is remembered: it was saved, has marks, or fills an album."""

    __tablename__ = "searches"

    id: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[str] = mapped_column(unique=True)  # as the query language writes it
    saved: Mapped[bool]  # because a person said so


class MarkRow(Base):
    """What a person said of a photo in the answer to a query. Of several, the one of the newest turn holds."""

    __tablename__ = "marks"

    search_id: Mapped[int] = mapped_column(ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True, index=True)
    turn: Mapped[int] = mapped_column(primary_key=True)  # grows with every feedback on the query, which is undone whole
    good: Mapped[bool]


class ConceptRow(Base):
    """A label that follows from the marks on a query."""

    __tablename__ = "concepts"

    label_id: Mapped[int] = mapped_column(ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    search_id: Mapped[int] = mapped_column(ForeignKey("searches.id"), index=True)


class AlbumRow(Base):
    """A query that fills itself, with what a person put into it or took out of it by hand."""

    __tablename__ = "albums"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    search_id: Mapped[int | None] = mapped_column(ForeignKey("searches.id"), index=True)  # None: filled by hand alone
    least: Mapped[str]  # the least relevance band of what the query puts in


class AlbumPhotoRow(Base):
    """A photo that a person put into an album, or took out of it."""

    __tablename__ = "album_photos"

    album_id: Mapped[int] = mapped_column(ForeignKey("albums.id", ondelete="CASCADE"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True, index=True)
    pinned: Mapped[bool]  # False: taken out


Row = dict[str, Any]
"""A row to be written: the columns' names and values."""

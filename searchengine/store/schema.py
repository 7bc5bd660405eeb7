"""The tables: a class for each, whose attributes are its columns.

Only their shape: how they are read and written stands beside each part, how an older library is brought up to date in
`migrations/`. A test holds the two together. SQLAlchemy's Core is enough for all of it; its ORM would double what a
command spends on importing SQLAlchemy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnClause
    from sqlalchemy.sql.schema import SchemaItem
    from sqlalchemy.types import TypeEngine

T = TypeVar("T")


class _TableOfColumns(type):
    """Makes a table of a class's columns, and has the class stand for it wherever SQLAlchemy takes a table."""

    __table__: Table
    __tablename__: str

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        if bases:
            columns = {key: value for key, value in namespace.items() if isinstance(value, Column)}
            for key, column in columns.items():
                column.name = column.key = key
            more, autoincrement = namespace.get("__more__", ()), namespace.get("__autoincrement__", False)
            parts = (*columns.values(), *more)
            cls.__table__ = Table(cls.__tablename__, Base.metadata, *parts, sqlite_autoincrement=autoincrement)

    def __clause_element__(cls) -> Table:
        return cls.__table__


def column(
    kind: type[TypeEngine[T]] | TypeEngine[T], *more: SchemaItem, nullable: bool = False, **options: Any
) -> ColumnClause[T]:
    """A column of a class below. Typed as what it is in a statement: a `Column` itself is no attribute of a class."""
    return Column(kind, *more, nullable=nullable, **options)


class Base(metaclass=_TableOfColumns):
    """Named constraints, so that a migration can find them again."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


class RootRow(Base):
    """A folder that is watched."""

    __tablename__ = "roots"

    id = column(Integer, primary_key=True)
    path = column(LargeBinary, unique=True)
    exclude = column(JSON)
    online = column(Boolean)
    # `st_dev` when it was last there; tells an emptied folder from an empty mount point.
    device = column(String, nullable=True)


class PhotoRow(Base):
    """One content and what its file says of it. Ids are never used twice: vectors elsewhere are known by them."""

    __tablename__ = "photos"

    id = column(Integer, primary_key=True)
    fingerprint = column(LargeBinary(16), unique=True)
    # Whether no file of it is there any more. It follows from `files`, and stands here because every search asks
    # for these few, and working it out would read an index entry of every photo.
    hidden = column(Boolean)
    width = column(Integer)
    height = column(Integer)
    format = column(String)
    taken_at = column(DateTime, nullable=True)
    taken_from = column(String, nullable=True)
    camera = column(String, nullable=True)
    lens = column(String, nullable=True)
    latitude = column(Double, nullable=True)
    longitude = column(Double, nullable=True)
    caption = column(String, nullable=True)
    keywords = column(JSON)
    flaw = column(String, nullable=True)
    # What stays of its look at 9 × 8 pixels, 64 bits, of which near-copies share most. None until it is worked out.
    look = column(LargeBinary(8), nullable=True)
    # Its colours at 4 × 3 pixels, red, green and blue, shown until its thumbnail is there. None until worked out.
    placeholder = column(LargeBinary(36), nullable=True)

    __more__ = (
        Index("ix_photos_taken_at", "taken_at"),
        Index("ix_photos_format", "format"),
        Index("ix_photos_camera", "camera"),
        Index("ix_photos_look", "look"),
        Index("ix_photos_hidden", "id", sqlite_where=text("hidden = 1")),
        Index("ix_photos_placeholder", "id", sqlite_where=text("placeholder IS NULL")),
    )
    __autoincrement__ = True


class FileRow(Base):
    """One place where a photo lies. A path stands here or among the failures, never in both."""

    __tablename__ = "files"

    id = column(Integer, primary_key=True)
    path = column(LargeBinary, unique=True)
    root_id = column(Integer, ForeignKey("roots.id"), index=True)
    photo_id = column(Integer, ForeignKey("photos.id"), index=True)
    size = column(BigInteger)
    mtime_ns = column(BigInteger)
    sidecar_ns = column(BigInteger)
    missing = column(Boolean)  # its root is there and it isn't; a file that is away has a root that isn't online
    beside = column(LargeBinary, nullable=True)  # for a RAW: the path of the picture for it, whose photo it shares


class ModelRow(Base):
    """A model that photos were embedded with."""

    __tablename__ = "models"

    id = column(Integer, primary_key=True)
    name = column(String)
    revision = column(String)
    checksum = column(String)
    preprocessing = column(String)
    dim = column(Integer)
    active = column(Boolean)
    removals = column(BigInteger)  # embeddings deleted or replaced since ever

    __more__ = (
        UniqueConstraint("name", "revision", "checksum", "preprocessing", "dim"),
        Index("uq_models_active", "active", unique=True, sqlite_where=text("active = 1")),
    )


class EmbeddingRow(Base):
    """A photo's vector by one model. `seq` grows with every one written, so that an index knows what it lacks."""

    __tablename__ = "embeddings"

    seq = column(Integer, primary_key=True)
    model_id = column(Integer, ForeignKey("models.id"))
    photo_id = column(Integer, ForeignKey("photos.id"), index=True)
    vector = column(LargeBinary)  # little-endian float16 (dim,)
    precision = column(String)  # what the model computed in: "float32", "float16", "int8"

    __more__ = (
        UniqueConstraint("model_id", "photo_id"),
        Index("ix_embeddings_model_id_seq", "model_id", "seq"),
    )
    __autoincrement__ = True


class FailureRow(Base):
    """A file that couldn't be read as a photo."""

    __tablename__ = "failures"

    path = column(LargeBinary, primary_key=True)
    root_id = column(Integer, ForeignKey("roots.id"), index=True)
    reason = column(String)
    size = column(BigInteger)
    mtime_ns = column(BigInteger)
    sidecar_ns = column(BigInteger)
    decoder = column(String)


class LabelRow(Base):
    """A word that may fit photos, once for each source that says when it does."""

    __tablename__ = "labels"

    id = column(Integer, primary_key=True)
    name = column(String)
    # "probe": learnt from examples; "concept": from marks on answers; "vocabulary": by its words
    source = column(String)
    also = column(JSON, server_default="[]")  # other words for the same

    __more__ = (UniqueConstraint("source", "name"),)


class ExampleRow(Base):
    """A photo that a person showed for a label. It need not be in the library, so it is known by its content."""

    __tablename__ = "examples"

    label_id = column(Integer, ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    fingerprint = column(LargeBinary(16), primary_key=True)
    path = column(LargeBinary)  # where it lay then


class ProbeRow(Base):
    """What one model has learnt of a label: confidence is the sigmoid of `weights` · vector + `bias`."""

    __tablename__ = "probes"

    label_id = column(Integer, ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    model_id = column(Integer, ForeignKey("models.id"), primary_key=True)
    weights = column(LargeBinary)  # little-endian float32 (dim,)
    bias = column(Double)
    accuracy = column(Double)  # cross-validated, of examples and others counting alike
    recall = column(Double)  # cross-validated: the share of the examples that is recognised
    last_seq = column(BigInteger)  # of the last embedding that it was applied to


class PhotoLabelRow(Base):
    """A label that fits a photo, as one model sees it. What doesn't fit has no row."""

    __tablename__ = "photo_labels"

    label_id = column(Integer, ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    model_id = column(Integer, ForeignKey("models.id"), primary_key=True)
    photo_id = column(Integer, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True, index=True)
    confidence = column(Double)  # 0.5 to 1


class LabellingRow(Base):
    """How far a model has given the vocabulary's labels to the library's photos."""

    __tablename__ = "labellings"

    model_id = column(Integer, ForeignKey("models.id"), primary_key=True)
    checksum = column(String)  # of the vocabulary and of everything else that the labels follow from
    last_seq = column(BigInteger)  # of the last embedding that has its labels


class CaptionRow(Base):
    """A sentence that a photo may be described with, beyond what stands in the photos' own files."""

    __tablename__ = "captions"

    id = column(Integer, primary_key=True)
    text = column(String)
    source = column(String)  # "list": a person's own sentences; else the name of the captioner that wrote it
    photo_id = column(Integer, ForeignKey("photos.id", ondelete="CASCADE"), index=True, nullable=True)  # None: any

    __more__ = (UniqueConstraint("text", "source", "photo_id"),)


class SentenceRow(Base):
    """A sentence as one model sees it, so that it is encoded once: captions and saved searches."""

    __tablename__ = "sentences"

    model_id = column(Integer, ForeignKey("models.id"), primary_key=True)
    text = column(String, primary_key=True)
    vector = column(LargeBinary)  # little-endian float16 (dim,)


class SearchRow(Base):
    """A query that is remembered: it was saved, has marks, or fills an album."""

    __tablename__ = "searches"

    id = column(Integer, primary_key=True)
    line = column(String, unique=True)  # as the query language writes it
    saved = column(Boolean)  # because a person said so


class MarkRow(Base):
    """What a person said of a photo in the answer to a query. Of several, the one of the newest turn holds."""

    __tablename__ = "marks"

    search_id = column(Integer, ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True)
    photo_id = column(Integer, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True, index=True)
    turn = column(Integer, primary_key=True)  # grows with every feedback on the query, which is undone whole
    good = column(Boolean)


class ConceptRow(Base):
    """A label that follows from the marks on a query."""

    __tablename__ = "concepts"

    label_id = column(Integer, ForeignKey("labels.id", ondelete="CASCADE"), primary_key=True)
    search_id = column(Integer, ForeignKey("searches.id"), index=True)


class AlbumRow(Base):
    """A query that fills itself, with what a person put into it or took out of it by hand."""

    __tablename__ = "albums"

    id = column(Integer, primary_key=True)
    name = column(String, unique=True)
    search_id = column(Integer, ForeignKey("searches.id"), index=True, nullable=True)  # None: filled by hand alone
    least = column(String)  # the least relevance band of what the query puts in


class AlbumPhotoRow(Base):
    """A photo that a person put into an album, or took out of it."""

    __tablename__ = "album_photos"

    album_id = column(Integer, ForeignKey("albums.id", ondelete="CASCADE"), primary_key=True)
    photo_id = column(Integer, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True, index=True)
    pinned = column(Boolean)  # False: taken out


Row = dict[str, Any]
"""A row to be written: the columns' names and values."""

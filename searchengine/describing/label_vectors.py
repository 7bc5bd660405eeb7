"""The vocabulary as a model sees it: a vector for each label, kept in a file, since encoding them takes a while.

The built-in model's come with the program, in a file of the same form. Such a file is a cache: missing, torn, or of
another model, it is made anew, and a vocabulary that was edited costs the encoding of its new lines alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import secrets
import zipfile
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.catalog import BUILTIN
from searchengine.embedding.prompts import averaged, prompt_templates, sentences
from searchengine.resources import data_folder

if TYPE_CHECKING:
    from pathlib import Path

    from searchengine.describing.vocabulary import Word
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import ModelIdentity, Vector, Vectors

logger = logging.getLogger(__name__)

PROMPTS = "labels"
"""The set of prompt templates that labels are put into."""

AT_ONCE = 250
"""Labels that are encoded, then written, at a time: what Ctrl-C costs at most."""


def label_vectors(
    words: Sequence[Word], identity: ModelIdentity, model: Callable[[], EmbeddingModel], file: Path
) -> Vectors:
    """A vector for each label: float32 (labels, dim), unit length, the mean of its words in every prompt template.

    `model` gives the loaded model with this identity; it is asked for only when a label is in neither file. Raises
    ModelError when it fails.
    """
    templates = prompt_templates(PROMPTS)
    texts = [[one for wording in word.wordings for one in sentences(wording, templates)] for word in words]
    keys = [_key(own) for own in texts]
    known = _read(shipped_file(), identity) | _read(file, identity)
    new = [(key, own) for key, own in zip(keys, texts, strict=True) if key not in known]
    if new:
        logger.info("The model %s reads %s labels, once.", identity.name, f"{len(new):,}")
    for start in range(0, len(new), AT_ONCE):
        part = new[start : start + AT_ONCE]
        # Rounded as the file keeps them, so that a label is the same at its first use as ever after.
        vectors = averaged([own for _, own in part], model().encode_texts).astype(np.float16).astype(np.float32)
        known |= dict(zip((key for key, _ in part), vectors, strict=True))
        _write(file, identity, {key: known[key] for key in keys if key in known})
    found = np.array([known[key] for key in keys], np.float32).reshape(len(keys), identity.dim)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12), np.float32)


def shipped_file() -> Path:
    """Where the built-in model's vectors of the shipped vocabulary lie."""
    return data_folder() / BUILTIN / "labels.npz"


def _key(texts: Sequence[str]) -> bytes:
    """What a label's vector follows from, beside the model: its sentences."""
    return hashlib.blake2b("\n".join(texts).encode(), digest_size=16).digest()


def _read(file: Path, identity: ModelIdentity) -> dict[bytes, Vector]:
    """The vectors in a file by their keys; none when it is another model's, torn, or not there."""
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as held:
            keys, vectors = held["keys"], held["vectors"]
            if str(held["checksum"]) != identity.checksum or vectors.shape != (len(keys), identity.dim):
                return {}
            return dict(zip(map(bytes, keys), vectors.astype(np.float32), strict=True))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        logger.debug("%s: %s", file, error)
        return {}


def _write(file: Path, identity: ModelIdentity, known: dict[bytes, Vector]) -> None:
    """Write it beside its place and rename it into it, so that a reader meets the old one or the new one."""
    beside = file.with_name(f"{file.name}.{secrets.token_hex(8)}.tmp")
    keys = np.frombuffer(b"".join(known), np.uint8).reshape(len(known), 16)
    vectors = np.array(list(known.values()), np.float16)
    try:
        with beside.open("xb") as stream:
            np.savez(stream, checksum=identity.checksum, keys=keys, vectors=vectors)
        beside.replace(file)
    except OSError as error:
        logger.info("the labels' vectors are kept in memory alone: %s", error)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)

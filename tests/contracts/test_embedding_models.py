"""What every `EmbeddingModel` owes its callers, whatever runs it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from searchengine.embedding.base import BATCH, EmbeddingModel
from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.model_store import builtin_folder
from searchengine.embedding.onnx_runtime import OnnxModel
from searchengine.embedding.torch_runtime import TorchModel
from tests.embedding.checkpoints import checkpoint, exported
from tests.embedding.tiny import SENTENCES, make_model_folder
from tests.fakes import ColourModel

ALIKE = 0.9999

Make = Callable[[pytest.TempPathFactory], EmbeddingModel]


def builtin(_: pytest.TempPathFactory) -> EmbeddingModel:
    return OnnxModel.open(builtin_folder())


def on_onnx_runtime(family: str) -> Make:
    return lambda tmp: OnnxModel(exported(family, tmp))


def on_pytorch(family: str) -> Make:
    """In half precision, as on a GPU, but on the processor."""
    return lambda tmp: TorchModel(exported(family, tmp), open_checkpoint(checkpoint(family, tmp)), "cpu")


MODELS: dict[str, Make] = {
    "colours": lambda _: ColourModel(),
    "model folder": lambda tmp: OnnxModel(make_model_folder(tmp.mktemp("model"))),
    "builtin": builtin,
    **{family: on_onnx_runtime(family) for family in ("clip", "siglip", "align", "altclip")},
    **{f"{family} in half": on_pytorch(family) for family in ("clip", "siglip", "align")},
}


@pytest.fixture(scope="module", params=list(MODELS))
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> EmbeddingModel:
    return MODELS[request.param](tmp_path_factory)


def pictures(count: int = 6) -> list[NDArray[np.uint8]]:
    """Pictures of different sizes and aspects, each a gradient between two colours with some noise."""
    random = np.random.default_rng(5)
    made = []
    for _ in range(count):
        height, width = (int(side) for side in random.integers(20, 400, 2))
        slope = np.linspace(0, 1, width)[None, :, None]
        one, other = random.integers(0, 256, (2, 3))
        noise = random.normal(scale=12, size=(height, width, 3))
        made.append(np.clip(one * slope + other * (1 - slope) + noise, 0, 255).astype(np.uint8))
    return made


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each row of one with the same row of the other."""
    return np.einsum("nd,nd->n", one, other)


def assert_vectors(model: EmbeddingModel, vectors: NDArray[np.float32], count: int) -> None:
    assert vectors.dtype == np.float32
    assert vectors.shape == (count, model.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_pictures_become_unit_vectors(model: EmbeddingModel) -> None:
    assert_vectors(model, model.encode_images(pictures()), 6)


def test_sentences_become_unit_vectors(model: EmbeddingModel) -> None:
    assert_vectors(model, model.encode_texts(SENTENCES), len(SENTENCES))


def test_nothing_in_nothing_out(model: EmbeddingModel) -> None:
    assert_vectors(model, model.encode_images([]), 0)
    assert_vectors(model, model.encode_texts([]), 0)


def test_different_pictures_and_sentences_get_different_vectors(model: EmbeddingModel) -> None:
    for vectors in (model.encode_images(pictures()), model.encode_texts(SENTENCES)):
        apart = vectors @ vectors.T
        np.fill_diagonal(apart, -1)
        assert apart.max() < ALIKE


def test_a_picture_gets_the_same_vector_in_every_batch(model: EmbeddingModel) -> None:
    images = pictures()
    alone = np.concatenate([model.encode_images([image]) for image in images])
    assert cosines(alone, model.encode_images(images)).min() >= ALIKE
    assert cosines(alone[::-1], model.encode_images(images[::-1])).min() >= ALIKE
    crowd = images * (BATCH // len(images) + 1)  # more than one pass
    assert cosines(np.tile(alone, (BATCH // len(images) + 1, 1)), model.encode_images(crowd)).min() >= ALIKE


def test_a_sentence_gets_the_same_vector_in_every_batch(model: EmbeddingModel) -> None:
    texts = [*SENTENCES, "dog", "a very long sentence " * 4]
    alone = np.concatenate([model.encode_texts([text]) for text in texts])
    assert cosines(alone, model.encode_texts(texts)).min() >= ALIKE
    assert cosines(alone[::-1], model.encode_texts(texts[::-1])).min() >= ALIKE


def test_what_is_prepared_ahead_gets_the_same_vector(model: EmbeddingModel) -> None:
    images = pictures()
    prepared = np.stack([model.prepare(image) for image in images])
    assert prepared.dtype == np.uint8
    assert cosines(model.encode_prepared(prepared), model.encode_images(images)).min() >= ALIKE


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 3000), (3000, 1), (2, 2), (37, 1200), (1600, 1200)])
def test_a_picture_may_have_any_size_and_aspect(model: EmbeddingModel, height: int, width: int) -> None:
    image = np.full((height, width, 3), (200, 90, 30), np.uint8)
    assert_vectors(model, model.encode_images([image]), 1)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "dog " * 5000, "해질녘 바다", "🐕" * 300, "nul\0byte", "half a pair \ud83d", "line\nbreak\ttab"],
    ids=["empty", "blank", "long", "korean", "emoji", "nul", "surrogate", "whitespace"],
)
def test_a_sentence_may_hold_anything(model: EmbeddingModel, text: str) -> None:
    assert_vectors(model, model.encode_texts([text, "a dog"]), 2)


def test_many_threads_may_use_one_model(model: EmbeddingModel) -> None:
    images = pictures()
    expected_images, expected_texts = model.encode_images(images), model.encode_texts(SENTENCES)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(model.encode_images, [images] * 8):
            assert cosines(vectors, expected_images).min() >= ALIKE
        for vectors in pool.map(model.encode_texts, [SENTENCES] * 8):
            assert cosines(vectors, expected_texts).min() >= ALIKE


def test_what_is_no_picture_is_refused(model: EmbeddingModel) -> None:
    wrong: NDArray[Any]
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="a picture is uint8"):
            model.encode_images([wrong])
    with pytest.raises(ValueError, match="prepared pictures are uint8"):
        model.encode_prepared(np.zeros((1, 3, 3, 3), np.uint8))


def test_one_sentence_is_not_taken_for_many(model: EmbeddingModel) -> None:
    with pytest.raises(TypeError, match="not one sentence"):
        model.encode_texts("a dog")


def test_the_identity_says_how_long_a_vector_is_and_how_pixels_are_prepared(model: EmbeddingModel) -> None:
    assert model.identity.dim == model.dim
    assert model.identity.preprocessing == str(model.preprocessing)
    assert model.identity.checksum

"""A photo decoded at reduced size gives nearly the vector of the whole photo."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from searchengine.embedding.model_store import builtin_folder
from searchengine.embedding.onnx_runtime import OnnxModel
from searchengine.photos.decode import decode


@pytest.fixture(scope="module")
def builtin() -> OnnxModel:
    return OnnxModel.open(builtin_folder())


def large_jpegs() -> list[bytes]:
    """Real photographs, as large as a camera's."""
    data = pytest.importorskip("skimage.data", reason="the sample photographs come with the extra 'demo'")
    jpegs = []
    for photo in (data.astronaut(), data.chelsea(), data.coffee(), data.rocket()):
        factor = 3000 / max(photo.shape)
        size = (round(photo.shape[1] * factor), round(photo.shape[0] * factor))
        written = io.BytesIO()
        Image.fromarray(photo).resize(size, Image.Resampling.BICUBIC).save(written, "JPEG", quality=90)
        jpegs.append(written.getvalue())
    return jpegs


def test_at_twice_the_models_input_hardly_anything_is_lost(builtin: OnnxModel) -> None:
    at_least = builtin.preprocessing.at_least
    cosines = []
    for jpeg in large_jpegs():
        whole = decode(jpeg, path=b"whole.jpg", at_least=100_000).pixels
        reduced = decode(jpeg, path=b"reduced.jpg", at_least=at_least).pixels
        assert at_least <= min(reduced.shape[:2]) < min(whole.shape[:2])
        one, other = builtin.encode_images([whole, reduced])
        cosines.append(float(one @ other))
    assert min(cosines) >= 0.995
    assert np.mean(cosines) >= 0.998

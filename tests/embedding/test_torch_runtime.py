from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from searchengine.embedding import export, model_store, torch_runtime
from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.model_store import ModelStore
from searchengine.embedding.onnx_runtime import OnnxModel
from searchengine.embedding.torch_runtime import TorchModel
from searchengine.errors import ModelError
from tests.embedding.checkpoints import checkpoint, exported
from tests.embedding.test_preprocessing import photo


@pytest.fixture
def model(tmp_path_factory: pytest.TempPathFactory) -> TorchModel:
    opened = open_checkpoint(checkpoint("siglip", tmp_path_factory))
    return TorchModel(exported("siglip", tmp_path_factory), opened, "cpu")


def copy_files(source: Path, target: Path) -> None:
    for path in source.iterdir():
        shutil.copy2(path, target)


def test_where_there_is_no_gpu_torch_is_not_imported_to_find_out() -> None:
    script = (
        "import sys; from searchengine.embedding import torch_runtime; torch_runtime.DRIVERS = (); "
        "print(torch_runtime.accelerator(), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("None False" if sys.platform == "linux" else done.stdout.strip())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it isn't a file that tells of a GPU")
def test_a_driver_alone_is_not_taken_for_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nvidiactl").touch()
    monkeypatch.setattr(torch_runtime, "DRIVERS", (str(tmp_path / "nvidiactl"),))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert torch_runtime.accelerator() is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert torch_runtime.accelerator() == "cuda"


def test_a_checkpoint_is_run_by_pytorch_where_there_is_a_gpu(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, made = str(checkpoint("siglip", tmp_path_factory)), exported("siglip", tmp_path_factory)
    monkeypatch.setattr(model_store, "accelerator", lambda: "cpu")
    monkeypatch.setattr(export, "export_checkpoint", lambda _, folder, **__: copy_files(made.path, folder))
    store = ModelStore(tmp_path)
    fast, plain = store.open(name), store.open(name, accelerated=False)
    assert isinstance(fast, TorchModel)
    assert isinstance(plain, OnnxModel)
    assert fast.identity == plain.identity
    images = [photo(60, 80), photo(90, 40)]
    assert np.einsum("nd,nd->n", fast.encode_images(images), plain.encode_images(images)).min() >= 0.99


def test_matrix_products_are_in_half_and_normalisations_between_the_layers_are_not(model: TorchModel) -> None:
    seen: dict[str, torch.dtype] = {}

    def note(name: str, output: torch.Tensor) -> None:
        seen[name] = output.dtype

    for name, module in model.towers.get().image.named_modules():
        if name.endswith(("layer_norm1", "layer_norm2", "fc1")):
            module.register_forward_hook(lambda _, __, output, name=name: note(name, output))
    model.encode_images([photo(40, 40)])
    assert len(seen) == 7, "three in each of two layers, and one in the pooling head"
    for name, dtype in seen.items():
        assert dtype == (torch.bfloat16 if name.endswith("fc1") else torch.float32), name


def test_a_gpu_that_is_too_small_is_said_so(model: TorchModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(_: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(model.towers.get().image, "forward", too_much)
    with pytest.raises(ModelError, match="GPU has not enough free memory") as caught:
        model.encode_images([photo(40, 40)])
    assert "smaller model" in caught.value.next_step


@pytest.mark.skipif(torch_runtime.accelerator() is None, reason="there is no GPU here")
@pytest.mark.parametrize("family", ["clip", "siglip", "align"])
def test_a_gpu_gives_nearly_the_vectors_of_the_processor(family: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    device = torch_runtime.accelerator()
    assert device is not None
    folder = exported(family, tmp_path_factory)
    on_gpu = TorchModel(folder, open_checkpoint(checkpoint(family, tmp_path_factory)), device)
    images, texts = [photo(60, 80), photo(90, 40)], ["a dog", "two dogs on a beach"]
    plain = OnnxModel(folder)
    assert np.einsum("nd,nd->n", on_gpu.encode_images(images), plain.encode_images(images)).min() >= 0.99
    assert np.einsum("nd,nd->n", on_gpu.encode_texts(texts), plain.encode_texts(texts)).min() >= 0.99

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from searchengine.embedding.lazy import Lazy
from searchengine.embedding.model_folder import read_model_folder
from searchengine.embedding.model_store import builtin_folder
from searchengine.embedding.onnx_runtime import FEW, OnnxModel
from searchengine.errors import ModelDamagedError, ModelMissingError
from tests.embedding.tiny import make_model_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_model_folder(tmp_path / "model").path


def test_a_text_query_loads_the_text_tower_alone(folder: Path) -> None:
    model = OnnxModel.open(folder)
    model.encode_texts(["a dog"])
    assert model.text_tower.loaded
    assert not model.image_tower.loaded


def test_a_picture_loads_the_image_tower_alone(folder: Path) -> None:
    model = OnnxModel.open(folder)
    model.encode_images([np.zeros((9, 9, 3), np.uint8)])
    assert model.image_tower.loaded
    assert not model.text_tower.loaded
    assert not model.tokenizer.loaded


def test_a_sentence_keeps_its_vector_when_many_more_are_asked_for() -> None:
    """The text tower is arranged anew on the way."""
    model = OnnxModel.open(builtin_folder())
    first = model.encode_texts(["two dogs on a beach"])
    others = [model.encode_texts([f"a photo of {number} boats"]) for number in range(2 * FEW)]
    assert np.abs(model.encode_texts(["two dogs on a beach"]) - first).max() < 1e-5
    assert np.abs(model.encode_texts(["a photo of 0 boats"]) - others[0]).max() < 1e-5
    fresh = OnnxModel.open(builtin_folder())
    at_once = fresh.encode_texts([f"a photo of {number} boats" for number in range(2 * FEW)])
    assert np.abs(at_once - np.concatenate(others)).max() < 1e-4  # padded to each other's length


def test_threads_that_come_together_load_once() -> None:
    loads = []

    def load() -> str:
        time.sleep(0.05)
        loads.append(threading.get_ident())
        return "weights"

    lazy = Lazy(load)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: lazy.get(), range(8))) == {"weights"}
    assert len(loads) == 1


def test_running_a_model_leaves_no_trace_of_telemetry(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    script = (
        "from pathlib import Path; from searchengine.embedding.onnx_runtime import OnnxModel; "
        f"OnnxModel.open(Path({str(folder)!r})).encode_texts(['a dog'])"
    )
    places = dict.fromkeys(("TMPDIR", "HOME", "XDG_CACHE_HOME"), str(tmp_path / "tmp"))
    environ = {**os.environ, **places, "ORT_DISABLE_TELEMETRY": ""}
    subprocess.run([sys.executable, "-c", script], check=True, env=environ)
    assert not list((tmp_path / "tmp").iterdir())


def test_a_text_query_imports_neither_torch_nor_transformers(folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from searchengine.embedding.onnx_runtime import OnnxModel; "
        f"OnnxModel.open(Path({str(folder)!r})).encode_texts(['a dog']); "
        "print(sorted({'torch', 'transformers', 'onnx', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_folder_without_a_model_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"no model\.json"):
        OnnxModel.open(tmp_path)
    with pytest.raises(ModelMissingError):
        OnnxModel.open(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "tokenizer.json"])
def test_a_missing_or_cut_file_is_named(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelDamagedError, match=f"{name} has .* bytes instead of"):
        OnnxModel.open(folder)
    (folder / name).unlink()
    with pytest.raises(ModelDamagedError, match=f"{name} is missing"):
        OnnxModel.open(folder)


@pytest.mark.parametrize(
    "contents",
    ["", "{", "[]", "{}", '{"format": 1}', '{"format": 99}', "null"],
)
def test_an_unreadable_table_of_contents_is_damage(folder: Path, contents: str) -> None:
    (folder / "model.json").write_text(contents)
    with pytest.raises(ModelDamagedError):
        OnnxModel.open(folder)


def test_a_table_of_contents_that_leaves_a_tower_out_is_damage(folder: Path) -> None:
    contents = json.loads((folder / "model.json").read_text())
    del contents["files"]["text.onnx"]
    (folder / "model.json").write_text(json.dumps(contents))
    with pytest.raises(ModelDamagedError, match=r"doesn't name text\.onnx"):
        OnnxModel.open(folder)


def test_changed_bytes_of_the_same_length_are_found_by_verify(folder: Path) -> None:
    graph = folder / "image.onnx"
    data = bytearray(graph.read_bytes())
    data[-200] ^= 0xFF
    graph.write_bytes(data)
    model = read_model_folder(folder)
    with pytest.raises(ModelDamagedError, match=r"image\.onnx is not as it was made"):
        model.verify()


def test_an_intact_folder_verifies(folder: Path) -> None:
    read_model_folder(folder).verify()


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "tokenizer.json"])
def test_garbage_of_the_right_length_is_damage_when_it_is_used(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff" * (folder / name).stat().st_size)
    model = OnnxModel.open(folder)
    tower = model.image_tower if name == "image.onnx" else model.text_tower
    use = model.tokenizer if name == "tokenizer.json" else tower
    with pytest.raises(ModelDamagedError, match=name):
        use.get()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux can restrict a process")
def test_it_uses_the_processors_that_the_process_may_use() -> None:
    script = (
        "import os; from searchengine.embedding.onnx_runtime import processors; "
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(processors())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"

"""Any model folder as an `EmbeddingModel`, run by ONNX Runtime on the processor.

The two towers and the tokenizer are loaded each at its first use: a text query loads no image tower, indexing no text
tower. What a model folder is, `model_folder.py` says.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from searchengine.embedding.base import EmbeddingModel
from searchengine.embedding.lazy import Lazy
from searchengine.embedding.model_folder import (
    IMAGE_GRAPH,
    TEXT_GRAPH,
    TOKENIZER,
    ModelFolder,
    read_model_folder,
)
from searchengine.embedding.precision import INT8
from searchengine.errors import ModelDamagedError, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

FEW = 16
"""Sentences that are encoded before the text tower's weights are arranged for speed."""


class OnnxModel(EmbeddingModel):
    """The model in a folder."""

    def __init__(self, folder: ModelFolder, *, int8: Path | None = None) -> None:
        """`int8`: the image tower's graph in 8 bits, in the place of the folder's."""
        self.folder = folder
        self.identity = folder.identity
        self.preprocessing = folder.preprocessing
        self.precision = folder.precision if int8 is None else INT8
        self.languages = folder.languages
        self.texts_at_once = folder.texts_at_once
        self.image_tower = Lazy(lambda: _Graph(int8 or folder.path / IMAGE_GRAPH))
        self.text_tower = Lazy(lambda: _TextGraph(folder.path / TEXT_GRAPH))
        self.tokenizer = Lazy(lambda: load_tokenizer(folder.path / TOKENIZER))

    @classmethod
    def open(cls, folder: Path) -> OnnxModel:
        """The model in `folder`; its weights are read when they are needed.

        Raises ModelMissingError or ModelDamagedError, here or, when weights turn out torn, at the first encoding.
        """
        return cls(read_model_folder(folder))

    def _encode_prepared(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.image_tower.get().run([batch])

    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.text_tower.get().run(tokenize(self.tokenizer.get(), texts))


class _Graph:
    """One ONNX graph, ready to run."""

    def __init__(self, path: Path, *, for_long: bool = True) -> None:
        self._path = path
        self._session = load_session(path, for_long=for_long)
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    def run(self, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """The graph's one output for its inputs, in the graph's order.

        A text tower that attends to its padding (SigLIP's) has no use for the mask, and its graph no such input.
        """
        feed = dict(zip(self._inputs, inputs, strict=False))
        try:
            output: NDArray[np.float32] = self._session.run(None, feed)[0]
        except _runtime_errors() as error:
            raise _damaged(self._path, error) from error
        return output


class _TextGraph:
    """A text tower's graph: at hand quickly for a few sentences, and arranged for speed once there are more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._graph = _Graph(path, for_long=False)
        self._left: int | None = FEW  # sentences until it is arranged; None: it is
        self._lock = Lock()

    def run(self, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """As `_Graph.run`. Any number of threads may call it."""
        with self._lock:
            if self._left is not None:
                self._left -= len(inputs[0])
                if self._left < 0:
                    self._graph, self._left = _Graph(self._path), None
            graph = self._graph
        return graph.run(inputs)


def tokenize(tokenizer: Tokenizer, texts: Sequence[str]) -> list[NDArray[np.int64]]:
    """Sentences to input_ids and attention_mask, each int64 (n, tokens), cut and padded as the tokenizer says."""
    # A file's name or a pasted query may hold half of a surrogate pair, which UTF-8 can't carry.
    whole = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    encodings = tokenizer.encode_batch(whole)
    ids = np.array([encoding.ids for encoding in encodings], np.int64)
    mask = np.array([encoding.attention_mask for encoding in encodings], np.int64)
    return [ids, mask]


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer in a `tokenizer.json`. Raises ModelDamagedError."""
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_buffer(path.read_bytes())
    except Exception as error:  # tokenizers has no exception of its own
        raise _damaged(path, error) from error


def processors() -> int:
    """The processors that this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone has it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_session(path: Path, *, for_long: bool = True) -> InferenceSession:
    """A graph, ready to run on all processors that this process may use. Raises ModelDamagedError.

    One that isn't for long is ready in a fifth of the time, and takes half as long again for each run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = processors()
    options.inter_op_num_threads = 1
    # Threads that wait by spinning take the processor from those that decode photos.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not for_long:  # weights are used as they lie in the file, not arranged anew for the processor
        options.add_session_config_entry("session.disable_prepacking", "1")
    options.log_severity_level = 3  # errors; its warnings are about graph optimisation, nothing a person can act on
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except _runtime_errors() as error:
        raise _damaged(path, error) from error


def _runtime_errors() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises; its exceptions have no common base."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoSuchFile", "NotImplemented")
    return (*(getattr(state, name) for name in names), state.RuntimeException)


def _damaged(path: Path, error: Exception) -> ModelDamagedError:
    reason = (str(error) or repr(error)).splitlines()[0]
    return ModelDamagedError(
        f"The model's file {printable(path)} can't be used: {reason}.",
        "Run `searchengine doctor --repair`, or fetch the model again.",
    )

"""A checkpoint's tokenizer as one `tokenizer.json` that says everything: lowercasing, truncation, padding.

What a text query needs is then the small library tokenizers alone. The outcome is the same tokens that the checkpoint's
own tokenizer gives, padded as its family was trained.
"""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

from searchengine.embedding.checkpoint_files import reading
from searchengine.embedding.families import Family
from searchengine.errors import ModelUnsupportedError, printable

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def build_tokenizer(folder: Path, family: Family, positions: int) -> Tokenizer:
    """The tokenizer of the transformers checkpoint in `folder`, complete; its text tower takes `positions` tokens.

    Raises ModelDamagedError when it can't be read, ModelUnsupportedError when it is of a kind that we can't carry over.
    """
    from tokenizers import Tokenizer, normalizers
    from transformers import AutoTokenizer

    with reading(folder):
        original = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    backend = getattr(original, "backend_tokenizer", None)
    if backend is None:
        backend = _from_sentencepiece(original, folder)
    tokenizer = Tokenizer.from_str(backend.to_str())
    if family.lowercases:
        others = [tokenizer.normalizer] if tokenizer.normalizer is not None else []
        tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *others])
    length = min(positions, original.model_max_length)
    # SigLIP reads the last position and attends to padding, so there the length is the one that it was trained with.
    length = positions if family.pads_fully else length
    tokenizer.enable_truncation(max_length=length)
    tokenizer.enable_padding(
        direction=original.padding_side,
        pad_id=original.pad_token_id,
        pad_token=original.pad_token,
        length=length if family.pads_fully else None,
    )
    return tokenizer


def _from_sentencepiece(original: Any, folder: Path) -> Tokenizer:
    """SigLIP's tokenizer, the one that exists in SentencePiece alone.

    It drops ASCII punctuation and joins white space before it segments, which transformers does in Python.
    """
    from tokenizers import Regex, normalizers, processors
    from transformers.convert_slow_tokenizer import SpmConverter

    if type(original).__name__ != "SiglipTokenizer":
        raise ModelUnsupportedError(
            f"The tokenizer of the model in {printable(folder)} is a {type(original).__name__}, which this program "
            "can't carry over."
        )
    with reading(folder):
        converter = SpmConverter(original)  # type: ignore[no-untyped-call]  # transformers leaves out the annotation
        tokenizer: Tokenizer = converter.converted()
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(f"[{re.escape(string.punctuation)}]"), ""),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
            tokenizer.normalizer,
        ]
    )
    end = original.eos_token
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["$A", end], special_tokens=[(end, original.eos_token_id)]
    )
    return tokenizer

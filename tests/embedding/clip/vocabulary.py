"""A small vocabulary of CLIP's kind, learnt from the tests' sentences, in each of the files that one comes in."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from searchengine.embedding.clip.tokenizer import clip_tokenizer
from tests.embedding.tiny import SENTENCES


def merges() -> list[tuple[str, str]]:
    """Byte pairs as CLIP's: 80 or so, a word's last piece ending with `</w>`."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=150, end_of_word_suffix="</w>", show_progress=False)
    tokenizer.train_from_iterator([f" {sentence}".replace(" ", " ") for sentence in SENTENCES], trainer)
    pairs = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(left, right) for left, right in pairs if "Ġ" not in left + right]


def size() -> int:
    """Tokens in that vocabulary."""
    return 2 * 256 + len(merges()) + 2


def write(folder: Path, file: str, *, context: int = 20) -> None:
    """The vocabulary in `folder`, as a merges.txt or a tokenizer.json."""
    if file == "tokenizer.json":
        clip_tokenizer(merges(), context=context).save(str(folder / file))
    else:
        (folder / file).write_text("\n".join(["#version: 0.2", *map(" ".join, merges()), ""]), encoding="utf-8")

"""The tokenizer of a model that is trained: made from its captions, or taken from a checkpoint.

Either comes out complete: it marks the sentence as its kind of text tower reads it, cuts it to the context and pads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from searchengine.errors import ModelDamagedError, UsageError, printable

Kind = Literal["clip", "bert", "gpt2"]

MARKS: dict[Kind, tuple[str, ...]] = {
    "clip": ("<|startoftext|>", "$A", "<|endoftext|>"),
    "bert": ("[CLS]", "$A", "[SEP]"),
    "gpt2": ("$A", "<|endoftext|>"),
}
"""What stands around a sentence: where a tower is pooled, there must be something to pool."""

PADDING: dict[Kind, str] = {"clip": "<|endoftext|>", "bert": "[PAD]", "gpt2": "<|endoftext|>"}
RARE = 2  # a pair of tokens is joined when it occurs so often


def train_tokenizer(captions: Iterable[str], kind: Kind, vocabulary: int, context: int) -> Tokenizer:
    """Byte-pair encoding learnt from captions, in lower case, with at most `vocabulary` tokens, no sentence unknown.

    (Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units", 2016; over bytes as in
    GPT-2.) The marks have the highest numbers, the end the very highest: there CLIP's text transformer is pooled.
    """
    marks = [mark for mark in dict.fromkeys([PADDING[kind], *MARKS[kind]]) if mark != "$A"]
    marks.sort(key=lambda mark: mark == MARKS[kind][-1])
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(marks),
        min_frequency=RARE,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(captions, trainer)
    tokenizer.add_special_tokens(marks)
    return complete(tokenizer, kind, context)


def read_tokenizer(folder: Path, kind: Kind, vocabulary: int, context: int) -> Tokenizer:
    """The tokenizer of a checkpoint's folder, made complete. Raises UsageError when it doesn't fit the model."""
    file = folder / "tokenizer.json"
    if not file.is_file():
        raise UsageError(f"There is no tokenizer.json in {printable(folder)}.", "Name a folder that has one.")
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises nothing narrower
        raise ModelDamagedError(f"{printable(file)} can't be read: {error}.") from error
    missing = [mark for mark in (*MARKS[kind], PADDING[kind]) if mark != "$A" and tokenizer.token_to_id(mark) is None]
    if missing or tokenizer.get_vocab_size() > vocabulary:
        reason = f"has no {missing[0]}" if missing else f"has {tokenizer.get_vocab_size():,} tokens"
        raise UsageError(
            f"The tokenizer in {printable(folder)} {reason}; this model takes a {kind} tokenizer of at most "
            f"{vocabulary:,} tokens."
        )
    return complete(tokenizer, kind, context)


def complete(tokenizer: Tokenizer, kind: Kind, context: int) -> Tokenizer:
    """The same tokenizer with marks around the sentence, truncation to `context` tokens and padding to the longest."""
    marks = [(mark, tokenizer.token_to_id(mark)) for mark in MARKS[kind] if mark != "$A"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=" ".join(f"{mark}:0" if mark == "$A" else mark for mark in MARKS[kind]), special_tokens=marks
    )
    tokenizer.enable_truncation(context)
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id(PADDING[kind]), pad_token=PADDING[kind])
    return tokenizer

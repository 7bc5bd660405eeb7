"""CLIP's tokenizer, built for the library tokenizers from the list of byte pairs that OpenAI published.

Radford et al., 2021, section 2.4: lower-cased byte-pair encoding, a sentence between two special tokens. Its 49,408
tokens are 256 bytes, the same 256 at the end of a word, 48,894 merged pairs, and the two.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.embedding.model_folder import TOKENIZER
from searchengine.embedding.onnx_runtime import load_tokenizer
from searchengine.errors import ModelDamagedError, ModelMissingError, ModelUnsupportedError, printable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"
"""What is encoded by itself: a word, a digit, a run of other characters."""
UNCURLED = {"‘": "'", "’": "'", "“": '"', "”": '"'}
ENTITIES = {"&quot;": '"', "&#39;": "'", "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&amp;": "&"}
"""What CLIP's captions were cleaned of: HTML's escapes (the ampersand last), and quotes that lean."""
VOCABULARIES = (TOKENIZER, "merges.txt", "bpe_simple_vocab_16e6.txt.gz")
"""Where a checkpoint keeps its vocabulary, the preferred file first; the last is the name of OpenAI's own."""


def clip_tokenizer(merges: Sequence[tuple[str, str]], *, context: int = 77) -> Tokenizer:
    """The tokenizer that merges these pairs, in this order, and cuts sentences to `context` tokens.

    What is too long loses words, not the end-of-text token. Shorter sentences are padded with that token, to the
    longest among them; it has the highest id. Raises ValueError for pairs that don't follow from each other.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())  # one for each byte; OpenAI counts them in this order
    tokens = [*letters, *(letter + WORD_END for letter in letters), *("".join(pair) for pair in merges), START, END]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    try:
        model = models.BPE(vocabulary, list(merges), end_of_word_suffix=WORD_END)
    except Exception as error:  # tokenizers has no exception of its own
        raise ValueError(str(error)) from error
    tokenizer = Tokenizer(model)
    tokenizer.add_special_tokens([START, END])
    tokenizer.normalizer = normalizers.Sequence(
        [
            *(normalizers.Replace(old, new) for old, new in {**ENTITIES, **UNCURLED}.items()),
            normalizers.NFC(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
            normalizers.Lowercase(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, vocabulary[START]), (END, vocabulary[END])]
    )
    return _bounded(tokenizer, context)


def read_merges(path: Path, vocabulary: int) -> list[tuple[str, str]]:
    """The byte pairs of a vocabulary of that many tokens, from a text file (which may be gzipped), one a line.

    Raises OSError, or ValueError when the file doesn't hold as many, or holds something else.
    """
    data = path.read_bytes()
    try:
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except (EOFError, zlib.error) as error:
        raise ValueError(str(error)) from error
    count = vocabulary - 2 * 256 - 2
    lines = text.split("\n")
    first = 1 if "#version" in lines[0] else 0
    merges = [tuple(line.split()) for line in lines[first : first + count]]
    if len(merges) < count or any(len(pair) != 2 for pair in merges):
        raise ValueError(f"it doesn't hold the {count:,} pairs of {vocabulary:,} tokens")
    return [(left, right) for left, right in merges]


def find_tokenizer(place: Path, *, vocabulary: int, context: int) -> Tokenizer:
    """The tokenizer in a checkpoint's folder, or in one file, for a text tower of these sizes.

    Raises ModelMissingError when there is none, ModelDamagedError when it can't be read, ModelUnsupportedError when it
    is not CLIP's, or of another size.
    """
    candidates = [place / name for name in VOCABULARIES] if place.is_dir() else [place]
    path = next((path for path in candidates if path.is_file()), None)
    if path is None:
        raise ModelMissingError(
            f"There is no vocabulary in {printable(place)}.",
            f"It is in one of {', '.join(VOCABULARIES)}; name the folder, or a model that has it, with --tokenizer.",
        )
    if path.suffix == ".json":
        tokenizer = _bounded(load_tokenizer(path), context)
    else:
        try:
            tokenizer = clip_tokenizer(read_merges(path, vocabulary), context=context)
        except (OSError, ValueError) as error:
            raise ModelDamagedError(f"The vocabulary {printable(path)} can't be read: {error}.") from error
    if tokenizer.get_vocab_size() > vocabulary:
        raise ModelUnsupportedError(
            f"The vocabulary {printable(path)} has {tokenizer.get_vocab_size():,} tokens, and the model {vocabulary:,}."
        )
    return tokenizer


def _bounded(tokenizer: Tokenizer, context: int) -> Tokenizer:
    """With CLIP's truncation and padding. Raises ModelUnsupportedError for a tokenizer without CLIP's two tokens."""
    end = tokenizer.token_to_id(END)
    if end is None or tokenizer.encode("").ids[-1:] != [end]:
        raise ModelUnsupportedError(f"The tokenizer is not one of CLIP's: it doesn't end a sentence with {END}.")
    tokenizer.enable_truncation(context)
    tokenizer.enable_padding(pad_id=end, pad_token=END)
    return tokenizer

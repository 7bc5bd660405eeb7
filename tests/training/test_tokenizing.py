from __future__ import annotations

from pathlib import Path

import pytest

from searchengine.errors import UsageError
from searchengine.training.tokenizing import Kind, read_tokenizer, train_tokenizer

CAPTIONS = ["two dogs on a beach", "a dog jumps over a fence", "a child in a red coat", "Zwei Hunde am Strand"] * 3


@pytest.mark.parametrize("kind", ["clip", "bert", "gpt2"])
def test_no_sentence_is_unknown_and_case_does_not_matter(kind: Kind) -> None:
    tokenizer = train_tokenizer(CAPTIONS, kind, 400, 40)
    assert tokenizer.get_vocab_size() <= 400
    assert tokenizer.decode(tokenizer.encode("Ein Känguru 🦘 springt").ids).strip() == "ein känguru 🦘 springt"
    assert tokenizer.encode("TWO DOGS").ids == tokenizer.encode("two dogs").ids


def test_what_stands_around_a_sentence_is_what_its_tower_pools() -> None:
    clip, bert, gpt2 = (train_tokenizer(CAPTIONS, kind, 400, 16) for kind in ("clip", "bert", "gpt2"))
    ids = clip.encode("a dog").ids
    assert ids[-1] == max(ids) == clip.get_vocab_size() - 1  # where CLIP's text transformer is pooled
    assert bert.encode("a dog").tokens[0] == "[CLS]"
    assert gpt2.encode("a dog").tokens[-1] == "<|endoftext|>"


@pytest.mark.parametrize("kind", ["clip", "bert", "gpt2"])
def test_sentences_are_cut_to_the_context_and_padded_to_the_longest(kind: Kind) -> None:
    tokenizer = train_tokenizer(CAPTIONS, kind, 400, 6)
    short, long = tokenizer.encode_batch(["a", "a dog and a dog and a dog and a dog"])
    assert len(short.ids) == len(long.ids) == 6
    assert sum(short.attention_mask) < 6
    assert long.ids[-1] == tokenizer.encode("a").ids[-1]  # the mark at the end is kept


def test_a_tokenizer_from_a_folder_is_completed(tmp_path: Path) -> None:
    trained = train_tokenizer(CAPTIONS, "bert", 400, 16)
    trained.no_padding()
    trained.no_truncation()
    trained.save(str(tmp_path / "tokenizer.json"))
    found = read_tokenizer(tmp_path, "bert", 400, 5)
    assert len(found.encode("two dogs on a beach with a red ball").ids) == 5


def test_a_tokenizer_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no tokenizer\.json"):
        read_tokenizer(tmp_path, "bert", 400, 5)
    train_tokenizer(CAPTIONS, "bert", 400, 16).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(UsageError, match=r"has no <\|startoftext\|>"):
        read_tokenizer(tmp_path, "clip", 400, 5)
    with pytest.raises(UsageError, match=r"tokens; this model takes a bert tokenizer of at most 10 tokens"):
        read_tokenizer(tmp_path, "bert", 10, 5)

"""CLIP's tokenizer against the published vocabulary, a slow reckoning by hand, and the transformers library's."""

from __future__ import annotations

import gzip
import itertools
import re
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from transformers import CLIPTokenizer

from searchengine.embedding.clip.tokenizer import clip_tokenizer, find_tokenizer, read_merges
from searchengine.errors import ModelDamagedError, ModelMissingError, ModelUnsupportedError
from tests.embedding.clip.vocabulary import merges, size, write
from tests.embedding.tiny import byte_pairs

START, END = 49406, 49407


@pytest.fixture(scope="module")
def vocabulary_file(shared_data: Path) -> Path:
    return shared_data / "clip_bpe_vocab.txt.gz"


@pytest.fixture(scope="module")
def published(vocabulary_file: Path) -> Tokenizer:
    return find_tokenizer(vocabulary_file, vocabulary=49408, context=77)


@pytest.fixture(scope="module")
def captions(shared_data: Path) -> list[str]:
    return gzip.decompress((shared_data / "coco_captions.txt.gz").read_bytes()).decode().splitlines()[:400]


def by_hand(text: str, pairs: list[tuple[str, str]]) -> list[int]:
    """Byte-pair encoding as its paper describes it: of all neighbours, the pair that was learnt first is merged."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(rest)}
    alphabet = [letters[byte] for byte in (*printable, *rest)]
    names = [*alphabet, *(letter + "</w>" for letter in alphabet), *("".join(pair) for pair in pairs)]
    number = {name: n for n, name in enumerate(names)}
    rank = {pair: n for n, pair in enumerate(pairs)}
    found = []
    for word in re.findall(r"'(?:s|t|re|ve|m|ll|d)|[^\W\d_]+|\d|(?:[^\s\w]|_)+", text.lower()):
        pieces = [letters[byte] for byte in word.encode()]
        pieces[-1] += "</w>"
        while len(pieces) > 1:
            best = min(itertools.pairwise(pieces), key=lambda pair: rank.get(pair, len(rank)))
            if best not in rank:
                break
            merged: list[str] = []
            for piece in pieces:
                if merged and (merged[-1], piece) == best:
                    merged[-1] += piece
                else:
                    merged.append(piece)
            pieces = merged
        found += [number[piece] for piece in pieces]
    return [len(names), *found, len(names) + 1]


def test_the_published_vocabulary_has_49408_tokens(published: Tokenizer) -> None:
    assert published.get_vocab_size() == 49408
    assert (published.token_to_id("<|startoftext|>"), published.token_to_id("<|endoftext|>")) == (START, END)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("hello world!", [3306, 1002, 256]), ("a photo of a cat", [320, 1125, 539, 320, 2368]), ("", [])],
)
def test_known_sentences_have_their_known_tokens(text: str, tokens: list[int], published: Tokenizer) -> None:
    assert published.encode(text).ids == [START, *tokens, END]


def test_captions_are_encoded_as_by_hand(published: Tokenizer, vocabulary_file: Path, captions: list[str]) -> None:
    pairs = read_merges(vocabulary_file, 49408)
    for caption in [*captions, "Café Zürich, 1999: it's 100% über-naïve!", "雪山と湖", "it'll_be (so) fine..."]:
        assert published.encode(caption).ids == by_hand(caption, pairs), caption


def test_captions_are_encoded_as_by_transformers(
    published: Tokenizer, vocabulary_file: Path, captions: list[str]
) -> None:
    pairs = read_merges(vocabulary_file, 49408)
    theirs = CLIPTokenizer(vocab=published.get_vocab(), merges=pairs, model_max_length=77, pad_token="<|endoftext|>")
    for caption in captions:
        assert published.encode(caption).ids == theirs(caption)["input_ids"], caption


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("A DOG", "a dog"),
        ("  a \t dog\n\u3000by the sea ", "a dog by the sea"),
        ("cafe\u0301", "café"),  # one letter, however it is composed
        ("the dog’s “bone”", 'the dog\'s "bone"'),
        ("salt &amp; pepper &lt;3", "salt & pepper <3"),
    ],
)
def test_what_is_written_differently_is_read_alike(written: str, meant: str) -> None:
    tokenizer = clip_tokenizer(merges())
    assert tokenizer.encode(written).ids == tokenizer.encode(meant).ids


def test_a_long_sentence_loses_words_and_keeps_its_end() -> None:
    tokenizer = clip_tokenizer(merges())
    whole = clip_tokenizer(merges(), context=1000).encode("a dog " * 100).ids
    cut = tokenizer.encode("a dog " * 100).ids
    assert (len(whole), len(cut)) == (402, 77) or len(cut) == 77
    assert cut == [*whole[:76], whole[-1]]


def test_shorter_sentences_are_padded_to_the_longest() -> None:
    short, long = clip_tokenizer(merges()).encode_batch(["a", "a dog"])
    assert len(short.ids) == len(long.ids)
    assert sum(short.attention_mask) == 3
    assert set(short.ids[3:]) == {size() - 1}, "the end-of-text token"


@pytest.mark.parametrize("file", ["tokenizer.json", "merges.txt"])
def test_the_vocabulary_of_a_folder_is_found_in_whichever_file_it_is(file: str, tmp_path: Path) -> None:
    write(tmp_path, file)
    found = find_tokenizer(tmp_path, vocabulary=size(), context=20)
    assert found.to_str() == clip_tokenizer(merges(), context=20).to_str()


def test_a_folder_without_a_vocabulary_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="There is no vocabulary") as caught:
        find_tokenizer(tmp_path, vocabulary=size(), context=20)
    assert "--tokenizer" in caught.value.next_step


@pytest.mark.parametrize("contents", [b"", b"a b\nc\n", b"\xff\xfe", b"i n\n" * 3, b"x\x00 y z\n" * 100])
def test_another_file_is_no_vocabulary(contents: bytes, tmp_path: Path) -> None:
    (tmp_path / "merges.txt").write_bytes(contents)
    with pytest.raises(ModelDamagedError, match=r"merges\.txt can't be read"):
        find_tokenizer(tmp_path, vocabulary=size(), context=20)


def test_a_torn_vocabulary_is_damage(tmp_path: Path) -> None:
    (tmp_path / "bpe_simple_vocab_16e6.txt.gz").write_bytes(gzip.compress(b"i n\n" * 1000)[:-20])
    with pytest.raises(ModelDamagedError):
        find_tokenizer(tmp_path, vocabulary=size(), context=20)


def test_a_vocabulary_of_another_size_or_kind_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "tokenizer.json")
    with pytest.raises(ModelUnsupportedError, match="tokens, and the model"):
        find_tokenizer(tmp_path, vocabulary=size() - 1, context=20)
    byte_pairs(start="<s>", end="</s>", pad="<pad>").save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ModelUnsupportedError, match="not one of CLIP's"):
        find_tokenizer(tmp_path, vocabulary=size(), context=20)

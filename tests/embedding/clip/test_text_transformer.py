from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from searchengine.embedding.clip.config import (
    Activation,
    DualEncoderConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.text_transformer import TextTransformer
from tests.embedding.clip.references import (
    CONTEXT,
    DIM,
    HEADS,
    LAYERS,
    VOCABULARY,
    WIDTH,
    text_reference,
    tower_weights,
)

IMAGE = VisionTransformerConfig(16, 16, WIDTH, 1, HEADS, "gelu")
HIGHEST = VOCABULARY - 1
LENGTHS = [3, CONTEXT, 7, 12]
OLD = 2
"""What configurations made before 2023 call the end-of-text token, whatever it is; it means the highest one."""


def sentences(end: int, padding: int) -> tuple[Tensor, Tensor]:
    """Tokens and mask, int64 (4, CONTEXT) each: sentences of different lengths that end with `end`."""
    tokens = torch.randint(3, HIGHEST - 1, (len(LENGTHS), CONTEXT), generator=torch.Generator().manual_seed(0))
    mask = (torch.arange(CONTEXT) < torch.tensor(LENGTHS)[:, None]).long()
    for row, length in zip(tokens, LENGTHS, strict=True):
        row[length - 1] = end
        row[length:] = padding
    return tokens, mask


def config(activation: Activation = "gelu", end_of_text: int | None = None) -> TextTransformerConfig:
    return TextTransformerConfig(WIDTH, LAYERS, HEADS, activation, VOCABULARY, CONTEXT, end_of_text)


@pytest.mark.parametrize("activation", ["gelu", "quick_gelu"])
@pytest.mark.parametrize(
    ("theirs_end", "ours_end", "end"),
    [(OLD, None, HIGHEST), (HIGHEST, HIGHEST, HIGHEST), (HIGHEST, None, HIGHEST), (40, 40, 40)],
    ids=["old: the highest token", "the highest, named", "the highest, unnamed", "another token"],
)
@pytest.mark.parametrize("padding", ["the end again", "another token"])
def test_the_text_transformer_gives_what_the_transformers_library_gives(
    activation: Activation, theirs_end: int, ours_end: int | None, end: int, padding: str
) -> None:
    theirs = text_reference(activation, theirs_end)
    ours = DualEncoder(DualEncoderConfig(IMAGE, config(activation, ours_end), DIM)).eval()
    ours.text_tower.load_state_dict(tower_weights(theirs))
    ours.text_projection.load_state_dict(theirs.text_projection.state_dict())
    tokens, mask = sentences(end, padding=end if padding == "the end again" else 1)
    with torch.no_grad():
        features = theirs.text_model(input_ids=tokens, attention_mask=mask).pooler_output
        torch.testing.assert_close(ours.text_tower(tokens, mask), features, rtol=0, atol=1e-5)
        expected = normalize(theirs(input_ids=tokens, attention_mask=mask).text_embeds, dim=1)
        torch.testing.assert_close(ours.encode_texts(tokens, mask), expected, rtol=0, atol=1e-5)
    assert expected.std(0).min() > 1e-3  # the sentences differ, so that agreeing says something


@pytest.mark.parametrize("end_of_text", [None, HIGHEST])
def test_what_is_padded_and_how_far_changes_nothing(end_of_text: int | None) -> None:
    torch.manual_seed(0)
    tower = TextTransformer(config(end_of_text=end_of_text))
    tokens, mask = sentences(HIGHEST, padding=HIGHEST)
    other, _ = sentences(HIGHEST, padding=0)
    torch.testing.assert_close(tower(tokens, mask), tower(other, mask))
    for row, length in enumerate(LENGTHS):
        alone = tower(tokens[row : row + 1, :length], mask[row : row + 1, :length])
        torch.testing.assert_close(alone[0], tower(tokens, mask)[row], rtol=1e-4, atol=1e-5)


def test_every_word_of_a_sentence_counts_for_its_end() -> None:
    torch.manual_seed(0)
    tower = TextTransformer(config())
    tokens, mask = sentences(HIGHEST, padding=0)
    whole = tower(tokens, mask)[1]
    for place in range(CONTEXT - 1):
        other = tokens.clone()
        other[1, place] = (other[1, place] + 1) % (HIGHEST - 1)
        assert (tower(other, mask)[1] - whole).abs().max() > 1e-4

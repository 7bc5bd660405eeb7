"""Sentences as the text tower's lower part sees them, computed once: the input of the training of its upper part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from searchengine.training.backbones import LOWER_READ, TEXT_LAYERS, TEXT_WIDTH, TextBackbone
from searchengine.training.progress import Tell, untold

BATCH = 128


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """What the lower part made of n sentences: three kilobytes each, and 768 bytes a token."""

    means: Tensor  # float32 (n, lower layers read × 384), its share of the features
    states: Tensor  # bfloat16 (all tokens, 384), one sentence after the other
    starts: Tensor  # int64 (n,), where each sentence's tokens begin
    lengths: Tensor  # int64 (n,), in tokens

    def __len__(self) -> int:
        return len(self.lengths)

    def features(self, backbone: TextBackbone, rows: Tensor) -> Tensor:
        """The features of some of them, int64 (m,), with their gradients: float32 (m, layers × 384)."""
        order = torch.argsort(self.lengths[rows], stable=True)
        parts = [self._side_by_side(backbone, rows[part]) for part in torch.split(order, BATCH)]
        return torch.cat(parts)[torch.argsort(order)]

    @torch.no_grad()
    def all_features(self, backbone: TextBackbone, tell: Tell = untold) -> Tensor:
        """The features of all of them: float32 (n, layers × 384)."""
        out = torch.empty(len(self), len(TEXT_LAYERS) * TEXT_WIDTH)
        for done, rows in _in_parts(self.lengths):
            out[rows] = self._side_by_side(backbone, rows)
            tell("reading sentences again", done, len(self), "")
        return out

    def _side_by_side(self, backbone: TextBackbone, rows: Tensor) -> Tensor:
        """The same for a few of like length, each padded to the longest."""
        places = torch.arange(int(self.lengths[rows].max()))  # (t,)
        mask = (places < self.lengths[rows][:, None]).long()  # (m, t)
        states = self.states[(self.starts[rows][:, None] + places) * mask] * mask[..., None]  # (m, t, 384)
        with torch.autocast("cpu", torch.bfloat16):
            return backbone.features(self.means[rows], states.float(), mask).float()


@torch.no_grad()
def read_sentences(
    backbone: TextBackbone, tokenizer: Tokenizer, texts: Sequence[str], tell: Tell = untold
) -> Sentences:
    """Have the lower part read sentences."""
    encodings = tokenizer.encode_batch(list(texts))
    lengths = torch.tensor([sum(encoding.attention_mask) for encoding in encodings])
    starts = torch.cumsum(lengths, 0) - lengths
    means = torch.empty(len(texts), LOWER_READ * TEXT_WIDTH)
    states = torch.empty(int(lengths.sum()), TEXT_WIDTH, dtype=torch.bfloat16)
    for done, rows in _in_parts(lengths):
        longest = int(lengths[rows].max())
        ids = torch.tensor([_padded(encodings[row].ids, longest) for row in rows.tolist()])
        mask = torch.arange(longest) < lengths[rows][:, None]
        means[rows], own = backbone.states(ids, mask.long())
        states[(starts[rows][:, None] + torch.arange(longest))[mask]] = own[mask].to(torch.bfloat16)
        tell("reading sentences", done, len(texts), "")
    return Sentences(means, states, starts, lengths)


def _in_parts(lengths: Tensor) -> Iterator[tuple[int, Tensor]]:
    """All rows, `BATCH` at a time and of like length, so that little is padding; with how many are done then."""
    done = 0
    for rows in torch.split(torch.argsort(lengths, stable=True), BATCH):
        done += len(rows)
        yield done, rows


def _padded(numbers: list[int], length: int) -> list[int]:
    return (numbers + [0] * length)[:length]

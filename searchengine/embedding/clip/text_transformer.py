"""The text transformer of CLIP: causal, and read out where the sentence ends.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021, section 2.4.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from searchengine.embedding.clip.config import TextTransformerConfig
from searchengine.embedding.clip.transformer import LayerNorm, Transformer


class TextTransformer(nn.Module):
    """Sentences to features, those of the end-of-text token after the last block."""

    def __init__(self, config: TextTransformerConfig) -> None:
        super().__init__()
        self.width = config.width
        self.end_of_text = config.end_of_text
        self.token_embedding = nn.Embedding(config.vocabulary, config.width)
        self.position_embedding = nn.Parameter(torch.randn(config.context, config.width) * 0.01)
        self.transformer = Transformer(config.width, config.layers, config.heads, config.activation, causal=True)
        self.final_norm = LayerNorm(config.width)
        nn.init.normal_(self.token_embedding.weight, std=0.02)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:  # noqa: ARG002  # as every text tower
        """Tokens, int64 (n, t) each with t at most the context, to float (n, width).

        The mask is not needed: what is padded comes after the end, and a causal transformer looks back only.
        """
        words = self.token_embedding(input_ids)  # (n, t, width)
        x = self.transformer(words + self.position_embedding[: input_ids.shape[1]])  # (n, t, width)
        ends = input_ids if self.end_of_text is None else (input_ids == self.end_of_text).int()  # (n, t)
        position = ends.argmax(1)  # (n,): the first of the highest, for padding may be the same token
        at_end = x[torch.arange(len(x), device=x.device), position]  # (n, width)
        features: Tensor = self.final_norm(at_end)  # (n, width)
        return features

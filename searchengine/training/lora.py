"""Low-rank adapters: fine-tuning with a hundredth of the weights, through the library peft (the extra `train`).

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2022.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from torch import nn

from searchengine.errors import UsageError

if TYPE_CHECKING:
    from searchengine.embedding.clip.dual_encoder import DualEncoder


def add_adapters(encoder: DualEncoder, rank: int) -> Any:
    """Put an adapter of this rank beside every linear map of the encoder, in place, and lock everything else.

    Returns what `merge_adapters` takes. The temperature stays free. Raises UsageError when peft isn't installed.
    """
    try:
        from peft import LoraConfig, LoraModel
    except ImportError as error:
        raise UsageError(
            "LoRA needs the library peft, which isn't installed.", "Get it with `pip install 'searchengine[train]'`."
        ) from error
    linear = [name for name, module in encoder.named_modules() if isinstance(module, nn.Linear) or _is_conv1d(module)]
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=linear)
    with warnings.catch_warnings():
        # It says so each time that it finds by itself which way round a map holds its weights.
        warnings.filterwarnings("ignore", "fan_in_fan_out is set", UserWarning)
        adapters = LoraModel(encoder, config, "default")
    encoder.logit_scale.requires_grad_()
    return adapters


def merge_adapters(adapters: Any) -> None:
    """Add the adapters to the weights beside them, and take them away again."""
    adapters.merge_and_unload()


def _is_conv1d(module: nn.Module) -> bool:
    """Whether it is the linear map of the transformers library's GPT-2, which holds its weights transposed."""
    return type(module).__name__ == "Conv1D"

"""A CLIP ViT-B/32 at 256 pixels with random weights, as a checkpoint of the transformers library.

    python -m tests.benchmarks.random_clip FOLDER VOCABULARY

Random weights do the same arithmetic as trained ones. They are those of the script that sets rclip up (the same seed,
the same configuration), so that both programs run one model. VOCABULARY is CLIP's own `bpe_simple_vocab_16e6.txt.gz`.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import torch
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

SIDE = 256
MERGES = 49152 - 256 - 2  # of the vocabulary's lines after the first, those that CLIP uses


def main(folder: Path, vocabulary: Path) -> None:
    torch.manual_seed(0)
    config = CLIPConfig()
    config.vision_config.image_size = SIDE
    CLIPModel(config).eval().save_pretrained(folder)
    _tokenizer(vocabulary).save_pretrained(folder)
    processor = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    processor.save_pretrained(folder)


def _tokenizer(vocabulary: Path) -> CLIPTokenizer:
    with gzip.open(vocabulary, "rt", encoding="utf-8") as file:
        merges = [tuple(line.split()) for line in file.read().split("\n")[1 : MERGES + 1]]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(byte) for byte in printable]
    letters += [chr(256 + place) for place in range(256 - len(printable))]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        {word: place for place, word in enumerate(words)}, merges, model_max_length=77, pad_token="<|endoftext|>"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""What anybody writes first: each photo opened, processed and given to transformers' CLIP, 32 at a time.

python -m tests.benchmarks.plain_loop CHECKPOINT FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

BATCH = 32


def main(checkpoint: Path, folder: Path) -> None:
    model = CLIPModel.from_pretrained(checkpoint).eval()
    processor = CLIPImageProcessorPil.from_pretrained(checkpoint)
    paths = sorted(folder.rglob("*.jpg"))
    vectors = []
    with torch.inference_mode():
        for start in range(0, len(paths), BATCH):
            images = [Image.open(path).convert("RGB") for path in paths[start : start + BATCH]]
            pixels = processor(images, return_tensors="pt")["pixel_values"]
            vectors.append(model.visual_projection(model.vision_model(pixels).pooler_output).numpy())
    assert np.isfinite(np.concatenate(vectors)).all()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""A tiny checkpoint of every family, written to disk as transformers writes a real one: random weights, real code.

Each has the tokenizer class and the image processor that checkpoints of its family have, so that loading one takes the
same path as a user's download.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sentencepiece
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import (
    AlignConfig,
    AlignModel,
    AltCLIPConfig,
    AltCLIPModel,
    BertTokenizer,
    ChineseCLIPConfig,
    ChineseCLIPModel,
    CLIPConfig,
    CLIPModel,
    CLIPTokenizer,
    GemmaTokenizer,
    PreTrainedModel,
    Siglip2Config,
    Siglip2Model,
    SiglipConfig,
    SiglipModel,
    SiglipTokenizer,
    XLMRobertaTokenizer,
)
from transformers.models.chinese_clip.image_processing_pil_chinese_clip import ChineseCLIPImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.efficientnet.image_processing_pil_efficientnet import EfficientNetImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.export import export_checkpoint
from searchengine.embedding.model_folder import ModelFolder, read_model_folder
from tests.embedding.tiny import SENTENCES, byte_pairs

WORDS = (*SENTENCES, "海边的日落", "雪山和湖", "un chien sur la plage", "해질녘 바다")
VISION = {
    "hidden_size": 32,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 8,
}
TEXT = {"hidden_size": 32, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}


def clip(folder: Path, *, eos_token_id: int | None = None) -> None:
    """CLIP. Checkpoints from before July 2023 say `eos_token_id` 2, and pool where the largest id stands instead."""
    tokenizer = CLIPTokenizer(*_clip_vocabulary(), model_max_length=20, pad_token="<|endoftext|>")
    end = tokenizer.eos_token_id
    text = {
        **TEXT,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 20,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": end if eos_token_id is None else eos_token_id,
        "pad_token_id": end,
    }
    config = CLIPConfig(text_config=text, vision_config=VISION, projection_dim=24)
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    _save(folder, CLIPModel(config), tokenizer, processor)


def clip_legacy(folder: Path) -> None:
    clip(folder, eos_token_id=2)


def siglip(folder: Path) -> None:
    model_file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line.lower() for line in SENTENCES] * 5),
        model_writer=model_file,
        vocab_size=60,
        unk_id=2,
        bos_id=-1,
        eos_id=1,
        pad_id=0,
        character_coverage=1.0,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spiece.model").write_bytes(model_file.getvalue())
    tokenizer = SiglipTokenizer(str(folder / "spiece.model"), model_max_length=16)
    _save_siglip(folder, tokenizer, resample=3)


def siglip2(folder: Path) -> None:
    """SigLIP 2 at a fixed resolution: the same architecture, with the tokenizer of Gemma."""
    backend = byte_pairs(start="<bos>", end="<eos>", pad="<pad>")
    vocabulary, merges = _bpe_parts(backend)
    tokenizer = GemmaTokenizer(
        vocab=_with(vocabulary, "<unk>", "<mask>", "▁", *"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,."),
        merges=merges,
        add_bos_token=False,
        add_eos_token=True,
        padding_side="right",
        model_max_length=64,
    )
    _save_siglip(folder, tokenizer, resample=2)


def naflex(folder: Path) -> None:
    """SigLIP 2 at the picture's own resolution, which we don't run."""
    config = Siglip2Config(
        text_config={**TEXT, "vocab_size": 40},
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 4,
            "num_patches": 16,
            "patch_size": 8,
        },
    )
    Siglip2Model(config).save_pretrained(folder)


def align(folder: Path) -> None:
    tokenizer = bert_tokenizer()
    text = {**TEXT, "vocab_size": len(tokenizer), "max_position_embeddings": 64, "pad_token_id": 0}
    vision = {
        "image_size": 64,
        "width_coefficient": 0.2,
        "depth_coefficient": 0.1,
        "kernel_sizes": [3, 5],
        "in_channels": [32, 16],
        "out_channels": [16, 320],
        "depthwise_padding": [],
        "strides": [1, 2],
        "num_block_repeats": [1, 1],
        "expand_ratios": [1, 6],
        "hidden_dim": 64,
        "initializer_range": 0.2,
    }
    config = AlignConfig(text_config=text, vision_config=vision, projection_dim=64)
    processor = EfficientNetImageProcessorPil(
        size={"height": 72, "width": 72},
        crop_size={"height": 64, "width": 64},
        do_center_crop=True,
        resample=2,
        rescale_factor=1 / 127.5,
        rescale_offset=True,
        do_normalize=False,
        include_top=False,
    )
    _save(folder, AlignModel(config), tokenizer, processor)


def chinese_clip(folder: Path) -> None:
    tokenizer = bert_tokenizer()
    text = {**TEXT, "vocab_size": len(tokenizer), "max_position_embeddings": 40, "pad_token_id": 0}
    config = ChineseCLIPConfig(text_config=text, vision_config=VISION, projection_dim=24)
    processor = ChineseCLIPImageProcessorPil(
        size={"height": 32, "width": 32}, do_center_crop=False, default_to_square=True
    )
    _save(folder, ChineseCLIPModel(config), tokenizer, processor)


def altclip(folder: Path) -> None:
    vocabulary = [(piece, score) for piece, score in _unigrams()]
    tokenizer = XLMRobertaTokenizer(vocab=vocabulary, model_max_length=512)
    text = {
        **TEXT,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 40,
        "project_dim": 24,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
    }
    config = AltCLIPConfig(text_config=text, vision_config=VISION, projection_dim=24)
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    _save(folder, AltCLIPModel(config), tokenizer, processor)


CHECKPOINTS: dict[str, Callable[[Path], None]] = {
    "clip": clip,
    "clip-legacy": clip_legacy,
    "siglip": siglip,
    "siglip2": siglip2,
    "align": align,
    "chinese-clip": chinese_clip,
    "altclip": altclip,
}
"""Every family that we run, by a name for the test's id."""


def checkpoint(name: str, tmp: pytest.TempPathFactory) -> Path:
    """The folder of a tiny checkpoint, made once in a run of the tests."""
    folder = tmp.getbasetemp() / "checkpoints" / name
    if not folder.exists():
        CHECKPOINTS[name](folder)
    return folder


def exported(name: str, tmp: pytest.TempPathFactory) -> ModelFolder:
    """The model folder exported from it, made once too: each takes seconds."""
    folder = tmp.getbasetemp() / "exported" / name
    if not folder.exists():
        folder.mkdir(parents=True)
        opened = open_checkpoint(checkpoint(name, tmp))
        export_checkpoint(opened, folder, name=name, revision="1", languages=("en",))
    return read_model_folder(folder)


def _save(folder: Path, model: PreTrainedModel, tokenizer: object, processor: object) -> None:
    """Spread the weights, so that what goes in makes a difference to what comes out, and write everything.

    As transformers initialises them, a tiny ALIGN gives the same vector for everything, or none at all.
    """
    torch.manual_seed(7)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=2 * parameter[0].numel() ** -0.5)
            elif name.endswith("bias"):
                torch.nn.init.normal_(parameter, std=0.1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor.save_pretrained(folder)


def _save_siglip(folder: Path, tokenizer: object, *, resample: int) -> None:
    text = {**TEXT, "vocab_size": len(tokenizer) + 8, "max_position_embeddings": 16, "projection_size": 32}
    config = SiglipConfig(text_config=text, vision_config=VISION)
    processor = SiglipImageProcessorPil(size={"height": 32, "width": 32}, resample=resample)
    _save(folder, SiglipModel(config), tokenizer, processor)


def _bpe_parts(tokenizer: Tokenizer) -> tuple[dict[str, int], list[tuple[str, str]]]:
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(pair) for pair in model["merges"]]


def _with(vocabulary: dict[str, int], *tokens: str) -> dict[str, int]:
    more = dict(vocabulary)
    for token in tokens:
        more.setdefault(token, len(more))
    return more


def _clip_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """CLIP's kind of byte-level BPE, in which a word's last piece ends with `</w>`; its two specials come last."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    vocabulary, merges = _bpe_parts(tokenizer)
    ended = [f"{letter}</w>" for letter in alphabet]
    return _with(vocabulary, *ended, "<|startoftext|>", "<|endoftext|>"), merges


def bert_tokenizer() -> BertTokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(WORDS, trainer)
    return BertTokenizer(vocab=tokenizer.get_vocab(), model_max_length=512)


def _unigrams() -> list[tuple[str, float]]:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=150, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(WORDS, trainer)
    pieces = json.loads(tokenizer.to_str())["model"]["vocab"]
    return [(piece, score) for piece, score in pieces]

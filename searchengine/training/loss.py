"""The losses of contrastive training, on vectors of unit length. No model, no data and no optimiser is known here."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax, logsigmoid


def contrastive_loss(images: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """The symmetric contrastive loss: each image finds its own text among all, and each text its image.

    `images` and `texts` are float (n, dim) of unit length, row i of one belonging to row i of the other; `scale` is
    a scalar, the inverse temperature. Returns a scalar. (Radford et al., "Learning Transferable Visual Models From
    Natural Language Supervision", 2021, figure 3; there as in van den Oord et al.'s InfoNCE, 2018.)
    """
    logits = scale * images @ texts.T  # (n images, n texts)
    own = torch.arange(len(images), device=images.device)
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2


def sigmoid_loss(images: Tensor, texts: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """The pairwise sigmoid loss: of every image and every text by itself, whether they belong together.

    Arguments as for `contrastive_loss`; `bias` is a scalar that starts well below zero, for nearly all pairs don't.
    Returns a scalar. (Zhai et al., "Sigmoid Loss for Language Image Pre-Training", 2023, algorithm 1.)
    """
    logits = scale * images @ texts.T + bias  # (n images, n texts)
    signs = 2 * torch.eye(len(images), dtype=logits.dtype, device=logits.device) - 1  # 1 for a pair, -1 for others
    return -logsigmoid(signs * logits).sum() / len(images)


def class_loss(images: Tensor, texts: Tensor, targets: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy between what a teacher says an image shows and which of the texts it lies nearest to.

    `images` is float (n, dim) and `texts` float (k, dim), both of unit length; `targets` is float (n, k), each row a
    distribution over the texts. Returns a scalar. (Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural
    Network", 2015, with texts in the place of the classifier's last layer.)
    """
    return soft_cross_entropy(scale * images @ texts.T, targets)


def captions_loss(images: Tensor, texts: Tensor, owner: Tensor, scale: Tensor, others: Tensor) -> Tensor:
    """The symmetric contrastive loss where an image has several texts, each of which it should find.

    `images` is float (n, dim) and `texts` float (m, dim), of unit length; `owner` is int64 (m,), the image of each
    text, every image having one or more. `others`, float (k, dim), are texts of no image here, which none should find.
    Returns a scalar. (Khosla et al., "Supervised Contrastive Learning", 2020, equation 2, from images to texts; from
    texts to images it is `contrastive_loss`.)
    """
    logits = scale * images @ torch.cat([texts, others]).T  # (n images, m + k texts)
    own = owner == torch.arange(len(images), device=owner.device)[:, None]  # (n, m)
    found = (log_softmax(logits, dim=1)[:, : len(texts)] * own).sum(1) / own.sum(1)  # (n,)
    return (cross_entropy(logits[:, : len(texts)].T, owner) - found.mean()) / 2


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of logits, float (n, k), with distributions, float (n, k). Returns a scalar."""
    return -(targets * log_softmax(logits, dim=1)).sum(1).mean()

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import normalize

from searchengine.training.loss import captions_loss, class_loss, contrastive_loss, sigmoid_loss


def unit(*shape: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(*shape, generator=generator, dtype=torch.float64), dim=-1)


def log_softmax(logits: np.ndarray, axis: int) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum(axis, keepdims=True))


def test_the_contrastive_loss_is_the_mean_of_both_directions() -> None:
    images, texts = unit(7, 5, seed=1), unit(7, 5, seed=2)
    logits = 13.0 * images.numpy() @ texts.numpy().T
    expected = -(np.diag(log_softmax(logits, 1)).mean() + np.diag(log_softmax(logits, 0)).mean()) / 2
    found = contrastive_loss(images.float(), texts.float(), torch.tensor(13.0)).item()
    assert abs(found - expected) < 1e-5


def test_pairs_that_belong_together_cost_less_than_pairs_that_do_not() -> None:
    images = unit(6, 4, seed=3)
    scale = torch.tensor(20.0)
    assert contrastive_loss(images, images, scale) < contrastive_loss(images, images.roll(1, 0), scale)


def test_the_class_loss_is_the_cross_entropy_with_the_teacher() -> None:
    images, texts = unit(4, 6, seed=4), unit(9, 6, seed=5)
    targets = torch.softmax(torch.randn(4, 9, generator=torch.Generator().manual_seed(6), dtype=torch.float64), 1)
    logits = 8.0 * images.numpy() @ texts.numpy().T
    expected = -(targets.numpy() * log_softmax(logits, 1)).sum(1).mean()
    assert abs(class_loss(images, texts, targets, torch.tensor(8.0)).item() - expected) < 1e-9


def test_gradients_agree_with_finite_differences() -> None:
    images, texts = unit(5, 3, seed=7).requires_grad_(), unit(5, 3, seed=8).requires_grad_()
    scale = torch.tensor(5.0, dtype=torch.float64, requires_grad=True)
    targets = torch.softmax(torch.randn(5, 5, generator=torch.Generator().manual_seed(9), dtype=torch.float64), 1)
    assert torch.autograd.gradcheck(contrastive_loss, (images, texts, scale))
    assert torch.autograd.gradcheck(lambda a, b, s: class_loss(a, b, targets, s), (images, texts, scale))


def test_the_sigmoid_loss_asks_of_every_pair_whether_it_belongs_together() -> None:
    images, texts = unit(6, 5, seed=10), unit(6, 5, seed=11)
    logits = 9.0 * images.numpy() @ texts.numpy().T - 4.0
    belongs = np.where(np.eye(6) == 1, 1.0, -1.0)
    expected = np.log1p(np.exp(-belongs * logits)).sum() / 6
    found = sigmoid_loss(images, texts, torch.tensor(9.0), torch.tensor(-4.0)).item()
    assert abs(found - expected) < 1e-9


def test_gradients_of_the_sigmoid_loss_agree_with_finite_differences() -> None:
    images, texts = unit(5, 3, seed=12).requires_grad_(), unit(5, 3, seed=13).requires_grad_()
    scale, bias = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (5.0, -2.0))
    assert torch.autograd.gradcheck(sigmoid_loss, (images, texts, scale, bias))


def test_an_image_with_several_texts_should_find_each_of_them() -> None:
    images, texts, owner = unit(3, 5, seed=14), unit(6, 5, seed=15), torch.tensor([0, 0, 1, 2, 2, 2])
    logits = 7.0 * images.numpy() @ texts.numpy().T
    by_image, by_text = log_softmax(logits, 1), log_softmax(logits, 0)
    found = np.mean([by_image[image, owner.numpy() == image].mean() for image in range(3)])
    expected = -(found + np.mean([by_text[image, text] for text, image in enumerate(owner.tolist())])) / 2
    assert abs(captions_loss(images, texts, owner, torch.tensor(7.0), texts[:0]).item() - expected) < 1e-9


def test_texts_of_no_image_here_are_to_be_found_by_none() -> None:
    """They compete with an image's own texts, and no image is looked for from them."""
    images, texts, others = unit(3, 5, seed=14), unit(3, 5, seed=15), unit(4, 5, seed=20)
    logits = 7.0 * images.numpy() @ np.concatenate([texts.numpy(), others.numpy()]).T
    by_image, by_text = log_softmax(logits, 1), log_softmax(logits[:, :3], 0)
    expected = -(np.diag(by_image).mean() + np.diag(by_text).mean()) / 2
    assert abs(captions_loss(images, texts, torch.arange(3), torch.tensor(7.0), others).item() - expected) < 1e-9


def test_with_one_text_each_it_is_the_contrastive_loss() -> None:
    images, texts, scale = unit(5, 4, seed=16), unit(5, 4, seed=17), torch.tensor(6.0)
    one_each = captions_loss(images, texts, torch.arange(5), scale, texts[:0]).item()
    assert abs(one_each - contrastive_loss(images, texts, scale).item()) < 1e-12


def test_gradients_of_several_texts_agree_with_finite_differences() -> None:
    images, texts = unit(3, 4, seed=18).requires_grad_(), unit(5, 4, seed=19).requires_grad_()
    others = unit(2, 4, seed=21).requires_grad_()
    scale = torch.tensor(5.0, dtype=torch.float64, requires_grad=True)
    owner = torch.tensor([0, 1, 1, 2, 0])
    assert torch.autograd.gradcheck(lambda a, b, c, s: captions_loss(a, b, owner, s, c), (images, texts, others, scale))

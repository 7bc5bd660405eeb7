from __future__ import annotations

import dataclasses

import torch

from searchengine.training.fit import Material, Recipe, fit

QUICK = Recipe(dim=16, hidden=32, epochs=30, batch=32, class_batch=8, rate=1e-2, image_dropout=0.1, text_dropout=0.1)


def toy() -> Material:
    """32 photos of two views and two captions each, all noisy readings of one hidden vector a photo."""
    generator = torch.Generator().manual_seed(0)

    def read(hidden: torch.Tensor, width: int, noise: float) -> torch.Tensor:
        lens = torch.randn(hidden.shape[-1], width, generator=torch.Generator().manual_seed(width))
        return hidden @ lens + noise * torch.randn(*hidden.shape[:-1], width, generator=generator)

    hidden = torch.randn(32, 8, generator=generator)
    classes = torch.randn(4, 8, generator=generator)
    names = classes.repeat_interleave(4, 0)  # two words and two templates a class
    return Material(
        photos=read(hidden[:, None].expand(-1, 2, -1), 24, 0.1),
        captions=read(hidden.repeat_interleave(2, 0), 20, 0.1),
        captions_of=[range(2 * photo, 2 * photo + 2) for photo in range(32)],
        photo_classes=torch.softmax(4 * hidden @ classes.T, 1),
        samples=read(classes[:, None].expand(-1, 2, -1), 24, 0.1),
        sample_classes=torch.eye(4),
        names=read(names, 20, 0.1),
        names_of=[[[4 * one, 4 * one + 1], [4 * one + 2, 4 * one + 3]] for one in range(4)],
    )


def test_photos_find_their_captions_and_classes_their_names() -> None:
    material = toy()
    image, text = fit(material, QUICK)
    with torch.no_grad():
        found = (image(material.photos[:, 1]) @ text(material.captions[1::2]).T).argmax(1)
        named = (image(material.samples[:, 1]) @ text(material.names[2::4]).T).argmax(1)
    assert (found == torch.arange(32)).float().mean() > 0.9
    assert named.tolist() == [0, 1, 2, 3]


def test_the_seed_decides_everything() -> None:
    material = toy()
    first, again, other = (
        fit(material, dataclasses.replace(QUICK, epochs=3, seed=seed))[0](material.photos[:, 0]) for seed in (1, 1, 2)
    )
    torch.testing.assert_close(first, again)
    assert not torch.allclose(first, other, atol=1e-2)


def test_vectors_have_unit_length() -> None:
    material = toy()
    image, text = fit(material, dataclasses.replace(QUICK, epochs=1))
    for vectors in (image(material.photos[:, 0]), text(material.captions)):
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))


def test_less_material_than_a_batch_still_trains() -> None:
    image, _ = fit(toy(), dataclasses.replace(QUICK, epochs=1, batch=1000))
    assert image.straight.out_features == 16

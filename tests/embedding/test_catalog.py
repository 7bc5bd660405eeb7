from __future__ import annotations

from searchengine.embedding.catalog import BUILTIN, CATALOGUE, RECOMMENDED, find
from searchengine.embedding.receipt import HUB_NAME


def test_every_entry_is_found_by_its_short_name_and_by_its_hub_name() -> None:
    for entry in CATALOGUE:
        assert find(entry.name) is entry
        if entry.hub is not None:
            assert find(entry.hub) is entry


def test_names_are_unique() -> None:
    names = [name for entry in CATALOGUE for name in (entry.name, entry.hub) if name is not None]
    assert len(set(names)) == len(names)


def test_all_but_the_built_in_model_come_from_the_hub() -> None:
    assert [entry.name for entry in CATALOGUE if entry.hub is None] == [BUILTIN]
    assert all(HUB_NAME.fullmatch(entry.hub) for entry in CATALOGUE if entry.hub is not None)


def test_figures_are_percentages_with_a_source() -> None:
    for entry in CATALOGUE:
        if entry.figures is not None:
            figures = entry.figures
            assert figures.source
            known = (figures.imagenet, figures.flickr_text_to_image, figures.flickr_image_to_text)
            known += (figures.coco_text_to_image, figures.coco_image_to_text)
            assert all(figure is None or 1 < figure < 100 for figure in known)


def test_the_recommended_model_has_a_size_to_tell() -> None:
    entry = find(RECOMMENDED)
    assert entry is not None
    assert entry.download == 604_000_000

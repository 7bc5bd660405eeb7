"""`searchengine train vocabulary`: what goes with the shipped vocabulary, made anew after an edit of it."""

from __future__ import annotations

from pathlib import Path

import click

from searchengine.cli.options import FILE
from searchengine.cli.output import note
from searchengine.errors import UsageError, printable


@click.command("vocabulary", short_help="What goes with the shipped labels.")
@click.argument("captions", type=FILE)
def vocabulary(captions: Path) -> None:
    """Make anew what goes with the shipped labels, for a checkout of the program.

    That is how frequent each is among CAPTIONS (a text file, gzipped or not, with a caption a line), and the labels as
    the built-in model sees them, which takes about a minute.

    \b
    searchengine train vocabulary coco_captions.txt.gz
    """
    import gzip

    from searchengine.describing.label_vectors import label_vectors, shipped_file
    from searchengine.describing.vocabulary import shipped_words, write_frequencies
    from searchengine.embedding.catalog import BUILTIN
    from searchengine.embedding.model_store import ModelStore
    from searchengine.settings import Settings
    from searchengine.training.label_quality import count_labels

    words = shipped_words()
    try:
        with gzip.open(captions, "rt", encoding="utf-8") if captions.suffix == ".gz" else captions.open() as file:
            counts = count_labels(file.readlines(), [word.wordings for word in words])
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{printable(captions)} can't be read: {error}.") from error
    write_frequencies(words, counts)
    model = ModelStore(Settings.choose().models).open(BUILTIN)
    label_vectors(words, model.identity, lambda: model, shipped_file())
    note(f"{len(words):,} labels, {sum(count > 0 for count in counts):,} of them met in captions.")

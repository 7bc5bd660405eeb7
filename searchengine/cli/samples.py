"""`searchengine samples`: photographs to try the program on, written out from the extra `demo`.

They are the ones inside the scikit-image and scikit-learn wheels; where each comes from stands in `CREDITS`.
"""

from __future__ import annotations

import filecmp
import shutil
from importlib.util import find_spec
from pathlib import Path

import click

from searchengine.cli.output import note
from searchengine.errors import UsageError, printable

CREDITS = {
    "astronaut.png": "NASA, public domain",
    "brick.png": "CC0Textures, CC0",
    "camera.png": "Lav Varshney, CC0",
    "chelsea.png": "Stéfan van der Walt, CC0",
    "clock_motion.png": "Stéfan van der Walt, public domain",
    "coffee.png": "Rachel Michetti, CC0, courtesy of Pikolo Espresso Bar",
    "coins.png": "Brooklyn Museum, no known copyright restrictions",
    "grass.png": "CC0Textures, CC0",
    "gravel.png": "CC0Textures, CC0",
    "hubble_deep_field.jpg": "NASA, public domain",
    "moon.png": "as shipped with scikit-image",
    "motorcycle_left.png": "D. Scharstein and others, Middlebury stereo datasets 2014",
    "motorcycle_right.png": "D. Scharstein and others, Middlebury stereo datasets 2014",
    "page.png": "as shipped with scikit-image",
    "retina.jpg": "Mikael Häggström, CC0",
    "rocket.jpg": "SpaceX, public domain",
    "china.jpg": "danielbuechele on Flickr, CC BY 2.0",
    "flower.jpg": "vultilion on Flickr, CC BY 2.0",
}
"""Each sample photograph with whom it is owed to, as its package states it."""


@click.command("samples")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def command(folder: Path) -> None:
    """Write a few photographs into FOLDER (made if need be) to try the program on.

    \b
    searchengine samples demo/photos
    searchengine index demo/photos
    searchengine search 'a cat'
    """
    try:
        count = write_samples(folder)
    except OSError as error:
        where = printable(error.filename2 or error.filename or folder)
        raise UsageError(
            f"{where} can't be written: {error.strerror}.", "Name another folder, or make room."
        ) from error
    note(f"{count} photographs written to {printable(folder)}.")


def write_samples(folder: Path) -> int:
    """Write the sample photographs into `folder`; returns how many. Raises UsageError without the extra `demo`."""
    sources = [_inside("skimage", "data"), _inside("sklearn", "datasets", "images")]
    folder.mkdir(parents=True, exist_ok=True)
    found = {path.name: path for source in sources for path in source.iterdir()}
    for name in CREDITS:
        if (folder / name).exists() and not filecmp.cmp(found[name], folder / name, shallow=False):
            raise UsageError(
                f"{printable(folder)} holds another {name} already, and nothing is overwritten.", "Name a new folder."
            )
    for name in CREDITS:
        shutil.copyfile(found[name], folder / name)
    (folder / "CREDITS.txt").write_text("".join(f"{name}: {credit}\n" for name, credit in CREDITS.items()), "utf-8")
    return len(CREDITS)


def _inside(package: str, *parts: str) -> Path:
    # Found without importing it: scikit-learn takes a second to import, and all we want is a folder.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            f"The sample photographs lie in the package {package}, which is not installed.",
            "Install the extra: `pip install 'searchengine[demo]'`.",
        )
    return Path(spec.submodule_search_locations[0], *parts)

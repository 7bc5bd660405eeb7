"""Where things are and what was chosen: options, then the environment, then the platform's habits.

Read once, at the edge, into one frozen record. Nothing below reads the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from searchengine.errors import UsageError, printable


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices that hold for one run of the program."""

    library: Path  # the folder that holds the library
    models: Path  # the folder that holds downloaded and exported models; shared between libraries
    model: str | None = None  # asked for with an option: must be the library's, where there is a library
    default_model: str | None = None  # from the environment: for new libraries

    @classmethod
    def choose(
        cls,
        *,
        library: str | os.PathLike[str] | None = None,
        model: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> Settings:
        """Combine options with `SEARCHENGINE_LIBRARY`, `SEARCHENGINE_MODELS` and `SEARCHENGINE_MODEL`.

        Raises UsageError as `absolute` does.
        """
        # Imported here: the record is used by everybody, the platform's folders by the faces alone.
        from platformdirs import user_data_path

        home = user_data_path("searchengine", appauthor=False)
        return cls(
            library=absolute(library or environ.get("SEARCHENGINE_LIBRARY") or home / "library"),
            models=absolute(environ.get("SEARCHENGINE_MODELS") or home / "models"),
            model=model,
            default_model=environ.get("SEARCHENGINE_MODEL") or None,
        )


def absolute(path: str | os.PathLike[str]) -> Path:
    """A path as a person writes it, `~` included, made absolute; links stay. Raises UsageError for nobody's home."""
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:
        raise UsageError(f"{printable(path)} begins with the home of a user that isn't there.") from error

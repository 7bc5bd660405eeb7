"""The texts of the pages in the language that the person's browser prefers, and numbers, dates and sizes as they are
written there.

English stands in the templates and modules; another language is one file in `translations`, named after it and read
when the application starts. What the library says in its errors and notes is translated in `sentences.py`.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, cast

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from flask import g, has_request_context, request

if TYPE_CHECKING:
    from datetime import datetime

    from babel.messages.catalog import Catalog
    from flask import Flask, Response
    from werkzeug.datastructures import LanguageAccept

TRANSLATIONS = Path(__file__).parent / "translations"
SCRIPTS = Path(__file__).parent / "static"

ENGLISH = "en"

_STRING = r'"(?:[^"\\]|\\.)*"'
_SPOKEN = re.compile(rf"\bt(?:\.n)?\(\s*({_STRING})(?:,\s*({_STRING}))?")


@dataclass(frozen=True, slots=True)
class Language:
    """One language that the pages speak."""

    locale: Locale
    texts: NullTranslations
    scripts: dict[str, list[str]]  # what modules say, by its English: for one thing, and for several

    @property
    def tag(self) -> str:
        """As HTML and scripts name it: en-GB."""
        return str(self.locale).replace("_", "-")


def install(app: Flask) -> None:
    """Let templates speak: `_`, `ngettext` and the filters number, date, time and size."""
    _languages()  # a damaged translation shows now, not on a page
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # which the extension has just added
        lambda text: language().texts.gettext(text),
        lambda one, several, n: language().texts.ngettext(one, several, n),
        newstyle=True,
    )
    environment.filters.update(number=number, date=date, time=time, size=size)
    app.context_processor(lambda: {"language": language()})
    app.after_request(_vary)


def language() -> Language:
    """What the browser that asks prefers of the languages that there are; English when nobody asks."""
    if not has_request_context():
        return _languages()[ENGLISH]
    if "language" not in g:  # each text of a page asks, and there may be thousands to choose from
        g.language = _preferred(request.accept_languages)
    return cast("Language", g.language)


def _preferred(wanted: LanguageAccept) -> Language:
    languages = _languages()
    # Not `best_match`, for which English that is also understood comes before ko-KR.
    codes = (tag.lower().partition("-")[0] for tag, quality in wanted if quality > 0)
    spoken = languages[next((code for code in codes if code in languages), ENGLISH)]
    # Words are the same everywhere; dates aren't.
    regions = (tag for tag in wanted.values() if tag.lower().startswith(f"{spoken.locale.language}-"))
    return replace(spoken, locale=_region(next(regions, "")) or spoken.locale)


def gettext(text: str, **values: object) -> str:
    """A text in that language, with the values in it. For Python modules; templates have `_`."""
    return language().texts.gettext(text) % values


def ngettext(one: str, several: str, n: int, **values: object) -> str:
    """The same of a number of things; `%(num)s` is that number."""
    return language().texts.ngettext(one, several, n) % {"num": number(n), **values}


def number(value: float) -> str:
    """1234567 as 1,234,567."""
    return format_decimal(value, locale=language().locale)


def date(moment: datetime) -> str:
    """14 July 2019, with its weekday."""
    return format_date(moment, "full", locale=language().locale)


def time(moment: datetime) -> str:
    """14:05."""
    locale = language().locale
    pattern = locale.time_formats["short"].pattern.replace("a", "aaaa")  # 오전, which is AM in short
    return format_time(moment, pattern, locale=locale)


def size(count: int) -> str:
    """Bytes as kB or MB, as file managers count them."""
    if count < 1e6:
        return f"{number(round(count / 1e3))} kB"
    return f"{number(round(count / 1e6, 1))} MB" if count < 1e9 else f"{number(round(count / 1e9, 1))} GB"


def spoken_by_scripts() -> Iterator[tuple[str, str | None]]:
    """What the modules in `static` say through `t("…")` and `t.n("…", "…", n)`: for one thing, and for several."""
    for path in sorted(SCRIPTS.glob("**/*.js")):
        for one, several in _SPOKEN.findall(path.read_text("utf-8")):
            yield ast.literal_eval(one), ast.literal_eval(several) if several else None


@cache
def _languages() -> dict[str, Language]:
    """Every language by its code."""
    languages = {ENGLISH: Language(Locale(ENGLISH), NullTranslations(), {})}
    for path in sorted(TRANSLATIONS.glob("*.po")):
        texts = _read(path)
        languages[path.stem] = Language(Locale.parse(path.stem), texts, dict(_of_scripts(texts)))
    return languages


@lru_cache(maxsize=100)  # browsers may send anything
def _region(tag: str) -> Locale | None:
    """The locale of a language in a country: en-GB. None where there is none."""
    try:
        return Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return None


def read_catalogue(path: Path) -> Catalog:
    """A file of translations. Raises PoFileError for a damaged one."""
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def _read(path: Path) -> GNUTranslations:
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(path))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _of_scripts(texts: NullTranslations) -> Iterator[tuple[str, list[str]]]:
    for one, several in spoken_by_scripts():
        if several is None:
            yield one, [texts.gettext(one)]
        else:
            yield one, [texts.ngettext(one, several, n) for n in (1, 2)]


def _vary(response: Response) -> Response:
    if response.mimetype == "text/html" or response.is_json:
        response.vary.add("Accept-Language")
    return response

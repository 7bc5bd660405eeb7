"""Every text that a person reads is there in every language, with the same places for values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tests.conftest import CHECKOUT
from web.texts import TRANSLATIONS, language, spoken_by_scripts

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog
    from flask.testing import FlaskClient

Text = str | tuple[str, str]
"""What stands in the code: for one thing, or for one and for several."""

METHODS = [("**.py", "python"), ("**.html", "jinja2")]
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")


def spoken() -> Iterator[Text]:
    """Every text of the templates and modules."""
    for _, _, message, _, _ in extract_from_dir(CHECKOUT / "web", METHODS, {"**.html": {"silent": "false"}}):
        yield message
    for one, several in spoken_by_scripts():
        yield one if several is None else (one, several)


@pytest.fixture(params=sorted(TRANSLATIONS.glob("*.po")), ids=lambda path: path.stem)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    path: Path = request.param
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def test_every_text_is_translated(catalog: Catalog) -> None:
    assert [text for text in dict.fromkeys(spoken()) if not _translations(catalog, text)] == []


def test_no_translation_is_left_over(catalog: Catalog) -> None:
    known = {text if isinstance(text, str) else text[0] for text in spoken()}
    assert [message.id for message in catalog if _first(message.id) not in known and message.id] == []


def test_translations_have_places_for_the_same_values(catalog: Catalog) -> None:
    for text in dict.fromkeys(spoken()):
        wanted = set(PLACES.findall(text if isinstance(text, str) else text[1]))
        for translation in _translations(catalog, text):
            assert set(PLACES.findall(translation)) == wanted, f"{text!r}: {translation!r}"


def test_a_text_is_counted_everywhere_or_nowhere() -> None:
    """A catalogue holds it once."""
    texts = set(spoken())
    counted = {text[0] for text in texts if isinstance(text, tuple)}
    assert counted & texts == set()


def test_templates_hold_no_words_outside_the_texts() -> None:
    for path in sorted((CHECKOUT / "web" / "templates").glob("*.html")):
        template = re.sub(r"\{% block \w+_class %\}.*?\{% endblock %\}", "", path.read_text("utf-8"))
        template = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", template, flags=re.DOTALL)
        attributes = re.findall(r'\b(?:alt|aria-label|placeholder|title)="([^"]*)"', template)
        visible = re.sub(r"<code>.*?</code>|<[^>]*>", "", template, flags=re.DOTALL)
        words = re.findall(r"(?<!~/)\b[^\W\d_]{2,}", " ".join([visible, *attributes]))  # but paths
        assert set(words) <= {"searchengine"}, f"{path.name}: {words}"


def test_the_browser_chooses_the_language(client: FlaskClient) -> None:
    korean = client.get("/", headers={"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"})
    assert '<html lang="ko-KR">' in korean.text
    assert "본문으로 건너뛰기" in korean.text
    other = client.get("/", headers={"Accept-Language": "fi, en;q=0.8"})
    assert '<html lang="en">' in other.text
    assert "Accept-Language" in other.headers["Vary"]


def test_what_a_browser_prefers_is_looked_for_once_a_page(client: FlaskClient) -> None:
    """Each text of a page asks for it, and a header may hold thousands of languages."""
    with client.application.test_request_context(headers={"Accept-Language": "ko-KR,en;q=0.5"}):
        assert language().tag == "ko-KR"
        assert language() is language()


def _first(message: str | list[str] | tuple[str, ...]) -> str:
    return message if isinstance(message, str) else message[0]


def _translations(catalog: Catalog, text: Text) -> tuple[str, ...]:
    """What a text is called in this language; empty where something is missing."""
    message = catalog.get(_first(text))
    if message is None or message.fuzzy:
        return ()
    strings = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return strings if all(strings) and isinstance(message.id, str) == isinstance(text, str) else ()

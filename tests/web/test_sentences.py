"""What the library says is said in the person's language, and their own words in it stay as they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CHECKOUT
from web.sentences import CATALOGUES, translated

if TYPE_CHECKING:
    from flask.ctx import RequestContext
    from flask.testing import FlaskClient

KOREAN = {"Accept-Language": "ko"}

SHOWN = [
    *("searchengine/searching", "searchengine/photos", "searchengine/store/albums.py", "searchengine/store/labels.py"),
    *("searchengine/store/roots.py", "searchengine/store/filesystem.py", "searchengine/store/sqlite.py"),
    *("searchengine/indexing/lock.py", "searchengine/indexing/roots.py", "web"),
]
"""Where what goes wrong is what a person at a page did, or is worth telling them."""

BY_PROGRAMS = {"searchengine/photos/scan.py", "searchengine/photos/subjects.py", "searchengine/photos/sidecars.py",
               "web/accounts.py", "web/problems.py", "web/csrf.py"}  # fmt: skip
"""Where it is done by programs, or in a terminal."""

SAYS = re.compile(r"\w*(Error|_fail|_mistake|abort|TooManyRequests)")


def template(node: ast.expr) -> str | None:
    """A text with {} where a value stands."""
    match node:
        case ast.Constant(str() as text):
            return text
        case ast.JoinedStr(parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
    return None


def trees(places: list[str]) -> Iterator[tuple[str, ast.Module]]:
    for place in places:
        whole = CHECKOUT / place
        for path in sorted(whole.rglob("*.py")) if whole.is_dir() else [whole]:
            yield str(path.relative_to(CHECKOUT)), ast.parse(path.read_text("utf-8"))


def texts() -> set[str]:
    """Every text of the program."""
    nodes = (node for _, tree in trees(["searchengine", "web"]) for node in ast.walk(tree))
    return {text for node in nodes if isinstance(node, ast.expr) and (text := template(node)) is not None}


def said() -> Iterator[str]:
    """Every sentence that is told of something that went wrong."""
    for name, tree in trees(SHOWN):
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and name not in BY_PROGRAMS)
        for call in calls:
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if SAYS.fullmatch(called):
                yield from (text for argument in call.args if (text := template(argument)) and " " in text)


def asked_in(tag: str) -> RequestContext:
    """A request of a browser that prefers this language."""
    return Flask(__name__).test_request_context(headers={"Accept-Language": tag})


@pytest.fixture(params=sorted(CATALOGUES.glob("*.po")), ids=lambda path: path.stem)
def catalogue(request: pytest.FixtureRequest) -> dict[str, str]:
    path: Path = request.param
    with path.open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file, abort_invalid=True) if each.id}


def test_all_that_a_page_tells_of_is_translated(catalogue: dict[str, str]) -> None:
    known = {text.replace("{said}", "{}") for text in catalogue}
    assert [text for text in dict.fromkeys(said()) if text not in known] == []


def test_no_translation_is_left_over(catalogue: dict[str, str]) -> None:
    known = texts()
    assert [text for text in catalogue if text.replace("{said}", "{}") not in known] == []


def test_translations_take_the_values_that_there_are(catalogue: dict[str, str]) -> None:
    for text, translation in catalogue.items():
        places = len(re.findall(r"\{(?:said)?\}", text))
        assert {int(place) for place in re.findall(r"\{(\d*)\}", translation)} <= set(range(places)), text


@pytest.mark.parametrize(("english", "korean"), [
    ("There is no album 'Trips'.", "앨범 ‘Trips’: 없습니다."),
    ("There is no album 'Trips'. See `searchengine albums` for those that there are.",
     "앨범 ‘Trips’: 없습니다. 있는 앨범은 `searchengine albums`로 볼 수 있습니다."),
    ("No photo satisfies this: format heic; not: in the album “is it. so”.",
     "다음을 만족하는 사진이 없습니다: 형식 heic; 제외: 앨범 ‘is it. so’ 안."),
    ("/a/b.jpg can't be read as a photo: it is empty.",
     "/a/b.jpg: 사진으로 읽을 수 없습니다. 이유: 파일이 비어 있습니다."),
    ("There is no field wiidth: Did you mean width:? As a text, write it in quotes: \"wiidth:3\"",
     "wiidth: 필드는 없습니다. 혹시 width:? 글로 찾으려면 따옴표 안에 쓰세요: \"wiidth:3\""),
    ("Something that nobody has translated.", "Something that nobody has translated."),
    ("", ""),
])  # fmt: skip
def test_a_sentence_is_known_by_the_words_around_its_values(english: str, korean: str) -> None:
    with asked_in("ko-KR"):
        assert translated(english) == korean


@given(st.text(alphabet=st.characters(exclude_characters="'")))
def test_a_person_s_own_words_are_not_translated(name: str) -> None:
    with asked_in("ko"):
        assert translated(f"There is an album '{name}' already.") == f"앨범 ‘{name}’: 이미 있습니다."


def test_in_english_nothing_changes() -> None:
    with asked_in("en-GB"):
        assert translated("Nothing was asked for.") == "Nothing was asked for."


def test_a_korean_page_tells_of_mistakes_and_of_what_was_not_found_in_korean(client: FlaskClient) -> None:
    mistaken = client.get("/?q=dog+wiidth:>3", headers=KOREAN).text
    assert "wiidth: 필드는 없습니다." in mistaken
    assert "혹시 width:?" in mistaken
    none = client.get("/?q=format:heic+width:>90000", headers=KOREAN).text
    assert "다음을 만족하는 사진이 없습니다: 형식 heic; width 90001픽셀 이상." in none
    missing = client.get("/photos/999999", headers=KOREAN).text
    assert "사진 999999: 라이브러리에 없습니다." in missing


def test_programs_are_answered_in_the_language_that_they_ask_for(client: FlaskClient) -> None:
    korean = client.get("/api/v1/search?q=date:soon", headers=KOREAN)
    assert korean.get_json()["detail"] == "soon: 날짜가 아닙니다."
    assert "Accept-Language" in korean.headers["Vary"]
    assert client.get("/api/v1/search?q=date:soon").get_json()["detail"] == "soon is no date."
    noted = client.get("/api/v1/search?q=format:heic", headers=KOREAN).get_json()
    assert noted["notes"] == ["다음을 만족하는 사진이 없습니다: 형식 heic."]

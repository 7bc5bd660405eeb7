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

from searchengine import errors
from searchengine.conditions import HasCaption
from searchengine.searching.plan_words import condition_in_words
from tests.conftest import CHECKOUT
from web.sentences import CATALOGUES, LIST, told, translated

if TYPE_CHECKING:
    from flask.ctx import RequestContext
    from flask.testing import FlaskClient

KOREAN = {"Accept-Language": "ko"}

SHOWN = [
    *("searchengine/searching", "searchengine/photos", "searchengine/store/albums.py", "searchengine/store/labels.py"),
    *("searchengine/store/roots.py", "searchengine/store/filesystem.py", "searchengine/store/sqlite.py"),
    *("searchengine/indexing/lock.py", "searchengine/indexing/roots.py", "web", "searchengine/answerer.py"),
    *("searchengine/embedding/base.py", "searchengine/embedding/model_folder.py", "searchengine/embedding/scripts.py"),
    *("searchengine/embedding/onnx_runtime.py", "searchengine/embedding/torch_runtime.py"),
]
"""Where what goes wrong is what a person at a page did, or is worth telling them."""

BY_PROGRAMS = {"searchengine/photos/scan.py", "searchengine/photos/subjects.py", "searchengine/photos/sidecars.py",
               "web/accounts.py", "web/problems.py", "web/csrf.py"}  # fmt: skip
"""Where it is done by programs, or in a terminal."""

SAYS = {*(name for name in vars(errors) if name.endswith("Error")), "_fail", "_mistake", "abort", "TooManyRequests"}
"""What tells a person what went wrong."""

REASONS = re.compile(r"(it|its|there|the) .+ .+")
"""What is said of a file, in the middle of a sentence: "it is empty"."""


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
            if called in SAYS:
                yield from (text for argument in call.args if (text := template(argument)) and " " in text)
    for _, tree in trees([f"searchengine/photos/{name}.py" for name in ("decode", "files", "indexed")]):
        whole = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
        parts = {id(part) for node in whole if isinstance(node, ast.JoinedStr) for part in node.values}
        every = (template(node) for node in whole if id(node) not in parts)
        yield from (text for text in every if text and REASONS.fullmatch(text))


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
    ("There is no album 'Trips'.", "‘Trips’ 앨범이 없습니다."),
    ("No photo satisfies this: format heic; not: in the album “is it. so”.",
     "다음을 만족하는 사진이 없습니다: 형식 heic; 제외: 앨범 ‘is it. so’ 안."),
    ("/a/b.jpg can't be read as a photo: it is empty.",
     "/a/b.jpg: 사진으로 읽을 수 없습니다. 이유: 파일이 비어 있습니다."),
    ("This is me.jpg is truncated; what there is of it was compared.",
     "This is me.jpg: 파일이 잘려 있습니다. 남아 있는 부분으로 비교했습니다."),
    ("Did you mean width:? As a text, write it in quotes: \"wiidth:3\"",
     "혹시 width: 필드인가요? 글로 찾으려면 따옴표 안에 쓰세요: \"wiidth:3\""),
    ("Something that nobody has translated.", "Something that nobody has translated."),
    ("", ""),
])  # fmt: skip
def test_a_sentence_is_known_by_the_words_around_its_values(english: str, korean: str) -> None:
    with asked_in("ko-KR"):
        assert translated(english) == korean


@given(st.text(alphabet=st.characters(exclude_characters="'”"), max_size=100))
def test_a_person_s_own_words_are_not_translated(own: str) -> None:
    with asked_in("ko"):
        assert translated(f"There is an album '{own}' already.") == f"‘{own}’ 앨범이 이미 있습니다."
        condition = condition_in_words(HasCaption(own))
        kept = own if LIST in own else f"‘{own}’"  # where it may be several conditions, all stay in English
        assert kept in translated(f"No photo satisfies this: {condition}.")


def test_what_happened_and_what_to_do_stand_in_one_line() -> None:
    with asked_in("ko"):
        assert told("There is no album 'a. b'.", "Leave it out.") == "‘a. b’ 앨범이 없습니다. 빼세요."
        assert told("There is no album 'a. b'.") == "‘a. b’ 앨범이 없습니다."


def test_no_text_takes_long() -> None:
    with asked_in("ko"):
        assert translated(long := "a. is: " * 10_000) == long


def test_in_english_nothing_changes() -> None:
    with asked_in("en-GB"):
        assert translated("Nothing was asked for.") == "Nothing was asked for."


def test_a_korean_page_tells_of_mistakes_and_of_what_was_not_found_in_korean(client: FlaskClient) -> None:
    mistaken = client.get("/?q=dog+wiidth:>3", headers=KOREAN).text
    assert "wiidth: 필드는 없습니다." in mistaken
    assert "혹시 width: 필드인가요?" in mistaken
    none = client.get("/?q=format:heic+width:>90000", headers=KOREAN).text
    assert "다음을 만족하는 사진이 없습니다: 형식 heic; width 90001픽셀 이상." in none
    missing = client.get("/photos/999999", headers=KOREAN).text
    assert "그런 사진이 라이브러리에 없습니다: 999999." in missing


def test_programs_are_answered_in_the_language_that_they_ask_for(client: FlaskClient) -> None:
    korean = client.get("/api/v1/search?q=date:soon", headers=KOREAN)
    assert korean.get_json()["detail"] == "soon: 날짜가 아닙니다."
    assert "Accept-Language" in korean.headers["Vary"]
    assert client.get("/api/v1/search?q=date:soon").get_json()["detail"] == "soon is no date."
    noted = client.get("/api/v1/search?q=format:heic", headers=KOREAN).get_json()
    assert noted["notes"] == ["다음을 만족하는 사진이 없습니다: 형식 heic."]

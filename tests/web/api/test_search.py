"""Searching through the API: the same answers as the library's, page after page."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from searchengine.library import Library
from tests.web.api.asking import ROOT, get, hand_over, names, problem
from tests.web.pages import id_of
from web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def pages(client: FlaskClient, limit: int, cursor: str | None = None, **query: Any) -> list[Any]:
    """Every page of an answer, behind the cursor where there is one."""
    found: list[Any] = []
    while cursor or not found:
        found.append(get(client, "/search", limit=limit, cursor=cursor, **query))
        cursor = found[-1]["cursor"]
    return found


def ids(answers: list[Any]) -> list[int]:
    return [photo["id"] for answer in answers for photo in answer["photos"]]


def test_an_answer_is_the_library_s(client: FlaskClient, samples: Library) -> None:
    found = get(client, "/search", q="a cat", limit=5)
    results = samples.search("a cat", limit=5)
    assert [photo["id"] for photo in found["photos"]] == [hit.id for hit in results]
    assert names(found)[0] == "chelsea.png"
    first = found["photos"][0]
    assert first["relevance"] == pytest.approx(results.hits[0].relevance, abs=1e-4)
    assert first["band"] == results.hits[0].band
    assert (first["width"], first["height"]) == (451, 300)
    assert client.get(first["thumbnail"]).mimetype == "image/jpeg"
    assert found["fits"] is True
    assert found["total"] is None


def test_nothing_asked_is_every_photo_the_last_taken_first(client: FlaskClient, samples: Library) -> None:
    found = get(client, "/search", limit=500)
    taken = [photo["taken_at"] or "" for photo in found["photos"]]
    assert taken == sorted(taken, reverse=True)
    assert found["total"] == len(found["photos"]) == samples.database.photos.count()
    assert found["cursor"] is None


@pytest.mark.parametrize("query", [{}, {"q": "a cat", "all": 1}, {"q": "a cat", "all": 1, "sort": "date"}])
def test_pages_put_together_are_the_whole_answer(client: FlaskClient, query: dict[str, Any]) -> None:
    whole = get(client, "/search", limit=500, **query)
    found = pages(client, 4, **query)
    assert ids(found) == ids([whole])
    assert {len(answer["photos"]) for answer in found[:-1]} == {4}


def test_photos_that_come_meanwhile_are_in_no_later_page(own: Library, pictures: Path) -> None:
    """And nobody is shown a photo twice, or misses one."""
    client = create_app(own).test_client()
    queries: list[dict[str, Any]] = [{}, {"q": "a red thing", "all": 1}, {"q": "width:>1", "sort": "date"}]
    before = [ids([get(client, "/search", limit=10, **query)]) for query in queries]
    first = [get(client, "/search", limit=1, **query) for query in queries]
    for number, colour in enumerate(("red", "darkred", "firebrick", "crimson")):
        Image.new("RGB", (64, 48), colour).save(pictures / f"new{number}.png")
    own.index()
    for query, known, page in zip(queries, before, first, strict=True):
        rest = pages(client, 1, cursor=page["cursor"], **query)
        assert ids([page, *rest]) == known, query
        assert len(ids([get(client, "/search", limit=10, expand=1, **query)])) == 7, query


def test_a_cursor_is_of_one_question(client: FlaskClient) -> None:
    cursor = get(client, "/search", limit=2)["cursor"]
    for query in ({"q": "a cat", "cursor": cursor}, {"cursor": "nonsense"}, {"cursor": "é"}, {"cursor": "AAAA"}):
        problem(client.get(f"{ROOT}/search", query_string=query), 400)


def test_photos_and_words_are_asked_together(client: FlaskClient, samples: Library) -> None:
    left = id_of(samples, "motorcycle_left.png")
    assert names(get(client, "/search", like=left))[0] == "motorcycle_right.png"
    both = get(client, "/search", like=[left, id_of(samples, "chelsea.png")], q="an animal", all=1)
    assert left not in ids([both])
    problem(client.get(f"{ROOT}/search?like=999999"), 404)


def test_each_condition_of_a_line_can_be_taken_off(client: FlaskClient) -> None:
    found = get(client, "/search", q="a cat format:png -is:raw", all=1)
    assert found["filters"] == [
        {"text": "format:png", "without": "a cat -is:raw"},
        {"text": "-is:raw", "without": "a cat format:png"},
    ]
    assert get(client, "/search", q="a cat")["filters"] == []
    assert get(client, "/search", q="format:png")["filters"] == [{"text": "format:png", "without": ""}]
    assert get(client, "/search", q="format:png")["total"] == len(get(client, "/search", q="format:png")["photos"])


def test_a_mistake_in_a_line_says_where_it_is(client: FlaskClient) -> None:
    told = problem(client.get(f"{ROOT}/search", query_string={"q": "a cat widht:>100 indoors"}), 400)
    assert told["type"] == "urn:searchengine:QueryError"
    assert told["line"][told["start"] : told["end"]] == "widht:>100"
    assert "width:" in told["suggestion"]


def test_no_file_of_the_machine_can_be_named(client: FlaskClient, sample_photos: Path) -> None:
    for path in (sample_photos / "chelsea.png", "/etc/passwd", "../README.md"):
        told = problem(client.get(f"{ROOT}/search", query_string={"q": f'"a cat" -(like:"{path}")'}), 400)
        assert told["type"] == "urn:searchengine:QueryError"
    assert get(client, "/search", q="like:1", all=1)["photos"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0}, {"limit": 501}, {"limit": "many"}, {"q": "a" * 2001}, {"like": list(range(1, 22))},
        {"like": 0}, {"like": "x"}, {"like": 2**63}, {"sort": "size"}, {"all": "perhaps"}, {"page": 2},
    ],
    ids=str,
)  # fmt: skip  # a table reads best with its entries together
def test_what_makes_no_sense_is_refused(client: FlaskClient, query: dict[str, Any]) -> None:
    problem(client.get(f"{ROOT}/search", query_string=query), 400)


def test_an_unchanged_answer_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get(f"{ROOT}/search?q=a+cat")
    again = client.get(f"{ROOT}/search?q=a+cat", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get(f"{ROOT}/search?q=a+dog", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


def smaller(path: Path) -> bytes:
    """The same photograph as another file."""
    stream = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").resize((picture.width // 2, picture.height // 2)).save(stream, "JPEG")
    return stream.getvalue()


def test_a_photo_is_looked_up_and_kept_nowhere(client: FlaskClient, samples: Library, sample_photos: Path) -> None:
    before = sorted(path for path in samples.settings.library.rglob("*") if path.is_file())
    response = hand_over(client, "/similar", smaller(sample_photos / "motorcycle_left.png"), limit="3")
    assert names(response.json)[0] == "motorcycle_left.png"
    assert len(response.json["photos"]) <= 3
    assert response.json["cursor"] is None
    assert sorted(path for path in samples.settings.library.rglob("*") if path.is_file()) == before


def test_words_beside_a_photo_stay_as_they_were_written(client: FlaskClient, sample_photos: Path) -> None:
    """A phrase in quotes and a number are JSON, too, and must not be read as such."""
    photo = smaller(sample_photos / "chelsea.png")
    for line in ('"a cat"', "17", "true", "null"):
        assert hand_over(client, "/similar", photo, q=line, all="1").json["photos"], line
    assert hand_over(client, "/similar", photo, q="format:png").json["filters"][0]["text"] == "format:png"


def test_what_is_no_photo_is_refused(client: FlaskClient) -> None:
    problem(hand_over(client, "/similar", b"no photo"), 422)
    problem(client.post(f"{ROOT}/similar"), 400)
    problem(client.post(f"{ROOT}/similar", data={"q": "a cat"}), 400)
    problem(hand_over(client, "/similar", b"", limit="1000"), 400)

"""The search page: words, a photo, filters, pages, and what it says when there is nothing to show."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from werkzeug import formparser

from searchengine.errors import LibraryBusyError
from tests.web.conftest import open_library
from tests.web.pages import id_of, links, multipart, names
from web import MAX_UPLOAD, create_app, pages

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from searchengine.library import Library


def jpeg_of(path: Path) -> bytes:
    """Another file of the same photograph: turned a little, smaller, and encoded anew."""
    stream = io.BytesIO()
    with Image.open(path) as picture:
        small = picture.convert("RGB").resize((picture.width * 2 // 3, picture.height * 2 // 3))
        small.rotate(4, expand=True, fillcolor="grey").save(stream, "JPEG", quality=60)
    return stream.getvalue()


def upload(client: FlaskClient, data: bytes, name: str = "asked.jpg", **fields: str) -> TestResponse:
    body, headers = multipart(data, name, **fields)
    return client.post("/", data=body, headers=headers)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("a cat", "chelsea.png"),
        ("a cup of coffee", "coffee.png"),
        ("a temple", "china.jpg"),
        ("a rocket", "rocket.jpg"),
    ],
)
def test_words_find_the_right_photo_first(client: FlaskClient, words: str, name: str) -> None:
    assert names(client.get("/", query_string={"q": words}))[0] == name


def test_the_start_shows_all_photos(client: FlaskClient, samples: Library) -> None:
    response = client.get("/")
    assert len(names(response)) == samples.database.photos.count()
    assert f"{samples.database.photos.count()} photos" in response.text


def test_a_photo_that_is_handed_over_finds_its_original_first(client: FlaskClient, sample_photos: Path) -> None:
    for name in ("chelsea.png", "coffee.png", "china.jpg"):
        response = upload(client, jpeg_of(sample_photos / name), "größe <b>.jpg")
        assert names(response)[0] == name
        assert "Photos like größe &lt;b&gt;.jpg" in response.text


def test_a_photo_of_the_library_that_is_handed_over_is_left_out(client: FlaskClient, sample_photos: Path) -> None:
    assert "coffee.png" not in names(upload(client, (sample_photos / "coffee.png").read_bytes()))


def test_an_upload_never_touches_the_disk(
    client: FlaskClient, sample_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr(formparser, "SpooledTemporaryFile", refuse)
    padding = bytes(3_000_000)  # more than Werkzeug keeps in memory by itself
    assert names(upload(client, jpeg_of(sample_photos / "china.jpg") + padding))[0] == "china.jpg"


def test_a_photo_and_words_are_asked_together(client: FlaskClient, sample_photos: Path) -> None:
    response = upload(client, jpeg_of(sample_photos / "coffee.png"), q="a red motorcycle")
    assert {"motorcycle_left.png", "motorcycle_right.png"} & set(names(response)[:3])


def test_filters_hold_for_a_photo_that_is_handed_over(client: FlaskClient, sample_photos: Path) -> None:
    found = names(upload(client, jpeg_of(sample_photos / "coffee.png"), q="format:jpeg"))
    assert found
    assert all(name.endswith(".jpg") for name in found)


@pytest.mark.parametrize("data", [b"", b"<html>not a photo</html>", b"\xff\xd8\xff\xe0" + bytes(50)])
def test_a_malformed_upload_is_answered_with_the_reason(client: FlaskClient, data: bytes) -> None:
    response = upload(client, data, "broken.jpg")
    assert response.status_code == 422
    assert "broken.jpg can&#39;t be read as a photo" in response.text


def test_no_upload_is_answered_with_what_to_do(client: FlaskClient) -> None:
    response = client.post("/", data={"q": ""})
    assert response.status_code == 400
    assert "No photo was chosen" in response.text
    assert names(client.post("/", data={"q": "a cat", "photo": (io.BytesIO(), "")}))[0] == "chelsea.png"


def test_an_upload_that_is_too_large_is_refused(client: FlaskClient) -> None:
    response = upload(client, bytes(MAX_UPLOAD + 1))
    assert response.status_code == 413
    assert f"larger than {MAX_UPLOAD // 2**20} MB" in response.text


def test_similar_leads_to_the_like_of_a_photo_without_the_photo(client: FlaskClient, samples: Library) -> None:
    left = id_of(samples, "motorcycle_left.png")
    response = client.get("/", query_string={"like": left})
    assert names(response)[0] == "motorcycle_right.png"
    assert "motorcycle_left.png" not in names(response)
    assert f'<input type="hidden" name="like" value="{left}">' in response.text  # the next words ask with it


def test_a_photo_can_be_taken_out_of_the_question(client: FlaskClient, samples: Library) -> None:
    first, second = id_of(samples, "coffee.png"), id_of(samples, "moon.png")
    text = client.get(f"/?like={first}&like={second}&q=a+cat").text
    assert f'href="/?like={second}&amp;q=a+cat"' in text
    assert f'href="/?like={first}&amp;q=a+cat"' in text


def test_each_result_leads_to_its_like(client: FlaskClient, samples: Library) -> None:
    assert f'href="/?like={id_of(samples, "chelsea.png")}"' in client.get("/?q=a+cat").text


def test_filters_in_the_line_narrow_words_and_stand_alone(client: FlaskClient) -> None:
    found = names(client.get("/?q=a+cat+format:jpeg"))
    assert found
    assert all(name.endswith(".jpg") for name in found)
    assert set(names(client.get("/?q=format:jpeg"))) >= set(found)
    assert names(client.get("/?q=camera:pentax")) == ["chelsea.png"]
    assert names(client.get("/?q=anything+date:2009-02-09")) == ["chelsea.png"]


def test_each_filter_can_be_taken_off_the_line(client: FlaskClient) -> None:
    text = client.get("/?q=a+cat+format:png+camera:pentax&all=1").text
    assert 'href="/?q=a+cat+camera:pentax&amp;all=1"' in text
    assert 'href="/?q=a+cat+format:png&amp;all=1"' in text


def test_filters_that_leave_nothing_say_so(client: FlaskClient) -> None:
    for address in ("/?q=a+cat+camera:leica", "/?q=folder:/nowhere"):
        response = client.get(address)
        assert names(response) == []
        assert "No photo" in response.text


def test_what_fits_can_be_shown_by_date(client: FlaskClient) -> None:
    best, newest = (names(client.get(f"/?q=a+cat+OR+a+moon&all=1&sort={sort}")) for sort in ("relevance", "date"))
    assert len(best) == len(newest) == 17  # one motorcycle stands for both
    assert best != newest


@pytest.mark.parametrize("address", ["/?page=0", "/?page=-1", "/?page=x", "/?page=99999999999", "/?q=x&sort=beauty"])
def test_fields_that_make_no_sense_are_answered_with_a_page(client: FlaskClient, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 400
    assert "Back to the search" in response.text


def test_a_line_names_no_files_of_this_machine(client: FlaskClient, sample_photos: Path) -> None:
    response = client.get("/", query_string={"q": f"like:{sample_photos}/coffee.png"})
    assert response.status_code == 400
    assert "Photos are named by their ids here" in response.text


@pytest.mark.parametrize("photo", ["0", "99999", "-1", "x", "1" * 40, str(2**63 - 1), str(2**63)])
def test_an_unknown_photo_is_not_found(client: FlaskClient, photo: str) -> None:
    for address in (f"/?like={photo}", f"/photos/{photo}", f"/photos/{photo}/original", f"/photos/{photo}/thumbnail"):
        assert client.get(address).status_code == 404


def test_what_was_asked_is_shown_as_text(client: FlaskClient) -> None:
    response = client.get("/", query_string={"q": '"><script>alert(1)</script>', "sort": ""})
    assert "<script>alert" not in response.text
    assert "&lt;script&gt;alert" in response.text


def test_pages_follow_one_another(client: FlaskClient, samples: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE", 7)
    for address in ("/?q=a+red+thing&all=1", "/", f"/?all=1&like={id_of(samples, 'coffee.png')}"):
        seen: list[str] = []
        steps = [address]
        while steps:
            response = client.get(steps[0])
            seen += names(response)
            steps = links(response, "next")
        # One motorcycle stands for both, and the photo that is asked with is left out.
        assert len(seen) == len(set(seen)) == (18 if address == "/" else 16 if "like" in address else 17)
        assert len(links(response, "prev")) == 1
    assert names(client.get("/?q=a+red+thing&page=4")) == []


def test_the_address_of_the_next_page_keeps_the_question(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    (following,) = links(client.get("/?q=a+cat&sort=&all=1"), "next")
    assert following == "/?page=2&q=a+cat&all=1"


def test_an_empty_library_says_how_to_fill_it(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        client = create_app(library).test_client()
        assert "searchengine index" in client.get("/").text
        assert "holds no photos yet" in client.get("/?q=a+cat").text


def test_words_in_another_script_are_answered_with_a_note(client: FlaskClient) -> None:
    response = client.get("/", query_string={"q": "고양이", "all": "1"})
    assert len(names(response)) == 17  # one motorcycle stands for both
    assert "Korean" in response.text


def test_a_mistake_in_a_query_is_pointed_at(client: FlaskClient) -> None:
    response = client.get("/", query_string={"q": "cats dte:2019"})
    assert response.status_code == 400
    assert "cats dte:2019\n     ^" in response.text
    assert "Did you mean date:?" in response.text
    assert 'value="cats dte:2019"' in response.text  # to be mended


def test_what_nothing_fits_says_so_and_leads_to_the_rest(client: FlaskClient) -> None:
    response = client.get("/", query_string={"q": "asdkjh qwe"})
    assert "Nothing fits well" in response.text
    assert len(names(response)) == 5
    assert "/?q=asdkjh+qwe&amp;all=1" in response.text


def test_a_photo_that_stands_for_its_near_copies_says_for_how_many(client: FlaskClient) -> None:
    assert ">+1</span>" in client.get("/?q=a+motorcycle").text
    assert "(strong, " in client.get("/?q=a+motorcycle").text


def test_a_name_that_is_no_utf8_is_shown(tmp_path: Path, pictures: Path) -> None:
    bytes_name = bytes(pictures) + b"/caf\xe9.jpg"
    with open(bytes_name, "wb") as file:  # noqa: PTH123  # pathlib takes no bytes
        file.write((pictures / "red.jpg").read_bytes())
    (pictures / "red.jpg").unlink()
    with open_library(tmp_path) as library:
        library.index([pictures])
        client = create_app(library).test_client()
        assert r"caf\xe9.jpg" in names(client.get("/"))
        photo_id = next(
            photo.id for photo in library.database.photos.get([1, 2, 3]) if photo.files[0].path == bytes_name
        )
        assert r"caf\xe9.jpg" in client.get(f"/photos/{photo_id}").text
        assert client.get(f"/photos/{photo_id}/original").status_code == 200


def test_a_library_that_cannot_answer_now_is_a_page(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise LibraryBusyError("Another program is at it.", "Wait a little.")

    monkeypatch.setattr("searchengine.library.Library.search", busy)
    response = client.get("/?q=a+cat")
    assert response.status_code == 503
    assert "Another program is at it." in response.text
    assert "Wait a little." in response.text


@pytest.mark.parametrize("more", ["all=&all=1", "endpoint=x", "_external=1", "_anchor=x&values=1"])
def test_fields_that_the_form_does_not_have_change_nothing(client: FlaskClient, more: str) -> None:
    response = client.get(f"/?q=asdkjh+qwe&{more}")
    assert response.status_code == 200
    assert "endpoint" not in response.text


def test_a_page_asks_no_more_of_the_machine_than_the_api_does(client: FlaskClient, sample_photos: Path) -> None:
    """A link on another site may lead here: with thousands of photos, its answer would take minutes."""
    assert client.get("/", query_string={"like": list(range(1, 22))}).status_code == 400
    data = (sample_photos / "rocket.jpg").read_bytes()
    limit = b'--limit\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    body = b"".join(limit + data + b"\r\n" for _ in range(9)) + b"--limit--\r\n"
    response = client.post("/", data=body, headers={"Content-Type": "multipart/form-data; boundary=limit"})
    assert response.status_code == 400
    assert "9 photos" in response.text

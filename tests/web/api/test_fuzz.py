"""Whatever is put into any parameter: an answer or a problem, never a fault of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.api.asking import get
from tests.web.pages import multipart
from web import create_app

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from searchengine.library import Library

NASTY = [
    "", " ", "\0", "\r\nX-Header: 1", "..", "../../etc/passwd", "%2e%2e%2f", "/", "//", "~", "~nobody/x", "-1", "0",
    "1e999", "NaN", "9" * 40, "true", "null", "[]", "{}", "\ud800", "\u202e", "🐕" * 100, "a" * 3000, "'; DROP",
    '"', "(", ")", "OR", "-", "^", "a^2", "like:1", "like:/etc/passwd", "tag:", "date:2019-13", "near:91,0,1km",
    "album:x", "folder:/" + "x/" * 200, "width:>" + "9" * 30, "is:x", "((((" * 30, "a OR " * 60 + "b", "<script>",
]  # fmt: skip  # as many on a line as fit

WORDS = [
    "a cat", '"red thing"', "-", "NOT", "AND", "OR", "(", ")", "(a^2", ")^2", "tag:cat", "-tag:x", "format:png",
    "like:1", "date:2019..", "date:..2001-02-03", "width:>10", "near:48.85,2.35,10km", "is:raw", "-is:duplicate",
    "folder:x", "album:a", "album:b", "caption:x", "camera:x", "has:",
]  # fmt: skip  # as many on a line as fit

lines = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
texts = st.sampled_from(NASTY) | st.text(max_size=40) | st.integers().map(str) | lines
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture
def app(own: Library) -> Flask:
    return create_app(own)


def fine(response: TestResponse) -> None:
    assert response.status_code < 500, (response.request, response.text)
    if response.status_code >= 400:
        assert response.mimetype == "application/problem+json"
        assert response.json["status"] == response.status_code
        assert "Traceback" not in response.text


@pytest.mark.slow
@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_anything_may_be_asked(app: Flask, data: st.DataObject) -> None:
    client = app.test_client()
    paths = get(client, "/openapi.json")["paths"]
    paths.pop("/api/v1/jobs/index")  # it would begin to index
    path = data.draw(st.sampled_from([*sorted(paths), *["/api/v1/search", "/api/v1/albums", "/api/v1/feedback"] * 5]))
    method, operation = data.draw(st.sampled_from(sorted(paths[path].items(), key=lambda each: str(each[0]))))
    query: dict[str, Any] = {}
    names = [each["name"] for each in operation.get("parameters", [])]
    chosen = data.draw(st.sampled_from(names * 2 + ["q"] * 5))
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            value = data.draw(st.sampled_from("1abc") | texts)
            path = path.replace(f"{{{parameter['name']}}}", quote(value, safe="", errors="surrogatepass"))
        elif parameter["name"] == chosen:  # beside another mistake it would not be come to
            query[parameter["name"]] = data.draw(texts | st.lists(texts, max_size=3))
    address = f"{path}?{_written(query)}"
    body = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in body:
        fields = {name: data.draw(texts) for name in data.draw(st.sets(st.sampled_from(["q", "like", "limit", "all"])))}
        fields = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
        form, headers = multipart(data.draw(st.binary(max_size=20)), "a.jpg", **fields)
        fine(client.open(address, method=method, data=form, headers=headers))
    elif "application/json" in body:
        known = ["name", "query", "least", "pin", "take_out", "forget", "q", "good", "bad"]
        whole = st.fixed_dictionaries(
            {},
            optional={"name": st.sampled_from("abc") | texts, "query": lines, "least": st.sampled_from(["weak", "x"])},
        )
        said = st.fixed_dictionaries({"q": lines}, optional={"good": st.lists(st.integers(1, 4)), "bad": st.just([2])})
        value = data.draw(values | whole | said | st.dictionaries(st.sampled_from(known), values, min_size=1))
        fine(client.open(address, method=method, json=value))
    else:
        fine(client.open(address, method=method))


def _written(query: dict[str, Any]) -> str:
    """A query string, with whatever bytes there are."""
    pairs = [(name, each) for name, value in query.items() for each in (value if isinstance(value, list) else [value])]
    return "&".join(f"{name}={quote(each, safe='', errors='surrogatepass')}" for name, each in pairs)

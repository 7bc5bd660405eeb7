"""What goes wrong under /api/ is problem+json, whoever says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from searchengine.errors import LibraryBusyError, LibraryFullError, ModelError
from tests.web.api.asking import ROOT, problem
from web import MAX_UPLOAD, create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from searchengine.library import Library


def test_http_s_own_errors_are_problems(client: FlaskClient) -> None:
    problem(client.get(f"{ROOT}/nothing"), 404)
    response = client.delete(f"{ROOT}/search")
    problem(response, 405)
    assert "GET" in response.headers["Allow"]
    form = "multipart/form-data; boundary=limit"
    size = {"CONTENT_LENGTH": str(MAX_UPLOAD + 1)}
    problem(client.post(f"{ROOT}/similar", content_type=form, environ_overrides=size), 413)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LibraryBusyError("Another program keeps it locked.", "Wait."), 503),
        (LibraryFullError("The disk is full."), 507),
        (ModelError("The model is another."), 500),
        (RuntimeError("a mistake of ours"), 500),
    ],
)
def test_each_error_has_its_status(
    samples: Library, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(samples, "search", fail)
    told = problem(create_app(samples).test_client().get(f"{ROOT}/search?q=a+cat"), status)
    assert "mistake" not in told["detail"]
    assert told["type"] in (f"urn:searchengine:{type(error).__name__}", "about:blank")

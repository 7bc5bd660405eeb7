"""Asking the API as a program does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.web.pages import multipart

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

ROOT = "/api/v1"


def get(client: FlaskClient, path: str, **query: Any) -> Any:
    """The JSON that is answered."""
    response = client.get(ROOT + path, query_string=query)
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/json"
    return response.json


def send(client: FlaskClient, method: str, path: str, body: Any = None, **query: Any) -> TestResponse:
    return client.open(ROOT + path, method=method, json=body, query_string=query)


def hand_over(client: FlaskClient, path: str, data: bytes, **fields: str) -> TestResponse:
    """Photos are uploaded as a browser does it, in memory."""
    body, headers = multipart(data, "asked.jpg", **fields)
    return client.post(ROOT + path, data=body, headers=headers)


def problem(response: TestResponse, status: int) -> Any:
    """The problem that is answered with this status."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body = response.json
    assert body["status"] == status
    assert body["detail"]
    return body


def names(found: Any) -> list[str]:
    return [photo["name"] for photo in found["photos"]]

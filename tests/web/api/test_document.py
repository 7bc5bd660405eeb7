"""The OpenAPI document is right: what it describes is what is answered, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from tests.web.api.asking import ROOT, get
from tests.web.conftest import open_library
from web import create_app

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from schemathesis.engine.recorder import ScenarioRecorder

CONFIG: dict[str, Any] = {
    "seed": 1,
    "generation": {"max-examples": 3, "deterministic": True, "no-shrink": True},
    "checks": {
        # What a schema can't say makes a request that follows it fail all the same: a mistake in the query language,
        # an id that no photo has, bytes that are no photo, a run that goes on already, a folder named from elsewhere.
        "positive_data_acceptance": {"expected-statuses": ["2xx", 400, 403, 404, 409, 422]},
        # An album that was renamed is elsewhere, and a photo that an album can't take up is no album that is missing.
        "ensure_resource_availability": {"enabled": False},
    },
    "operations": [
        # All that a form's fields can be is text: 0 is no other type there than false.
        {"include-name": "POST /api/v1/similar", "checks": {"negative_data_rejection": {"enabled": False}}},
    ],
}


@pytest.fixture(scope="module")
def app(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application over a library that may be changed at will."""
    folder = tmp_path_factory.mktemp("document")
    photos = folder / "photos"
    photos.mkdir()
    for name in ("chelsea.png", "coffee.png"):
        (photos / name).write_bytes((sample_photos / name).read_bytes())
    with open_library(folder) as library:
        library.index([photos])
        app = create_app(library)
        yield app
        app.extensions["index_job"].close()
        app.extensions["duplicates"].wait()


@pytest.mark.slow
def test_answers_are_as_the_document_says(app: Flask) -> None:
    """Every operation with values at the limits, at random and against the document, then one after the other."""
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG))
    tried, wrong = 0, []
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError | FatalError):
            wrong.append(repr(event))
        if isinstance(event, ScenarioFinished):
            tried += len(event.recorder.interactions)
            wrong += _failures(event.recorder)
    assert not wrong, "\n\n".join(dict.fromkeys(wrong))
    assert tried > 500


def _failures(recorder: ScenarioRecorder) -> Iterator[str]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.status is Status.FAILURE and check.failure_info is not None:
                asked = recorder.cases[case_id].value.as_curl_command()
                yield f"{check.name}: {asked}\n{check.failure_info.failure}"


def test_the_document_is_a_page_for_people(client: FlaskClient) -> None:
    document = get(client, "/openapi.json")
    page = client.get(f"{ROOT}/")
    assert page.mimetype == "text/html"
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page.text
    for name in ("Tile", "Problem", "Found"):
        assert f'href="#{name}"' in page.text or name == "Problem"
        assert f'id="{name}"' in page.text
    assert "<script" not in page.text.replace("<script src=", "").replace('<script type="', "")

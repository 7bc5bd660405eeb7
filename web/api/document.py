"""What the API is, made from its code: the OpenAPI document for programs, and the same as a page for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from flask import Response, current_app, render_template
from flask_openapi3.openapi import OpenAPI

from web.api.answers import answer
from web.api.blueprint import COLLECTIONS, PHOTOS, SCHEMAS, SEARCHING, UPKEEP, api

UNBOUNDED = 2**53  # a limit that only says what a number can be


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter, or a field of a record."""

    name: str
    kind: str  # in words: "integer, 1 to 500"
    record: str | None  # the name of the record that it is, or holds
    required: bool
    default: str | None
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that can be asked."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Value, ...]
    body: tuple[Value, ...]
    body_type: str | None
    answers: tuple[tuple[str, str, str | None], ...]  # status, in words, and the record that it gives


@api.get("/openapi.json", doc_ui=False)
def openapi() -> Response:
    """The OpenAPI document."""
    return answer(the_document())


@api.get("/", doc_ui=False)
def page() -> str:
    """The document for people."""
    document = the_document()
    reader = _Reader(document["components"]["schemas"])
    operations = list(reader.operations(document["paths"]))
    tags = [
        (tag.name, tag.description, [each for name, each in operations if name == tag.name])
        for tag in (SEARCHING, PHOTOS, COLLECTIONS, UPKEEP)
    ]
    return render_template("api.html", info=document["info"], tags=tags, records=list(reader.records()))


def the_document() -> dict[str, Any]:
    """The OpenAPI document as plain values."""
    document = cast("OpenAPI", current_app).api_doc
    for operation in (each for path in document["paths"].values() for each in path.values()):
        # The library joins a docstring's lines as if they were HTML.
        if "description" in operation:
            operation["description"] = " ".join(operation["description"].replace("<br/>", " ").split())
    return document


class _Reader:
    """Puts the document's JSON schemas into words."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas

    def operations(self, paths: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
        """Every operation with the name of its tag."""
        for path, methods in paths.items():
            for method, operation in methods.items():
                ((body_type, body),) = operation.get("requestBody", {}).get("content", {None: {}}).items()
                yield (
                    operation["tags"][0],
                    Operation(
                        id=operation["operationId"],
                        method=method.upper(),
                        path=path,
                        summary=operation["summary"],
                        description=operation.get("description", ""),
                        parameters=tuple(
                            self._value(each["name"], each["schema"], required=each["required"])
                            for each in operation.get("parameters", [])
                        ),
                        body=self._fields(self._resolved(body.get("schema", {}))),
                        body_type=body_type,
                        answers=tuple(self._answers(operation["responses"])),
                    ),
                )

    def records(self) -> Iterator[tuple[str, str, tuple[Value, ...]]]:
        """Every record by name, with what it is and its fields."""
        for name, schema in sorted(self._schemas.items()):
            if schema.get("type") == "object":
                yield name, schema.get("description", ""), self._fields(schema)

    def _answers(self, responses: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
        for status, response in sorted(responses.items()):
            if status.startswith("2"):
                (content,) = response.get("content", {"": {}}).values()
                yield status, response["description"], self._record(content.get("schema", {}))

    def _fields(self, schema: dict[str, Any]) -> tuple[Value, ...]:
        required = schema.get("required", ())
        return tuple(
            self._value(name, each, required=name in required) for name, each in schema.get("properties", {}).items()
        )

    def _value(self, name: str, schema: dict[str, Any], *, required: bool) -> Value:
        default, kind = schema.get("default"), self._kind(schema)
        return Value(
            name=name,
            kind=kind if required else kind.removesuffix(" or null"),
            record=self._record(schema),
            required=required,
            default=None if default in (None, "", []) else str(default).lower(),
            description=schema.get("description", ""),
        )

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        return self._schemas[_named(schema)] if "$ref" in schema else schema

    def _record(self, schema: dict[str, Any]) -> str | None:
        """The name of the record that a schema names, or whose list it is."""
        for each in (schema, schema.get("items", {}), *schema.get("anyOf", ())):
            if "$ref" in each and self._resolved(each).get("type") == "object":
                return _named(each)
        return None

    def _kind(self, schema: dict[str, Any]) -> str:
        """A schema in a few words."""
        if "anyOf" in schema:
            return " or ".join(self._kind(each) for each in schema["anyOf"])
        if "$ref" in schema:
            return self._record(schema) or self._kind(self._resolved(schema))
        if "enum" in schema:
            return " or ".join(map(str, schema["enum"]))
        if schema.get("format") == "binary":
            return "file"
        kind = str(schema.get("type", "any"))
        if kind == "array":
            most = f" (at most {schema['maxItems']:,})" if "maxItems" in schema else ""
            return f"list of {self._kind(schema.get('items', {}))}{most}"
        if "minimum" in schema and schema.get("maximum", UNBOUNDED) < UNBOUNDED:
            return f"{kind}, {schema['minimum']:,.0f} to {schema['maximum']:,.0f}"
        return f"{kind} (at most {schema['maxLength']:,} characters)" if "maxLength" in schema else kind


def _named(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).removeprefix(SCHEMAS)

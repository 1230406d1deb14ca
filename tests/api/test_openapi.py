"""The description of the API: complete, named, and true about its errors."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    del client.headers["Authorization"]
    answer = client.get("/api/v1/openapi.json")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json"
    described: dict[str, Any] = answer.json()
    return described


def test_every_operation_has_a_name_of_its_own_and_a_summary(document: dict[str, Any]) -> None:
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) == 95
    assert all(operation["summary"] for operation in operations)


def test_every_operation_needs_the_token_except_signing_in(document: dict[str, Any]) -> None:
    open_to_all = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if operation["security"] != [{"bearer": []}]
    ]
    assert open_to_all == ["signIn"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_errors_are_described_as_problems(document: dict[str, Any]) -> None:
    shape = document["components"]["schemas"]["Problem"]
    assert {"code", "hint", "findings"} <= set(shape["properties"])
    for item in document["paths"].values():
        for operation in item.values():
            assert "400" not in operation["responses"]
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_the_public_apis_of_others_are_not_in_it(document: dict[str, Any]) -> None:
    assert all(path.startswith("/api/v1/") for path in document["paths"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for inner in value.values() for found in references(inner)]
        if isinstance(value, list):
            return [found for inner in value for found in references(inner)]
        return []

    found = references(document)
    assert len(found) > 20
    assert {reference.rpartition("/")[2] for reference in found} <= set(schemas)

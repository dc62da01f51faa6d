"""The OpenAPI page of our routes, made from the same table that registers them."""

from __future__ import annotations

import re
from typing import Any

from handoff.web.routing import Access, Route

_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.PUBLIC: [],
    Access.CUSTOMER: [{"customer": []}],
    Access.AGENT: [{"agent": []}],
    Access.SUPERVISOR: [{"agent": []}],
    Access.ADMIN: [{"agent": []}],
    Access.INTERNAL: [{"internal": []}],
}
_TAGS = {
    Access.PUBLIC: "public",
    Access.CUSTOMER: "customers",
    Access.AGENT: "agents",
    Access.SUPERVISOR: "supervisors",
    Access.ADMIN: "admins",
    Access.INTERNAL: "internal",
}
_ERROR = {
    "type": "object",
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "code": {"type": "string"}}},
        },
        "owner": {"type": "object", "description": "The fresh owner, on conflicts about who owns a conversation."},
    },
    "required": ["code", "message"],
}


def describe(table: list[Route], version: str) -> dict[str, Any]:
    """The document."""
    schemas: dict[str, Any] = {"Error": _ERROR}
    paths: dict[str, Any] = {}
    for route in table:
        path = re.sub(r"<(\w+):\w+>", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, path, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kefu",
            "version": version,
            "description": "Customer service for shops: bot, queue and humans.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                name: {"type": "http", "scheme": "bearer", "description": words}
                for name, words in (
                    ("customer", "Token of POST /api/v1/widget/sessions"),
                    ("agent", "Token of POST /api/v1/auth/login"),
                    ("internal", "KEFU_INTERNAL_SECRET, from this machine"),
                )
            },
        },
    }


def _operation(route: Route, path: str, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "description": (route.handler.__doc__ or "").strip(),
        "operationId": f"{route.handler.__name__}_{route.method.lower()}",
        "tags": [_TAGS[route.access]],
        "security": _SECURITY[route.access],
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
            }
            for name in re.findall(r"{(\w+)}", path)
        ],
        "responses": {
            str(route.status): {"description": "Done"},
            "default": {
                "description": "Refused",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    if route.once:
        operation["parameters"].append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}})
    if route.upload is not None:
        binary = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": binary}}
    if route.body is not None:
        schema = route.body.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[route.body.__name__] = schema
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{route.body.__name__}"}}},
        }
    return operation

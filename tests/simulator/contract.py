# Copyright (c) 2026, community.twilio contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applies the contract: finds the operation of a request, checks its parameters, and checks each answer.

Each schema of the OpenAPI document is compiled once with jsonschema-rs. openapi-core, which reads the document as a
whole, takes more than a millisecond of CPU for a request and its answer where this takes a few microseconds; a
simulator that shares a machine with its client and answers several hundred requests a second can't afford that.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from .errors import ApiError

# The loader in C, if PyYAML has it: ten times as fast.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CONTRACT = Path(__file__).resolve().parent / "contract.yaml"
METHODS = ("get", "post", "put", "patch", "delete")
INTEGER = re.compile(r"-?[0-9]{1,18}")
BOOLEANS = {"true": True, "false": False}


@dataclass
class Part:
    """One place where parameters come from: path, query or form."""

    properties: dict[str, dict[str, Any]]
    required: list[str]
    validator: jsonschema_rs.Draft202012Validator

    def read(self, pairs: list[tuple[str, str]], strict: bool) -> dict[str, Any]:
        """Check the values and convert them to their types; refuse what the contract doesn't allow.

        Only an array may be given more than once, each time with one item.
        """
        values: dict[str, Any] = {}
        for name, value in pairs:
            if strict and name not in self.properties:
                raise ApiError(20001, f"Unknown parameter '{name}'; known: {', '.join(self.properties) or 'none'}")
            if self.properties.get(name, {}).get("type") == "array":
                values.setdefault(name, []).append(value)
            elif strict and name in values:
                raise ApiError(20001, f"Parameter {name} is given more than once")
            else:
                values[name] = value
        for name in self.required:
            if name not in values:
                raise ApiError(20001, f"Missing required parameter {name} in the post body or query")
        typed = {
            name: _typed(value, self.properties[name]) for name, value in values.items() if name in self.properties
        }
        if not self.validator.is_valid(typed):
            problem = next(iter(self.validator.iter_errors(typed)))
            name = str(problem.instance_path[0]) if problem.instance_path else ""
            # Without the value, which may be a secret.
            raise ApiError(
                self.properties.get(name, {}).get("x-error-code", 20001),
                f"Parameter {name or 'values'} is not valid",
            )
        return typed


@dataclass
class Operation:
    """One method of one path."""

    name: str
    path: str
    query: Part
    form: Part
    path_part: Part
    answers: dict[int, dict[str, jsonschema_rs.Draft202012Validator] | None] = field(default_factory=dict)


class Contract:
    """The compiled document."""

    def __init__(self, path: Path = CONTRACT) -> None:
        self._document: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), LOADER)
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self.operations: dict[str, Operation] = {}
        self.secret_fields: set[str] = set()
        self.array_fields: set[str] = set()
        self._fixed: dict[str, dict[str, Operation]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Operation]]] = []
        for template, item in self._document["paths"].items():
            methods = {
                method.upper(): self._operation(template, item, item[method]) for method in METHODS if method in item
            }
            if "{" in template:
                pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+?)", re.escape(template))
                self._patterns.append((re.compile(pattern), methods))
            else:
                self._fixed[template] = methods
        self._error = self._compile({"$ref": "#/components/schemas/Error"})
        self._problem = self._compile({"$ref": "#/components/schemas/Problem"})

    def find(self, path: str) -> tuple[dict[str, Operation], dict[str, str]] | None:
        """The operations of a path by method, and the values in the path."""
        methods = self._fixed.get(path)
        if methods is not None:
            return methods, {}
        for pattern, candidates in self._patterns:
            match = pattern.fullmatch(path)
            if match:
                return candidates, match.groupdict()
        return None

    def check_answer(self, operation: Operation | None, status: int, content_type: str, body: Any) -> str | None:
        """Return how an answer breaks the contract, or None. Without an operation, only an error fits."""
        name = operation.name if operation else "no operation"
        validator = None
        if operation is not None and status != 405:
            if status not in operation.answers:
                return f"{name}: status {status} is not in the contract"
            answers = operation.answers[status]
            if answers is None:
                return None if body is None else f"{name}: status {status} has a body"
            validator = answers.get(content_type)
            if validator is None:
                return f"{name}: status {status} with content type {content_type} is not in the contract"
        else:
            validator = self._problem if content_type == "application/problem+json" else self._error
        if validator.is_valid(body):
            return None
        problem = next(iter(validator.iter_errors(body)))
        where = "/".join(str(each) for each in problem.instance_path)
        return f"{name}: status {status}: at '{where}': {problem.message}"

    # -- compiling -----------------------------------------------------------------------------------------------

    def _compile(self, schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
        """Return a schema's validator, cached, since most are used in many places."""
        key = json.dumps(schema)
        if key not in self._validators:
            whole = {**schema, "components": self._document["components"]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole)
        return self._validators[key]

    def _resolve(self, item: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in item:
            found: Any = self._document
            for step in item["$ref"].lstrip("#/").split("/"):
                found = found[step]
            item = found
        return item

    def _part(self, properties: dict[str, dict[str, Any]], required: list[str]) -> Part:
        for name, schema in properties.items():
            if schema.get("format") == "password":
                self.secret_fields.add(name)
            if schema.get("type") == "array":
                self.array_fields.add(name)
                schema["items"] = self._resolve(schema["items"])
        schema = {"type": "object", "properties": properties}
        return Part(properties, required, self._compile(schema))

    def _operation(self, template: str, item: dict[str, Any], description: dict[str, Any]) -> Operation:
        parameters = [self._resolve(each) for each in item.get("parameters", []) + description.get("parameters", [])]

        def part(place: str) -> Part:
            chosen = [each for each in parameters if each["in"] == place]
            return self._part(
                {each["name"]: self._resolve(each["schema"]) for each in chosen},
                [each["name"] for each in chosen if each.get("required")],
            )

        body = self._resolve(description.get("requestBody", {}))
        content = body.get("content", {}).get("application/x-www-form-urlencoded", {})
        form = self._resolve(content.get("schema", {}))
        operation = Operation(
            name=description["operationId"],
            path=template,
            query=part("query"),
            path_part=part("path"),
            form=self._part(
                {name: self._resolve(schema) for name, schema in form.get("properties", {}).items()},
                form.get("required", []),
            ),
        )
        for status, reference in description["responses"].items():
            answer = self._resolve(reference)
            operation.answers[int(status)] = (
                {kind: self._compile(value["schema"]) for kind, value in answer["content"].items()}
                if "content" in answer
                else None
            )
        if operation.name in self.operations:
            raise ValueError(f"operation {operation.name} is there twice")
        self.operations[operation.name] = operation
        return operation


@cache
def load_contract() -> Contract:
    """Return the simulator's contract, compiled once in a process."""
    return Contract()


def _typed(value: Any, schema: dict[str, Any]) -> Any:
    """Convert a value from a query or form to the type in its schema, or leave it for the validator to refuse.

    An object is encoded as JSON, as OpenAPI defines for forms.
    """
    kind = schema.get("type")
    if kind == "array":
        return [_typed(each, schema["items"]) for each in value]
    if kind == "object":
        with suppress(ValueError):
            return json.loads(value)
    if kind == "integer" and INTEGER.fullmatch(value):
        return int(value)
    if kind == "boolean":
        return BOOLEANS.get(value.lower(), value)
    return value

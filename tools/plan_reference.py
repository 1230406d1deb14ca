"""`docs/plan.md`: what a plan may say, made from the formats and kinds that read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pitstop.package.plan_format import plan_schema
from pitstop.steps.kind import StepKind, nothing_to_attach
from pitstop.steps.table import KINDS

_HEAD = """# The plan

Made from the code by `make docs`.

A plan is one file, `plan.yaml` in a package's sources and canonical JSON when published; both have one
schema. It says what must be done in words of *roles*; which machines that means is worked out on the system,
before the run. An item is a step (it has `kind`) or a group (it has `mode`). Durations are ISO 8601, such as
`PT5M`. Unknown fields are refused. `pitstop publish build` checks it and names every problem with its place.

A step brings a node *to* a state. One that was cut short is attached to where the node still knows it, else
its probe is asked, and only then is it done again: write steps that bear that.
"""

Definitions = Mapping[str, Any]


def plan_page() -> str:
    """The whole page."""
    schema: Any = plan_schema()
    definitions: Definitions = schema["$defs"]
    lines = [_HEAD]
    for title, name in (
        ("The plan itself", "PlanDocument"),
        ("A step", "StepDocument"),
        ("`retry` of a step", "RetryDocument"),
        ("A group", "GroupDocument"),
        ("`drain` of a rolling group", "DrainDocument"),
    ):
        lines += [f"## {title}", "", *described(definitions[name], definitions), ""]
    lines += ["## Step kinds", ""]
    for kind in KINDS.values():
        if kind.in_plans:
            lines += [f"### `{kind.name}`", "", *_of_kind(kind), ""]
    own = ", ".join(f"`{kind.name}`" for kind in KINDS.values() if not kind.in_plans)
    lines += [f"Pitstop's own parts of a run, not for plans: {own}."]
    return "\n".join(lines) + "\n"


def _of_kind(kind: StepKind[Any]) -> Iterator[str]:
    definitions = msgspec.json.schema(kind.args)["$defs"]
    yield from described(definitions[kind.args.__name__], definitions)
    yield ""
    if not kind.on_node:
        yield "Is done by the service itself: it names no role, and stands in no rolling group."
    elif kind.reattach is nothing_to_attach:
        yield "Has no side of its own on the node: it is done *at least* once."
    else:
        yield "What was begun is attached to where it is still known, and not begun twice side by side."


def described(schema: Mapping[str, Any], definitions: Definitions) -> Iterator[str]:
    """The description of a thing and the table of its fields."""
    yield " ".join(schema.get("description", "").split())
    yield ""
    yield "| field | form | unless told | meaning |"
    yield "|---|---|---|---|"
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        default = "required" if name in required else f"`{_default(field)}`"
        meaning = " ".join(field.get("description", "").split())
        yield f"| `{name}` | {_form(field, definitions)} | {default} | {meaning} |"


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("default")
    return "nothing" if value in (None, [], {}, "") else str(value)


def _form(field: Mapping[str, Any], definitions: Definitions) -> str:
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        named = definitions[name]
        return _form(named, definitions) if "enum" in named else name.removesuffix("Document").lower()
    if "anyOf" in field:
        options = [option for option in field["anyOf"] if option.get("type") != "null"]
        return " or ".join(_form(option, definitions) for option in options)
    if "const" in field or "enum" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("format") == "duration":
        return "duration"
    if field.get("type") == "array":
        return f"list of {_form(field['items'], definitions)}" if "items" in field else "list"
    return {"string": "text", "integer": "number", "object": "table"}.get(str(field.get("type")), "any")

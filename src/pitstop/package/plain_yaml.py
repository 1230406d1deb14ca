"""YAML, read as the JSON that it spells.

What makes YAML surprising or dangerous is refused or off: anchors, aliases and merge keys (bombs), tags, a
key twice, dates, and numbers and booleans that JSON does not write so (``0644``, ``12:30``, ``yes``) are
text. Several documents in one file are refused.
"""

from __future__ import annotations

import re

import yaml

from pitstop.model.errors import InvalidInput
from pitstop.package.strict_json import MAX_DEPTH, depth_of

MAX_YAML_BYTES = 256 * 1024


def read_yaml(raw: bytes, what: str, refusal: type[InvalidInput], limit: int = MAX_YAML_BYTES) -> object:
    """The value that ``raw`` says: JSON types only.

    Raises:
        refusal: too large, not UTF-8, not YAML, or YAML of a kind that is not taken; names the line.
    """
    if len(raw) > limit:
        raise refusal(f"{what} is too large: {len(raw)} bytes, at most {limit} are allowed")
    try:
        loader = _PlainLoader(raw.decode("utf-8"))
        try:
            value: object = loader.get_single_data()
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        raise refusal(f"{what} is not UTF-8: byte {error.start} is wrong") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" in line {mark.line + 1}" if mark else ""
        raise refusal(f"{what} is not allowed YAML{line}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise refusal(f"{what} is not YAML: {error}") from error
    except RecursionError as error:
        raise refusal(f"{what} is nested deeper than {MAX_DEPTH}") from error
    if depth_of(value) > MAX_DEPTH:
        raise refusal(f"{what} is nested deeper than {MAX_DEPTH}")
    return value


class _PlainLoader(yaml.BaseLoader):
    """Knows no type but those that are added below: JSON's."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call] # PyYAML's stubs leave it out
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not taken", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)

    def plain_mapping(self, node: yaml.MappingNode) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} is not text", problem_mark=key_node.start_mark
                )
            if key in found:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark
                )
            found[key] = self.construct_object(value_node, deep=True)
        return found

    def plain_sequence(self, node: yaml.SequenceNode) -> list[object]:
        return [self.construct_object(inner, deep=True) for inner in node.value]

    def plain_text(self, node: yaml.ScalarNode) -> str:
        return str(node.value)

    def plain_true_or_false(self, node: yaml.ScalarNode) -> bool:
        return bool(node.value == "true")

    def plain_nothing(self, _node: yaml.ScalarNode) -> None:
        return None

    def plain_float(self, node: yaml.ScalarNode) -> float:
        return float(str(node.value))

    def plain_int(self, node: yaml.ScalarNode) -> int:
        return int(str(node.value))

    def refused(self, node: yaml.Node) -> object:
        raise yaml.MarkedYAMLError(problem=f"the tag {node.tag!r} is not taken", problem_mark=node.start_mark)


_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]{0,17})$"), list("-0123456789")
)
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]{1,2})?|[eE][-+]?[0-9]{1,2})$"),
    list("-0123456789"),
)
for _tag, _construct in (
    ("str", _PlainLoader.plain_text),
    ("bool", _PlainLoader.plain_true_or_false),
    ("null", _PlainLoader.plain_nothing),
    ("int", _PlainLoader.plain_int),
    ("float", _PlainLoader.plain_float),
    ("map", _PlainLoader.plain_mapping),
    ("seq", _PlainLoader.plain_sequence),
):
    _PlainLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _construct)
_PlainLoader.add_constructor(None, _PlainLoader.refused)

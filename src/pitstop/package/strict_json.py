"""JSON as Pitstop's formats use it: read strictly, written canonically.

Read: UTF-8, bounded in size and depth, no key twice in one object, no NaN or infinity. Written: keys
sorted, one space of indent, a newline at the end: the same value always gives the same bytes, and a person
can read them.
"""

from __future__ import annotations

import json

from pitstop.model.errors import InvalidInput

MAX_DEPTH = 64


def read_json(raw: bytes, what: str, limit: int, refusal: type[InvalidInput]) -> object:
    """The value that ``raw`` says.

    Args:
        what: what messages call it, such as ``manifest.json``.
        limit: bytes that it may have.

    Raises:
        refusal: too large, not UTF-8, not JSON, a key twice in one object.
    """
    if len(raw) > limit:
        raise refusal(f"{what} is too large: {len(raw)} bytes, at most {limit} are allowed")
    try:
        value: object = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_object_of, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        raise refusal(f"{what} is not UTF-8: byte {error.start} is wrong") from error
    except json.JSONDecodeError as error:
        message = f"{what} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        raise refusal(message) from error
    except (ValueError, RecursionError) as error:
        raise refusal(f"{what} is not allowed JSON: {error}") from error
    if depth_of(value) > MAX_DEPTH:
        raise refusal(f"{what} is nested deeper than {MAX_DEPTH}")
    return value


def canonical_json(value: object) -> bytes:
    """The one way to write this value."""
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def depth_of(value: object) -> int:
    """How deep lists and objects are nested; a plain value has depth 0. Does not recurse."""
    deepest, level = 0, [value]
    while level := [inner for outer in level for inner in _inside(outer)]:
        deepest += 1
        if deepest > MAX_DEPTH:
            break
    return deepest


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _object_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")

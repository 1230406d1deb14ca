"""Every code of a finding or an error that the sources can show, read from the sources themselves.

A code is where a :class:`~pitstop.model.findings.Finding` is made, where a kind of check says which one it
makes, or where an error class says ``code``.
Where it is a parameter of the function around it, that one's calls are looked at in turn. What cannot
be worked out is a mistake of its own: a code that nobody can look up.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "src" / "pitstop"

_PASSED_ON = frozenset({"code"})
"""Attributes that carry on the code of a finding or an error that was made elsewhere."""


@dataclass(slots=True)
class Codes:
    """What was found: each code with the places that say it, and places that could not be understood."""

    found: dict[str, set[str]] = field(default_factory=dict)
    obscure: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Maker:
    """A callable that makes a finding: the position and the name of the argument that is its code; a private
    one is called in its own module alone."""

    name: str
    position: int
    argument: str
    module: str | None = None


@dataclass(frozen=True, slots=True)
class _Module:
    """A source file: its tree, its text constants, and its calls by the name of what is called."""

    place: str
    tree: ast.Module
    constants: dict[str, str]
    calls: dict[str, list[tuple[ast.FunctionDef | None, ast.Call]]]


def codes(sources: Path = SOURCES) -> Codes:
    """All codes below this folder."""
    modules = [_module(path, sources) for path in sorted(sources.rglob("*.py"))]
    constants = {name: value for module in modules for name, value in module.constants.items()}
    said = Codes()
    for module in modules:
        for code in _error_codes(module.tree):
            said.found.setdefault(code, set()).add(module.place)
    makers, seen = [_Maker("Finding", 0, "code"), _Maker("CheckKind", 0, "code")], set[_Maker]()
    while makers:
        maker = makers.pop()
        if maker not in seen:
            seen.add(maker)
            for module in modules:
                if maker.module in (None, module.place):
                    makers += _calls(module, maker, {**constants, **module.constants}, said)
    return said


def _module(path: Path, sources: Path) -> _Module:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    calls: dict[str, list[tuple[ast.FunctionDef | None, ast.Call]]] = {}
    for function, call in _functions_and_calls(tree):
        calls.setdefault(_callee(call), []).append((function, call))
    return _Module(str(path.relative_to(sources)), tree, constants, calls)


def _error_codes(tree: ast.Module) -> Iterator[str]:
    """The ``code`` of classes that have an exit status or a hint as well, or descend from those that do."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.bases:
            for statement in node.body:
                yield from _class_code(statement)


def _class_code(statement: ast.stmt) -> Iterator[str]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return
    named = any(isinstance(target, ast.Name) and target.id == "code" for target in targets)
    if named and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
        yield statement.value.value


def _calls(module: _Module, maker: _Maker, constants: dict[str, str], said: Codes) -> Iterator[_Maker]:
    """Note the codes of all calls of the maker; gives makers that pass their own argument on to it."""
    for function, call in module.calls.get(maker.name, ()):
        given = _argument(call, maker)
        if given is None:
            continue
        for code in _values(given, constants):
            if isinstance(code, str):
                said.found.setdefault(code, set()).add(module.place)
            elif function is not None and (outer := _as_parameter(code, function, module.place)) is not None:
                yield outer
                for default in _default(function, outer.argument, constants):
                    said.found.setdefault(default, set()).add(module.place)
            elif not _is_passed_on(code):
                said.obscure.append(f"{module.place}:{call.lineno}: {ast.unparse(given)}")


def _functions_and_calls(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
    """Every call with the function that it stands in."""

    def inside(
        node: ast.AST, function: ast.FunctionDef | None
    ) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
        here = node if isinstance(node, ast.FunctionDef) else function
        if isinstance(node, ast.Call):
            yield here, node
        for child in ast.iter_child_nodes(node):
            yield from inside(child, here)

    return inside(tree, None)


def _callee(call: ast.Call) -> str:
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _argument(call: ast.Call, maker: _Maker) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == maker.argument:
            return keyword.value
    return call.args[maker.position] if len(call.args) > maker.position else None


def _values(given: ast.expr, constants: dict[str, str]) -> Iterator[str | ast.expr]:
    """The codes that this expression may be; what is no text yet as it stands."""
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        yield given.value
    elif isinstance(given, ast.IfExp):
        yield from _values(given.body, constants)
        yield from _values(given.orelse, constants)
    elif isinstance(given, ast.Name) and given.id in constants:
        yield constants[given.id]
    else:
        yield given


def _as_parameter(given: ast.expr, function: ast.FunctionDef, place: str) -> _Maker | None:
    """The function around as a maker, if the code is one of its parameters."""
    if not isinstance(given, ast.Name):
        return None
    module = place if function.name.startswith("_") else None
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    if given.id in names:
        position = names.index(given.id) - (names[0] in ("self", "cls"))
        return _Maker(function.name, position, given.id, module)
    if given.id in [argument.arg for argument in function.args.kwonlyargs]:
        return _Maker(function.name, sys.maxsize, given.id, module)
    return None


def _default(function: ast.FunctionDef, argument: str, constants: dict[str, str]) -> Iterator[str]:
    """The code that a call without this argument has."""
    names = [*function.args.posonlyargs, *function.args.args]
    with_default = names[len(names) - len(function.args.defaults) :]
    defaults = [*zip(with_default, function.args.defaults, strict=True)]
    defaults += [
        (a, d) for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if d
    ]
    for name, default in defaults:
        if name.arg == argument:
            yield from (code for code in _values(default, constants) if isinstance(code, str))


def _is_passed_on(given: ast.expr) -> bool:
    return isinstance(given, ast.Attribute) and given.attr in _PASSED_ON

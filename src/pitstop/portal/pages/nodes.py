"""``/nodes``: the machines of the system, and for each a page to test it, declare it otherwise, replace or
remove it. What is refused keeps what was typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Response

from pitstop.model.accounts import Permission
from pitstop.model.errors import InvalidInput, NotFound, NotSignedIn, PitstopError
from pitstop.portal.rendering import go_to, in_path
from pitstop.portal.visits import OpenVisit, Visit
from pitstop.wire.node_views import KeyTrust, NewNode, NodeChange, NodeDetail, NodeReport, OtherKey


@dataclass(frozen=True, slots=True)
class NodeForm:
    """As it was typed. Several values stand in one field, with commas between."""

    name: str = ""
    address: str = ""
    port: str = ""
    user: str = ""
    key: str = ""
    agent: str = ""
    jump: str = ""
    become: str = ""
    root: str = ""
    roles: str = ""
    fault_domain: str = ""
    host_key: str = ""
    untested: str = ""


@dataclass(frozen=True, slots=True)
class TrustForm:
    fingerprint: str = ""
    same_machine: str = ""


@get("/nodes", sync_to_thread=True)
def show_all(visit: OpenVisit) -> Response[str]:
    return _list(visit)


@post("/nodes", sync_to_thread=True)
def add(visit: OpenVisit, data: URLEncodedBody[NodeForm]) -> Response[str]:
    visit.actor.require(Permission.ADMINISTER)
    try:
        added = visit.desk.nodes.add(visit.actor, _new(data))
    except NotSignedIn:
        raise
    except PitstopError as error:
        return _list(visit, error, typed=data)
    return go_to(f"/nodes/{in_path(added.node.name)}?done=node-added")


@get("/nodes/{node:str}", sync_to_thread=True)
def show(visit: OpenVisit, node: FromPath[str]) -> Response[str]:
    return _page(visit, node)


@post("/nodes/{node:str}/test", sync_to_thread=True)
def test(visit: OpenVisit, node: FromPath[str]) -> Response[str]:
    """The result is this page: it is of now, and nothing is to be looked up later."""
    try:
        report = visit.desk.nodes.test(visit.actor, node)
        other = None if report.fingerprint else _other_key(visit, node)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, node, error)
    return _page(visit, node, report=report, other=other)


@post("/nodes/{node:str}/change", sync_to_thread=True)
def change(visit: OpenVisit, node: FromPath[str], data: URLEncodedBody[NodeForm]) -> Response[str]:
    return _changed(visit, node, data, lambda: visit.desk.nodes.change(visit.actor, node, _whole(data)))


@post("/nodes/{node:str}/replace", sync_to_thread=True)
def replace(visit: OpenVisit, node: FromPath[str], data: URLEncodedBody[NodeForm]) -> Response[str]:
    return _changed(visit, node, data, lambda: visit.desk.nodes.replace(visit.actor, node, _given(data)))


@post("/nodes/{node:str}/remove", sync_to_thread=True)
def remove(visit: OpenVisit, node: FromPath[str]) -> Response[str]:
    try:
        visit.desk.nodes.remove(visit.actor, node)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, node, error)
    return go_to("/nodes?done=node-removed")


@post("/nodes/{node:str}/trust", sync_to_thread=True)
def trust(visit: OpenVisit, node: FromPath[str], data: URLEncodedBody[TrustForm]) -> Response[str]:
    wanted = KeyTrust(fingerprint=data.fingerprint, same_machine=bool(data.same_machine))
    try:
        visit.desk.nodes.trust(visit.actor, node, wanted)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, node, error)
    return go_to(f"/nodes/{in_path(node)}?done=key-trusted")


@get(
    [f"/nodes/{{node:str}}/{verb}" for verb in ("test", "change", "replace", "remove", "trust")],
    sync_to_thread=False,
)
def after_sign_in(node: FromPath[str]) -> Response[str]:
    """Where the way back leads when the session had ended before the button was pressed."""
    return go_to(f"/nodes/{in_path(node)}")


def _changed(visit: Visit, node: str, typed: NodeForm, do: Callable[[], Any]) -> Response[str]:
    try:
        do()
    except (NotSignedIn, NotFound):
        raise
    except PitstopError as error:
        return _page(visit, node, error, typed=typed)
    return go_to(f"/nodes/{in_path(node)}?done=node-changed")


def _list(
    visit: Visit, problem: PitstopError | None = None, *, typed: NodeForm | None = None
) -> Response[str]:
    nodes = visit.desk.nodes.list(visit.actor)
    return visit.page("nodes.html", problem=problem, nodes=nodes, typed=typed or NodeForm(root="/"))


def _page(
    visit: Visit,
    name: str,
    problem: PitstopError | None = None,
    *,
    report: NodeReport | None = None,
    other: OtherKey | None = None,
    typed: NodeForm | None = None,
) -> Response[str]:
    node = visit.desk.nodes.show(visit.actor, name)
    return visit.page(
        "node.html",
        problem=problem,
        node=node,
        report=report,
        other=other,
        typed=typed or _as_typed(node),
    )


def _other_key(visit: Visit, name: str) -> OtherKey | None:
    """Of a node that was not reached: a key that differs, if that is why."""
    try:
        other = visit.desk.nodes.other_key(visit.actor, name)
    except (NotSignedIn, NotFound):
        raise
    except PitstopError:
        return None
    return other if other.shown else None


def _as_typed(node: NodeDetail) -> NodeForm:
    return NodeForm(
        node.name,
        node.address,
        str(node.port),
        node.user,
        node.key,
        node.agent,
        ", ".join(node.jump),
        node.become,
        node.root,
        ", ".join(node.roles),
        node.fault_domain,
    )


def _new(form: NodeForm) -> NewNode:
    """An empty field is as it is for all nodes."""
    given = _given(form)
    return NewNode(
        name=form.name.strip(),
        address=given.address,
        port=given.port,
        user=given.user,
        key=given.key,
        agent=given.agent,
        jump=given.jump,
        become=given.become,
        root=given.root,
        roles=_several(form.roles),
        fault_domain=form.fault_domain.strip(),
        host_key=given.host_key,
        untested=given.untested,
    )


def _given(form: NodeForm) -> NodeChange:
    """What was typed; an empty field says nothing."""
    return NodeChange(
        address=form.address.strip() or None,
        port=_port(form.port),
        user=form.user.strip() or None,
        key=form.key.strip() or None,
        agent=form.agent.strip() or None,
        jump=_several(form.jump) or None,
        become=form.become or None,
        root=form.root.strip() or None,
        host_key=form.host_key.strip() or None,
        untested=bool(form.untested),
    )


def _whole(form: NodeForm) -> NodeChange:
    """All fields as they stand: one that was emptied is empty from now on."""
    return NodeChange(
        address=form.address.strip(),
        port=_port(form.port),
        user=form.user.strip(),
        key=form.key.strip(),
        agent=form.agent.strip(),
        jump=_several(form.jump),
        become=form.become,
        root=form.root.strip(),
        roles=_several(form.roles),
        fault_domain=form.fault_domain.strip(),
    )


def _port(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text) > 5:
        raise InvalidInput(f"{text!r} is no port", hint="A port is a number from 1 to 65535.")
    return int(text)


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())

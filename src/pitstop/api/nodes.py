"""``/api/v1/nodes``: the machines of the system: seen, tested, added, changed, replaced, removed."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.params import FromPath, JSONBody

from pitstop.api.security import DeskHere, SignedIn
from pitstop.wire.node_views import (
    KeyTrust,
    NewNode,
    NodeChange,
    NodeDeclared,
    NodeDetail,
    NodeReport,
    OtherKey,
)

_EXCLUSIVE = (
    "Refused while a run is in progress (`run-lasts`) or while another change of the nodes goes on "
    "(`nodes-changing`); no run begins meanwhile."
)
_OF_THE_FILE = "A node of the nodes file is changed there alone (`declared-in-file`)."


@get("/nodes", operation_id="listNodes", summary="All nodes", sync_to_thread=True)
def list_nodes(desk: DeskHere, actor: SignedIn) -> tuple[NodeDetail, ...]:
    return desk.nodes.list(actor)


@get("/nodes/{name:str}", operation_id="showNode", summary="One node", sync_to_thread=True)
def show_node(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> NodeDetail:
    return desk.nodes.show(actor, name)


@post(
    "/nodes",
    operation_id="addNode",
    summary="Add a node",
    description=f"It is tested first, and its host key is pinned. {_EXCLUSIVE}",
    status_code=201,
    sync_to_thread=True,
)
def add_node(desk: DeskHere, actor: SignedIn, data: JSONBody[NewNode]) -> NodeDeclared:
    return desk.nodes.add(actor, data)


@patch(
    "/nodes/{name:str}",
    operation_id="changeNode",
    summary="Declare a node otherwise: the same machine",
    description=f"{_EXCLUSIVE} {_OF_THE_FILE}",
    sync_to_thread=True,
)
def change_node(
    desk: DeskHere, actor: SignedIn, name: FromPath[str], data: JSONBody[NodeChange]
) -> NodeDeclared:
    return desk.nodes.change(actor, name, data)


@post(
    "/nodes/{name:str}/replace",
    operation_id="replaceNode",
    summary="Put another machine under the name of a node",
    description="The pinned host key is forgotten and the new one pinned; the node is new since then. "
    f"{_EXCLUSIVE} {_OF_THE_FILE}",
    status_code=200,
    sync_to_thread=True,
)
def replace_node(
    desk: DeskHere, actor: SignedIn, name: FromPath[str], data: JSONBody[NodeChange]
) -> NodeDeclared:
    return desk.nodes.replace(actor, name, data)


@delete(
    "/nodes/{name:str}",
    operation_id="removeNode",
    summary="Remove a node",
    description=f"{_EXCLUSIVE} {_OF_THE_FILE}",
    sync_to_thread=True,
)
def remove_node(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> None:
    desk.nodes.remove(actor, name)


@post(
    "/nodes/{name:str}/test",
    operation_id="testNode",
    summary="Connect to a node and find out whether it can be worked on",
    description="Changes nothing there. At first contact its host key is pinned.",
    status_code=200,
    sync_to_thread=True,
)
def test_node(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> NodeReport:
    return desk.nodes.test(actor, name)


@post(
    "/nodes/{name:str}/other-key",
    operation_id="otherKeyOfNode",
    summary="The first host key on the way to a node that is not the pinned one",
    status_code=200,
    sync_to_thread=True,
)
def other_key(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> OtherKey:
    return desk.nodes.other_key(actor, name)


@post(
    "/nodes/{name:str}/trust",
    operation_id="trustKeyOfNode",
    summary="Pin the host key that a node shows now",
    description="The body names the fingerprint that somebody has compared on the machine itself; another "
    "one is refused (`host-key-changed`).",
    status_code=200,
    sync_to_thread=True,
)
def trust_key(desk: DeskHere, actor: SignedIn, name: FromPath[str], data: JSONBody[KeyTrust]) -> NodeDetail:
    return desk.nodes.trust(actor, name, data)


HANDLERS = (
    list_nodes,
    show_node,
    add_node,
    change_node,
    replace_node,
    remove_node,
    test_node,
    other_key,
    trust_key,
)

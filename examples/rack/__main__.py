"""The rack at a shell: ``python -m rack FOLDER`` makes it if it is not there and runs it until Ctrl-C.

Verbs other than ``run`` act on a rack from a second shell.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from rack import nodes_file, power, rack
from rack.nodes_file import Rack, RackError, default_nodes

OF_THE_RACK = {"start": rack.start, "stop": rack.stop}
OF_A_NODE = {
    "break": rack.break_node,
    "mend": rack.mend_node,
    "unplug": rack.unplug,
    "plug": rack.plug,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m rack", description="a rack of Lantern nodes on the loopback"
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "verb",
        nargs="?",
        default="run",
        choices=["run", "status", *OF_THE_RACK, *OF_A_NODE],
        help="default: run",
    )
    parser.add_argument("node", nargs="?", help="for break, mend, unplug and plug")
    parser.add_argument("--nodes", type=int, default=4, metavar="COUNT", help="of a new rack; default: 4")
    parser.add_argument("--lantern-version", default=rack.DEFAULT_LANTERN_VERSION, metavar="VERSION")
    parser.add_argument("--oem-version", default=rack.DEFAULT_OEM_VERSION, metavar="VERSION")
    told = parser.parse_intermixed_args()  # the verb may follow the options
    if (told.verb in OF_A_NODE) != (told.node is not None):
        parser.error(
            f"{told.verb} {'needs the name of a node' if told.verb in OF_A_NODE else 'takes no node'}"
        )
    return told


def run(told: argparse.Namespace) -> None:
    """Run the rack in the foreground, until SIGINT or SIGTERM."""
    ends = {signal.SIGINT, signal.SIGTERM}
    if not (told.folder / "system.toml").exists():
        rack.make(
            told.folder,
            default_nodes(told.nodes),
            lantern_version=told.lantern_version,
            oem_version=told.oem_version,
        )
    with rack.running(told.folder) as made:
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        show(made)
        print(f"nodes file: {made.system_file}\nCtrl-C stops the rack", flush=True)
        signal.sigwait(ends)


def show(made: Rack) -> None:
    for node in made.nodes:
        reach = f"ssh {nodes_file.ADDRESS}:{node.port}" if power.server_of(node.root) else "not reachable"
        print(f"{node.name:6} {node.fault_domain:5} {','.join(node.roles):12} {reach:20} {node.lantern_url}")


def main() -> int:
    told = arguments()
    try:
        if told.verb == "run":
            run(told)
        elif told.verb == "status":
            show(nodes_file.read(told.folder))
        elif told.verb in OF_THE_RACK:
            OF_THE_RACK[told.verb](told.folder)
        else:
            OF_A_NODE[told.verb](told.folder, told.node)
    except RackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``make demo-machines``: four machines with a Debian each, to look at in the portal until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from demo.processes import DemoError
from demo.stage import keep_up
from machines.base import NoMachines
from machines.stage import MachineStage, on_stage


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo-machines ARGS=...", description="Pitstop on Debian.")
    parser.add_argument("--fail", metavar="NODE", help="make this node fail: its packages are held")
    told = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("Making four machines; the first time their Debian is fetched, which takes minutes ...", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="pitstop-machines-") as folder, on_stage(Path(folder)) as on:
            if told.fail:
                on.machine(told.fail).run("apt-mark", "hold", "lantern")
            tell(on, told.fail)
            keep_up(on.stage)
    except (DemoError, NoMachines) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
    return 0


def tell(on: MachineStage, fails: str | None) -> None:
    """What to look at, what to try, what to break."""
    stage = on.stage
    variables = " ".join(f"{name}={value}" for name, value in stage.environment.items())
    consoles = "\n".join(f"  {machine.name}   {machine.console}" for machine in on.machines)
    print(
        f"""
Pitstop is up, and four machines.

  Portal     {stage.url}
  Name       admin
  Password   {stage.password}

In another shell, for the command line:

  export {variables} PATH="{Path(sys.executable).parent}:$PATH"
  pitstop update list

On a machine, as at its console:

{consoles}

Break one there, before an update or in the middle of it:

  apt-mark hold lantern           the update is refused there by name; mend it with apt-mark unhold
  touch /etc/machine/no-restart   it is told to restart and does not
  touch /etc/machine/no-return    it goes down and stays down until the file is removed

Ctrl-C stops everything.
""",
        flush=True,
    )
    if fails:
        print(f"The packages of {fails} are held. To mend it, there: apt-mark unhold lantern\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())

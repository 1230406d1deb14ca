"""``make demo``: bring the whole up, say where it is, and keep it up until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

import rack
from demo import stage
from demo.processes import DemoError
from demo.stage import Stage
from rack import RackError


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo ARGS=...", description="Pitstop on one machine.")
    parser.add_argument("--folder", type=Path, default=stage.default_folder(), help="where the demo lies")
    parser.add_argument("--keep", action="store_true", help="go on with the demo that lies there")
    parser.add_argument("--fail", metavar="NODE", help="make this node fail in the middle of an update")
    parser.add_argument("--mend", metavar="NODE", help="take the cause away again (from a second shell)")
    return parser.parse_args()


def main() -> int:
    told = arguments()
    try:
        if told.mend:
            rack.mend_node(told.folder / "rack", told.mend)
            print(f"Node {told.mend} is mended. Now press Resume, or: pitstop run resume --watch")
            return 0
        play(told)
    except (DemoError, RackError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. `make demo ARGS=--keep` goes on from here.")
    return 0


def play(told: argparse.Namespace) -> None:
    """Build if need be, run, and stay."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not (told.keep and (told.folder / stage.PASSWORD_FILE).exists()):
        print("Building two publishers' sites and a rack of four nodes ...", flush=True)
        stage.build(told.folder)
    with stage.running(told.folder) as running:
        if told.fail:
            rack.break_node(told.folder / "rack", told.fail)
        tell(running, told.fail)
        stage.keep_up(running)


def tell(running: Stage, fails: str | None) -> None:
    """What to look at, what to try, what to break."""
    pid = running.service.process.pid if running.service else "?"
    variables = " ".join(f"{name}={value}" for name, value in running.environment.items())
    keep = f"--folder {running.folder} " if running.folder != stage.default_folder() else ""
    print(
        f"""
Pitstop is up.

  Portal     {running.url}
  Name       admin
  Password   {running.password}

  Publishers' sites, with release notes and feeds:
             {running.site("northstar")}
             {running.site("lumen")}

In another shell, for the command line:

  export {variables} PATH="{Path(sys.executable).parent}:$PATH"
  pitstop system show
  pitstop update list
  pitstop run watch

Break it:
  kill -9 {pid}                        in the middle of a run; it is started again, and the run goes on
  make demo ARGS="--fail n3"           n3 fails in mid-update; mend it with: make demo ARGS="{keep}--mend n3"

Ctrl-C stops everything.
""",
        flush=True,
    )
    if fails:
        print(
            f'{fails} will fail its update. To mend it: make demo ARGS="{keep}--mend {fails}"\n', flush=True
        )


if __name__ == "__main__":
    sys.exit(main())

"""``python -m azure_stack_hub [--check]``: write the catalogues that facts and repairs make.

With ``--check`` nothing is written: it says which are stale, and ends with status 1 if any is.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from azure_stack_hub.facts import FOLDER, read_history
from azure_stack_hub.import_history import catalogues
from azure_stack_hub.repairs import read_repairs
from pitstop.model.errors import PitstopError
from pitstop.package.catalogue_format import write_catalogue
from pitstop.policy.graph import checked


def made() -> dict[Path, bytes]:
    """The catalogue files by path, as they should be.

    Raises:
        InvalidInput: facts and repairs, or the catalogues, do not hold together; with all problems listed.
    """
    both = catalogues(read_history(), read_repairs())
    checked(both)
    return {FOLDER / item.publisher / "catalogue.json": write_catalogue(item) for item in both}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m azure_stack_hub", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; say what is stale")
    told = parser.parse_args(arguments)
    try:
        files = made()
    except PitstopError as error:
        print(f"error: {error}\n\nhint: {error.hint}", file=sys.stderr)
        return error.exit_status
    stale = [path for path, content in files.items() if not path.exists() or path.read_bytes() != content]
    for path in stale:
        if told.check:
            print(f"{path.relative_to(FOLDER)} is stale: run `python -m azure_stack_hub`", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(files[path])
            print(f"wrote {path.relative_to(FOLDER)}")
    return 1 if told.check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

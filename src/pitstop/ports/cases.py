"""What cases need: their records, their files, and who signs them.

Adapters: :mod:`pitstop.store.cases`, :mod:`pitstop.diagnostics.case_shelf`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pitstop.model.cases import Case, CaseEntry, CaseKey


class Cases(Protocol):
    """The records, which all machines share."""

    def open_case(self, case: Case) -> Case:
        """Write it down under the next number, whatever number it has; with that."""

    def cases(self) -> Sequence[Case]:
        """Newest first."""

    def case(self, number: int) -> Case:
        """Raises NotFound."""

    def change(self, case: Case, entry: CaseEntry | None = None) -> None:
        """Write it down as it is now, with what was said."""

    def entries(self, number: int) -> Sequence[CaseEntry]:
        """Oldest first."""


@dataclass(frozen=True, slots=True)
class CaseParts:
    """What goes into a file.

    Attributes:
        documents: by name.
        logs: the file of a log bundle; None: there is none.
        runs: of the copy of the state; by id.
    """

    documents: Mapping[str, bytes]
    logs: Path | None
    runs: Sequence[str]


class CaseFiles(Protocol):
    """The files, in this machine's state folder."""

    def make(self, number: int, parts: CaseParts) -> tuple[int, str]:
        """Make the case's file anew, signed; its bytes and SHA-256.

        Raises:
            NoSpace: there is no room for it. StateUnusable: the state cannot be read.
        """

    def file(self, number: int) -> Path:
        """Where it lies, or is to."""

    def key(self) -> CaseKey:
        """The public key that files are checked with; made, if there is none yet.

        Raises:
            StateUnusable: it cannot be made, or not be read.
        """

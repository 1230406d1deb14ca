"""Sizes as people write them: ``4G``, ``512MiB``, ``1.5 TB``, or plainly the bytes."""

from __future__ import annotations

import re

from pitstop.model.errors import InvalidInput

_FORM = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3}))?\s*(?:([kKMGT])(i?)B?|B)?", re.ASCII)
_POWERS = {"k": 1, "M": 2, "G": 3, "T": 4}


def parse_size(text: str) -> int:
    """Bytes: ``k``, ``M``, ``G`` and ``T`` are powers of a thousand, with an ``i`` behind them of 1024.

    Raises:
        InvalidInput: it is no size, or none.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(f"{text!r} is no size", hint="Write bytes, or such as 700M, 4G or 4GiB.")
    whole, part, power, binary = found.groups()
    unit = int((1024 if binary else 1000) ** _POWERS.get((power or "").replace("K", "k"), 0))
    size = int(whole) * unit + int(part or 0) * unit // int(10 ** len(part or ""))
    if size == 0:
        raise InvalidInput(f"{text!r} is no size: it is zero")
    return size

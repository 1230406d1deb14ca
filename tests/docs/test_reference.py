"""The reference pages say what the code says."""

from __future__ import annotations

import pytest
from tools.reference import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_code_makes_of_it(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"

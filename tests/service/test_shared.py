"""One answer for all who ask at once, begun after each of them has asked."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pitstop.model.errors import NotFound
from pitstop.service.shared import Shared


def test_who_asks_while_one_is_made_shares_the_next_with_all_others() -> None:
    shared, goes_on, ends = Shared(), threading.Event(), threading.Event()
    made = list[int]()

    def make() -> int:
        made.append(len(made) + 1)
        goes_on.set()
        assert ends.wait(10)
        return made[-1]

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(shared.of, "run", make)
        assert goes_on.wait(10)
        later = [pool.submit(shared.of, "run", make) for _ in range(8)]
        while len(shared._asked) == 0:
            pass
        ends.set()
        assert first.result(10) == 1
        answers = {each.result(10) for each in later}
    assert 1 not in answers, "it was begun before they asked"
    assert made == [1, *sorted(answers)]
    assert len(made) < 9


def test_what_is_asked_for_apart_is_made_apart() -> None:
    shared = Shared()
    assert [shared.of(key, lambda key=key: key) for key in ("a", "b", "a")] == ["a", "b", "a"]  # type: ignore[misc]


def test_what_it_breaks_with_is_everybodys_and_the_next_is_made_anew() -> None:
    shared = Shared()

    def missing() -> str:
        raise NotFound("there is no such run")

    for _ in range(2):
        with pytest.raises(NotFound):
            shared.of("run", missing)
    assert shared.of("run", lambda: "it is there") == "it is there"

"""No secret comes through, wherever a stream is cut; and what is none stays."""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools.planted_logs import LINES, MARK, NOISE, Planted, armoured, noise, planted

from pitstop.diagnostics import redaction
from pitstop.diagnostics.redaction import Redactor, Rules
from pitstop.model.errors import InvalidInput

RULES = Rules()
ALL = list(planted(random.Random(7)))


def through(text: str | bytes, *, pieces: int = 1 << 30, rules: Rules = RULES) -> tuple[str, Counter[str]]:
    """What is let through, coming in pieces of so many bytes."""
    raw = text.encode() if isinstance(text, str) else text
    redactor = Redactor(rules)
    out = [redactor.feed(raw[start : start + pieces]) for start in range(0, len(raw), pieces)]
    return b"".join([*out, redactor.finish()]).decode(), redactor.removed


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.text[:40])
def test_a_secret_is_removed_and_counted(case: Planted) -> None:
    out, removed = through(f"before\n{case.text}\nafter\n")
    assert case.secret not in out
    assert MARK not in out
    assert "[removed: " in out
    assert removed.total() >= 1
    assert out.startswith("before\n")
    assert out.endswith("\nafter\n")


@pytest.mark.parametrize("case", list(armoured(random.Random(3))), ids=lambda case: case.text[:30])
def test_of_a_key_no_line_is_left(case: Planted) -> None:
    out, _ = through(case.text + "\nthe line behind it\n")
    body = [line.split(": ")[-1].strip() for line in case.text.splitlines()]
    assert [line for line in body if len(line) >= 40 and "PRIVATE" not in line and line in out] == []
    assert "the line behind it" in out


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    pieces=st.integers(5, 4_000),
    block=st.sampled_from([1, 200, 4_096]),
)
def test_wherever_the_stream_is_cut_the_outcome_is_the_same(seed: int, pieces: int, block: int) -> None:
    rng = random.Random(seed)
    cases = rng.sample(ALL, 12)
    lines = [
        f"Nov 20 09:00:0{number % 10} n1 app[{number}]: request {number} took 12 ms" for number in range(40)
    ]
    for case in cases:
        lines.insert(rng.randrange(len(lines)), case.text)
    text = "\n".join(lines) + "\n"
    whole, counted = through(text)
    redactor = Redactor(RULES, block=block)
    raw = text.encode()
    out = [redactor.feed(raw[start : start + pieces]) for start in range(0, len(raw), pieces)]
    cut = b"".join([*out, redactor.finish()]).decode()
    assert cut == whole
    assert redactor.removed == counted
    assert [case.secret for case in cases if case.secret in cut] == []
    assert redactor.lines == cut.count("\n")


@pytest.mark.parametrize("position", [0, 70_000, 983_000, 1_048_560, 1_048_576, 1_500_000, 2_097_150])
def test_a_secret_in_a_line_without_end_is_removed(position: int) -> None:
    filler = "0123456789abcde " * 200_000
    line = f"x {filler[:position]} password=Correct7Horse9Battery {filler[position:]}"
    out, removed = through(line, pieces=65_536)
    assert "Correct7Horse9" not in out
    assert removed == {"key-value": 1}
    assert len(out) == len(line) - len("Correct7Horse9Battery") + len("[removed: key-value]")


def test_a_secret_that_is_longer_than_what_is_held_is_removed_to_its_end() -> None:
    out, removed = through("x token=" + "aB3" * 1_500_000 + " and on\n", pieces=65_536)
    assert (out, removed.total()) == ("x token=[removed: key-value] and on\n", 1)


def test_a_key_without_end_takes_no_more_than_its_measure() -> None:
    lines = "".join(f"line {number} of a log that goes on\n" for number in range(5_000))
    out, _ = through("-----BEGIN PRIVATE KEY-----\n" + lines)
    assert out.startswith("[removed: private-key]")
    assert out.endswith("line 4999 of a log that goes on\n")
    assert len(lines) - len(out) < 70_000


def test_the_lines_of_a_key_whose_begin_is_missing_are_removed() -> None:
    body = next(armoured(random.Random(5))).text.splitlines()[3:]
    out, removed = through("\n".join(body))
    assert removed["key-material"] >= 5
    assert [line for line in body[:5] if line in out] == []


HARMLESS = """\
Nov 20 09:00:01 n1 systemd[1]: Started Session 4 of user root.
sshd[99]: Accepted publickey for root from 10.1.2.3 port 51234 ssh2: ED25519 SHA256:abcdefgh
max_tokens=2048 prompt_tokens: 17, tokens used: 12
password_file=/etc/app/secret.txt token_ttl=3600 secret_name: app
app[1]: password: null, token: "", secret=${SECRET}, api_key = ***
sudo: root : PWD=/root ; USER=root ; COMMAND=/bin/true
the password was changed, and the token has expired
fetch https://updates.example/a/b?page=2 ok
ssh://git@git.example/x.git
sha256 3f786850e387550fdab836ed7e6dc881de23001b0000aaaabbbbccccddddeeee
3f786850e387550fdab836ed7e6dc881de23001b0000aaaabbbbccccddddeeee
-----BEGIN CERTIFICATE-----
key: value, monkey: 4
signature verification failed
"""


@pytest.mark.parametrize("line", HARMLESS.splitlines())
def test_what_is_no_secret_stays(line: str) -> None:
    assert through(f"{line}\n") == (f"{line}\n", {})


def test_of_a_log_as_systems_write_it_nothing_goes() -> None:
    text = noise(random.Random(1), 200_000).decode()
    out, removed = through(text)
    assert (out, removed) == (text, {})
    assert all(line.partition("{")[0] in text for line in NOISE)


def test_bytes_that_are_no_text_come_through_as_they_are() -> None:
    raw = bytes(range(1, 256)).replace(b"\n", b"") + b"\nx password=\xff\xfe\xfdabc\n"
    redactor = Redactor(RULES)
    assert redactor.feed(raw) + redactor.finish() == raw.replace(b"\xff\xfe\xfdabc", b"[removed: key-value]")


def test_an_operators_own_patterns_are_removed_by_their_names() -> None:
    rules = Rules({"badge": rb"\bB-[0-9]{6}\b", "room": rb"room ([A-Z][0-9]+)"})
    out, removed = through("opened by B-123456 in room K17\n", rules=rules)
    assert out == "opened by [removed: badge] in room [removed: room]\n"
    assert removed == {"badge": 1, "room": 1}


@pytest.mark.parametrize(
    ("pattern", "why"),
    [(rb"(a", "missing"), (rb"a*", "nothing"), (rb"(?=a)b", "invalid"), (rb"(a)(b)", "groups")],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_its_name(pattern: bytes, why: str) -> None:
    with pytest.raises(InvalidInput, match=f"'mine'.*{why}"):
        Rules({"mine": pattern})


def test_a_pattern_that_would_take_for_ever_elsewhere_takes_no_longer() -> None:
    rules = Rules({"mine": rb"(?:a+)+$x|(?:a|aa)+c"})
    redactor = Redactor(rules)
    redactor.feed(b"a" * 200_000 + b"\n")
    redactor.finish()
    assert redactor.seconds < 2


def test_memory_stays_flat() -> None:
    line = b"Nov 20 09:00:01 n1 app[1]: request took 12 ms, user=app path=/items/4711\n"
    piece = line * 900 + b"password=abc12345\n"
    redactor = Redactor(RULES)
    tracemalloc.start()
    for _ in range(100):
        redactor.feed(piece)
    _, early = tracemalloc.get_traced_memory()
    for _ in range(400):
        redactor.feed(piece)
    _, late = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert late < early * 1.2 < 20e6
    assert redactor.removed["setting"] > 490


def test_every_form_is_found_by_a_pattern_that_is_named_in_the_docs() -> None:
    assert len({case.secret for case in ALL}) >= len(LINES) + 10
    assert redaction.removed("x") == b"[removed: x]"

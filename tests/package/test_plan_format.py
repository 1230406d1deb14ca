"""Plans: one schema for JSON and YAML; every problem is named with its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest

from pitstop.model.errors import InvalidPlan
from pitstop.model.plans import Drain, GroupMode, Plan, PlanGroup, PlanStep, Retry, RollOrder
from pitstop.package.plan_format import (
    ArgumentCheck,
    check_plan,
    plan_schema,
    read_plan,
    read_plan_yaml,
    write_plan,
)

YAML = b"""
# what a publisher writes
format: 1
name: Install Lantern
checks:
  - {name: Lantern answers, kind: probe, role: "*", args: {http: "{lantern_url}/health", within: PT30S}}
items:
  - name: Keep the present version
    kind: command
    role: "*"
    args: {run: [cp, -a, opt, old], environment: {MODE: 0644, WHEN: 2026-01-20, SURE: yes}}
    expected: PT5M
    deadline: PT1H30M
    retry: {attempts: 3, delay: PT1S}
  - name: Side by side
    mode: parallel
    limit: 2
    items:
      - {name: One, kind: command, role: worker, args: {shell: "true"}}
  - name: Controllers
    mode: rolling
    role: controller
    batch: 25%
    order: fault-domain
    drain: {out: [ctl, drain], back: [ctl, undrain], is_out: [ctl, drained], deadline: PT1M}
    items:
      - name: In order
        mode: sequence
        items:
          - {name: Copy, kind: copy, args: {from: opt, to: /opt}}
    verify:
      - {name: Answers, kind: probe, args: {http: "{lantern_url}/version", contains: "1.2"}}
"""

PLAN = Plan(
    name="Install Lantern",
    checks=(
        PlanStep(
            "Lantern answers", "probe", args={"http": "{lantern_url}/health", "within": "PT30S"}, role="*"
        ),
    ),
    items=(
        PlanStep(
            "Keep the present version",
            "command",
            role="*",
            args={
                "run": ["cp", "-a", "opt", "old"],
                "environment": {"MODE": "0644", "WHEN": "2026-01-20", "SURE": "yes"},
            },
            expected=timedelta(minutes=5),
            deadline=timedelta(minutes=90),
            retry=Retry(3, timedelta(seconds=1)),
        ),
        PlanGroup(
            "Side by side",
            GroupMode.PARALLEL,
            (PlanStep("One", "command", role="worker", args={"shell": "true"}),),
            limit=2,
        ),
        PlanGroup(
            "Controllers",
            GroupMode.ROLLING,
            (
                PlanGroup(
                    "In order",
                    GroupMode.SEQUENCE,
                    (PlanStep("Copy", "copy", args={"from": "opt", "to": "/opt"}),),
                ),
            ),
            role="controller",
            batch="25%",
            order=RollOrder.FAULT_DOMAIN,
            drain=Drain(("ctl", "drain"), ("ctl", "undrain"), ("ctl", "drained"), timedelta(minutes=1)),
            verify=(PlanStep("Answers", "probe", args={"http": "{lantern_url}/version", "contains": "1.2"}),),
        ),
    ),
    format=1,
)


def test_yaml_is_read_as_the_json_that_it_spells() -> None:
    assert read_plan_yaml(YAML) == PLAN


def test_what_is_written_is_read_back_as_json_and_as_yaml() -> None:
    raw = write_plan(PLAN)
    assert read_plan(raw) == PLAN
    assert read_plan_yaml(raw) == PLAN
    assert write_plan(read_plan(raw)) == raw


def test_every_item_that_is_wrong_is_named_with_its_place() -> None:
    bad = (
        YAML.replace(b"expected: PT5M", b"expected: 300")
        .replace(b"kind: copy", b"kid: copy")
        .replace(b"limit: 2", b"limit: 0")
        .replace(b"kind: probe, role", b"kind: probe, speed: 1, role")
    )
    with pytest.raises(InvalidPlan) as refused:
        read_plan_yaml(bad)
    for part in (
        "4 problems",
        "checks[0] ('Lantern answers'): Object contains unknown field `speed`",
        "items[0] ('Keep the present version'): Expected `duration | null`, got `int` - at `$.expected`",
        "items[1] ('Side by side'): Expected `int` >= 1 - at `$.limit`",
        "items[2].items[0].items[0] ('Copy'): an item has either 'kind' (a step) or 'mode' (a group)",
    ):
        assert part in refused.value.message


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b'role: "*"\n', b"\n", r"items\[0\] .* names its role"),
        (b"kind: copy,", b"kind: copy, role: worker,", r"items\[2\].items\[0\].items\[0\].* names no role"),
        (b"role: controller", b"", r"items\[2\] .* names the role that it rolls over"),
        (b"batch: 25%", b"batch: 0", r"batch 0 is neither"),
        (b"batch: 25%", b"batch: 101%", r"batch '101%' is neither"),
        (b"mode: sequence", b"mode: rolling\n        role: worker", r"inside another rolling group"),
        (b"mode: parallel", b"mode: sequence", r"'limit' belongs to parallel and rolling groups"),
        (b"limit: 2", b"batch: 2", r"'batch' belongs to rolling groups alone"),
        (b"PT1H30M", b"PT0S", r"deadline is not between"),
        (b"PT1H30M", b"-PT5M", r"deadline is not between"),
        (b"PT1H30M", b"P8D", r"deadline is not between"),
        (b"PT5M", b"-PT5M", r"expected time is not between"),
        (b"attempts: 3", b"attempts: 0", r"attempts"),
        (b"is_out: [ctl, drained]", b"is_out: []", r"is_out"),
        (b"format: 1", b"format: 3", r"format is 3, known here are 1 and 2"),
        (b"name: Install Lantern", b"name: ''", r"plan .*name"),
        (b"mode: parallel", b"mode: spiral", r"mode"),
    ],
)
def test_what_does_not_fit_together_is_refused(old: bytes, new: bytes, says: str) -> None:
    assert old in YAML
    with pytest.raises(InvalidPlan, match=says):
        read_plan_yaml(YAML.replace(old, new, 1))


def bomb() -> bytes:
    levels = [b"l0: &l0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    for level in range(1, 10):
        inside = b", ".join([b"*l%d" % (level - 1)] * 9)
        levels.append(b"l%d: &l%d [%s]" % (level, level, inside))
    return b"\n".join(levels)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (bomb(), "in line 1: anchors and aliases"),
        (b"a: 1\nb: *a", "in line 2: anchors and aliases"),
        (b"a: !!python/object/apply:os.system [ls]", "the tag .* is not taken"),
        (b"a: !!binary aGk=", "the tag .*binary' is not taken"),
        (b"a: !!timestamp 2026-01-20", "the tag .*timestamp' is not taken"),
        (b"a: 1\na: 2", "in line 2: the key 'a' stands twice"),
        (b"1: x", "the key 1 is not text"),
        (b"? [a]\n: x", "is not text"),
        (b"[" * 5_000, "nested deeper"),
        (b"- " * 5_000, "nested deeper"),
        (b"--- {}\n--- {}", "another document"),
        (b"\xff", "not UTF-8"),
        (b"a: [", "not allowed YAML in line 1"),
        (b"a: \x07", "not YAML"),
        (b"", "Expected `object`"),
        (b"- 1", "Expected `object`"),
        (b"#" * 300_000, "too large"),
    ],
)
def test_yaml_that_bombs_or_surprises_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(InvalidPlan, match=says):
        read_plan_yaml(raw)


def test_json_is_bounded_in_size_depth_and_items() -> None:
    with pytest.raises(InvalidPlan, match="too large"):
        read_plan(b" " * 2_000_000)
    with pytest.raises(InvalidPlan, match="nested deeper"):
        read_plan(b"[" * 70 + b"]" * 70)
    item = {"name": "x", "kind": "command", "role": "*"}
    with pytest.raises(InvalidPlan, match="more than 2000 items"):
        read_plan(json.dumps({"format": 1, "name": "x", "items": [item] * 2001}).encode())


def test_groups_are_bounded_in_depth() -> None:
    inner: dict[str, object] = {"name": "x", "kind": "command", "role": "*"}
    for _ in range(10):
        inner = {"name": "g", "mode": "sequence", "items": [inner]}
    with pytest.raises(InvalidPlan, match="groups are nested deeper than 8"):
        read_plan(json.dumps({"format": 1, "name": "x", "items": [inner]}).encode())


def takes_only(*names: str) -> ArgumentCheck:
    def check(args: Mapping[str, object], where: str) -> object:
        if unknown := set(args) - set(names):
            raise InvalidPlan(f"{where}: does not take {sorted(unknown)}")
        return args

    return check


def test_arguments_are_checked_by_their_kinds_and_all_problems_are_told() -> None:
    kinds = {"probe": takes_only("http", "within"), "copy": takes_only("from")}
    with pytest.raises(InvalidPlan) as refused:
        check_plan(PLAN, kinds)
    message = refused.value.message
    assert "4 problems" in message
    assert "items[0] ('Keep the present version'): unknown kind 'command'; known are copy, probe" in message
    assert "items[2].items[0].items[0] ('Copy'): does not take ['to']" in message
    assert "items[2].verify[0] ('Answers'): does not take ['contains']" in message


def test_a_plan_whose_kinds_take_its_arguments_passes() -> None:
    anything = takes_only("http", "within", "contains", "from", "to", "run", "shell", "environment")
    check_plan(PLAN, dict.fromkeys(("probe", "copy", "command"), anything))


def test_the_schema_names_all_fields_and_refuses_others() -> None:
    definitions = plan_schema()["$defs"]
    assert isinstance(definitions, dict)
    assert set(definitions["StepDocument"]["properties"]) >= {"name", "kind", "args", "role", "retry"}
    assert definitions["GroupDocument"]["properties"]["items"]["items"]["anyOf"]
    assert all(
        definition["additionalProperties"] is False
        for definition in definitions.values()
        if definition.get("type") == "object"
    )


def test_what_the_service_does_by_itself_names_no_role_and_does_not_roll() -> None:
    own: dict[str, object] = {"name": "x", "kind": "pitstop", "args": {}}
    plan = read_plan(json.dumps({"format": 1, "name": "x", "items": [own]}).encode())
    assert plan.items[0] == PlanStep("x", "pitstop")
    with pytest.raises(InvalidPlan, match="of kind 'pitstop' names no role"):
        read_plan(json.dumps({"format": 1, "name": "x", "items": [{**own, "role": "*"}]}).encode())
    rolling = {"name": "g", "mode": "rolling", "role": "host", "items": [own]}
    with pytest.raises(InvalidPlan, match="of kind 'pitstop' stands in no rolling group"):
        read_plan(json.dumps({"format": 1, "name": "x", "items": [rolling]}).encode())

"""Plans: the JSON that is published as ``plan.json``, and the YAML that publishers write.

Format 2 added conditions, ways back, the point of no return, and more of how a roll goes. A plan of format 1
is read as it always was, and may say none of that: the services that know format 1 alone would refuse it.

Both have one schema. YAML is read as the JSON that it spells: no anchors, aliases, tags, merge keys or
dates, ``true`` and ``false`` alone are booleans, a key stands once. What is published is always the
canonical JSON.

An item is a step (it has ``kind``) or a group (it has ``mode``). Durations are ISO 8601, such as ``PT5M``.
What a step's ``args`` mean is its kind's own matter: :func:`check_plan` is handed the kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeVar

import msgspec

from pitstop.model.conditions import Comparison, FactTest
from pitstop.model.errors import InvalidPlan
from pitstop.model.plans import (
    ONCE,
    PLAN_FORMAT,
    Drain,
    GroupMode,
    Plan,
    PlanGroup,
    PlanItem,
    PlanStep,
    Retry,
    RollOrder,
)
from pitstop.package.plain_yaml import read_yaml
from pitstop.package.plan_structure import placed_items, structure_problems
from pitstop.package.strict_json import canonical_json, read_json
from pitstop.package.typed import converted

MAX_PLAN_BYTES = 1024 * 1024
MAX_ITEMS = 2000
MAX_ATTEMPTS = 100
KNOWN_FORMATS = tuple(range(1, PLAN_FORMAT + 1))
_OF_SEVERAL = (Comparison.ONE_OF, Comparison.NONE_OF)
_SHOWN = 20

ArgumentCheck = Callable[[Mapping[str, object], str], object]
"""Reads a step's arguments; the second parameter is the place that its message begins with.

Raises:
    InvalidPlan: they are not what the kind takes.
"""

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\n\r]*$")]
Words = Annotated[list[Annotated[str, msgspec.Meta(max_length=10_000)]], msgspec.Meta(min_length=1)]
T = TypeVar("T")


class RetryDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How often a failed act is tried, and how long between."""

    attempts: Annotated[int, msgspec.Meta(ge=1, le=MAX_ATTEMPTS, description="How often in all.")] = (
        ONCE.attempts
    )
    delay: Annotated[timedelta, msgspec.Meta(description="From a failure to the next attempt.")] = ONCE.delay
    backoff: Annotated[
        float,
        msgspec.Meta(
            ge=1, le=10, description="By how much each further delay is longer than the one before. Format 2."
        ),
    ] = ONCE.backoff
    longest: Annotated[timedelta, msgspec.Meta(description="No delay is longer. Format 2.")] = ONCE.longest


class WhenDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A test of one fact: of the node's own, and of the system's where the node has none of that name."""

    fact: Annotated[Line, msgspec.Meta(description="The fact's name.")]
    comparison: Annotated[Comparison, msgspec.Meta(description="How it is held against the values.")]
    values: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=200)]],
        msgspec.Meta(min_length=1, description="One; several only for `one-of` and `none-of`."),
    ]


Conditions = Annotated[
    list[WhenDocument],
    msgspec.Meta(
        description="Done only where all of these hold; what does not hold is left out, and said. A fact "
        "that is not recorded stops the run before it begins. Format 2."
    ),
]
NoReturn = Annotated[
    bool,
    msgspec.Meta(
        description="The point of no return: once this has begun the run can only go forward. Without one it "
        "is the first step that cannot be undone. Format 2."
    ),
]


class StepDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One thing to do on each node that it concerns."""

    name: Annotated[Line, msgspec.Meta(description="What operators read in the tree of steps.")]
    kind: Annotated[Line, msgspec.Meta(description="One of the step kinds below.")]
    description: Annotated[str, msgspec.Meta(description="What it does and why, for operators.")] = ""
    args: Annotated[dict[str, Any], msgspec.Meta(description="What the kind is told.")] = {}
    role: Annotated[
        Line | None,
        msgspec.Meta(
            description="On whose nodes it is done, all at once; `*` is every node. Required outside a "
            "rolling group, not allowed inside one, nor for what the service does by itself (`pitstop`)."
        ),
    ] = None
    expected: Annotated[
        timedelta | None, msgspec.Meta(description="How long it usually takes on one node.")
    ] = None
    deadline: Annotated[timedelta, msgspec.Meta(description="After this it has failed, and is ended.")] = (
        timedelta(minutes=10)
    )
    retry: Annotated[
        RetryDocument | None, msgspec.Meta(description="How failures are tried again; once unless told.")
    ] = None
    when: Conditions = []
    undo: Annotated[
        list[Any] | None,
        msgspec.Meta(
            description="Steps that take this one back, on the same node, in this order; `[]` says that "
            "there is nothing to take back. Unless told, what the kind knows to do. Format 2."
        ),
    ] = None
    point_of_no_return: NoReturn = False


class DrainDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How a node is taken out of service and put back: commands as lists of words."""

    out: Annotated[Words, msgspec.Meta(description="Takes the node out of service; ends when it is out.")]
    back: Annotated[Words, msgspec.Meta(description="Puts it back.")]
    is_out: Annotated[
        Words,
        msgspec.Meta(
            description="Changes nothing; ends with 0 when the node is out, with 1 when it is in service. "
            "Any other status says that it cannot tell, and fails the step. A node that was out before the "
            "run is left out."
        ),
    ]
    deadline: Annotated[timedelta, msgspec.Meta(description="Of each of the two ways.")] = timedelta(
        minutes=10
    )


class GroupDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Items that belong together: in sequence, in parallel, or rolling over the nodes of a role."""

    name: Annotated[Line, msgspec.Meta(description="What operators read in the tree of steps.")]
    mode: Annotated[GroupMode, msgspec.Meta(description="How its items are run.")]
    items: Annotated[list[Any], msgspec.Meta(min_length=1, description="Steps and groups, in order.")]
    description: Annotated[str, msgspec.Meta(description="What it does and why, for operators.")] = ""
    role: Annotated[Line | None, msgspec.Meta(description="Rolling: over the nodes of this role.")] = None
    batch: Annotated[
        int | str,
        msgspec.Meta(description="Rolling: so many nodes at a time, or a percentage such as `25%`."),
    ] = 1
    order: Annotated[
        RollOrder,
        msgspec.Meta(description="Rolling: as declared, or one fault domain after the other."),
    ] = RollOrder.DECLARED
    drain: Annotated[
        DrainDocument | None,
        msgspec.Meta(description="Rolling: how a node is taken out of service and put back."),
    ] = None
    verify: Annotated[
        list[Any], msgspec.Meta(description="Rolling: steps on each node before it is put back.")
    ] = []
    limit: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        msgspec.Meta(
            description="Parallel: so many items at a time. Rolling (format 2): so many nodes of a batch at "
            "a time. All unless told."
        ),
    ] = None
    last: Annotated[
        Line | None,
        msgspec.Meta(
            description="Rolling: the nodes that have this role too come after all others, in batches of "
            "their own: leaders. Format 2."
        ),
    ] = None
    pause: Annotated[
        timedelta, msgspec.Meta(description="Rolling: the wait between two batches. Format 2.")
    ] = timedelta(0)
    may_fail: Annotated[
        int | str,
        msgspec.Meta(
            description="Rolling: so many nodes, or a percentage, may fail before no further batch is begun. "
            "The run has failed all the same, after that, and is resumed for those nodes. Format 2."
        ),
    ] = 0
    bandwidth: Annotated[
        Annotated[int, msgspec.Meta(ge=1024)] | None,
        msgspec.Meta(
            description="Rolling: bytes a second that go to its nodes together; no limit unless told. "
            "Format 2."
        ),
    ] = None
    when: Conditions = []
    point_of_no_return: NoReturn = False


class PlanDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A plan. ``checks`` are the package's own health checks, done before anything is changed."""

    format: Annotated[int, msgspec.Meta(description="The version of this format.")]
    name: Annotated[Line, msgspec.Meta(description="What the plan does, for operators.")]
    items: Annotated[list[Any], msgspec.Meta(description="Steps and groups, in order.")]
    checks: Annotated[
        list[Any], msgspec.Meta(description="The package's own health checks: steps that change nothing.")
    ] = []


def read_plan(raw: bytes) -> Plan:
    """The plan that this JSON says.

    Raises:
        InvalidPlan: not of the format; names every item that is wrong with its place in the tree. What does
            not fit together is looked for once each item is right by itself.
    """
    return convert_plan(read_json(raw, "the plan", MAX_PLAN_BYTES, InvalidPlan))


def read_plan_yaml(raw: bytes) -> Plan:
    """The plan that this YAML says.

    Raises:
        InvalidPlan: as :func:`read_plan`.
    """
    return convert_plan(read_yaml(raw, "the plan", InvalidPlan))


def convert_plan(document: object) -> Plan:
    """The plan that these JSON values say.

    Raises:
        InvalidPlan: as :func:`read_plan`.
    """
    reading = _Reading()
    plan = reading.plan(document)
    _refuse(reading.problems)
    _refuse(list(structure_problems(plan)))
    return plan


def write_plan(plan: Plan) -> bytes:
    """The plan's one form, ``plan.json``.

    Raises:
        InvalidPlan: it would not be read back.
    """
    document = PlanDocument(
        plan.format,
        plan.name,
        [_item_document(item) for item in plan.items],
        [step_document(check) for check in plan.checks],
    )
    value = msgspec.to_builtins(document)
    convert_plan(value)
    return canonical_json(value)


def check_plan(plan: Plan, kinds: Mapping[str, ArgumentCheck]) -> None:
    """Check every step's arguments by its kind.

    Args:
        kinds: the kinds that a plan may ask for, by name.

    Raises:
        InvalidPlan: unknown kinds, arguments that a kind does not take; names every problem.
    """
    problems: list[str] = []
    for placed in placed_items(plan):
        if isinstance(placed.item, PlanStep):
            problems += _argument_problems(placed.item, placed.where, kinds)
    _refuse(problems)


def _argument_problems(step: PlanStep, where: str, kinds: Mapping[str, ArgumentCheck]) -> list[str]:
    check = kinds.get(step.kind)
    if check is None:
        return [f"{where}: unknown kind {step.kind!r}; known are {', '.join(sorted(kinds))}"]
    try:
        check(step.args, where)
    except InvalidPlan as error:
        return [error.message]
    return []


def plan_schema() -> dict[str, object]:
    """The plan's JSON schema (draft 2020-12), for editors."""
    documents = (PlanDocument, GroupDocument, StepDocument)
    _, components = msgspec.json.schema_components(documents, ref_template="#/$defs/{name}")
    item = {"anyOf": [{"$ref": "#/$defs/StepDocument"}, {"$ref": "#/$defs/GroupDocument"}]}
    step = {"$ref": "#/$defs/StepDocument"}
    for name, field, inner in (
        ("PlanDocument", "items", item),
        ("PlanDocument", "checks", step),
        ("GroupDocument", "items", item),
        ("GroupDocument", "verify", step),
        ("StepDocument", "undo", step),
    ):
        _list_of(components[name]["properties"][field])["items"] = inner
    components["PlanDocument"]["properties"]["format"]["enum"] = list(KNOWN_FORMATS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/PlanDocument",
        "$defs": components,
    }


def _list_of(schema: dict[str, Any]) -> dict[str, Any]:
    """The list in a field's schema, which may say that there is none."""
    inner: dict[str, Any] = next(
        (part for part in schema.get("anyOf", ()) if part.get("type") == "array"), schema
    )
    return inner


def _refuse(problems: list[str]) -> None:
    if len(problems) == 1:
        raise InvalidPlan(f"the plan has a problem: {problems[0]}")
    if problems:
        shown = "".join(f"\n  {problem}" for problem in problems[:_SHOWN])
        more = f"\n  and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise InvalidPlan(f"the plan has {len(problems)} problems:{shown}{more}")


class _Reading:
    """Walks the document item by item, so that one item that is wrong does not hide the next."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._items = 0

    def plan(self, document: object) -> Plan:
        if isinstance(document, dict) and document.get("format") not in KNOWN_FORMATS:
            known = " and ".join(str(number) for number in KNOWN_FORMATS)
            said = f"format is {document.get('format')!r}, known here are {known}"
            _refuse([f"{said}: a newer format needs a newer Pitstop"])
        told = self._read(document, PlanDocument, "plan")
        if told is None:
            return Plan("", ())
        items: tuple[PlanItem, ...] = self._each(told.items, "items", self._item)
        return Plan(told.name, items, self._each(told.checks, "checks", self._step), told.format)

    def _each(self, values: list[Any], where: str, read: Callable[[object, str], T | None]) -> tuple[T, ...]:
        found = (read(value, f"{where}[{number}]") for number, value in enumerate(values))
        return tuple(item for item in found if item is not None)

    def _read(self, value: object, to: type[T], where: str) -> T | None:
        self._items += 1
        if self._items > MAX_ITEMS:
            _refuse([f"more than {MAX_ITEMS} items"])
        try:
            return converted(value, to)
        except msgspec.ValidationError as error:
            self.problems.append(f"{_place(where, value)}: {error}")
            return None

    def _item(self, value: object, where: str) -> PlanItem | None:
        has = set(value) & {"kind", "mode"} if isinstance(value, dict) else set()
        if len(has) != 1:
            place = _place(where, value)
            self.problems.append(f"{place}: an item has either 'kind' (a step) or 'mode' (a group)")
            return None
        return self._step(value, where) if has == {"kind"} else self._group(value, where)

    def _step(self, value: object, where: str) -> PlanStep | None:
        told = self._read(value, StepDocument, where)
        if told is None:
            return None
        return PlanStep(
            name=told.name,
            kind=told.kind,
            description=told.description,
            args=told.args,
            role=told.role,
            expected=told.expected,
            deadline=told.deadline,
            retry=ONCE if told.retry is None else _retry(told.retry),
            when=self._conditions(told.when, where),
            undo=None if told.undo is None else self._each(told.undo, f"{where}.undo", self._step),
            no_return=told.point_of_no_return,
        )

    def _conditions(self, told: list[WhenDocument], where: str) -> tuple[FactTest, ...]:
        for number, test in enumerate(told):
            if len(test.values) > 1 and test.comparison not in _OF_SEVERAL:
                self.problems.append(f"{where}.when[{number}]: {test.comparison} takes one value")
        return tuple(FactTest(test.fact, test.comparison, tuple(test.values)) for test in told)

    def _group(self, value: object, where: str) -> PlanGroup | None:
        told = self._read(value, GroupDocument, where)
        if told is None:
            return None
        return PlanGroup(
            name=told.name,
            mode=told.mode,
            items=self._each(told.items, f"{where}.items", self._item),
            description=told.description,
            role=told.role,
            batch=told.batch,
            order=told.order,
            drain=None if told.drain is None else _drain(told.drain),
            verify=self._each(told.verify, f"{where}.verify", self._step),
            last=told.last,
            pause=told.pause,
            may_fail=told.may_fail,
            bandwidth=told.bandwidth,
            limit=told.limit,
            when=self._conditions(told.when, where),
            no_return=told.point_of_no_return,
        )


def _place(where: str, value: object) -> str:
    name = value.get("name") if isinstance(value, dict) else None
    return f"{where} ({name!r})" if isinstance(name, str) else where


def _retry(told: RetryDocument) -> Retry:
    return Retry(told.attempts, told.delay, told.backoff, told.longest)


def _drain(told: DrainDocument) -> Drain:
    return Drain(tuple(told.out), tuple(told.back), tuple(told.is_out), told.deadline)


def _item_document(item: PlanItem) -> StepDocument | GroupDocument:
    return step_document(item) if isinstance(item, PlanStep) else _group_document(item)


def step_document(step: PlanStep) -> StepDocument:
    """The step as its document."""
    return StepDocument(
        name=step.name,
        kind=step.kind,
        description=step.description,
        args=dict(step.args),
        role=step.role,
        expected=step.expected,
        deadline=step.deadline,
        retry=None if step.retry == ONCE else _retry_document(step.retry),
        when=_when_documents(step.when),
        undo=None if step.undo is None else [step_document(inner) for inner in step.undo],
        point_of_no_return=step.no_return,
    )


def _retry_document(retry: Retry) -> RetryDocument:
    return RetryDocument(retry.attempts, retry.delay, retry.backoff, retry.longest)


def _when_documents(tests: tuple[FactTest, ...]) -> list[WhenDocument]:
    return [WhenDocument(test.fact, test.comparison, list(test.values)) for test in tests]


def _group_document(group: PlanGroup) -> GroupDocument:
    drain = group.drain
    return GroupDocument(
        name=group.name,
        mode=group.mode,
        items=[_item_document(item) for item in group.items],
        description=group.description,
        role=group.role,
        batch=group.batch,
        order=group.order,
        drain=None if drain is None else _drain_document(drain),
        verify=[step_document(step) for step in group.verify],
        limit=group.limit,
        last=group.last,
        pause=group.pause,
        may_fail=group.may_fail,
        bandwidth=group.bandwidth,
        when=_when_documents(group.when),
        point_of_no_return=group.no_return,
    )


def _drain_document(drain: Drain) -> DrainDocument:
    return DrainDocument(list(drain.out), list(drain.back), list(drain.is_out), drain.deadline)

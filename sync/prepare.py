"""From a record to what becomes of it: a plan of writes, or all violations at once, or nothing to do. Pure, and it raises for
no record: what cannot be judged is a violation too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sync import checks, mapping
from sync.bodies import Builder
from sync.bound import Bound
from sync.elsewhere import asked_elsewhere, later
from sync.gate import mismatch
from sync.identity.asking import who_of
from sync.inforce import due, in_force
from sync.mapping import SelectorFailed, compile_path, get, put, select, text
from sync.model import NotDue, Overlay, Plan, Record, Violation, Violations, WriteSpec
from sync.money import Money, NotMoney, money
from sync.questions import Lookups, Question, asked, asking, stub
from sync.quick import suspects
from sync.references import referred, refers
from sync.scene import Scene
from sync.workspace.flow import Check, Flow, Required, Unique
from sync.workspace.workspace import Workspace

__all__ = ["Lookups", "Question", "apply", "prepare", "questions", "questions_elsewhere", "references", "shown"]


def apply(record: Record, overlays: Sequence[Overlay]) -> Record:
    """The record with every `set` that still meets the value it was decided about. The given record stays as it is."""
    for overlay in overlays:
        if overlay.action == "set" and _is_path(overlay.path) and text(get(record, overlay.path)) == overlay.found:
            record = put(record, overlay.path, overlay.value)
    return record


def questions(
    record: Record, flow: Flow, overlays: Sequence[Overlay] = (), lookups: Lookups | None = None
) -> tuple[Question, ...]:
    """What the source must be asked before `prepare`, without what `lookups` answers already. An answer may raise a further
    question (a picked company must be unique too), so ask until there is none; nothing when the flow has nothing to do."""
    if not asking(flow):
        return ()
    lookups = lookups or Lookups()
    record = _related(apply(record, overlays), flow, lookups)
    if isinstance(due(record, flow), NotDue):
        return ()
    flow, _ = in_force(record, flow)
    return tuple(each for each in asked(record, flow) if lookups.of(each) is None)


def questions_elsewhere(
    record: Record, flow: Flow, workspace: Workspace, overlays: Sequence[Overlay] = (), lookups: Lookups | None = None
) -> tuple[Question, ...]:
    """What other systems must be asked before `prepare`, once the source has answered all `questions`: nothing while anything
    else is wrong with the record, and nothing that `lookups` answer already."""
    lookups = lookups or Lookups()
    if not later(flow):
        return ()
    record = _related(apply(record, overlays), flow, lookups)
    if due(record, flow) is not None:
        return ()
    flow, _ = in_force(record, flow)
    scene = _scene(record, flow, workspace, lookups)
    if checks.judged(scene, suspects(record, flow, workspace.tables), tuple(overlays)):
        return ()
    return tuple(each for each in asked_elsewhere(record, flow) if lookups.of(each) is None)


def references(
    record: Record, flow: Flow, overlays: Sequence[Overlay] = (), lookups: Lookups | None = None
) -> tuple[Bound, ...]:
    """What the ledger must be asked before `prepare`: which records of the targets the record refers to by their bindings."""
    if not refers(flow):
        return ()
    record = _related(apply(record, overlays), flow, lookups or Lookups())
    return referred(record, in_force(record, flow)[0])


def prepare(
    record: Record,
    flow: Flow,
    workspace: Workspace,
    overlays: Sequence[Overlay] = (),
    lookups: Lookups | None = None,
) -> Plan | Violations | NotDue:
    """What the record becomes. `lookups` answer the flow's `questions` about it."""
    lookups = lookups or Lookups()
    record = _related(apply(record, overlays), flow, lookups)
    if (other := mismatch(record, flow)) is not None:
        return _violations(_scene(record, flow, workspace, lookups), [], (other,))
    why = due(record, flow)
    if isinstance(why, NotDue):
        return why
    flow, unsure = in_force(record, flow)
    scene = _scene(record, flow, workspace, lookups)
    found = checks.violations(scene, tuple(overlays))
    untold = tuple(each.violation for each in unsure if not scene.is_spoiled_within(each.reads)) if unsure else ()
    if why is not None or found or untold:
        return _violations(scene, found, (*((why,) if why is not None else ()), *untold))
    return _plan(scene)


def amount_of(record: Record, flow: Flow, workspace: Workspace, overlays: Sequence[Overlay] = ()) -> Money | None:
    """The money of a record with what was decided about it; None where it cannot be read."""
    return _money(_scene(apply(record, overlays), flow, workspace, Lookups()))


def shown(record: Record, flow: Flow, workspace: Workspace, overlays: Sequence[Overlay] = ()) -> Violations:
    """What cards say of a record that is not looked into any further: its title, its customer and its money."""
    return _violations(_scene(apply(record, overlays), flow, workspace, Lookups()), [], ())


def writes_of(
    record: Record, flow: Flow, workspace: Workspace, overlays: Sequence[Overlay] = ()
) -> tuple[WriteSpec, ...]:
    """The writes that the flow makes of records like this one, as far as they can be told: good for looking up what was
    written, not for writing."""
    return Builder(scene=_scene(apply(record, overlays), flow, workspace, Lookups())).writes()


def _scene(record: Record, flow: Flow, workspace: Workspace, lookups: Lookups) -> Scene:
    return Scene(
        record=record,
        flow=flow,
        contract=workspace.contract_of(flow),
        tables=workspace.tables,
        lookups=lookups,
        own=workspace.own,
    )


def _related(record: Record, flow: Flow, lookups: Lookups) -> Record:
    """The record with the relations that people picked, as the source shows them."""
    for question in [each for each, _ in lookups.answers if each.purpose == "read"]:
        check = flow.checks[question.check]
        if isinstance(check, Required) and (chosen := stub(check, record)):
            for answer in list(lookups.of(question) or ())[:1]:
                last = compile_path(check.fill or check.path)[-1]
                record = put(record, check.path, {**answer, str(last): chosen})
    return record


def _violations(scene: Scene, found: list[tuple[Check, Violation]], before: tuple[Violation, ...]) -> Violations:
    pairs = {(each.path, each.reason): each for _, each in reversed(found)}
    ordered = [each for _, each in found if pairs.pop((each.path, each.reason), None) is not None]
    return Violations(
        found=(*before, *ordered),
        title=_title(scene),
        customer=_customer(scene),
        customer_name=_customer_name(scene),
        money=_money(scene),
        remedies=_remedies(scene, found),
    )


def _plan(scene: Scene) -> Plan | Violations:
    builder = Builder(scene=scene)
    writes = builder.writes()
    title, customer, worth, name = _title(scene), _customer(scene), _money(scene), _customer_name(scene)
    if builder.problems:
        return Violations(
            found=tuple(builder.problems), title=title, customer=customer, money=worth, customer_name=name
        )
    return Plan(
        writes=writes, customer=customer, money=worth, title=title, customer_name=name, contract=_contract(scene),
        who=who_of(scene.record, scene.flow),
    )  # fmt: skip


def _remedies(scene: Scene, found: list[tuple[Check, Violation]]) -> tuple[WriteSpec, ...]:
    """A task in the source for each group of records that people must merge."""
    tasks: dict[str, WriteSpec] = {}
    for check, violation in found:
        if isinstance(check, Unique) and check.task is not None and violation.reason == check.reason:
            ids = sorted(each.value for each in violation.candidates)
            named = "\n".join(f"{each.label} ({each.value})" for each in violation.candidates)
            key = mapping.safe("merge-" + "-".join(ids))[:200]
            tasks[key] = WriteSpec(
                name="merge_task",
                connection=scene.flow.trigger.connection,
                entity=check.task.entity,
                operation="create",
                key=key,
                body={
                    "subject": f"{check.task.subject}: {violation.found}",
                    "body": f"{check.task.body}\n\n{violation.label}: {violation.found}\n{named}",
                    check.entity: ids,
                },
            )
    return tuple(tasks.values())


def _selected(selector: str | None, scene: Scene) -> Any:
    try:
        return select(selector, scene.record) if selector else None
    except SelectorFailed:
        return None


def _title(scene: Scene) -> str:
    title = text(_selected(scene.flow.record.title, scene))
    return title or f"{scene.flow.trigger.entity} {text(_selected(scene.flow.record.id, scene))}".strip()


def _customer_name(scene: Scene) -> str:
    return text(_selected(scene.flow.record.customer_title, scene))


def _customer(scene: Scene) -> str | None:
    return text(_selected(scene.flow.record.customer, scene)) or None


def _contract(scene: Scene) -> str | None:
    """What the flow calls the contract; the record itself where it names none."""
    named = scene.flow.record.contract or scene.flow.record.id
    return text(_selected(named, scene)) or None


def _money(scene: Scene) -> Money | None:
    """The money at stake, as far as it can be read."""
    currency = scene.currency(None)
    if currency is None:
        return None
    try:
        return money(_selected(scene.flow.record.amount, scene), currency)
    except NotMoney:
        return None


def _is_path(path: str) -> bool:
    try:
        compile_path(path)
    except ValueError:
        return False
    return True

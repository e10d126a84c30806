"""The checks that ask another system, once all the others have passed. What it did not answer is never a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from sync import mapping
from sync.kept import kept_of
from sync.mapping import SelectorFailed, TooMany, expand, missing, select, text
from sync.model import Record, Violation
from sync.money import NotMoney, decimal, exponent
from sync.questions import Question
from sync.scene import CannotTell, Scene
from sync.workspace.flow import Check, Credit, Elsewhere, Flow, LookUp, StatusAgreement


@kept_of
def later(flow: Flow) -> Sequence[tuple[int, Elsewhere]]:
    """The flow's checks of this kind with their indexes."""
    return [(index, check) for index, check in enumerate(flow.checks) if isinstance(check, Elsewhere)]


def asked_elsewhere(record: Record, flow: Flow) -> tuple[Question, ...]:
    """What these checks ask about the record. An empty value is not asked about; neither is one whose question cannot be put,
    which the check then says."""
    found = (question(index, check, record, flow) for index, check in later(flow))
    return tuple(each for each in found if each is not None)


def question(index: int, check: Elsewhere, record: Record, flow: Flow) -> Question | None:
    """The question of one check; None where its value, or what it asks by, is empty."""
    try:
        if all(missing(value) for _, value in expand(record, check.path)):
            return None
        if check.key is not None:
            by = {"reference": mapping.key(check.key, record, {"flow": flow.name})}
        else:
            by = {name: text(select(each, record)) for name, each in (check.by or {}).items()}
    except (KeyError, SelectorFailed, TooMany):
        return None
    purpose = "find" if check.key is not None else "search"
    return (
        Question(check=index, entity=check.entity, by=by, purpose=purpose, connection=check.connection)
        if all(by.values())
        else None
    )


def look_up(index: int, check: LookUp, scene: Scene) -> Iterator[Violation]:
    """A record is there, and its field holds one of the values."""
    for path, _ in scene.values(check.path):
        records = _answer(index, check, scene)
        if not records:
            yield scene.violation(check, path, expected=f"a value that {check.connection} has a {_noun(check)} for")
        elif check.field is not None and not any(_is_one_of(each, check.field, check.any_of) for each in records):
            shown = " or ".join(text(each) for each in check.any_of)
            yield scene.violation(
                check, path, expected=f"a {_noun(check)} whose {check.field} is {shown} in {check.connection}"
            )
        return


def credit(index: int, check: Credit, scene: Scene) -> Iterator[Violation]:
    """The amount is within the limit, less what is used. Figures that cannot be read are no pass."""
    currency = scene.currency(check.currency)
    for path, value in scene.values(check.path):
        records = _answer(index, check, scene)
        if len(records) != 1:
            there = "several" if records else "none"
            yield scene.violation(
                check, path, expected=f"one credit limit in {check.connection}; there is {there}", kind="money"
            )
            continue
        left = _figure(check.limit, records[0], check, currency)
        if check.used is not None:
            left -= _figure(check.used, records[0], check, currency)
        if decimal(value) > left:
            places = exponent(currency) if currency else 2
            words = f"at most {max(left, Decimal(0)):.{places}f}{f' {currency}' if currency else ''}, the credit that is left"
            yield scene.violation(check, path, expected=words, kind="money")


def _figure(selector: str, record: Record, check: Credit, currency: str | None) -> Decimal:
    found = select(selector, record)
    try:
        number = decimal(found)
    except NotMoney as error:
        raise CannotTell(f"{check.connection} shows no plain {selector}") from error
    if not check.minor:
        return number
    if currency is None:
        raise CannotTell("the currency of the record is not known")
    return number.scaleb(-exponent(currency))


def status_agreement(index: int, check: StatusAgreement, scene: Scene) -> Iterator[Violation]:
    """The other system's status is one that may stand beside this one."""
    for path, value in scene.values(check.path):
        may = check.agrees.get(text(value))
        records = _answer(index, check, scene) if may is not None or check.must_exist else []
        expected = " or ".join(text(each) for each in may or ()) or "a record"
        if not records and check.must_exist:
            yield scene.violation(check, path, expected=f"a {_noun(check)} in {check.connection}; there is none")
        elif may is not None and (wrong := [each for each in records if not _is_one_of(each, check.field, may)]):
            shown = text(select(check.field, wrong[0])) or "empty"
            words = f"a {_noun(check)} in {check.connection} whose {check.field} is {expected}; it is {shown}"
            yield scene.violation(check, path, expected=words)


def _answer(index: int, check: Elsewhere, scene: Scene) -> Sequence[Record]:
    asked = question(index, check, scene.record, scene.flow)
    if asked is None:
        raise CannotTell(f"what {check.connection} would be asked by is empty")
    return scene.answer_to(asked)


def _is_one_of(record: Record, field: str, values: Sequence[object]) -> bool:
    return text(select(field, record)) in {text(each) for each in values}


def _noun(check: Elsewhere) -> str:
    return check.entity.replace("_", " ")


RULES: dict[type[Check], Callable[[int, Any, Scene], Iterator[Violation]]] = {
    LookUp: look_up,
    Credit: credit,
    StatusAgreement: status_agreement,
}

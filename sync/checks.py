"""The checks, one small function per kind in a table. Together they find *all* that is wrong with a record at once, each
with its path, what was found, what was expected and what might have been meant. A check that cannot be evaluated is a
violation too, never a pass; one whose inputs are already found wrong stays silent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from sync import elsewhere, formal, match, pricing
from sync.mapping import TooMany, compile_path, expand, get, missing, select, sibling, text
from sync.model import Candidate, Overlay, Violation
from sync.money import NotMoney, decimal, is_currency
from sync.patterns import LONGEST_FOR_PATTERN
from sync.questions import stub, unique
from sync.quick import CANNOT, suspects
from sync.scene import Scene
from sync.transforms import Unreadable, utc_date, whole
from sync.workspace import flow as f
from sync.workspace.tables import ReferenceTable

MOST_OF_ONE_CHECK = 200
"""So many violations one check finds in one record. More say nothing new, and each costs time."""


def violations(scene: Scene, overlays: tuple[Overlay, ...] = ()) -> list[tuple[f.Check, Violation]]:
    """Every violation that no person has waived, each with the check that found it. What another system was asked counts only
    where all else is right."""
    found = judged(scene, suspects(scene.record, scene.flow, scene.tables), overlays)
    if found or not scene.lookups.others or not (later := elsewhere.later(scene.flow)):
        return found
    return judged(scene, [index for index, _ in later], overlays)


def judged(scene: Scene, checks: Iterable[int], overlays: tuple[Overlay, ...] = ()) -> list[tuple[f.Check, Violation]]:
    """What the checks with these indexes find, in order, as far as no person has waived it."""
    waived = {(each.path, each.reason, each.found) for each in overlays if each.action == "waive"}
    found: list[tuple[f.Check, Violation]] = []
    for index in checks:
        check = scene.flow.checks[index]
        for violation in _evaluated(index, check, scene):
            scene.spoiled.add(violation.path)
            if (violation.path, violation.reason, violation.found) not in waived:
                found.append((check, violation))
    return found


def _evaluated(index: int, check: f.Check, scene: Scene) -> list[Violation]:
    try:
        return list(islice(RULES[type(check)](index, check, scene), MOST_OF_ONE_CHECK))
    except TooMany as error:
        path, many = error.path or check.path, f"{error.many:,} items"
        return (
            []
            if scene.is_spoiled(path)
            else [scene.violation(check, path, "invalid_value", expected=str(error), found=many)]
        )
    except CANNOT as error:
        words = text(str(error)) or type(error).__name__
        return [scene.violation(check, check.path, "rule_failed", expected=f"a rule that can be evaluated: {words}")]


def _required(index: int, check: f.Required, scene: Scene) -> Iterator[Violation]:
    for path, value in expand(scene.record, check.path):
        chosen = stub(check, scene.record)
        if scene.is_spoiled(path) or (not missing(value) and not chosen):
            continue
        kind = "company" if check.candidates else "select" if check.reference else scene.kind(check.path)
        expected = f"a record that exists; {chosen} does not" if chosen else "a value"
        scene.spoiled.add(path)
        yield scene.violation(
            check, check.fill or path, expected=expected, found=chosen,
            candidates=_proposals(index, check, scene), kind=kind,
        )  # fmt: skip


def _proposals(index: int, check: f.Required, scene: Scene) -> tuple[Candidate, ...]:
    if check.reference is not None:
        table = scene.table(check.reference)
        return match.listed(table.values(check.column or table.columns[0]), f"in {check.reference}")
    source = check.candidates
    if source is None:
        return ()
    words = text(select(source.by, scene.record))
    records = scene.answer(index, source.entity, "candidates")
    pairs = [(text(each.get("id")), text(select(source.label, each))) for each in records]
    pairs = [(value, label or value) for value, label in pairs if value]
    return match.candidates(words, pairs) or match.listed(pairs, "found by the deal's words", limit=5)


def _enum(index: int, check: f.Enum, scene: Scene) -> Iterator[Violation]:
    for path, value in scene.values(check.path):
        if text(value) not in check.values:
            yield scene.violation(
                check, path, expected=f"one of {', '.join(check.values)}", kind="select",
                candidates=_near(text(value), [(each, each) for each in check.values]),
            )  # fmt: skip


def _in_reference(index: int, check: f.InReference, scene: Scene) -> Iterator[Violation]:
    table = scene.table(check.reference)
    values, near = table.values(check.column, check.title), dict[str, tuple[Candidate, ...]]()
    most = match.affordable(len(values))
    for path, value in scene.values(check.path):
        words = text(value)
        if table.find(check.column, words) is None:
            if words not in near and len(near) < most:
                near[words] = _once((*_renamed(words, check, table), *_near(words, values)))
            yield scene.violation(
                check, path, expected=f"one of the {len(values)} values in {table.name.replace('_', ' ')}",
                candidates=near.get(words, ()), kind="select",
            )  # fmt: skip


def _renamed(found: str, check: f.InReference, table: ReferenceTable) -> Iterator[Candidate]:
    """The values that were called so before they got another name."""
    for row in table.rows if check.formerly is not None else ():
        if match.compact(row[check.formerly or ""]) == match.compact(found) != "":
            value, since = row[check.column], row[check.renamed] if check.renamed is not None else ""
            label = row.get(check.title or check.column) or value
            yield Candidate(value=value, label=label, score=99, why=match.renamed(since))


def _once(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each value once, with the first thing that speaks for it."""
    return tuple({each.value: each for each in reversed(list(found))}.values())[::-1]


def _near(found: str, values: list[tuple[str, str]]) -> tuple[Candidate, ...]:
    return match.candidates(found, values) or match.listed(values, "in the list", limit=5)


def _range(index: int, check: f.Range, scene: Scene) -> Iterator[Violation]:
    expected = _range_words(check)
    for path, value in scene.values(check.path):
        try:
            number = whole(value) if check.whole else decimal(value)
            inside = (check.min is None or number >= check.min) and (check.max is None or number <= check.max)
        except (NotMoney, Unreadable):
            inside = False
        if not inside:
            yield scene.violation(check, path, expected=expected)


def _range_words(check: f.Range) -> str:
    noun = "a whole number" if check.whole else "a number"
    least = f" of at least {check.min}" if check.min is not None else ""
    most = f"{' and' if least else ' of'} at most {check.max}" if check.max is not None else ""
    return f"{noun}{least}{most}"


def _regex(index: int, check: f.Regex, scene: Scene) -> Iterator[Violation]:
    pattern = re.compile(check.pattern)
    for path, value in scene.values(check.path):
        words = value if isinstance(value, str) else text(value)
        if len(words) > LONGEST_FOR_PATTERN or not pattern.fullmatch(words.strip()):
            yield scene.violation(check, path, expected=check.expected or f"a text that matches {check.pattern}")


def _currency(index: int, check: f.Currency, scene: Scene) -> Iterator[Violation]:
    for path, value in scene.values(check.path):
        if not is_currency(text(value)):
            yield scene.violation(check, path, expected="an ISO 4217 currency code such as EUR or USD")


def _date(index: int, check: f.Date, scene: Scene) -> Iterator[Violation]:
    for path, value in scene.values(check.path):
        try:
            utc_date(value)
        except Unreadable:
            yield scene.violation(check, path, expected="a date such as 2026-03-31", kind="date")


def _date_order(index: int, check: f.DateOrder, scene: Scene) -> Iterator[Violation]:
    for path, value in scene.values(check.path):
        other = sibling(path, check.path, check.before)
        later = get(scene.record, other)
        if missing(later) or scene.is_spoiled(other):
            continue
        try:
            wrong = utc_date(value) > utc_date(later)
        except Unreadable:
            yield scene.violation(check, path, expected=f"dates here and in {other}", kind="date")
            continue
        if wrong:
            yield scene.violation(check, path, expected=f"a date not after {text(later)} ({other})", kind="date")


def _same_as(index: int, check: f.SameAs, scene: Scene) -> Iterator[Violation]:
    for path, value in scene.values(check.path):
        at = sibling(path, check.path, check.other)
        other = text(get(scene.record, at))
        if other and not scene.is_spoiled(at) and text(value).casefold() != other.casefold():
            near = (Candidate(value=other, label=other, score=90, why=f"stands in {at}"),)
            yield scene.violation(check, path, expected=f"{other}, as in {at}", candidates=near)


def _unique(index: int, check: f.Unique, scene: Scene) -> Iterator[Violation]:
    for path, value in scene.values(check.path):
        question = unique(index, check, value)
        own = text(get(scene.record, sibling(path, check.path, check.id) if "[*]" in check.path else check.id))
        others = [each for each in scene.answer_to(question) if text(each.get("id")) not in ("", own)]
        if not others:
            continue
        field = scene.contract.label(check.path) or next(iter(question.by)).replace("_", " ")
        mine = {"id": own, **_owner_of(scene, check)}
        pairs = {text(each.get("id")): text(select(check.title, each)) for each in (mine, *others)}
        yield scene.violation(
            check, path, found=match.same_id(text(value)), kind="company",
            expected=f"only one record with this {field}; there are {len(pairs)}",
            candidates=tuple(
                Candidate(value=each, label=label or each, score=100, why=f"same {field}")
                for each, label in sorted(pairs.items()) if each
            ),
        )  # fmt: skip


def _owner_of(scene: Scene, check: f.Unique) -> dict[str, Any]:
    """The object that holds the checked id: the record itself for `id`, its company for `company.id`."""
    steps = compile_path(check.id)
    parent = get(scene.record, check.id.rpartition(".")[0]) if len(steps) > 1 else scene.record
    return parent if isinstance(parent, dict) else {}


Rule = Callable[[int, Any, Scene], Iterator[Violation]]

RULES: dict[type[f.Check], Rule] = {
    f.Required: _required,
    f.Enum: _enum,
    f.InReference: _in_reference,
    f.Range: _range,
    f.Regex: _regex,
    f.Currency: _currency,
    f.Amount: pricing.amount,
    f.SameAs: _same_as,
    f.SumEquals: pricing.sum_equals,
    f.PriceWithin: pricing.price_within,
    f.Date: _date,
    f.DateOrder: _date_order,
    f.Unique: _unique,
    f.Type: formal.of_type,
    f.Length: formal.length,
    f.Attachment: formal.attachment,
    f.RuleCheck: formal.rule,
    f.Off: lambda index, check, scene: iter(()),
    **elsewhere.RULES,
}

"""The part of the dialog that asks for a new record of the source, beside picking one, and what was entered in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.blocks import LABEL, PLACEHOLDER, Block, clip, plain, tidy
from bot.fixing.answers import NEW, answerable, block_of
from bot.fixing.known import Known
from sync.creating import NewField
from sync.giving_back import NewRecord
from sync.model import Violation
from sync.typed import MOST, Unusable


def new_inputs(block_id: str, fields: Sequence[NewField]) -> Iterator[Block]:
    """What is asked for a new record, under the choice to create one."""
    for field in fields:
        element: Block = {"type": "plain_text_input", "action_id": "answer", "max_length": 3000,
                          "placeholder": plain(_example(field), PLACEHOLDER)}  # fmt: skip
        if field.begins:
            element["initial_value"] = tidy(field.begins)[:MOST]
        yield {
            "type": "input", "block_id": _block(block_id, field), "label": plain(clip(field.label, 150), LABEL),
            "element": element, "optional": not field.required,
        }  # fmt: skip


def read_new_records(
    view: Block, entered: Mapping[int, str], questions: Sequence[Violation], known: Known, *, entity: str, key: str
) -> tuple[dict[int, NewRecord], dict[str, str]]:
    """The records that are to be created, by the place of their question, and what is wrong with their fields, by block id. A
    dialog that does not show the fields yet is told so beside the choice."""
    found: dict[int, NewRecord] = {}
    wrong: dict[str, str] = {}
    for group in answerable(questions):
        fields = known.new(questions[group[0]]) if entered.get(group[0]) == NEW else ()
        if not fields:
            continue
        typed = _typed(view, block_of(group), fields)
        if not any(field.path in typed for field in fields):
            wrong[block_of(group)] = "Choose it once more: the fields of the new record appear below."
            continue
        values: dict[str, str] = {}
        for field in fields:
            try:
                values[field.name] = known.read_new(field, typed.get(field.path, ""))
            except Unusable as error:
                wrong[_block(block_of(group), field)] = clip(str(error), 300)
        given = {name: value for name, value in values.items() if value}
        found.update(dict.fromkeys(group, NewRecord(entity=entity, key=key, fields=given)))
    return found, wrong


def _typed(view: Block, block_id: str, fields: Sequence[NewField]) -> dict[str, str]:
    values = (view.get("state") or {}).get("values") or {}
    found = {}
    for field in fields:
        elements = values.get(_block(block_id, field))
        if isinstance(elements, dict):
            element: Block = next(iter(elements.values()), {})
            found[field.path] = str(element.get("value") or "")
    return found


def _block(block_id: str, field: NewField) -> str:
    return f"{block_id}_new_{field.name}"[:255]


def _example(field: NewField) -> str:
    return "invoices@example.com" if field.email else f"{field.label}"

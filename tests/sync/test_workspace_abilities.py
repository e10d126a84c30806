"""What a flow needs of a connection that cannot do it is said when the workspace is loaded, and who can."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from sync.abilities import WORDS, Ability
from sync.connectors import kinds
from sync.errors import Mistake
from sync.workspace.loader import attempt

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
FLOW, ERP, SETTINGS = "flows/quote_to_cash.yaml", "connections/erp.yaml", "meshline.yaml"
SHOP = "connections:\n  shop:\n    kind: webhook\n    secrets: [env:SHOP_SECRET]\n    entity: deals\n"


def mistakes(tmp_path: Path, *changes: tuple[str, str, str]) -> list[Mistake]:
    """What is said of the example with (file, old, new) changes."""
    directory = tmp_path / "workspace"
    shutil.copytree(EXAMPLE, directory)
    for file, old, new in changes:
        text = (directory / file).read_text(encoding="utf-8")
        assert old in text
        (directory / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return attempt(directory, kinds())[1]


def line(file: str, text: str) -> int:
    whole = (EXAMPLE / file).read_text(encoding="utf-8")
    return whole[: whole.index(text)].count("\n") + 1


def test_a_source_that_only_calls_us_cannot_be_polled_and_the_mistake_names_who_can(tmp_path: Path) -> None:
    found = mistakes(tmp_path, (SETTINGS, "connections:\n", SHOP), (FLOW, "connection: crm", "connection: shop"))
    [polled] = [each for each in found if WORDS[Ability.CHANGES] in each.what]
    assert (polled.file, polled.line) == (FLOW, line(FLOW, "poll:"))
    assert polled.what == (
        "quote_to_cash needs shop to be polled for what changed, with deals: a connection of kind webhook cannot"
    )
    assert (
        polled.right.startswith("kinds that can: ") and " hubspot, " in polled.right and "webhook" not in polled.right
    )


SECRET = "    client_secret: env:HUBSPOT_CLIENT_SECRET\n"


def test_a_flow_that_waits_for_webhooks_which_its_connection_cannot_take_would_hear_of_nothing(tmp_path: Path) -> None:
    text = (EXAMPLE / FLOW).read_text(encoding="utf-8")
    poll = next(each for each in text.splitlines(keepends=True) if each.lstrip().startswith("poll:"))
    key = (SETTINGS, "    token: env:HUBSPOT_TOKEN\n" + SECRET, "    service_key: env:HUBSPOT_KEY\n")
    [deaf] = mistakes(tmp_path / "deaf", key, (FLOW, poll, ""))
    assert (deaf.file, deaf.line) == (FLOW, line(FLOW, "connection: crm"))
    assert deaf.what == "nothing tells quote_to_cash of changes: what is said of crm lets no webhook in"
    assert deaf.right == "add `poll: 5m` to the trigger, or say what its webhooks are checked with"
    assert mistakes(tmp_path / "polled", key) == [] == mistakes(tmp_path / "told", (FLOW, poll, ""))


def test_everything_that_a_flow_needs_of_one_connection_is_said_at_once(tmp_path: Path) -> None:
    found = mistakes(tmp_path, (SETTINGS, "connections:\n", SHOP), (FLOW, "connection: crm", "connection: shop"))
    said = " ".join(each.what for each in found)
    for ability in (Ability.CHANGES, Ability.SEARCH, Ability.TASK, Ability.WRITE_BACK):
        assert f"needs shop to {WORDS[ability]}" in said, ability


@pytest.mark.parametrize(
    ("call", "ability"),
    [("    post:", Ability.POST), ("    update:", Ability.UPDATE)],
)
def test_a_call_that_is_not_described_is_missed_before_the_first_record_is_on_its_way(
    tmp_path: Path, call: str, ability: Ability
) -> None:
    text = (EXAMPLE / ERP).read_text(encoding="utf-8").splitlines(keepends=True)
    changes = [(ERP, each, "") for each in text if each.startswith(call)]
    found = mistakes(tmp_path, *changes)
    assert found and all(f"needs erp to {WORDS[ability]}" in each.what for each in found)
    assert all(each.file == FLOW and "the kind rest can" in each.right for each in found)


def test_a_record_that_nothing_describes_can_be_neither_found_nor_made(tmp_path: Path) -> None:
    found = mistakes(tmp_path, (FLOW, "    entity: customer\n", "    entity: custmer\n"))
    assert [each.what for each in found] == [
        "quote_to_cash needs erp to find a record by our reference, with custmer: what is said of it gives no way"
    ]


def test_a_made_up_record_needs_a_draft_that_can_be_taken_back(tmp_path: Path) -> None:
    found = mistakes(tmp_path, (ERP, '    void: {method: POST, path: "/v1/invoices/{id}/void"}\n', ""))
    [missing] = [each for each in found if f"needs erp to {WORDS[Ability.VOID]}, with invoice" in each.what]
    assert (missing.file, missing.line) == (FLOW, line(FLOW, "synthetic:"))


def test_batches_go_wherever_many_records_are_taken_in_one_call(tmp_path: Path) -> None:
    retry = "retry: {attempts: 6, first: 2s, factor: 3, cap: 5m}\n"
    batch = (FLOW, retry, f"{retry}batch: {{mode: always}}\n")
    files = "connections:\n  other:\n    kind: hubspot\n    token: env:OTHER\n    references: {companies: ours}\n    unique: [companies]\n"
    extra = (FLOW, "writes:\n", "writes:\n  - {name: mirror, connection: other, entity: companies, operation: create, key: 'x-{id}',"
             " record: [{to: name, from: name}]}\n")  # fmt: skip
    refused = mistakes(tmp_path / "a", batch)
    assert any("no bulk call" in each.what for each in refused)
    taken = mistakes(tmp_path / "b", batch, (SETTINGS, "connections:\n", files), extra)
    assert not any("no bulk call" in each.what for each in taken)


def test_what_a_kind_says_of_itself_is_read_off_its_class_and_its_words() -> None:
    known = {name: kind.abilities for name, kind in kinds().items()}
    assert Ability.POST not in known["hubspot"] and {Ability.TASK, Ability.WRITE_BACK} <= known["hubspot"]
    assert known["webhook"] == {Ability.WEBHOOKS, Ability.PROBE}
    assert {Ability.VOID, Ability.CREDIT, Ability.WARNINGS} <= known["tryton"]
    assert WORDS.keys() == set(Ability)


def test_a_kind_that_is_built_by_a_function_says_what_it_builds() -> None:
    kind: Any = kinds()["rest"]
    given = type(kind)(name="x", options=kind.options, build=lambda options, name: kind.build(options, name))
    with pytest.raises(TypeError, match="the kind x does not say its `connector`"):
        _ = given.abilities

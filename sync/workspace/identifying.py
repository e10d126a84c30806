"""What a flow says about who its customer is: where a record keeps what tells companies apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sync.workspace.checking import MergeTask
from sync.workspace.spots import Spot
from sync.workspace.values import Broken, EntityName, Name, Path, Selector, Strict

_STABLE = ("vat_id", "domain", "email", "phone", "postcode", "external")


class Identity(Strict):
    """Before the upsert `write` the customer of the record is looked for among all that the ledger knows of its connection: `entity`
    is what the source calls a company, `id` where the record has its id, `merged` where it lists what was merged into it. Who is the
    same beyond doubt is written under one reference; who may be is put to a person, and the `task` in the source asks for the
    merge. With `number` the target's field gets the number that is reserved for the customer."""

    write: Name
    entity: EntityName
    id: Path
    name: Selector
    vat_id: Selector | None = None
    domain: Selector | None = None
    email: Selector | None = None
    phone: Selector | None = None
    street: Selector | None = None
    postcode: Selector | None = None
    city: Selector | None = None
    country: Selector | None = None
    external: Selector | None = None
    merged: Selector | None = None
    number: Name | None = None
    task: MergeTask | None = None

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        if all(given.get(each) is None for each in _STABLE):
            right = "a name alone tells nobody apart: say where at least one of these stands"
            yield Broken(key="name", right=right, lacking=_STABLE)


def check_identity(flow: Spot) -> None:
    """The write that `identity` names is an upsert of the flow: only what is shared may be found again."""
    named = flow.at("identity", "write")
    upserts = [each.at("name").word for each in flow.at("writes").items if each.at("operation").value == "upsert"]
    if named.word is not None and None not in upserts and named.word not in upserts:
        known = ", ".join(filter(None, upserts)) or "none is there yet"
        named.wrong(f"{named.word!r} is no upsert of this flow", f"name the upsert that writes the customer: {known}")

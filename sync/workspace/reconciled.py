"""Whether a flow's `reconcile` fits the flow: its write exists and makes records, and its fields come from somewhere."""

from __future__ import annotations

from sync.workspace.spots import Spot

_MAKES_NONE = ("update", "post", "credit")  # a word that is none at all is a mistake of its own


def check_reconcile(flow: Spot) -> None:
    """Note what is wrong with `reconcile`."""
    options, writes = flow.at("reconcile"), flow.at("writes").items
    made = {each.at("name").word: each for each in writes if each.at("operation").value not in _MAKES_NONE}
    options.at("write").known("create or upsert of this flow", [each for each in made if each])
    write = made.get(options.at("write").word)
    if write is None:
        return
    known = _known(write, writes)
    for name in options.at("fields").entries:
        if name not in known:
            options.at("fields", name).wrong(
                f"nothing says what {name!r} should be",
                "name a field that the write maps, or that one of its `verify` rows demands",
            )
    for key in ("amount", "period", "currency"):
        options.at(key).known("field that the write maps or verifies", known)


def _known(write: Spot, writes: list[Spot]) -> list[str]:
    rows = [row.at("to").word for row in write.at("record").items if _says(row)]
    name = write.at("name").word
    for each in writes:
        if name in (each.at("name").word, each.at("of").word):
            rows += [row.at("field").word for row in each.at("verify").items if _says(row)]
    return [each for each in rows if each]


def _says(row: Spot) -> bool:
    return any(row.at(key).value is not None for key in ("from", "value", "text"))

"""Journal entries in Tryton: moves of the general journal, in the company's own currency, that balance. A move has one line of text:
our reference comes first in it, then what else there is to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync.connectors.tryton_codes import Codes
from sync.connectors.tryton_values import beyond, minor, notes, of_minor, read_notes, tagged_day, tagged_decimal
from sync.errors import Rejected
from sync.model import Found, Record

_PLACED = {"journal_date", "currency", "lines"}
_BETWEEN = " | "


class Journals:
    """The shelf of journal entries."""

    model = "account.move"
    fields: Sequence[str] = (
        "description", "state", "number", "date", "company.currency.code", "write_date", "create_date", "lines.debit",
        "lines.credit", "lines.description", "lines.account.code",
    )  # fmt: skip
    head = fields

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    def called(self, reference: str) -> list[Any]:
        """How those with our reference are found."""
        escaped = reference.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return [["description", "like", f"{escaped}{_BETWEEN}%"]]

    def within(self, company: int) -> list[Any]:
        """Those of one company."""
        return [["company", "=", company]]

    def shown(self, move: Record) -> Found:
        """A journal entry in a flow's words; `total_minor` is its debit."""
        currency = ((move.get("company.") or {}).get("currency.") or {}).get("code") or ""
        reference, _, rest = str(move.get("description") or "").partition(_BETWEEN)
        status = "posted" if move.get("state") == "posted" else "draft"
        rows = sorted(move.get("lines.") or [], key=lambda each: int(each["id"]))
        lines = [self._line(each, currency) for each in rows]
        record = {
            **read_notes(rest.replace(_BETWEEN, "\n")),
            "id": str(move["id"]),
            "reference": reference,
            "journal_date": move.get("date"),
            "currency": currency,
            "lines": lines,
            "total_minor": sum(each["debit_minor"] for each in lines),
            "status": status,
            "number": move.get("number"),
            "changed_at": move.get("write_date") or move.get("create_date"),
        }
        return Found(id=str(move["id"]), record=record, status=status)

    async def new(self, reference: str, body: Record) -> Record:
        """What Tryton is told of a new entry. Raises Rejected for one that does not balance, or in a closed period."""
        journal = await self._codes.one("journal", "general", "lines")
        text = _BETWEEN.join([reference, *notes(beyond(body, _PLACED)).split("\n")])
        return {
            **await self._values(body),
            "company": self._codes.link.company,
            "journal": journal["id"],
            "description": text,
        }

    async def changed(self, stands: Record, body: Record) -> Record:
        """What Tryton is told of a change of a draft. Lines are taken out and written anew; what is posted is Rejected."""
        found = self.shown(stands)
        if found.status == "posted":
            raise Rejected(f"move {found.record['number']} is posted and cannot change", reason="changed_after_posting")
        values = await self._values({**found.record, **body})
        values["lines"] = [["delete", [each["id"] for each in stands["lines."]]], *values["lines"]]
        _, *kept = str(stands.get("description")).split(_BETWEEN)
        said = beyond({**read_notes("\n".join(kept)), **body}, _PLACED)
        return {**values, "description": _BETWEEN.join([found.record["reference"], *notes(said).split("\n")])}

    async def _values(self, body: Mapping[str, Any]) -> Record:
        codes, currency, given = self._codes, str(body.get("currency")), body.get("lines") or []
        own = (await codes.company())["currency."]["code"]
        if currency != own:
            raise Rejected(
                f"Tryton books journal entries in {own}, not in {currency}", code="currency", path="currency"
            )
        sides = {side: sum(line.get(f"{side}_minor") or 0 for line in given) for side in ("debit", "credit")}
        if sides["debit"] != sides["credit"] or not sides["debit"]:
            words = f"debit {sides['debit']} and credit {sides['credit']} must be the same, and not zero"
            raise Rejected(words, reason="amount_mismatch", path="lines")
        at = [(line.get("account"), f"lines[{place}].account") for place, line in enumerate(given)]
        accounts = await codes.several("account", at)
        lines = [
            {
                "account": accounts[str(line.get("account"))]["id"],
                "description": line.get("memo"),
                **{side: tagged_decimal(of_minor(line.get(f"{side}_minor") or 0, own)) for side in sides},
            }
            for line in given
        ]
        day = tagged_day(body.get("journal_date"), "journal_date")
        return {
            "date": day,
            "period": await codes.period(day, str(body.get("journal_date"))),
            "lines": [["create", lines]],
        }

    def _line(self, row: Record, currency: str) -> Record:
        line = {
            "account": self._codes.ours("account", (row.get("account.") or {}).get("code")),
            "debit_minor": minor(row.get("debit"), currency) or 0,
            "credit_minor": minor(row.get("credit"), currency) or 0,
        }
        return {**line, "memo": row["description"]} if row.get("description") else line

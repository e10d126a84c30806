"""What the CRM lists page by page: records of one type, and owners."""

from collections.abc import Mapping, Sequence

from bot.sandbox.crm_batches import linked
from bot.sandbox.crm_errors import Refusal, invalid
from bot.sandbox.crm_objects import Objects
from bot.sandbox.crm_record import Missing, Record
from bot.sandbox.crm_schema import ASSOCIATION_TYPES, TYPES, Json
from bot.sandbox.deals_values import Owner

_MOST = 100
_MADE = "2020-01-01T00:00:00.000Z"


def names(texts: Sequence[str]) -> list[str]:
    """The names in repeated or comma-separated query values."""
    return [name for text in texts for name in text.split(",") if name]


def listed(objects: Objects, kind: str, query: Mapping[str, str], wanted: Sequence[str], near: Sequence[str]) -> Json:
    """Records in the order of their ids, `near` with the ids of what hangs on them."""
    living = objects.archived(kind) if archived(query) else objects.all(kind)
    after = _number(query, "after", 0)
    behind = sorted((each for each in living if int(each.id) > after), key=lambda each: int(each.id))
    limit = _limit(query, 10)
    page = [{**each.document(wanted), **related(objects, each, near)} for each in behind[:limit]]
    return {"results": page, **_next(behind[limit - 1].id if len(behind) > limit else None)}


def related(objects: Objects, record: Record, near: Sequence[str]) -> Json:
    """The associations of a record that was read with them."""
    kind = record.kind.plural
    if unknown := [to for to in near if to not in TYPES or (kind, to) not in ASSOCIATION_TYPES]:
        raise invalid(f"{kind} cannot be read with {', '.join(unknown)}")
    found = {to: linked(objects, kind, record.id, to, after="0", limit=500)["results"] for to in near}
    shown = {
        to: {
            "results": [
                {"id": str(each["toObjectId"]), "type": f"{record.kind.singular}_to_{TYPES[to].singular}"}
                for each in all_
            ]
        }
        for to, all_ in found.items()
        if all_
    }
    return {"associations": shown} if shown else {}


def archived(query: Mapping[str, str]) -> bool:
    """Whether the records in the bin are asked for."""
    return query.get("archived", "").lower() == "true"


def owners(every: Sequence[Owner], query: Mapping[str, str]) -> Json:
    """Owners in the order of their ids; `email` names one."""
    if archived(query):
        return {"results": []}
    after, limit = _number(query, "after", 0), _limit(query, 100)
    behind = sorted(
        (each for each in every if int(each.id) > after and query.get("email") in {None, each.email}),
        key=lambda each: int(each.id),
    )
    return {"results": list(map(owner, behind[:limit])), **_next(behind[limit - 1].id if len(behind) > limit else None)}


def owner_of(every: Sequence[Owner], owner_id: str) -> Json:
    """The owner with the id. Raises Missing."""
    for each in every:
        if each.id == owner_id:
            return owner(each)
    raise Missing(f"owner {owner_id}")


def owner(each: Owner) -> Json:
    return {
        "id": each.id, "type": "PERSON", "email": each.email, "firstName": each.first_name, "lastName": each.last_name,
        "userId": int(each.id), "createdAt": _MADE, "updatedAt": _MADE, "archived": False,
    }  # fmt: skip


def _next(after: str | None) -> Json:
    return {} if after is None else {"paging": {"next": {"after": after, "link": f"?after={after}"}}}


def _limit(query: Mapping[str, str], usual: int) -> int:
    limit = _number(query, "limit", usual)
    if not 1 <= limit <= _MOST:
        raise invalid(f"limit must be between 1 and {_MOST}")
    return limit


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    text = query.get(name) or str(usual)
    if not (text.isascii() and text.isdecimal()):
        raise Refusal(400, "VALIDATION_ERROR", f"{name} must be a number")
    return int(text)

"""The CRM's batches: at most 100 records at once, answered with 207 when a part of them does not exist, or was refused and
every one can be told apart by its objectWriteTraceId."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from bot.sandbox.crm_errors import invalid, refusal_of
from bot.sandbox.crm_objects import Objects
from bot.sandbox.crm_record import InvalidProperties, Missing, Record
from bot.sandbox.crm_schema import ASSOCIATION_TYPES, PRIMARY, Json

MOST_INPUTS = 100
MOST_ASSOCIATION_INPUTS = 1_000
ASSOCIATIONS_PER_PAGE = 500
TRACE = "objectWriteTraceId"


def inputs_of(body: Json, most: int = MOST_INPUTS) -> list[Json]:
    """The inputs of a batch. Raises Refusal when there are too many, or none that can be read."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
        raise invalid("inputs must be a list of objects")
    if len(inputs) > most:
        raise invalid(f"The batch has {len(inputs)} inputs, at most {most} are allowed")
    return inputs


def read(objects: Objects, kind: str, body: Json) -> tuple[int, Json]:
    named = body.get("idProperty")

    def find(each: Json) -> Record:
        return objects.find(kind, _id(each)) if named is None else objects.found_by(kind, str(named), _id(each))

    return _each(inputs_of(body), find, body.get("properties") or ())


def update(objects: Objects, kind: str, body: Json, source: str) -> tuple[int, Json]:
    def change(each: Json) -> Record:
        return objects.update(kind, _id(each), properties_of(each), source=source)

    inputs = inputs_of(body)
    names = {name for each in inputs for name in properties_of(each)}
    return _each(inputs, change, sorted(names))


def create(objects: Objects, kind: str, body: Json, source: str) -> tuple[int, Json]:
    def make(each: Json) -> Json:
        record = objects.create(kind, properties_of(each), links=links_of(kind, each), source=source)
        return record.document(record.properties)

    inputs = inputs_of(body)
    if not all(each.get(TRACE) for each in inputs):  # then it is all of them or none
        for each in inputs:
            objects.check(kind, properties_of(each))
    return _written(inputs, make, 201)


def upsert(objects: Objects, kind: str, body: Json, source: str) -> tuple[int, Json]:
    """Create what is new and update what is there, by a property that takes each value once."""

    def put(each: Json) -> Json:
        name, value = str(each.get("idProperty")), _id(each)
        try:
            record, new = objects.found_by(kind, name, value), False
            objects.update(kind, record.id, properties_of(each), source=source)
        except Missing:
            record, new = objects.create(kind, {**properties_of(each), name: value}, source=source), True
        return {**record.document([*record.properties, *properties_of(each)]), "new": new}

    inputs = inputs_of(body)
    if len({(each.get("idProperty"), _id(each)) for each in inputs}) < len(inputs):
        raise invalid("Duplicate IDs found in batch input")
    return _written(inputs, put, 200)


def archive(objects: Objects, kind: str, body: Json, source: str) -> None:
    """Put the records into the bin; one that is not there is none to archive."""
    for each in inputs_of(body):
        with suppress(Missing):
            objects.archive(kind, _id(each), source=source)


def _written(inputs: list[Json], write: Callable[[Json], Json], status: int) -> tuple[int, Json]:
    """All of them, or the first refusal for the whole batch, unless each input carries its objectWriteTraceId."""
    results, errors, traced = [], [], all(each.get(TRACE) for each in inputs)
    for each in inputs:
        try:
            results.append({**write(each), **({TRACE: each[TRACE]} if each.get(TRACE) else {})})
        except (InvalidProperties, Missing) as error:
            if not traced:
                raise
            errors.append(_refused(refusal_of(error).body, {TRACE: [str(each[TRACE])]}))
    answer: Json = {"status": "COMPLETE", "results": results}
    return (207, answer | {"numErrors": len(errors), "errors": errors}) if errors else (status, answer)


def _refused(body: Json, context: Json) -> Json:
    return {"links": {}, "errors": [], **body, "context": {**body.get("context", {}), **context}}


def properties_of(body: Json) -> Json:
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise invalid("properties must be an object")
    return properties


def links_of(kind: str, body: Json) -> list[tuple[str, str]]:
    """The (type, id) pairs of inline associations, whose type follows from the association type id."""
    links = []
    for asked in body.get("associations") or ():
        try:
            type_ids = {each["associationTypeId"] for each in asked["types"]}
            target = str(asked["to"]["id"])
        except (KeyError, TypeError) as error:
            raise invalid("an association needs to.id and types[].associationTypeId") from error
        known = [to for (near, to), type_id in ASSOCIATION_TYPES.items() if near == kind and type_id in type_ids]
        if not known:
            raise invalid(f"association types {sorted(type_ids)} do not start at {kind}")
        links.append((known[0], target))
    return links


def associations(objects: Objects, kind: str, to: str, body: Json) -> tuple[int, Json]:
    """Who hangs on whom. The first company of a deal is its primary one."""
    results, missing = [], []
    for each in inputs_of(body, MOST_ASSOCIATION_INPUTS):
        near_id = _id(each)
        page = linked(objects, kind, near_id, to, after=str(each.get("after") or 0), limit=ASSOCIATIONS_PER_PAGE)
        if page["results"]:
            paging = {"paging": page["paging"]} if "paging" in page else {}
            results.append({"from": {"id": near_id}, "to": page["results"], **paging})
        else:
            missing.append(near_id)
    return _answer(results, missing, "crm.associations.NO_ASSOCIATIONS_FOUND", "fromObjectId")


def linked(objects: Objects, kind: str, record_id: str, to: str, *, after: str, limit: int) -> Json:
    """One page of what hangs on a record."""
    far_ids = objects.links(kind, record_id, to)
    start, end = int(after), int(after) + limit
    targets = [
        {"toObjectId": int(far_id), "associationTypes": _types(kind, to, primary=at == 0)}
        for at, far_id in enumerate(far_ids)
    ]
    paging = {"paging": {"next": {"after": str(end)}}} if end < len(far_ids) else {}
    return {"results": targets[start:end], **paging}


def _types(kind: str, to: str, *, primary: bool) -> list[Json]:
    types: list[Json] = []
    if primary and (kind, to) in PRIMARY:
        types.append({"category": "HUBSPOT_DEFINED", "typeId": PRIMARY[kind, to], "label": "Primary"})
    return [*types, {"category": "HUBSPOT_DEFINED", "typeId": ASSOCIATION_TYPES[kind, to], "label": None}]


def _id(each: Json) -> str:
    value = each.get("id")
    if not isinstance(value, str | int):
        raise invalid("every input needs an id")
    return str(value)


def _each(inputs: list[Json], do: Callable[[Json], Record], names: Sequence[str]) -> tuple[int, Json]:
    results, missing = [], []
    for each in inputs:
        try:
            results.append(do(each).document(names))
        except Missing:
            missing.append(_id(each))
    return _answer(results, missing, "crm.objects.NOT_FOUND", "ids")


def _answer(results: list[Json], missing: list[str], sub_category: str, context: str) -> tuple[int, Json]:
    answer: Json = {"status": "COMPLETE", "results": results}
    if not missing:
        return 200, answer
    error = {
        "links": {},
        "errors": [],
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": sub_category,
        "message": "Could not get some objects, they may be deleted or not exist.",
        "context": {context: missing},
    }
    return 207, answer | {"numErrors": 1, "errors": [error]}

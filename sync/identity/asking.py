"""What a flow's `identity` reads in a record: whose customer write it is, and what the record says of the company."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b

from sync.customers import Known, Who
from sync.identity.index import weight
from sync.identity.profile import FIELDS, Key, Profile, keys_of, profile_of
from sync.kept import kept_of
from sync.mapping import SelectorFailed, get, select, text
from sync.model import Record
from sync.workspace.flow import Flow, Identity


def who_of(record: Record, flow: Flow) -> Who | None:
    """Who the customer of a record is, as the record says it; None where the flow does not ask, or the record has no id for it."""
    identity = flow.identity
    own = text(get(record, identity.id)) if identity is not None else ""
    if identity is None or not own:
        return None
    says = {name: value for name in FIELDS if (value := _says(identity, name, record))}
    known = Known(connection=flow.trigger.connection, entity=identity.entity, id=own, target=_target(flow))
    return Who(write=identity.write, known=known, says=says, merged=tuple(_merged(identity, record)))


def digests(profile: Profile) -> tuple[tuple[str, int], ...]:
    """The keys of a profile as the ledger keeps them, each with its weight: it can find by them, and nobody can read them."""
    return tuple((_digest(key), weight(key)) for key in keys_of(profile))


def kept(says: Mapping[str, str]) -> dict[str, str]:
    """What the ledger keeps of what a record says: of an e-mail address only the domain, where that is somebody's own."""
    site = profile_of(says).site
    return {name: value for name, value in says.items() if name != "email"} | ({"domain": site} if site else {})


@kept_of
def _target(flow: Flow) -> str:
    write = flow.identity.write if flow.identity is not None else ""
    return next((each.connection for each in flow.writes if each.name == write), "")


def _says(identity: Identity, name: str, record: Record) -> str:
    selector = getattr(identity, name)
    try:
        return text(select(selector, record)) if selector else ""
    except SelectorFailed:
        return ""


def _merged(identity: Identity, record: Record) -> Iterator[str]:
    """Ids in a list, or in a text that puts signs between them."""
    try:
        found = select(identity.merged, record) if identity.merged else None
    except SelectorFailed:
        return
    for each in found if isinstance(found, list) else text(found).replace(",", ";").split(";"):
        if one := text(each).strip():
            yield one


def _digest(key: Key) -> str:
    return blake2b(f"{key.by}\0{key.value}".encode(), digest_size=16).hexdigest()

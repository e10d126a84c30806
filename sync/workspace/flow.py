"""A flow as its file says it: what triggers it, what is checked, what is written where. Reading one decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from typing import Any, Literal

from pydantic import Field, PrivateAttr

from sync.workspace.batching import BatchPolicy
from sync.workspace.checking import Amount as Amount
from sync.workspace.checking import AnyCheck as AnyCheck
from sync.workspace.checking import Attachment as Attachment
from sync.workspace.checking import CandidateSource as CandidateSource
from sync.workspace.checking import Check as Check
from sync.workspace.checking import Credit as Credit
from sync.workspace.checking import Currency as Currency
from sync.workspace.checking import Date as Date
from sync.workspace.checking import DateOrder as DateOrder
from sync.workspace.checking import Elsewhere as Elsewhere
from sync.workspace.checking import Enum as Enum
from sync.workspace.checking import InReference as InReference
from sync.workspace.checking import Length as Length
from sync.workspace.checking import LookUp as LookUp
from sync.workspace.checking import MergeTask as MergeTask
from sync.workspace.checking import Off as Off
from sync.workspace.checking import PriceWithin as PriceWithin
from sync.workspace.checking import Range as Range
from sync.workspace.checking import Regex as Regex
from sync.workspace.checking import Required as Required
from sync.workspace.checking import RuleCheck as RuleCheck
from sync.workspace.checking import SameAs as SameAs
from sync.workspace.checking import StatusAgreement as StatusAgreement
from sync.workspace.checking import SumEquals as SumEquals
from sync.workspace.checking import Type as Type
from sync.workspace.checking import Unique as Unique
from sync.workspace.compensating import Compensation as Compensation
from sync.workspace.conditions import Cohort as Cohort
from sync.workspace.conditions import Scalar as Scalar
from sync.workspace.conditions import When as When
from sync.workspace.identifying import Identity as Identity
from sync.workspace.owning import Ownership as Ownership
from sync.workspace.reconciling import Reconciling as Reconciling
from sync.workspace.retrying import RetryPolicy as RetryPolicy
from sync.workspace.rows import Lookup as Lookup
from sync.workspace.rows import MapRow as MapRow
from sync.workspace.rows import Spread as Spread
from sync.workspace.rows import VerifyRow as VerifyRow
from sync.workspace.telling import Receipts as Receipts
from sync.workspace.values import Broken, Duration, EntityName, FieldName, Name, Selector, Strict, Template, Words

Kind = Literal["text", "select", "money", "date", "company"]


class Trigger(Strict):
    """What sets a flow off. `version` is where a record says by which version of the contract it was made (1.0.0, or
    deal@1.0.0); one that says another than the flow's is stopped at the gate."""

    connection: Name
    entity: EntityName
    poll: Duration | None = None
    when: When | None = None
    version: Selector | None = None


class RecordWords(Strict):
    """Where a record keeps what every card shows: its title, its customer and its money. `contract` is what a billing hold on
    one contract is placed on: an id that several records may share; the record's own where it is left out. `changed` is where
    it says when it changed last, or counts its versions: then an older state never overwrites a newer one, in whatever order
    they come."""

    id: Selector = "id"
    title: Selector
    customer: Selector | None = None
    customer_title: Selector | None = None
    contract: Selector | None = None
    amount: Selector | None = None
    currency: Selector | None = None
    changed: Selector | None = None


class Synthetic(Strict):
    """A made-up record that goes all the way every night, as a draft that is voided: the record of `sample`, at the time of day
    `at` on the clock of the flow's owner."""

    sample: Words
    at: time = time(3, 0)


class SourceRecord(Strict):
    """The record of the source itself, by the id that `source` selects; of a text such as crm-company-4711 what stands behind
    the prefix `after`."""

    source: Selector
    after: str = ""


class BoundRecord(Strict):
    """The record that the source's record `of`, of the entity `xref`, became in the target; `entity` says of which kind there,
    where it became several."""

    xref: Name
    of: Selector
    entity: EntityName | None = None


class WriteRow(Strict):
    """One write. `key` is its external reference; a post and an update of an earlier write may leave it out. Before a record is
    made, one that is in the target already, without a reference of ours and with the `same` values in these fields, is bound
    instead; where several are, people are asked. An upsert whose record is `existing` already updates it, or keeps it as it
    stands. A `credit` makes a credit note for the posted record `of`: wholly, or by the `lines` of its record alone. `company`
    is whose books they are, where one target keeps several; `compensate` is how it is taken back."""

    name: Name
    connection: Name
    entity: EntityName
    operation: Literal["upsert", "create", "update", "post", "credit"]
    key: Template | None = None
    of: Name | SourceRecord | BoundRecord | None = None
    existing: Literal["update", "keep"] = "update"
    same: tuple[Name, ...] = ()
    company: Template | None = None
    record: tuple[MapRow, ...] = ()
    verify: tuple[VerifyRow, ...] = ()
    compensate: Compensation | None = None

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        operation, of = given.get("operation"), given.get("of")
        if operation in ("upsert", "create") and of is not None:
            yield Broken(key="of", right=f"`of` has no meaning for {operation}")
        if operation in ("create", "update", "post", "credit") and given.get("existing") is not None:
            yield Broken(key="existing", right=f"`existing` has no meaning for {operation}, but for upsert")
        if given.get("same"):
            yield from _not_there(given, operation)
        if operation in ("update", "post", "credit") and of is None:
            right = f"`of` says which record to {operation}: the name of an earlier write or {{source: id}}"
            yield Broken(key="operation", right=right, lacking=("of",))
        elif given.get("key") is None and (operation in ("upsert", "create", "credit") or not isinstance(of, str)):
            right = "`key` is needed: the external reference that makes the write happen once"
            yield Broken(key="", right=right, lacking=("key", "of"))


def _not_there(given: Mapping[str, Any], operation: Any) -> Iterator[Broken]:
    """`same` names fields that the write itself fills, and makes sense only where a record is made."""
    if operation not in ("upsert", "create"):
        yield Broken(key="same", right=f"`same` has no meaning for {operation}, but for create and upsert")
    rows, named = given.get("record"), given.get("same")
    filled = {each.get("to") for each in rows if isinstance(each, Mapping)} if isinstance(rows, list | tuple) else set()
    if isinstance(named, list) and (missing := [str(each) for each in named if each not in filled]):
        yield Broken(
            key="same", right=f"`same` names fields of the `record` of this write; {', '.join(missing)} is none"
        )


class Flow(Strict):
    """A whole flow file. `hold_for` is how long a held record holds up its own later changes, on the clock of its exception;
    with `newest` only the newest of several changes of a record is delivered. `reprocess` names the calendar in whose hours a
    replay of many records goes out; without one it goes out at once. What people decide about the fields of `write_back` is
    written back to the source too. Where a record that was billed no longer fulfils the trigger, people are asked, unless
    `withdrawn` says to leave what was billed as it is."""

    name: Name = Field(alias="flow")
    title: Words
    version: int = Field(ge=1)
    owner: Name
    contract: str = Field(pattern=r"^[a-z][a-z0-9_-]*@\d+\.\d+\.\d+$")
    trigger: Trigger
    record: RecordWords
    retry: RetryPolicy = RetryPolicy()
    batch: BatchPolicy = BatchPolicy()
    hold_for: Duration = Field(default=timedelta(hours=48), le=timedelta(days=90))
    newest: bool = False
    reprocess: Name | None = None
    write_back: tuple[FieldName, ...] = ()
    withdrawn: Literal["ask", "leave"] = "ask"
    identity: Identity | None = None
    synthetic: Synthetic | None = None
    receipts: Receipts | None = None
    reconcile: Reconciling | None = None
    ownership: tuple[Ownership, ...] = ()
    checks: tuple[AnyCheck, ...] = ()
    writes: tuple[WriteRow, ...] = Field(min_length=1)
    _flags: Mapping[str, Cohort] = PrivateAttr(default_factory=dict)

    @property
    def flags(self) -> Mapping[str, Cohort]:
        """For whom each flag of the workspace is on. The loader says so; a flow by itself has none, and everything is in force."""
        return self._flags

    def with_flags(self, flags: Mapping[str, Cohort]) -> Flow:
        """The flow in a workspace with these flags."""
        made = self.model_copy()
        made._flags = flags
        return made

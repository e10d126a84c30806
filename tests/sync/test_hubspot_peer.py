"""The sandbox CRM, which stands for HubSpot in all our tests, driven by the client that HubSpot itself publishes. That client
knows only the paths of v3 and v4, so they are turned into those of the dated API, which our connector speaks too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hubspot import HubSpot
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
from hubspot.crm.companies import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.contacts.exceptions import ApiException as ContactsException
from hubspot.crm.contacts.exceptions import UnauthorizedException
from hubspot.discovery.discovery_base import DiscoveryBase
from urllib3 import Retry

from bot.sandbox.crm import Crm
from bot.sandbox.crm_api import mount_crm
from bot.sandbox.crm_schema import TYPES
from bot.sandbox.deals_values import Owner

pytestmark = pytest.mark.slow
AT_ONCE = Retry(total=0, respect_retry_after_header=False)  # what is refused is seen, and not waited for
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DATED = {
    "/crm/v3/objects/": "/crm/objects/2026-09/",
    "/crm/v4/objects/": "/crm/objects/2026-09/",
    "/crm/v4/associations/": "/crm/associations/2026-09/",
    "/crm/v3/properties/": "/crm/properties/2026-09/",
    "/crm/v3/owners/": "/crm/owners/2026-09/",
}


def _dated(path: str) -> str:
    [(old, new)] = [each for each in DATED.items() if path.startswith(each[0]) or f"{path}/" == each[0]]
    return (new + path.removeprefix(old)).rstrip("/")


def _on_dated_paths(package: Any, name: str, config: dict[str, Any]) -> Any:
    api = DiscoveryBase._default_api_factory(package, name, config)
    call = api.api_client.call_api
    api.api_client.call_api = lambda path, *args, **more: call(_dated(path), *args, **more)
    return api


@dataclass
class Peer:
    """The account and HubSpot's own client to it, which blocks and so runs beside the loop."""

    crm: Crm
    client: HubSpot

    async def ask(self, api: Callable[[Any], Any], *args: Any, **more: Any) -> Any:
        return await asyncio.to_thread(lambda: api(self.client.crm)(*args, **more))


@asynccontextmanager
async def peer(token: str = "sandbox-crm-token") -> AsyncIterator[Peer]:
    crm, app = Crm(clock=lambda: NOW), web.Application()
    mount_crm(crm, app)
    server = TestServer(app, host="127.0.0.1", port=0)
    await server.start_server()
    host = str(server.make_url("/crm-api"))
    try:
        yield Peer(crm, HubSpot(access_token=token, host=host, api_factory=_on_dated_paths, retry=AT_ONCE))
    finally:
        await server.close()


OWN: dict[str, dict[str, str]] = {
    "companies": {"name": "Müller & Söhne"},
    "contacts": {"email": "a@b.example"},
    "deals": {"dealname": "Renewal"},
    "line_items": {"name": "Atlas", "quantity": "2"},
    "products": {"name": "Atlas", "hs_sku": "A-1"},
    "quotes": {"hs_title": "Offer"},
    "tasks": {"hs_task_subject": "Merge"},
    "tickets": {"subject": "Down"},
}


@pytest.mark.parametrize("kind", sorted(OWN))
async def test_what_is_created_is_read_changed_found_listed_and_deleted(kind: str) -> None:
    async with peer() as p:
        one = attrgetter("objects.tasks" if kind == "tasks" else kind)
        made = await p.ask(lambda c: one(c).basic_api.create, SimplePublicObjectInputForCreate(properties=OWN[kind]))
        [(name, value)] = list(OWN[kind].items())[:1]
        assert made.properties[name] == value and made.created_at == made.updated_at == NOW and made.archived is False
        read = await p.ask(lambda c: one(c).basic_api.get_by_id, made.id, properties=[name])
        assert (read.id, read.properties[name]) == (made.id, value)
        change = SimplePublicObjectInput(properties={name: "changed"})
        changed = await p.ask(lambda c: one(c).basic_api.update, made.id, change)
        assert changed.properties[name] == "changed" and changed.updated_at > made.updated_at
        search = PublicObjectSearchRequest(
            filter_groups=[FilterGroup(filters=[Filter(property_name=name, operator="EQ", value="changed")])]
        )
        found = await p.ask(lambda c: one(c).search_api.do_search, search)
        assert (found.total, [each.id for each in found.results]) == (1, [made.id])
        listed = await p.ask(lambda c: one(c).basic_api.get_page, properties=[name])
        assert [each.properties[name] for each in listed.results] == ["changed"] and listed.paging is None
        await p.ask(lambda c: one(c).basic_api.archive, made.id)
        with pytest.raises(Exception, match="resource not found") as gone:
            await p.ask(lambda c: one(c).basic_api.get_by_id, made.id)
        assert gone.value.status == 404
        binned = await p.ask(lambda c: one(c).basic_api.get_by_id, made.id, archived=True)
        assert (binned.id, binned.archived) == (made.id, True)


async def test_pages_follow_each_other_to_the_end() -> None:
    async with peer() as p:
        made = [p.crm.create("companies", {"name": f"C{n}"}) for n in range(25)]
        assert [each.id for each in await p.ask(lambda c: c.companies.get_all)] == made
        after, seen = None, []
        while after is None or after:
            asked = PublicObjectSearchRequest(limit=10, after=after, sorts=[{"propertyName": "hs_object_id"}])
            page = await p.ask(lambda c: c.companies.search_api.do_search, asked)
            seen += [each.id for each in page.results]
            after = page.paging.next.after if page.paging else ""
        assert seen == made and page.total == 25


async def test_a_keyset_walk_as_our_connector_makes_it_sees_everything() -> None:
    async with peer() as p:
        made = [p.crm.create("contacts", {"email": f"{n}@b.example"}) for n in range(45)]
        seen: list[str] = []
        while True:
            changed = Filter(
                property_name="lastmodifieddate", operator="BETWEEN", value="0", high_value="1795165200000"
            )
            behind = [Filter(property_name="hs_object_id", operator="GT", value=seen[-1])] if seen else []
            asked = PublicObjectSearchRequest(
                filter_groups=[FilterGroup(filters=[changed, *behind])],
                sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}], properties=["email"], limit=20,
            )  # fmt: skip
            page = await p.ask(lambda c: c.contacts.search_api.do_search, asked)
            seen += [each.id for each in page.results]
            if len(page.results) < 20:
                break
        assert seen == made


async def test_batches_are_created_read_changed_and_deleted() -> None:
    async with peer() as p:
        inputs = [{"properties": {"name": f"C{n}"}, "associations": []} for n in range(3)]
        asked = BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
        made = await p.ask(lambda c: c.companies.batch_api.create, asked)
        ids = [each.id for each in made.results]
        assert made.status == "COMPLETE" and [p.crm.company(each)["name"] for each in ids] == ["C0", "C1", "C2"]
        reading = BatchReadInputSimplePublicObjectId(
            inputs=[{"id": each} for each in [*ids, "999"]], properties=["name"], properties_with_history=[]
        )
        read = await p.ask(lambda c: c.companies.batch_api.read, reading)
        assert [each.properties["name"] for each in read.results] == ["C0", "C1", "C2"]
        assert read.num_errors == 1 and read.errors[0].category == "OBJECT_NOT_FOUND"
        assert read.errors[0].context == {"ids": ["999"]}
        changing = BatchInputSimplePublicObjectBatchInput(inputs=[{"id": ids[0], "properties": {"name": "D0"}}])
        changed = await p.ask(lambda c: c.companies.batch_api.update, changing)
        assert changed.results[0].properties["name"] == "D0"
        await p.ask(lambda c: c.companies.batch_api.archive, BatchInputSimplePublicObjectId(inputs=[{"id": ids[0]}]))
        assert [each["id"] for each in p.crm.companies()] == ids[1:]


def upserts(*rows: tuple[str, dict[str, str]], traced: bool = True) -> BatchInputSimplePublicObjectBatchInputUpsert:
    return BatchInputSimplePublicObjectBatchInputUpsert(
        inputs=[
            {"idProperty": "meshline_reference", "id": reference, "properties": properties}
            | ({"objectWriteTraceId": reference} if traced else {})
            for reference, properties in rows
        ]
    )


async def test_an_upsert_writes_by_a_unique_property_and_a_part_that_is_refused_is_named_by_its_trace() -> None:
    async with peer() as p:
        old = p.crm.create("companies", {"name": "Old", "meshline_reference": "r-1"})
        rows = (("r-1", {"name": "One"}), ("r-2", {"name": "Two"}), ("r-3", {"no_such": "x"}))
        told = await p.ask(lambda c: c.companies.batch_api.upsert, upserts(*rows))
        assert [(each.object_write_trace_id, each.new) for each in told.results] == [("r-1", False), ("r-2", True)]
        assert told.results[0].id == old and p.crm.company(old)["name"] == "One"
        [wrong] = told.errors
        assert (wrong.category, wrong.context["objectWriteTraceId"]) == ("VALIDATION_ERROR", ["r-3"])
        assert wrong.errors[0].code == "PROPERTY_DOESNT_EXIST" and told.num_errors == 1
        again = await p.ask(lambda c: c.companies.batch_api.upsert, upserts(rows[1]))
        assert [(each.id, each.new) for each in again.results] == [(told.results[1].id, False)]
        assert len(p.crm.companies()) == 2


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((("r-1", {"no_such": "x"}),), "does not exist"),
        ((("r-1", {}), ("r-1", {})), "Duplicate IDs"),
        (tuple((f"r-{n}", {}) for n in range(101)), "at most 100"),
    ],
)
async def test_an_upsert_that_cannot_be_told_apart_is_refused_as_a_whole(rows: Any, words: str) -> None:
    async with peer() as p:
        with pytest.raises(ApiException, match=words) as refused:
            await p.ask(lambda c: c.companies.batch_api.upsert, upserts(*rows, traced=False))
        assert refused.value.status == 400 and p.crm.companies() == []


async def test_a_value_that_only_one_record_may_have_is_refused_to_the_second() -> None:
    async with peer() as p:
        first = p.crm.create("contacts", {"email": "a@b.example"})
        with pytest.raises(ContactsException, match=f"Existing ID: {first}") as taken:
            new = SimplePublicObjectInputForCreate(properties={"email": "A@b.example"})
            await p.ask(lambda c: c.contacts.basic_api.create, new)
        assert (taken.value.status, json.loads(taken.value.body)["category"]) == (409, "CONFLICT")
        by_email = await p.ask(lambda c: c.contacts.basic_api.get_by_id, "a@b.example", id_property="email")
        assert by_email.id == first


async def test_associations_are_made_paged_and_read_in_a_batch() -> None:
    async with peer() as p:
        deal, lonely = p.crm.create("deals", {}), p.crm.create("deals", {})
        company = p.crm.create("companies", {"name": "Acme"})
        lines = [p.crm.create("line_items", {"name": f"L{n}"}, links=[("deals", deal)]) for n in range(501)]
        made = await p.ask(lambda c: c.associations.v4.basic_api.create_default, "deals", deal, "companies", company)
        assert made.results[0].association_spec.association_type_id == 341
        near = await p.ask(lambda c: c.associations.v4.basic_api.get_page, "deals", deal, "companies")
        assert [each.to_object_id for each in near.results] == [company]
        assert {kind.type_id for kind in near.results[0].association_types} == {5, 341}
        after, seen = None, []
        while after is None or after:
            inputs = [{"id": deal, **({"after": after} if after else {})}, {"id": lonely}]
            asked = BatchInputPublicFetchAssociationsBatchRequest(inputs=inputs)
            page = await p.ask(lambda c: c.associations.v4.batch_api.get_page, "deals", "line_items", asked)
            [result] = page.results
            seen += [each.to_object_id for each in result.to]
            after = result.paging.next.after if result.paging else ""
            assert page.num_errors == 1 and "NO_ASSOCIATIONS" in str(page.errors[0].sub_category)
        assert seen == lines
        read = await p.ask(lambda c: c.deals.basic_api.get_by_id, deal, associations=["companies"])
        assert [each.id for each in read.associations["companies"].results] == [company]


@pytest.mark.parametrize("kind", ["companies", "contacts", "deals", "tickets"])
async def test_a_merged_record_answers_with_its_survivor(kind: str) -> None:
    async with peer() as p:
        kept, gone = p.crm.create(kind, {}), p.crm.create(kind, {})
        merging = PublicMergeInput(primary_object_id=kept, object_id_to_merge=gone)
        merged = await p.ask(lambda c: getattr(c, kind).basic_api.merge, merging)
        assert merged.id == kept
        assert (await p.ask(lambda c: getattr(c, kind).basic_api.get_by_id, gone)).id == kept


async def test_properties_and_owners_have_every_field_that_the_client_needs() -> None:
    async with peer() as p:
        p.crm.owners = tuple(Owner(id=str(n), first_name="Sam", last_name="W", email=f"{n}@x.example") for n in (1, 2))
        for kind in TYPES:
            named = {each.name: each for each in (await p.ask(lambda c: c.properties.core_api.get_all, kind)).results}
            assert set(named) == set(p.crm.objects.types[kind].properties)
        reference = await p.ask(lambda c: c.properties.core_api.get_by_name, "companies", "meshline_reference")
        assert (reference.type, reference.has_unique_value) == ("string", True)
        first = await p.ask(lambda c: c.owners.owners_api.get_page, limit=1)
        assert [each.email for each in first.results] == ["1@x.example"]
        rest = await p.ask(lambda c: c.owners.owners_api.get_page, limit=1, after=first.paging.next.after)
        assert [each.email for each in rest.results] == ["2@x.example"] and rest.paging is None
        assert (await p.ask(lambda c: c.owners.owners_api.get_by_id, 2)).type == "PERSON"


async def test_errors_carry_hubspots_words_and_shape() -> None:
    async with peer() as p:
        with pytest.raises(ApiException) as refused:
            wrong = SimplePublicObjectInputForCreate(properties={"no_such": "x"})
            await p.ask(lambda c: c.companies.basic_api.create, wrong)
        said = json.loads(refused.value.body)
        assert (refused.value.status, said["status"], said["category"]) == (400, "error", "VALIDATION_ERROR")
        assert said["correlationId"] and said["errors"][0]["context"]["propertyName"] == ["no_such"]
        p.crm.faults.throttle = 1
        with pytest.raises(ApiException) as busy:
            await p.ask(lambda c: c.companies.basic_api.get_page)
        assert (busy.value.status, json.loads(busy.value.body)["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
        assert busy.value.headers["Retry-After"]
        p.crm.faults.down = True
        with pytest.raises(ApiException) as down:
            await p.ask(lambda c: c.companies.basic_api.get_page)
        assert down.value.status == 503
    async with peer(token="wrong") as p:
        with pytest.raises(UnauthorizedException) as stranger:
            await p.ask(lambda c: c.contacts.basic_api.get_page)
        assert json.loads(stranger.value.body)["category"] == "INVALID_AUTHENTICATION"

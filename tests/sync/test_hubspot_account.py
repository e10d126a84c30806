"""HubSpot against the sandbox CRM: every object is read whole, polled without gaps and written once, however we are let in."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from connector_fakes import Front, served

from bot.sandbox.crm import Crm
from bot.sandbox.crm_api import mount_crm
from bot.sandbox.deals_values import Owner
from sync.abilities import Ability
from sync.connectors import build, kinds
from sync.connectors.options import HttpOptions
from sync.connectors.turns import Turns
from sync.errors import AnswerLost, ConfigurationError, Rejected, Throttled, Unauthorized, Unavailable
from sync.model import Found
from sync.systems import BulkTarget
from sync.workspace.pacing import ThrottlePolicy, rate

TOKEN = {"token": "sandbox-crm-token"}
OAUTH = {
    "client_id": "sandbox-app", "client_secret": "sandbox-crm-secret", "refresh_token": "sandbox-refresh-token",
}  # fmt: skip
BULK = {"references": {"companies": "meshline_reference"}, "unique": ["companies"]}
UPSERT = "/batch/upsert"


@dataclass
class Account:
    crm: Crm
    hubspot: Any
    front: Front
    url: str = ""
    now: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def clock(self) -> datetime:
        return self.now


@asynccontextmanager
async def account(way_in: dict[str, Any] = TOKEN, **options: Any) -> AsyncIterator[Account]:
    made: Account
    crm = Crm(clock=lambda: made.now)
    made = Account(crm, None, Front())

    def mount(app: web.Application) -> None:
        mount_crm(crm, app)

    async with served(mount, made.front) as url:
        made.url = f"{url}/crm-api"
        made.hubspot = build("hubspot", {"base_url": made.url, **way_in, **options}, name="crm")
        try:
            yield made
        finally:
            await made.hubspot.close()


async def test_every_object_is_read_whole() -> None:
    async with account(related={"deals": {"owner": "owners", "contacts[*]": "contacts"}}) as a:
        a.crm.owners = (Owner(id="7", first_name="Sam", last_name="Weiss", email="sam@x.example"),)
        company = a.crm.create("companies", {"name": "Acme"})
        contact = a.crm.create("contacts", {"email": "a@b.example"}, links=[("companies", company)])
        links = [("companies", company), ("contacts", contact)]
        deal = a.crm.create("deals", {"dealname": "Renewal", "hubspot_owner_id": "7"}, links=links)
        lines = [a.crm.create("line_items", {"name": name}, links=[("deals", deal)]) for name in ("one", "two")]
        quote = a.crm.create(
            "quotes", {"hs_title": "Offer"}, links=[("deals", deal), *(("line_items", n) for n in lines)]
        )
        ticket = a.crm.create("tickets", {"subject": "Down"}, links=[("companies", company)])
        product = a.crm.create("products", {"name": "Atlas", "hs_sku": "A-1", "price": "12.50"})
        read = a.hubspot.read
        assert (await read("contacts", contact))["company"]["name"] == "Acme"
        assert (await read("tickets", ticket))["company"]["id"] == company
        assert (await read("products", product))["price"] == "12.50"
        offer, whole = await read("quotes", quote), await read("deals", deal)
        assert (offer["deal"]["dealname"], [each["id"] for each in offer["lines"]]) == ("Renewal", lines)
        assert whole["owner"] == {"id": "7", "email": "sam@x.example", "first_name": "Sam", "last_name": "Weiss"}
        assert [each["email"] for each in whole["contacts"]] == ["a@b.example"] and len(whole["lines"]) == 2
        assert (
            await read("owners", "7")
            == whole["owner"]
            == (await a.hubspot.search("owners", {"email": "sam@x.example"}))[0]
        )
        a.crm.owners = ()
        assert (await read("deals", deal))["owner"] is None
        with pytest.raises(Rejected, match="owners 7 is gone"):
            await read("owners", "7")
        described = await a.hubspot.describe("deals")
        assert described.fields["owner.email"].label == "E-mail" and "contacts[*].email" in described.fields


@pytest.mark.parametrize("kind", ["deals", "companies", "contacts", "tickets"])
async def test_a_merged_record_is_read_as_its_survivor_with_the_survivors_parts(kind: str) -> None:
    async with account(related={"companies": {"contacts[*]": "contacts"}}) as a:
        kept, gone = a.crm.create(kind, {}), a.crm.create(kind, {})
        near = "contacts" if kind == "companies" else "companies"
        linked = a.crm.create(near, {})
        a.crm.associate(kind, gone, near, linked)
        a.crm.merge(kept, gone, kind)
        read = await a.hubspot.read(kind, gone)
        assert read["id"] == kept
        assert [each["id"] for each in (read["contacts"] if kind == "companies" else [read["company"]])] == [linked]


async def test_merges_without_an_end_are_no_record() -> None:
    async with account() as a:
        for other in ("2", "3"):
            a.front.next(
                "say",
                body=json.dumps({"id": other, "properties": {}}),
                path=f"deals/{int(other) - 1}?properties=dealname",
            )
        made = build("hubspot", {**TOKEN, "base_url": a.url, "properties": {"deals": ["dealname"]}}, name="crm")
        with pytest.raises(Unavailable, match="deals 1 is merged into one that is merged"):
            await made.read("deals", "1")
        await made.close()


@pytest.mark.parametrize("target", [{"toObjectId": "x/../1"}, {"toObjectId": None}, {}, "5", {"toObjectId": [1]}])
async def test_an_association_to_no_record_is_no_answer(target: Any) -> None:
    async with account() as a:
        deal = a.crm.create("deals", {})
        page = {"results": [{"from": {"id": deal}, "to": [target]}]}
        a.front.next("say", body=json.dumps(page), path="line_items/batch/read")
        with pytest.raises(Unavailable, match="not a record"):
            await a.hubspot.read("deals", deal)


async def test_a_value_that_no_property_holds_is_refused_and_not_left_out() -> None:
    async with account(**BULK) as a:
        for body in ({"name": "Acme", "address": {"city": "Bonn"}}, {"name": "Acme", "tags": ["a"]}):
            with pytest.raises(Rejected, match="holds more than one value"):
                await a.hubspot.create("companies", "r-1", body)
        assert a.crm.companies() == []


async def test_what_is_in_the_bin_is_gone() -> None:
    async with account() as a:
        for kind in ("contacts", "quotes", "products", "tickets"):
            one = a.crm.create(kind, {})
            a.crm.delete(kind, one, forget=kind == "contacts")
            with pytest.raises(Rejected) as gone:
                await a.hubspot.read(kind, one)
            assert gone.value.reason == "not_found"
            assert await a.hubspot.get(kind, one) is None


async def test_a_deal_with_more_lines_than_one_page_of_associations_is_read_whole() -> None:
    async with account() as a:
        deal = a.crm.create("deals", {})
        lines = [a.crm.create("line_items", {"name": f"L{n}"}, links=[("deals", deal)]) for n in range(620)]
        assert [each["id"] for each in (await a.hubspot.read("deals", deal))["lines"]] == lines


@pytest.mark.parametrize("circle", [["1"], ["1", "2", "1"], ["1", "2", "3", "2"]])
async def test_associations_that_are_listed_in_a_circle_are_no_list(circle: list[str]) -> None:
    async with account() as a:
        deal = a.crm.create("deals", {})
        for after in [*circle, circle[0]]:
            page = {"from": {"id": deal}, "to": [{"toObjectId": 5}], "paging": {"next": {"after": after}}}
            a.front.next("say", body=json.dumps({"results": [page]}), path="line_items/batch/read")
        with pytest.raises(Unavailable, match="listed in a circle"):
            await a.hubspot.read("deals", deal)


@pytest.mark.parametrize("kind", ["companies", "contacts", "deals", "line_items", "products", "quotes", "tickets"])
async def test_every_object_is_polled_through_ties_and_a_crash_between_pages(kind: str) -> None:
    async with account(page_size=7) as a:
        made = [a.crm.create(kind, {}) for _ in range(30)]
        a.now += timedelta(minutes=1)
        seen, cursor, more = [], None, True
        while more:
            page = await a.hubspot.changes(kind, cursor, now=a.now)
            seen += [each.record_id for each in page.changes]
            cursor, more = json.loads(json.dumps(page.cursor)), page.more
            if len(seen) == 14:
                a.crm.delete(kind, made[20])
        assert seen == [each for each in made if each != made[20]]
        page = await a.hubspot.changes(kind, cursor, now=a.now + timedelta(minutes=1))
        assert {change.key for change in page.changes} and all(
            str(change.key).startswith("poll:") for change in page.changes
        )


async def test_a_list_shows_the_one_company_of_contacts_and_tickets_too_and_counts_what_it_holds() -> None:
    async with account() as a:
        company = a.crm.create("companies", {"name": "Acme", "vat_id": "DE1"})
        made = [a.crm.create("contacts", {}, links=[("companies", company)] if n else []) for n in range(3)]
        got = await a.hubspot.listed("contacts", fields=["email", "company.id", "company.vat_id"])
        assert [each.id for each in got.entries] == made
        assert [(each.record["company"] or {}).get("vat_id") for each in got.entries] == [None, "DE1", "DE1"]
        assert (await a.hubspot.counted("contacts")).records == 3
        with pytest.raises(Rejected, match="cannot add up"):
            await a.hubspot.counted("deals", amount="amount", currency="deal_currency_code")


async def test_many_companies_are_created_in_one_call_and_each_hears_of_its_own_part() -> None:
    async with account(**BULK) as a:
        given = [("r-1", {"name": "One", "zip": 12345}), ("r-2", {"no_such": "x"}), ("r-3", {"name": "Three"})]
        first, second, third = await a.hubspot.create_many("companies", given)
        assert [path for _, path in a.front.seen] == ["/crm-api/crm/objects/2026-09/companies/batch/upsert"]
        assert isinstance(first, Found) and a.crm.company(first.id)["zip"] == "12345"
        assert isinstance(second, Rejected) and (second.reason, second.path) == ("crm_rejected", "no_such")
        assert (await a.hubspot.find("companies", "r-3")).id == third.id
        again = await a.hubspot.create_many("companies", [given[0], given[2]])
        assert [each.id for each in again] == [first.id, third.id] and len(a.crm.companies()) == 2


async def test_a_bulk_call_whose_answer_was_lost_is_sent_again_without_a_twin() -> None:
    async with account(**BULK) as a:
        given = [(f"r-{n}", {"name": f"C{n}"}) for n in range(3)]
        a.crm.faults.lose_answers = 1
        with pytest.raises(AnswerLost):
            await a.hubspot.create_many("companies", given)
        made = {each["id"] for each in a.crm.companies()}
        assert {(await a.hubspot.find("companies", reference)).id for reference, _ in given} == made
        assert {each.id for each in await a.hubspot.create_many("companies", given)} == made


async def test_more_than_a_hundred_go_out_in_several_calls_and_one_that_is_lost_says_so_of_its_own() -> None:
    async with account(**BULK) as a:
        given: list[tuple[str, Any]] = [(f"r-{n}", {"name": f"C{n}"}) for n in range(250)]
        deal = a.crm.create("deals", {})
        given[120] = ("r-120", {"name": "C120", "deals": [deal]})
        a.front.next("say", status=503, path=UPSERT)
        told = await a.hubspot.create_many("companies", given)
        lost = [n for n, each in enumerate(told) if isinstance(each, Unavailable)]
        assert len(lost) == 100 and 120 not in lost
        assert [each for each in told if not isinstance(each, Found)] == [told[n] for n in lost]
        assert len(a.crm.companies()) == 150
        assert a.crm.deal(deal)["company"]["id"] == told[120].id  # type: ignore[union-attr]  # it was found
        assert len(told) == 250


async def test_of_several_calls_one_that_is_refused_as_a_whole_is_made_one_by_one() -> None:
    async with account(**BULK) as a:
        given: list[tuple[str, Any]] = [(f"r-{n}", {"name": f"C{n}"}) for n in range(104)]
        given[102] = ("r-102", {"name": ["two", "names"]})
        told = await a.hubspot.create_many("companies", given)
        assert [n for n, each in enumerate(told) if not isinstance(each, Found)] == [102]
        assert isinstance(told[102], Rejected) and told[102].path == "name"
        assert len(a.crm.companies()) == 103


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        ({}, [None, None]),
        ({"results": [{"id": "1", "objectWriteTraceId": "1"}]}, [None, Found]),
        ({"results": [{"id": "1", "objectWriteTraceId": "0"}, {"id": "2", "objectWriteTraceId": "0"}]}, [None, None]),
        ({"results": [{"id": "1"}], "errors": [{"message": "no", "context": {}}]}, [None, None]),
        ({"errors": [{"category": "RATE_LIMITS", "context": {"objectWriteTraceId": ["0", "1"]}}]}, [Unavailable] * 2),
        ({"errors": [{"message": "x", "context": {"objectWriteTraceId": ["1"]}}]}, [None, Rejected]),
    ],
)
async def test_what_the_answer_to_a_bulk_call_does_not_clearly_say_it_does_not_say(
    answer: Any, outcomes: list[Any]
) -> None:
    async with account(**BULK) as a:
        a.front.next("say", status=207, body=json.dumps(answer), path=UPSERT)
        told = await a.hubspot.create_many("companies", [("r-1", {}), ("r-2", {})])
        assert [None if each is None else type(each) for each in told] == outcomes


async def test_a_reference_that_was_taken_meanwhile_is_said_to_be_taken() -> None:
    async with account(**BULK) as a:
        first = a.crm.create("companies", {"meshline_reference": "r-1"})
        a.front.next("say", body='{"total": 0, "results": []}', path="/search")
        with pytest.raises(Rejected) as taken:
            await a.hubspot.create("companies", "r-1", {"name": "Twin"})
        assert taken.value.reason == "reference_taken"
        assert (await a.hubspot.create("companies", "r-1", {"name": "Twin"})).id == first
    async with account(references={"contacts": "email"}) as a:
        a.crm.create("contacts", {"email": "a@b.example"})
        a.front.next("say", body='{"total": 0, "results": []}', path="/search")
        with pytest.raises(Rejected) as taken:
            await a.hubspot.create("contacts", "a@b.example", {})
        assert taken.value.reason == "reference_taken"


async def test_many_at_once_only_where_hubspot_takes_each_reference_once() -> None:
    async with account(**BULK) as a:
        assert isinstance(a.hubspot, BulkTarget)
        assert a.hubspot.takes_many("companies") and not a.hubspot.takes_many("deals")
        assert "deals can be read" in await a.hubspot.probe()
        a.crm.objects.change_property("companies", "meshline_reference", unique=False)
        with pytest.raises(Rejected, match="does not keep the values of meshline_reference unique"):
            await a.hubspot.probe()


def test_what_can_be_done_follows_from_what_the_connection_says() -> None:
    can = kinds()["hubspot"].can
    usual = {"token": "env:T", "client_secret": "env:S", **BULK}
    assert {Ability.CREATE, Ability.BULK, Ability.WEBHOOKS} <= can(usual, "companies")
    assert not {Ability.CREATE, Ability.BULK} & can(usual, "deals") and Ability.UPDATE in can(usual, "deals")
    assert Ability.TASK in can(usual, "tasks")
    assert can(usual, "owners") == {Ability.READ, Ability.SEARCH, Ability.PROBE}
    assert Ability.WEBHOOKS not in can({"service_key": "env:K"}, "deals")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "give either token"),
        ({**TOKEN, "service_key": "k"}, "give either token"),
        ({**TOKEN, **OAUTH}, "give either token"),
        ({"client_id": "a", "refresh_token": "r"}, "OAuth needs all of"),
        ({"service_key": "k", "client_secret": "s"}, "HubSpot sends no webhooks for a Service Key"),
        ({**TOKEN, "unique": ["companies"]}, "for which references has no property"),
    ],
)
def test_a_way_in_that_cannot_be_is_a_mistake_of_the_workspace(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        build("hubspot", options, name="crm")


async def test_a_service_key_is_sent_like_a_token() -> None:
    async with account({"service_key": "sandbox-crm-token"}) as a:
        assert "deals can be read" in await a.hubspot.probe()
        assert a.front.headers[-1]["Authorization"] == "Bearer sandbox-crm-token"


async def test_with_oauth_a_token_is_fetched_used_and_fetched_anew_where_it_has_ended() -> None:
    async with account(OAUTH) as a:
        deal = a.crm.create("deals", {"dealname": "D"})
        assert (await a.hubspot.read("deals", deal))["dealname"] == "D"
        assert list(a.crm.grants.given) == ["sandbox-access-1"]
        a.now += timedelta(minutes=31)
        assert (await a.hubspot.read("deals", deal))["dealname"] == "D"
        assert list(a.crm.grants.given) == ["sandbox-access-1", "sandbox-access-2"]
        a.crm.grants.revoked = True
        with pytest.raises(Unauthorized, match="BAD_REFRESH_TOKEN: missing or invalid refresh token") as refused:
            await a.hubspot.read("deals", deal)
        assert not any(secret in str(refused.value) for secret in (*OAUTH.values(), "sandbox-access")[1:])


async def test_a_used_up_day_makes_every_request_wait_an_hour_and_none_is_sent() -> None:
    async with account() as a:
        body = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY", "message": "daily limit"}
        a.front.next("say", status=429, body=json.dumps(body))
        with pytest.raises(Throttled, match="used up its requests for today") as day:
            await a.hubspot.get("deals", "1")
        assert (day.value.retry_after, day.value.sent) == (3600.0, True)
        sent = len(a.front.seen)
        with pytest.raises(Throttled) as later:
            await a.hubspot.get("deals", "1")
        assert later.value.retry_after > 3500 and not later.value.sent and len(a.front.seen) == sent


def test_searches_are_paced_apart_at_hubspot_itself_and_as_the_workspace_says_elsewhere() -> None:
    options = kinds()["hubspot"].options.model_validate
    assert options(TOKEN).searched_like.rate.each == pytest.approx(4 / 19)  # type: ignore[attr-defined]  # its own
    assert options({**TOKEN, "base_url": "http://127.0.0.1:1/crm"}).searched_like is None  # type: ignore[attr-defined]
    slow = options({**TOKEN, "base_url": "http://127.0.0.1:1/crm", "searches": "2/s"})
    assert slow.searched_like.rate.each == 0.5  # type: ignore[attr-defined]  # as above


async def test_searches_in_a_row_draw_no_refusal_from_an_account_that_counts_them() -> None:
    async with account(searches="19/4s") as a:
        a.crm.enforce_limits, begun = True, a.now

        async def wait(seconds: float) -> None:
            a.now += timedelta(seconds=seconds)

        policy = ThrottlePolicy(rate=rate("19/4s"))
        a.hubspot._calls.searching = Turns("crm", policy, ticks=lambda: (a.now - begun).total_seconds(), sleep=wait)
        for _ in range(30):
            await a.hubspot.search("companies", {"name": "x"})
        assert [asked.status for asked in a.crm.request_log] == [200] * 30
        assert 29 / 5 <= (a.now - begun).total_seconds() <= 29 / (5 * 0.9)


def test_the_page_about_hubspot_says_what_a_connection_understands_and_knows_every_option() -> None:
    page = (Path(__file__).parents[2] / "docs/connectors/hubspot.md").read_text()
    [shown] = [yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    told = shown["connections"]["crm"]
    known = kinds()[told.pop("kind")]
    assert known.options.model_validate(told).model_dump(exclude_unset=True).keys() == told.keys()
    own = known.options.model_fields.keys() - HttpOptions.model_fields.keys()
    assert [name for name in sorted(own) if f"`{name}" not in page and f"{name}:" not in page] == [
        "base_url",
        "page_size",
        "titles",
    ]

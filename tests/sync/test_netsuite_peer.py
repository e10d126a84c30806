"""The fake NetSuite in the hands of the `netsuite` package and of oauthlib, neither of which its author wrote."""

from __future__ import annotations

import json
import warnings
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jwt
import oauthlib.oauth1
import pytest
from connector_fakes import Front, served
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.sync.fakes.netsuite import RECORD, TOKEN_PATH, NetSuite, acme

pytestmark = [
    pytest.mark.slow,
    # what the package leans on is on its way out, which is not ours to mend
    pytest.mark.filterwarnings("ignore:use sign_hmac_sha256_with_client:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The httpx module is deprecated"),
]
ACCOUNT = "1234567_SB1"
LINE = {"item": {"id": "5"}, "quantity": 2, "rate": 2490.00, "price": {"id": "-1"}}
INVOICE = {"externalId": "ref-1", "entity": {"id": "100"}, "currency": {"id": "2"}, "item": {"items": [LINE]}}


def client(url: str, **other: str) -> Any:
    """The package's own client, with nothing changed but the address."""
    with warnings.catch_warnings(record=True):  # it imports authlib, which warns of its own plans
        from netsuite.config import Config, TokenAuth
        from netsuite.rest_api import NetSuiteRestApi

    class OnLoopback(NetSuiteRestApi):  # type: ignore[misc]
        def _make_url(self, subpath: str) -> str:
            return f"{url}/services/rest{subpath}"

    keys = {**acme().guard.keys, **other}
    return OnLoopback(Config(account=other.get("account", ACCOUNT), auth=TokenAuth(**keys)))


@pytest.fixture
async def peer() -> AsyncIterator[tuple[Any, NetSuite, str]]:
    fake = acme()
    async with served(fake.mount, Front()) as url:
        yield client(url), fake, url


async def location(api: Any, method: str, path: str, body: Any) -> str:
    answer = await api._request_impl(method, path, json=body)
    assert (answer.status_code, answer.text) == (204, "")
    return str(answer.headers["location"]).rpartition("/")[2]


async def test_the_package_creates_reads_changes_and_deletes(peer: tuple[Any, NetSuite, str]) -> None:
    api, fake, _ = peer
    made = await location(api, "POST", "/record/v1/invoice", INVOICE)
    shown = await api.get(f"/record/v1/invoice/{made}", params={"expandSubResources": "true"})
    assert (shown["id"], shown["externalId"], shown["status"]["id"]) == (made, "ref-1", "Pending Approval")
    assert (shown["subtotal"], shown["taxTotal"], shown["total"]) == (4980.0, 996.0, 5976.0)
    assert shown["item"]["items"][0]["item"] == {"id": "5", "links": [], "refName": "Atlas Pro"}
    assert await api.patch("/record/v1/invoice/eid:ref-1", json={"approvalStatus": {"id": "2"}}) is None
    assert (await api.get("/record/v1/invoice/eid:ref-1"))["status"]["id"] == "Open"
    await api.put("/record/v1/customer/eid:crm-company-9", json={"companyName": "Beta"})
    await api.put("/record/v1/customer/eid:crm-company-9", json={"companyName": "Beta GmbH"})
    assert [each["companyName"] for each in fake.records["customer"].values()] == ["Acme", "Beta GmbH"]
    assert await api.delete("/record/v1/customer/eid:crm-company-9") is None
    assert len(fake.records["customer"]) == 1


async def test_the_package_credits_and_pays_by_transformation(peer: tuple[Any, NetSuite, str]) -> None:
    api, _, _ = peer
    note = await location(api, "POST", "/record/v1/invoice/1/!transform/creditMemo?replace=item",
                          {"externalId": "credit-1", "item": {"items": [LINE | {"quantity": 1, "rate": 4.00}]}})  # fmt: skip
    assert (await api.get(f"/record/v1/creditMemo/{note}"))["total"] == 4.8
    paid = await location(api, "POST", "/record/v1/invoice/1/!transform/customerPayment", {"externalId": "pay-1"})
    assert (await api.get(f"/record/v1/customerPayment/{paid}"))["payment"] == 7.2
    assert (await api.get("/record/v1/invoice/1"))["status"]["id"] == "Paid In Full"


async def test_the_package_searches_and_pages_in_suiteql(peer: tuple[Any, NetSuite, str]) -> None:
    api, _, _ = peer
    for number in range(5):
        await api.post("/record/v1/invoice", json={**INVOICE, "externalId": f"ref-{number}"})
    asked = "SELECT id, externalid, foreigntotal FROM transaction WHERE type = 'CustInvc' AND id > 1 ORDER BY id"
    first = await api.suiteql(asked, limit=2)
    assert (first["count"], first["hasMore"], first["totalResults"]) == (2, True, 5)
    last = await api.suiteql(asked, limit=2, offset=4)
    assert (last["hasMore"], last["items"][0]["externalid"], last["items"][0]["foreigntotal"]) == (
        False,
        "ref-4",
        "5976",
    )
    [one] = (await api.suiteql("SELECT id, terms, lastmodifieddate FROM transaction WHERE id = 1"))["items"]
    assert one == {"links": [], "id": "1", "lastmodifieddate": "11/19/2026"}, (
        "no empty column; a date in the account's way"
    )
    told = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM transaction WHERE id = 1"
    assert (await api.suiteql(told))["items"][0]["at"] == "2026-11-19 23:00:00", "by the account's clock"


ERRORS = [
    ("POST", "/record/v1/invoice", {**INVOICE, "externalId": "old"}, 400, "DUP_RCRD", "externalId"),
    ("POST", "/record/v1/invoice", {**INVOICE, "colour": "red"}, 400, "INVALID_CONTENT", "colour"),
    ("POST", "/record/v1/invoice", {**INVOICE, "entity": {"id": "9"}}, 400, "INVALID_CONTENT", "entity"),
    ("POST", "/record/v1/invoice", {**INVOICE, "item": {"items": [LINE | {"item": {"id": "9999"}}]}}, 400,
     "INVALID_CONTENT", "item.items[0].item"),
    ("POST", "/record/v1/invoice", {**INVOICE, "item": {"items": [LINE | {"item": {"id": "6"}}]}}, 400, "USER_ERROR",
     "item.items[0].taxCode"),
    ("POST", "/record/v1/invoice/424242/!transform/creditMemo", {}, 404, "NONEXISTENT_ID", None),
    ("GET", "/record/v1/invoice/eid:none", None, 404, "NONEXISTENT_ID", None),
    ("POST", "/query/v1/suiteql", {"q": "SELECT 1"}, 400, "INVALID_HEADER", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "place"), ERRORS, ids=[each[4] for each in ERRORS]
)
async def test_the_package_is_told_what_is_wrong(
    peer: tuple[Any, NetSuite, str], method: str, path: str, body: Any, status: int, code: str, place: str | None
) -> None:
    answer = await peer[0]._request_impl(method, path, **({} if body is None else {"json": body}))
    [detail] = answer.json()["o:errorDetails"]
    assert (answer.status_code, detail["o:errorCode"], detail.get("o:errorPath")) == (status, code, place)


async def test_the_package_is_turned_away_with_wrong_keys_and_with_a_sql_that_is_none(
    peer: tuple[Any, NetSuite, str],
) -> None:
    from netsuite.exceptions import NetsuiteAPIRequestError

    api, _, url = peer
    for wrong in ({"token_secret": "x"}, {"consumer_secret": "x"}, {"token_id": "x"}, {"account": "7654321"}):
        with pytest.raises(NetsuiteAPIRequestError) as refused:
            await client(url, **wrong).get("/record/v1/invoice/1")
        assert refused.value.status_code == 401 and "INVALID_LOGIN" in refused.value.response_text
    with pytest.raises(NetsuiteAPIRequestError, match="INVALID_PARAMETER"):
        await api.suiteql("DELETE FROM transaction")
    assert "approvalStatus" in (await api.jsonschema("invoice"))["properties"]


async def test_a_signature_of_oauthlib_is_good_once_and_for_its_own_request(peer: tuple[Any, NetSuite, str]) -> None:
    _, _, url = peer
    signer = oauthlib.oauth1.Client(*acme().guard.keys.values(), signature_method="HMAC-SHA256", realm=ACCOUNT)
    address = f"{url}{RECORD}/invoice/1?expandSubResources=true"
    _, headers, _ = signer.sign(address, "GET")
    async with aiohttp.ClientSession() as session:
        statuses = []
        for asked in (address, address, f"{url}{RECORD}/invoice/1"):
            async with session.get(asked, headers=headers) as answer:
                statuses.append(answer.status)
    assert statuses == [200, 401, 401]


def assertion(key: Any, url: str, algorithm: str = "PS256", kid: str = "cert-1", **other: Any) -> str:
    now = datetime.now(UTC)
    claims = {
        "iss": "client-1",
        "scope": ["rest_webservices"],
        "aud": f"{url}{TOKEN_PATH}",
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    return jwt.encode({**claims, **other}, key, algorithm=algorithm, headers={"kid": kid})


async def test_only_an_assertion_that_is_right_in_every_part_buys_a_token(peer: tuple[Any, NetSuite, str]) -> None:
    _, fake, url = peer
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    fake.guard.certificates["cert-1"] = key.public_key()
    later = datetime.now(UTC) + timedelta(minutes=61)
    wrong = [
        assertion(other, url, "ES256"), assertion(key, url, "ES256", kid="cert-2"), assertion(key, f"{url}/x", "ES256"),
        assertion(key, url, "ES256", scope="restlets"), assertion(key, url, "ES256", exp=later),
        assertion(key, url, "ES256", iss="client-2"), assertion(key, url, "ES256", exp=datetime.now(UTC) - timedelta(minutes=1)),
        assertion("a-shared-secret-of-thirty-two-bytes", url, "HS256"),
    ]  # fmt: skip
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    async with aiohttp.ClientSession() as session:
        for each in wrong:
            async with session.post(f"{url}{TOKEN_PATH}", data={**form, "client_assertion": each}) as answer:
                assert answer.status == 400, each
        async with session.post(
            f"{url}{TOKEN_PATH}", data={**form, "client_assertion": assertion(key, url, "ES256")}
        ) as answer:
            token = json.loads(await answer.text())["access_token"]
        async with session.get(f"{url}{RECORD}/invoice/1", headers={"authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 200
        async with session.get(f"{url}{RECORD}/invoice/1", headers={"authorization": "Bearer other"}) as answer:
            assert answer.status == 401


@pytest.mark.slow
async def test_an_rsa_key_buys_a_token_too(peer: tuple[Any, NetSuite, str]) -> None:
    _, fake, url = peer
    key = rsa.generate_private_key(65537, 3072)
    fake.guard.certificates["cert-1"] = key.public_key()
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}{TOKEN_PATH}", data={**form, "client_assertion": assertion(key, url)}) as answer,
    ):
        assert answer.status == 200

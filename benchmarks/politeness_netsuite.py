"""`python -m benchmarks.politeness_netsuite`: a backlog of 20,000 records from a NetSuite that lets five requests in at a time, the smallest
tier, of which others use two. With the connector's own share of three none is answered 429 and the share is used; with more, many are."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.politeness import backlog, stepped_now
from benchmarks.stepped import run
from sync.connectors import build
from tests.sync.fakes.netsuite import NetSuite

SHARE, TIER, OTHERS = 3, 5, 2
_OFTEN_ENOUGH = 0.9


@dataclass(slots=True)
class Work:
    """What NetSuite takes for a request, never twice the same; and for how long how many were under way."""

    account: NetSuite
    chance: random.Random
    under_way: int = 0
    requests: int = 0
    since: float = 0.0
    busy: float = field(default=0.0)

    @web.middleware
    async def take(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._step(1)
        self.requests += 1
        try:
            self.account.slow = self.chance.uniform(0.05, 0.6)  # read before anything else happens
            return await handler(request)
        finally:
            self._step(-1)

    def _step(self, by: int) -> None:
        now = asyncio.get_running_loop().time()
        self.busy += self.under_way * (now - self.since)
        self.under_way, self.since = self.under_way + by, now


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one run came to; `share` is how much of three requests at a time was used."""

    name: str
    records: int
    requests: int
    refused: int
    share: float
    seconds: float
    real_seconds: float


async def measured(name: str, records: int, options: Mapping[str, Any], seed: int) -> Figure:
    """One run on the stepped clock."""
    loop, real = asyncio.get_running_loop(), time.monotonic()
    account, key = NetSuite(zone="UTC"), ec.generate_private_key(ec.SECP256R1())
    work = Work(account, random.Random(seed))
    account.now = lambda: stepped_now() - timedelta(minutes=30)
    account.guard.certificates["cert-1"], account.most = key.public_key(), TIER - OTHERS
    for number in range(records):
        account.create("customer", {"companyName": f"Company {number}"})
    app = web.Application(middlewares=[work.take])
    account.mount(app)
    server = TestServer(app, host="127.0.0.1", port=0)
    await server.start_server()
    told = {
        "account": account.account, "base_url": str(server.make_url("")), "amounts": "net", "timezone": "UTC", "client_id": "client-1",
        "certificate_id": "cert-1", "algorithm": "ES256",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }  # fmt: skip
    connector = build("netsuite", {**told, **options}, name="erp")
    began = work.since = loop.time()
    try:
        read = await backlog(connector, "customer")
    finally:
        await connector.close()
        await server.close()
    seconds = loop.time() - began
    return Figure(
        name=name, records=read, requests=work.requests, refused=account.refused, share=work.busy / seconds / SHARE,
        seconds=seconds, real_seconds=time.monotonic() - real,
    )  # fmt: skip


def runs(records: int, seed: int) -> list[tuple[Figure, bool]]:
    """As the page says, and a tenth of it with a share of twelve; whether the run is as it must be."""
    polite = run(measured("NetSuite, a share of three", records, {}, seed))
    rude = run(measured("NetSuite, a share of twelve", records // 10, {"concurrency": 12}, seed))
    return [
        (polite, polite.records == records and not polite.refused and polite.share >= _OFTEN_ENOUGH),
        (rude, rude.refused > 0),
    ]


def main(words: Sequence[str] | None = None) -> int:
    """Exit 1 when the limit was not kept, or the share not used."""
    parser = argparse.ArgumentParser(prog="benchmarks.politeness_netsuite", description=__doc__)
    parser.add_argument("--n", type=int, default=20_000, help="records (20000)")
    parser.add_argument("--seed", type=int, default=7, help="of what requests take (7)")
    asked = parser.parse_args(words)
    done = runs(asked.n, asked.seed)
    print(
        "run | records | requests | answered 429 | share of three at a time | seconds of the stepped clock | real seconds"
    )
    for each, right in done:
        print(
            f"{each.name} | {each.records:,} | {each.requests:,} | {each.refused:,} | {each.share:.1%} "
            f"| {each.seconds:,.0f} | {each.real_seconds:.0f}{'' if right else ' | WRONG'}"
        )
    return 0 if all(right for _, right in done) else 1


if __name__ == "__main__":
    sys.exit(main())

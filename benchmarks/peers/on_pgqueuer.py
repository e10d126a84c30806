"""PgQueuer over asyncpg, as it is: without order per customer. `init`, `web` or `worker`."""

from __future__ import annotations

import sys

import asyncpg
import job
import orjson
import uvloop
from front import Erp, serve
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries


async def init() -> None:
    connection = await asyncpg.connect(job.DSN)
    await Queries(AsyncpgDriver(connection)).install()
    await connection.execute(job.LEDGER)
    await connection.close()


async def worker() -> None:
    connection = await asyncpg.connect(job.DSN)
    pool = await asyncpg.create_pool(job.DSN, min_size=4, max_size=20)
    erp, queue = Erp(), PgQueuer(AsyncpgDriver(connection))

    @queue.entrypoint("sync")
    async def sync(one: Job) -> None:
        event = job.validate(one.payload)
        await erp.post(event)
        await pool.execute("UPDATE ledger SET state = 2, done_at = now() WHERE event_id = $1", event.event_id)

    await queue.run(batch_size=job.CONCURRENCY, max_concurrent_tasks=2 * job.CONCURRENCY)


async def web() -> None:
    pool = await asyncpg.create_pool(job.DSN, min_size=4, max_size=20)
    queries = Queries(AsyncpgPoolDriver(pool))

    async def take(body: bytes) -> None:
        event = orjson.loads(body)
        done = await pool.execute(
            "INSERT INTO ledger (event_id, key, raw) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            event["event_id"], event["key"], body.decode(),
        )  # fmt: skip
        if done.endswith("1"):
            await queries.enqueue("sync", body)

    await serve(take)


if __name__ == "__main__":
    uvloop.run({"init": init, "web": web, "worker": worker}[sys.argv[1]]())

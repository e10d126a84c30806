"""Procrastinate with a lock per customer, so that events of one customer stay in order. `init`, `web` or `worker`."""

from __future__ import annotations

import sys

import job
import orjson
import procrastinate
import psycopg_pool
import uvloop
from front import Erp, serve

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=job.DSN, min_size=4, max_size=20))
around: dict[str, Erp | psycopg_pool.AsyncConnectionPool] = {}


@app.task(name="sync", queue="q", retry=procrastinate.RetryStrategy(max_attempts=5, exponential_wait=2))
async def sync(raw: str) -> None:
    event = job.validate(raw)
    await around["erp"].post(event)
    async with around["pool"].connection() as connection:
        await connection.execute("UPDATE ledger SET state = 2, done_at = now() WHERE event_id = %s", (event.event_id,))


def pool() -> psycopg_pool.AsyncConnectionPool:
    return psycopg_pool.AsyncConnectionPool(
        job.DSN, min_size=4, max_size=20, open=False, kwargs={"autocommit": True}
    )  # fmt: skip


async def init() -> None:
    async with app.open_async(), pool() as connections:
        await app.schema_manager.apply_schema_async()
        async with connections.connection() as connection:
            await connection.execute(job.LEDGER)


async def worker() -> None:
    around["erp"] = Erp()
    async with app.open_async(), pool() as around["pool"]:
        await app.run_worker_async(
            queues=["q"], concurrency=job.CONCURRENCY, install_signal_handlers=True, delete_jobs="never"
        )


async def web() -> None:
    async with app.open_async(), pool() as connections:

        async def take(body: bytes) -> None:
            raw, event = body.decode(), orjson.loads(body)
            values = (event["event_id"], event["key"], raw)
            async with connections.connection() as connection:
                found = await connection.execute(
                    "INSERT INTO ledger (event_id, key, raw) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", values
                )
            if found.rowcount:
                await sync.configure(lock=event["key"]).defer_async(raw=raw)

        await serve(take)


if __name__ == "__main__":
    uvloop.run({"init": init, "web": web, "worker": worker}[sys.argv[1]]())

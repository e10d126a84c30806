"""Commands that run or prepare the service: run, doctor, sync."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError

from bot.app import slack_client, slack_session
from bot.checkup import Checkup, Finding
from bot.cli.asking import Json
from bot.cli.running import now, product, rights, run, settings
from bot.cli.telling import NO, fail, show
from bot.key_words import key_words
from bot.logs import log_lines
from bot.releasing import differs, wire_published
from bot.service import Service
from bot.settings import slack_secrets
from store.served import only_service
from sync.connectors import kinds
from sync.errors import ConnectorError

_GONE_SECONDS = 29.0


class Role(StrEnum):
    all = "all"
    bot = "bot"
    worker = "worker"


def serve(role: Role = Role.all) -> None:
    """The service: webhooks, Slack, the engine and the clocks, until it is told to stop."""

    async def go() -> None:
        log_lines()
        said = settings()
        with only_service(said.database_url.get_secret_value()):
            parts, adoption = await wire_published(said, os.environ, first=True)
            if (number := await differs(parts.store, said.workspace)) is not None:
                words = (
                    f"release {number} runs; the directory says something else: meshline publish makes it the next one"
                )
                typer.echo(words, err=True)
            service = Service(parts, role=role.value, beat_seconds=_beat())
            service.keep("releases", adoption.run)
            await _until_told(service)

    run(go)


async def _until_told(service: Service) -> None:
    said, stop, loop = service.parts.settings, asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    try:
        await service.start()
    except OSError as error:
        await service.stop()
        fail(f"cannot listen on {said.http_host}:{said.http_port}: {error.strerror or error}", NO)
    typer.echo(f"Meshline listens on port {service.port}", err=True)
    at_speed()
    await stop.wait()
    with gone_within(_GONE_SECONDS):
        await service.stop()


@contextlib.contextmanager
def gone_within(seconds: float) -> Iterator[None]:
    """End the process if the block does not end by itself: what is under way then comes back by its lease."""

    def give_up() -> None:
        typer.echo("Meshline did not stop in time; what was under way comes back by its lease", err=True)
        os._exit(NO)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def at_speed() -> None:
    """Settings of the interpreter for a service. The ledger's writer thread gets its turn within half a millisecond instead of
    five, and what was loaded at the start is not looked through for garbage again and again."""
    _room_for_sockets()
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _room_for_sockets() -> None:
    """As many open sockets as the system lets us have; the usual limit is a thousand."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _beat() -> float:
    return 5.0


class Part(StrEnum):
    slack = "slack"


def doctor(
    what: Annotated[
        Part | None, typer.Argument(help="Only this; with slack everything about the connection to it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Is everything that the service needs there, and does it answer?"""
    if what is Part.slack:
        _doctor_slack(as_json)
        return

    async def go() -> dict[str, str]:
        async with product(slack=True) as parts:
            found = {"database": "the schema is up to date", "key": key_words(parts.settings)}
            for name, connection in parts.connections.items():
                found[f"connection {name}"] = await _probe(connection)
            found |= {f"connector {name}": f"unusable: {why}" for name, why in kinds().broken.items()}
            found["slack"] = await _slack(parts.client)
            return found

    found = run(go)
    show(found, as_json=as_json, text=lambda: "\n".join(f"{name}: {words}" for name, words in found.items()))
    if any(words.startswith("NO") for words in found.values()):
        raise typer.Exit(NO)


def _doctor_slack(as_json: bool) -> None:
    async def go() -> list[Finding]:
        said = settings()
        token, _ = slack_secrets(said)
        async with rights() as (_, people), slack_session() as session:
            return await Checkup(slack_client(said, session, token), said, people.workspace, now).run()

    found = run(go)
    show(found, as_json=as_json, text=lambda: "\n".join(map(_finding, found)))
    if not all(one.good for one in found):
        raise typer.Exit(NO)


def _finding(one: Finding) -> str:
    return f"ok  {one.what}: {one.words}" if one.good else f"NO  {one.what}: {one.words}\n    {one.click}"


async def _probe(connection: Any) -> str:
    try:
        words: str = await connection.probe()
    except ConnectorError as error:
        return f"NO: {error}"
    return words


async def _slack(client: Any) -> str:
    with contextlib.suppress(SlackClientError, ClientError, OSError, TimeoutError):
        answer = await client.auth_test()
        return f"{answer.get('user')} in {answer.get('team')}"
    return "NO: Slack does not accept the token or does not answer"

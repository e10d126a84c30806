"""`meshline demo`: the whole story on this machine, no account needed."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.cli.running import run
from bot.cli.telling import MISUSE, NO, fail, show
from bot.sandbox.deals import Story
from bot.sandbox.demo import Result, open_demo, run_once, sell
from bot.sandbox.pipeline_csv import BadPipeline
from bot.sandbox.stage import Stage
from bot.sandbox.tally import whole

_LOOK_SECONDS = 0.25


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Play the people too, then end; exit 0 only if every invariant held.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 0,
    data: Annotated[Path | None, typer.Option(help="CSV files: accounts, products, sales_pipeline.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: print one JSON object.")] = False,
) -> None:
    """The main job on SQLite and the built-in sandbox: a CRM, an ERP and a Slack on loopback."""
    if as_json and not once:
        fail("--json goes with --once", MISUSE)
    if data is not None and not data.is_dir():
        fail(f"{data} is not a directory", MISUSE)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    try:
        if once:
            _once(port, data, as_json=as_json)
        else:
            run(lambda: _serve(port, data))
    except BadPipeline as error:
        fail(str(error), NO)
    except OSError as error:
        fail(f"the demo cannot start: {error.strerror or error}", NO)


def _once(port: int, data: Path | None, *, as_json: bool) -> None:
    console = Console(stderr=True)
    result: Result = run(
        lambda: run_once(port=port, data=data, tell=lambda line: console.print(f"• {line}", highlight=False))
    )
    figures = result.figures
    show(figures, as_json=as_json, text=lambda: "\n".join(f"{name}: {value}" for name, value in figures.items()))
    if not whole(figures) or figures["created_by_a_second_run"]:
        fail("an invariant did not hold", NO)


async def _serve(port: int, data: Path | None) -> None:
    console = Console(stderr=True)
    stage, told = await open_demo(port=port, data=data)
    try:
        console.print(f"[bold]Meshline[/bold] runs; the page is at [link={stage.page}]{stage.page}[/link]")
        await _with_progress(console, stage, told)
        console.print(f"Open [bold]{stage.page}[/bold] and press the buttons. Ctrl-C ends it.")
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        await stop.wait()
    finally:
        await stage.close()


async def _with_progress(console: Console, stage: Stage, told: Story) -> None:
    won = sum(deal.won for deal in told.deals)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        invoices = progress.add_task("invoices posted in the ERP", total=won)
        stopped = progress.add_task("records stopped, in Slack", total=len(told.defects))
        selling = asyncio.create_task(sell(stage, told, stage.say))
        while not selling.done():
            await asyncio.wait({selling}, timeout=_LOOK_SECONDS)
            progress.update(invoices, completed=len(stage.world.erp.posted()))
            progress.update(stopped, completed=sum((await stage.parts.store.reasons(unresolved=True)).values()))
        await selling
    for line in stage.said:
        console.print(f"• {line}", highlight=False)

"""A whole plant under fault: the target, a Slack, the Meshlines in their roles, and the sender, on loopback and in a directory
of their own. A row of the matrix breaks something in it and asks the oracle afterwards."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select

from bot.sandbox.people import CHANNELS, PEOPLE
from bot.sandbox.slack import SlackSandbox
from bot.sandbox.world import free_port
from store.ledger import Store
from store.tables import deliveries, events
from sync.errors import LedgerUnavailable
from tests.faults.lives import TREE, Meshline, Nursery, TargetProcess
from tests.faults.oracle import Books, Verdict, compare, compare_books, read_log
from tests.faults.orders import Order
from tests.faults.sender import Sender

KEY = base64.b64encode(bytes(32)).decode()
"""The key of every ledger here, for those who look into it too."""

WORKSPACE = Path(__file__).with_name("job")
CARD = "meshline_card"
_BUG = re.compile(r'"event": "(crashed|loop_ended|worker_bug|card_not_drawn)"')
Change = tuple[str, str, str]
_QUARANTINE: Change = (  # the target commits within 2 s of a request, which leaves within half a lease of its intent
    "meshline.yaml", "quarantine: 2500ms    # the target commits at most 1.5 s after a request", "quarantine: 4s",
)  # fmt: skip


@dataclass
class Plant:
    """Everything that runs. `bots` take webhooks in, `workers` deliver; with the role `all` one Meshline is both."""

    home: Path
    rng: Random
    url: str
    target: TargetProcess
    slack: SlackSandbox
    meshlines: list[Meshline]
    secret: str
    addresses: list[str]
    orders: list[Order] = field(default_factory=list)
    senders: list[Sender] = field(default_factory=list)
    _log_place: int = 0
    committed: int = 0
    traps: int = 0

    @property
    def bots(self) -> list[Meshline]:
        return [one for one in self.meshlines if one.role != "worker"]

    @property
    def workers(self) -> list[Meshline]:
        return [one for one in self.meshlines if one.role != "bot"]

    @property
    def kills(self) -> int:
        return sum(one.kills for one in self.meshlines)

    @property
    def promised(self) -> dict[str, Order]:
        return {key: order for sender in self.senders for key, order in sender.acked.items()}

    def sender(self, **options: Any) -> Sender:
        """A sender to all bots, whose promises count."""
        made = Sender(self.addresses, self.secret, self.rng, **options)
        self.senders.append(made)
        return made

    def look(self) -> int:
        """Read on in the target's log; how many commits there are. Springs of the trap are counted too."""
        with self.target.log.open("rb") as log:
            log.seek(self._log_place)
            new = log.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._log_place += len(whole)
        self.committed += whole.count(b'{"commit"')
        self.traps += whole.count(b'{"trap"')
        return self.committed

    async def until(self, true: Callable[[], object], *, patience: float, every: float = 0.005) -> bool:
        """Wait until it holds; whether it did in time."""
        last = time.monotonic() + patience
        while not true():
            if time.monotonic() > last:
                return False
            await asyncio.sleep(every)
        return True

    async def sprung(self, *, patience: float) -> bool:
        """Wait until the target's trap springs once more than it did; whether it did in time."""
        self.look()
        before = self.traps
        return await self.until(lambda: self.look() >= 0 and self.traps > before, patience=patience, every=0.001)

    async def revive(self) -> None:
        """Start every Meshline that is dead and wait until all work."""
        for one in self.meshlines:
            while not one.alive or not await one.ready():
                await one.start()

    async def drained(self, expected: int, *, patience: float = 30.0) -> bool:
        """Wait until that many records are in the target and the ledger is at rest; False when nothing moves any more."""
        moved, before = time.monotonic(), (-1, "")
        async with opened(self.url) as store:
            while time.monotonic() < moved + patience:
                committed, rest = self.look(), {"unknown": 1}
                if committed >= expected:
                    rest = await unfinished(store)
                    if not any(rest.values()):
                        return True
                if before != (now := (committed, str(rest))):
                    moved, before = time.monotonic(), now
                await asyncio.sleep(0.1)
        return False

    async def judge(self, *, held: int = 0, patience: float = 30.0, stale: bool = False) -> Verdict:
        """Let everything come to rest, end all Meshlines like an operator, and ask the oracle. With `stale`, what the ledger
        discarded as out of date may be missing in the target."""
        await self.revive()
        promised = self.promised
        right = sum(order.right for order in promised.values())
        rested = await self.drained(0 if stale else right, patience=patience)
        verdict = Verdict()
        async with opened(self.url) as store:
            books = await books_of(store)
        for one in self.meshlines:
            try:
                if (code := await one.stop()) != 0:
                    verdict.ledger.append(f"a Meshline ended with {code} when it was told to stop")
            except TimeoutError:
                verdict.ledger.append("a Meshline did not stop")
        found = compare(promised, read_log(self.target.log), books.stale if stale else frozenset())
        found.ledger += verdict.ledger
        if not rested:
            found.ledger.append("it did not come to rest")
        compare_books(books, self.cards(), held=held, verdict=found)
        return found

    def cards(self) -> list[int]:
        """The causes of all cards that Slack shows."""
        shown = [message for channel in CHANNELS for message in self.slack.messages(channel.id)]
        about = [message.metadata or {} for message in shown]
        return [one["event_payload"]["cause"] for one in about if one.get("event_type") == CARD]

    def crashes(self) -> list[str]:
        """Bugs that Meshline wrote into its logs: tracebacks and loops that ended."""
        return [
            bug for one in self.meshlines if one.log.exists() for bug in bugs(one.log.read_text("utf-8", "replace"))
        ]


@asynccontextmanager
async def background(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Work that goes on during the block and has ended after it, whatever happens: awaited, or cancelled until it is."""
    task = asyncio.create_task(work)
    try:
        yield task
        await task
    finally:
        while not task.done():
            task.cancel()  # a library may take one for its own timeout
            await asyncio.wait([task], timeout=1)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    """The ledger, to look into it."""
    store = Store(url, KEY)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def unfinished(store: Store) -> dict[str, int]:
    """What still has to move, by name; nothing but zeros at rest."""
    try:
        states = {state: many for flow in await store.status() for state, many in flow.states.items()}
        return {"pending": states.get("pending", 0), "running": states.get("running", 0), **await store.backlog()}
    except LedgerUnavailable:
        return {"ledger": 1}


async def books_of(store: Store) -> Books:
    """What the ledger says now."""
    d, e = deliveries.c, events.c
    gone = select(e.key).join_from(deliveries, events, d.event_id == e.id).where(d.state == "discarded")
    counts = select(d.state, func.count()).group_by(d.state)
    stale = await store.db.read(lambda tx: frozenset(tx.execute(gone).scalars().all()))
    states = await store.db.read(lambda tx: {row[0]: row[1] for row in tx.execute(counts)})
    lines, broken = await store.verify_journal()
    causes = tuple(cause.id for cause in await store.open_causes(limit=10_000))
    return Books(states=states, stale=stale, journal=lines, broken_at=broken, causes=causes)


@asynccontextmanager
async def plant(
    home: Path,
    *,
    seed: int,
    roles: Sequence[str] = ("all",),
    url: str = "",
    changes: Sequence[Change] = (),
    tree: Path = TREE,
) -> AsyncIterator[Plant]:
    """Build it and start everything. Without `url` the ledger is a SQLite file; `changes` are made to the workspace's texts."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    signing, token = secrets.token_hex(16), f"xoxb-{secrets.token_hex(12)}"
    slack = SlackSandbox(people=PEOPLE, channels=CHANNELS, signing_secret=signing, bot_token=token)
    slack.throttle.enabled = False
    target, nursery = TargetProcess(home / "target.log"), Nursery(tree)
    shared = {
        "MESHLINE_WORKSPACE": str(workspace(home, changes)),
        "MESHLINE_DATABASE_URL": url or f"sqlite:///{home}/ledger.db", "MESHLINE_KEY": KEY,
        "SLACK_BOT_TOKEN": token, "SLACK_SIGNING_SECRET": signing,
        "FAULTS_SECRET": secret, "FAULTS_TOKEN": secrets.token_hex(16),
    }  # fmt: skip
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(target.close)
        await target.open()
        target.log.touch()
        stack.push_async_callback(slack.stop)
        await slack.start()
        stack.push_async_callback(nursery.close)
        await nursery.open()
        shared |= {"SLACK_API_URL": slack.api_url, "FAULTS_TARGET": f"http://127.0.0.1:{target.port}"}
        meshlines, addresses = [], []
        for number, role in enumerate(roles):
            port = free_port()
            own = {"MESHLINE_HTTP_PORT": str(port), "MESHLINE_PUBLIC_URL": f"http://127.0.0.1:{port}"}
            meshlines.append(Meshline(nursery, role, shared | own, home / f"meshline-{number}-{role}.log"))
            addresses += [own["MESHLINE_PUBLIC_URL"]] if role != "worker" else []
        built = Plant(home, Random(seed), shared["MESHLINE_DATABASE_URL"], target, slack, meshlines, secret, addresses)
        stack.push_async_callback(_end, meshlines)
        await _first(built)
        yield built


async def _first(built: Plant) -> None:
    """Start one, which makes the schema, and then the others."""
    first, *others = built.meshlines
    await first.start()
    assert await first.ready(), f"Meshline does not start: {first.said()[-2000:]}"
    for one in others:
        await one.start()
    for one in others:
        assert await one.ready(), f"Meshline does not start: {one.said()[-2000:]}"


async def _end(meshlines: list[Meshline]) -> None:
    for one in meshlines:
        if one.kill():
            await one.ended()


def workspace(home: Path, changes: Sequence[Change]) -> Path:
    """A copy of the workspace with these (file, old, new). Raises AssertionError where the old text is not found."""
    made = home / "workspace"
    shutil.copytree(WORKSPACE, made)
    for name, old, new in (_QUARANTINE, *changes):
        text = (made / name).read_text(encoding="utf-8")
        assert old in text, f"{name} does not say {old}"
        (made / name).write_text(text.replace(old, new), encoding="utf-8")
    return made


def bugs(log: str) -> list[str]:
    """The bugs in a log: each traceback by its last place and its error, each line that speaks of one."""
    found = [line[-400:] for line in log.splitlines() if _BUG.search(line)]
    for trace in log.split("Traceback (most recent call last):\n")[1:]:
        frames = list(takewhile(lambda line: line.startswith("  "), trace.splitlines()))
        error = trace.splitlines()[len(frames)] if len(trace.splitlines()) > len(frames) else ""
        place = next(
            (line.strip() for line in reversed(frames) if "/site-packages/" not in line and "File" in line), ""
        )
        found.append(f"{error[:200]} at {place[-100:]}")
    return found


def counted(path: Path) -> dict[str, int]:
    """What a life that counted its moments wrote down."""
    found: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    return found

"""The Home tab of each person, live: drawn when it is opened and again when what it shows has changed, each person's at most
every two seconds and all of them within what Slack takes. What it shows is decided in `bot/home.py`."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

import orjson
import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.away_views import line, standing_of
from bot.blocks import Block
from bot.buttons import is_proposed
from bot.commands import Desk
from bot.home import FIGURES, Seen, home
from store.homes import OpenHome
from sync.absence import stands_in_for
from sync.errors import LedgerUnavailable, MeshlineError
from sync.lifecycle import case_move
from sync.model import Cause
from sync.picking import Pick

log = structlog.get_logger()

LIVE, PER_PERSON, FIGURES_EVERY = timedelta(hours=1), timedelta(seconds=2), timedelta(seconds=30)
_PER_SECOND, _BURST = (
    1.0,
    20.0,
)  # views.publish is Tier 4, a hundred a minute and more; some are left for who opens the tab
_SILENT_SECONDS, _IDLE_SECONDS, _EVERYTHING_SECONDS = 5.0, 1.0, 30.0
_MINE = 15
_GONE = {"user_not_found", "not_found", "account_inactive", "user_is_bot", "not_enabled", "missing_scope"}
_SLACK = (SlackClientError, ClientError, OSError, TimeoutError)


@dataclass(slots=True, kw_only=True)
class Homes:
    """Draws Home tabs. `run` keeps those that are open true until told to stop; `once` does what can be done now."""

    desk: Desk
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _line: int = -1
    _looked: float = 0.0
    _calls: float = _BURST
    _filled: float = 0.0
    _silent_until: float = 0.0

    def wake(self) -> None:
        """Something may have changed."""
        self._wake.set()

    async def view(self, user: str) -> Block:
        """The person's Home tab as it is now."""
        return home(await self._seen(user), self.desk.around())

    async def opened(self, user: str) -> None:
        """The person looks at it: it is drawn now, and kept true from now on."""
        await self._draw(user)

    async def pressed(self, user: str) -> None:
        """The person did something: where their tab is open it is drawn at once."""
        open_now = await self.desk.store.open_homes(since=self.desk.clock() - LIVE)
        if any(one.user == user for one in open_now):
            await self._draw(user)

    async def run(self, stop: asyncio.Event) -> None:
        """Look for changes until told to stop. Neither the poster nor a press waits for it."""
        while not stop.is_set():
            self._wake.clear()
            try:
                await self.once()
            except LedgerUnavailable:
                log.warning("homes_not_read")
            waiting = [asyncio.create_task(event.wait()) for event in (stop, self._wake)]
            await asyncio.wait(waiting, timeout=_IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()
            await asyncio.sleep(0 if stop.is_set() else 0.2)  # a storm of changes is one look

    async def once(self) -> int:
        """Draw the open tabs that show something else than what is; how many were drawn."""
        tick, store = asyncio.get_running_loop().time(), self.desk.store
        if tick < self._silent_until:
            return 0
        now, last = self.desk.clock(), await store.last_line()
        if last == self._line and tick - self._looked < _EVERYTHING_SECONDS:
            return 0
        drawn, whole = 0, True
        for seen in await store.open_homes(since=now - LIVE):
            if now - seen.drawn_at < PER_PERSON or not self._may_call(tick) or tick < self._silent_until:
                whole = False
                continue
            drawn += await self._redraw(seen, now)
        if whole and tick >= self._silent_until:
            self._line, self._looked = last, tick
        return drawn

    async def _redraw(self, seen: OpenHome, now: datetime) -> bool:
        view = await self.view(seen.user)
        shows, figures = marks(view)
        old_figures = figures != seen.figures and now - seen.drawn_at >= FIGURES_EVERY
        if shows == seen.shows and not old_figures:
            return False
        if not await self.desk.store.claim_home(seen, shows=shows, figures=figures, now=now):
            return False
        self._calls -= 1
        return await self._publish(seen.user, view)

    async def _draw(self, user: str) -> None:
        try:
            view = await self.view(user)
        except MeshlineError as error:
            log.warning("home_not_drawn", error=type(error).__name__)
            return
        shows, figures = marks(view)
        await self.desk.store.home_opened(user, shows=shows, figures=figures, now=self.desk.clock())
        await self._publish(user, view)

    async def _publish(self, user: str, view: Block) -> bool:
        try:
            await self.desk.client.views_publish(user_id=user, view=view)
        except _SLACK as error:
            log.warning("home_not_drawn", error=type(error).__name__)
            await self._not_taken(user, error)
            return False
        return True

    async def _not_taken(self, user: str, error: Exception) -> None:
        code = str(error.response.get("error") or "") if isinstance(error, SlackApiError) and error.response else ""
        if code in _GONE:
            await self.desk.store.home_closed(user)
            return
        self._silent_until = asyncio.get_running_loop().time() + _SILENT_SECONDS
        await self.desk.store.home_unknown(user)

    def _may_call(self, tick: float) -> bool:
        self._calls = min(_BURST, self._calls + (tick - self._filled) * _PER_SECOND)
        self._filled = tick
        return self._calls >= 1

    async def _seen(self, user: str) -> Seen:
        desk, store, now = self.desk, self.desk.store, self.desk.clock()
        await desk.surroundings.people.look_who_is_away()
        teams = desk.teams_of(user)
        mine = await store.picked(Pick(teams=teams, holder=user), limit=_MINE)
        team, team_count = await store.causes_of(teams)
        status = await store.status()
        midnight = datetime.combine(now.astimezone(zone := await desk.zone(user)).date(), time(), zone)
        absence = standing_of(user, await store.absences(now=now), now)
        return Seen(
            user=user, mine=mine.cases, mine_count=mine.count, team=team, team_count=team_count,
            approvals=await self._approvals(user, teams), status=status,
            through=await store.throughput([one.flow for one in status], today=midnight, hour=now - timedelta(hours=1)),
            holds=await store.holds(), pauses=await store.pauses(), works=await desk.works(),
            preferences=await store.preferences(user), away=line(absence, desk.around()) if absence else "",
        )  # fmt: skip

    async def _approvals(self, user: str, teams: frozenset[str]) -> list[Cause]:
        people, wanted = self.desk.surroundings.people, case_move("approve").roles
        mine = frozenset(team for team in teams if people.roles(team, user) & wanted)
        found = await self.desk.store.proposals(mine) if mine else []
        theirs = {user, *stands_in_for(user, people.absences, self.desk.clock())}
        return [one for one in found if is_proposed(one) and one.first[0].proposed_by not in theirs]


def marks(view: Block) -> tuple[str, str]:
    """Two marks of what a view shows: of what people act on, and of its figures."""
    figures = [block for block in view["blocks"] if str(block.get("block_id", "")).startswith(FIGURES)]
    others = [block for block in view["blocks"] if block not in figures]
    return _mark(others), _mark(figures)


def _mark(blocks: list[Block]) -> str:
    return hashlib.sha256(orjson.dumps(blocks)).hexdigest()[:16]

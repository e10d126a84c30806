"""Leading signs are told before records are late: webhooks that we have to refuse, and a source that cannot be read. Whoever owns the
flows behind them hears of it once, and once more when it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from bot.blocks import Block, context, message, moment, said, section, utc
from bot.surroundings import Surroundings
from bot.wording import counted
from store.ledger import Store
from sync.errors import ConnectorError, Unauthorized
from sync.signs import REFUSED, SIGNED_OUT, UNREAD, Sign, is_due, is_over
from sync.workspace.flow import Flow

log = structlog.get_logger()
_WORDS = {401: "the signature or token was wrong", 400: "they could not be read"}


@dataclass(slots=True, kw_only=True)
class Watch:
    """Notes what goes wrong. `look` tells of it; webhooks are counted here and written down with the next look."""

    store: Store
    surroundings: Surroundings
    clock: Callable[[], datetime]
    refused: Counter[tuple[str, int]] = field(default_factory=Counter)

    def refuse(self, connection: str, status: int) -> None:
        """A webhook of a connection was refused."""
        if connection in self.surroundings.workspace.connections:
            self.refused[connection, status] += 1

    async def unread(self, flow: Flow, error: ConnectorError) -> None:
        """The source of a flow could not be read."""
        out = isinstance(error, Unauthorized)
        kind, why = (SIGNED_OUT, "it does not accept our sign-in") if out else (UNREAD, "it does not answer")
        place = flow.trigger.connection, flow.trigger.entity
        await self.store.note_sign(kind, *place, words=why, now=self.clock())

    async def read(self, flow: Flow) -> None:
        """The source of a flow was read."""
        now, place = self.clock(), (flow.trigger.connection, flow.trigger.entity)
        for sign in await self.store.signs():
            if (sign.connection, sign.entity) == place and sign.kind != REFUSED:
                channels = self._channels(sign, over(sign, self._title(sign), now))
                await self.store.end_sign(sign, channels, now=now)

    async def look(self, now: datetime) -> int:
        """How many things were told."""
        refused, self.refused = self.refused, Counter()
        for (connection, status), many in refused.items():
            why = _WORDS.get(status, f"status {status}")
            await self.store.note_sign(REFUSED, connection, many=many, words=why, now=now)
        told = 0
        for sign in await self.store.signs():
            if is_over(sign, now):
                await self.store.end_sign(sign, {}, now=now)
            elif is_due(sign, self._every(sign), now):
                log.warning("leading_sign", kind=sign.kind, connection=sign.connection, entity=sign.entity)
                told += await self.store.tell_sign(
                    sign, self._channels(sign, warning(sign, self._title(sign))), now=now
                )
        return told

    def _every(self, sign: Sign) -> Any:
        return min((each.trigger.poll for each in self._flows(sign) if each.trigger.poll is not None), default=None)

    def _flows(self, sign: Sign) -> list[Flow]:
        flows = self.surroundings.workspace.flows.values()
        mine = [each for each in flows if each.trigger.connection == sign.connection]
        return [each for each in mine if sign.entity in ("", each.trigger.entity)]

    def _channels(self, sign: Sign, body: Block) -> dict[str, Block]:
        workspace = self.surroundings.workspace
        return dict.fromkeys([workspace.team(each.owner).channel for each in self._flows(sign)], body)

    def _title(self, sign: Sign) -> str:
        return said(", ".join(each.title for each in self._flows(sign)), 200)


def warning(sign: Sign, flows: str) -> Block:
    """That something goes wrong, and what has to be looked at."""
    if sign.kind == REFUSED:
        many = counted(sign.many, "webhook")
        return message(
            f"{many} from {sign.connection} had to be refused since {utc(sign.since)}: {sign.words}.",
            section(f"*{many} from {said(sign.connection, 80)} had to be refused* since {moment(sign.since)}: {sign.words}."),
            context(f"This is about {flows}. Flows that also poll get their changes that way, later. Whoever runs Meshline has "
                    "to compare the secret of the webhooks on both sides."),
        )  # fmt: skip
    what = f"{sign.entity} of {sign.connection}"
    return message(
        f"{what} cannot be read since {utc(sign.since)}: {sign.words}.",
        section(f"*{said(what, 120)} cannot be read* since {moment(sign.since)}: {sign.words}."),
        context(f"This is about {flows}. Nothing is lost: reading goes on from where it stands. Where the sign-in is not "
                "accepted, whoever runs Meshline has to renew it."),
    )  # fmt: skip


def over(sign: Sign, flows: str, now: datetime) -> Block:
    """That it goes right again."""
    what = f"{sign.entity} of {sign.connection}" if sign.entity else sign.connection
    return message(
        f"{what} can be read again. It could not from {utc(sign.since)} to {utc(now)}.",
        section(f"*{said(what, 120)} can be read again.* It could not from {moment(sign.since)} to {moment(now)}."),
        context(f"This is about {flows}. What changed meanwhile comes in now."),
    )

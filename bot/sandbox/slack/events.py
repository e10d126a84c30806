"""Events on their way to the app: delivered once if it answers, again up to three times if it does not."""

import asyncio

from bot.sandbox.slack.normal import new_id
from bot.sandbox.slack.payloads import event
from bot.sandbox.slack.sender import TIMED_OUT
from bot.sandbox.slack.state import State
from bot.sandbox.slack.values import Ack, Json

RETRY_WAITS = (0.0, 1.0, 3.0)  # Slack waits none, a minute and five; nobody at a demo does


class Events:
    """`subscribed` names what the app gets to hear; `retry_waits` the seconds before each new attempt."""

    def __init__(self, state: State) -> None:
        self.subscribed = {"app_home_opened", "app_uninstalled", "tokens_revoked"}
        self.retry_waits: tuple[float, ...] = RETRY_WAITS
        self._state = state
        self._again: set[asyncio.Task[None]] = set()

    async def deliver(self, body: Json) -> Ack:
        """The answer to the first attempt. The others go on without the caller."""
        if body["type"] not in self.subscribed:
            return Ack(ok=True, status=0, seconds=0.0, body={})
        moment = body["event_ts"]
        payload = event(self._state.app, event_id=new_id("Ev0"), at=int(float(moment)), body=body)
        ack = await self._state.sender.event(payload)
        if not ack.ok:
            self._state.note_trouble(f"event {body['type']}: {ack.error}")
            task = asyncio.create_task(self._deliver_again(payload, ack))
            self._again.add(task)
            task.add_done_callback(self._again.discard)
        return ack

    async def settled(self) -> None:
        """Return once no event waits for another attempt."""
        await asyncio.gather(*self._again)

    async def close(self) -> None:
        for task in self._again:
            task.cancel()
        await asyncio.gather(*self._again, return_exceptions=True)

    async def _deliver_again(self, payload: Json, ack: Ack) -> None:
        for attempt, wait in enumerate(self.retry_waits, start=1):
            await asyncio.sleep(wait)
            ack = await self._state.sender.event(payload, retry=attempt, reason=_reason(ack))
            self._state.changes.nudge()
            if ack.ok:
                return
        self._state.note_trouble(f"event {payload['event']['type']}: given up after {len(self.retry_waits)} retries")


def _reason(ack: Ack) -> str:
    if ack.error == TIMED_OUT:
        return "http_timeout"
    return "http_error" if ack.status else "connection_failed"

"""The two short-lived rights that an interaction hands out: a trigger opens one modal, a response_url answers a few times."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.slack.normal import new_id
from bot.sandbox.slack.values import SlackError

TRIGGER_SECONDS = 3.0
ANSWER_USES = 5
ANSWER_WINDOW = timedelta(minutes=30)


@dataclass(slots=True, kw_only=True)
class Trigger:
    user: str
    made: float
    view_id: str | None
    used: bool = False


@dataclass(slots=True, kw_only=True)
class AnswerUrl:
    """Where an app may answer: the channel, the person, and the message that was pressed, if it was a message."""

    user: str
    channel: str
    until: datetime
    ts: str | None = None
    thread_ts: str | None = None
    left: int = ANSWER_USES


class Rights:
    def __init__(self, *, monotonic: Callable[[], float], clock: Callable[[], datetime]) -> None:
        self._monotonic = monotonic
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._answers: dict[str, AnswerUrl] = {}

    def new_trigger(self, user: str, view_id: str | None = None) -> str:
        name = f"{new_id('')}.{new_id('')}.trigger"
        self._triggers[name] = Trigger(user=user, made=self._monotonic(), view_id=view_id)
        return name

    def check_trigger(self, name: str) -> Trigger:
        """The trigger, if it can still be exchanged. Raises SlackError."""
        trigger = self._triggers.get(name)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._monotonic() - trigger.made > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        return trigger

    def new_answer(self, user: str, channel: str, ts: str | None = None, thread_ts: str | None = None) -> str:
        name = new_id("answer")
        until = self._clock() + ANSWER_WINDOW
        self._answers[name] = AnswerUrl(user=user, channel=channel, until=until, ts=ts, thread_ts=thread_ts)
        return name

    def use_answer(self, name: str) -> AnswerUrl:
        """One use of a response_url. Raises SlackError when it is used up, too old or unknown."""
        answer = self._answers.get(name)
        if answer is None or self._clock() > answer.until:
            raise SlackError("expired_url")
        if answer.left < 1:
            raise SlackError("used_url")
        answer.left -= 1
        return answer

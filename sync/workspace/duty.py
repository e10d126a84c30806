"""Who answers in a team and when: the people on call, and the ladder of who hears when nobody does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, field_validator

from sync.oncall import Rota
from sync.workspace.values import Broken, Strict, duration

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone; write one like Europe/Berlin") from error
    return value


def _whole_days(value: timedelta) -> timedelta:
    if not value or value % timedelta(days=1):
        raise ValueError("whole days such as 1d or 7d are needed")
    return value


Timezone = Annotated[str, AfterValidator(_timezone)]
UserId = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{5,20}$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^S[A-Z0-9]{5,20}$")]
Wait = Annotated[timedelta, BeforeValidator(duration)]
Days = Annotated[timedelta, BeforeValidator(duration), AfterValidator(_whole_days)]


class RungBlock(Strict):
    """One step of the escalation: who is asked, and how much working time after the missed deadline."""

    to: Literal["backup", "approvers", "members", "channel"]
    after: Wait


class OnCallBlock(Strict):
    """Whose turn it is. Either `group`, a Slack user group that another system keeps, or `people` who take turns: each for `every`
    (7d unless told), the first from `starts` on, handing over at `handover` in `timezone`. `instead` names the person of a
    date."""

    group: GroupId | None = None
    people: tuple[UserId, ...] = ()
    starts: date | None = None
    handover: str = "09:00"
    every: Days = timedelta(days=7)
    timezone: Timezone | None = None
    instead: dict[date, UserId] = Field(default_factory=dict)

    @field_validator("handover")
    @classmethod
    def _readable(cls, at: str) -> str:
        if not _CLOCK.fullmatch(at):
            raise ValueError('a time of day such as "09:00" is needed')
        return at

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        if bool(given.get("group")) == bool(given.get("people")):
            right = "either `group`, a Slack user group, or `people` who take turns is needed"
            yield Broken(key="group" if given.get("group") else "", right=right, lacking=("group", "people"))
        elif given.get("people") and not (given.get("starts") and given.get("timezone")):
            lacking = tuple(key for key in ("starts", "timezone") if not given.get(key))
            yield Broken(key="", right="people who take turns need `starts` and `timezone`", lacking=lacking)

    def rota(self) -> Rota | None:
        """The turns; None where a Slack user group says who is on call."""
        if not self.people or self.starts is None or self.timezone is None:
            return None
        return Rota(
            people=self.people,
            start=self.starts,
            handover=time.fromisoformat(self.handover),
            days=self.every.days,
            timezone=self.timezone,
            instead=self.instead,
        )


def rising(steps: object) -> bool:
    """Whether each step of a ladder comes no sooner than the one before, and none is named twice."""
    blocks = [one for one in steps if isinstance(one, dict)] if isinstance(steps, list | tuple) else []
    try:
        waits = [duration(one.get("after")) for one in blocks]
    except ValueError:
        return True  # said where it stands
    targets = [one.get("to") for one in blocks]
    return waits == sorted(waits) and len(set(map(str, targets))) == len(targets)

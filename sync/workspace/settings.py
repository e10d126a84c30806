"""What `meshline.yaml` says: the company's connections, teams, calendars and clocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal

import holidays
from pydantic import Field, StringConstraints, field_validator, model_validator

from sync import clocks
from sync.ladder import USUAL
from sync.suggestions import ENOUGH
from sync.workspace.conditions import Flag
from sync.workspace.duty import OnCallBlock, RungBlock, Timezone, UserId, rising
from sync.workspace.pacing import BreakerPolicy
from sync.workspace.telling import Packs
from sync.workspace.values import Broken, Duration, Name, Strict, Words

OWN = ("kind", "quarantine", "breaker", "serial")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_COUNTRY = re.compile(r"[A-Z]{2}")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")

ChannelId = Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{5,20}$")]


class Connection(Strict):
    """A configured connector. Whatever else its block says are the connector's own options; a text such as `env:NAME`
    or `file:/path` is a reference that is resolved where the product starts. Of the `serial` operations one is sent at a time,
    by whatever process: a target with one lock on its books turns parallel postings away."""

    kind: Name
    quarantine: Duration | None = None
    breaker: BreakerPolicy = BreakerPolicy()
    serial: tuple[Literal["create", "update", "post", "credit"], ...] = ()
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_options(cls, block: Any) -> Any:
        if not isinstance(block, dict) or isinstance(block.get("options"), dict):
            return block
        return {**{key: block[key] for key in OWN if key in block}, "options": options_of(block)}


def options_of(block: Mapping[str, Any]) -> dict[str, Any]:
    """The connector's own options in the block of a connection, whether or not the block is right."""
    options = block.get("options")
    return options if isinstance(options, dict) else {key: value for key, value in block.items() if key not in OWN}


class Team(Strict):
    """A team queue: where its cards go, and where they go while that channel takes none (`fallback`), who answers, who stands
    in and who approves. Whoever is `on_call` answers instead of the owner; `escalation` says who is asked when nobody answers in
    time, and when."""

    title: Words
    channel: ChannelId
    fallback: ChannelId | None = None
    owner: UserId
    backup: UserId
    approvers: tuple[UserId, ...] = ()
    members: tuple[UserId, ...] = ()
    calendar: Name
    on_call: OnCallBlock | None = None
    escalation: tuple[RungBlock, ...] = tuple(RungBlock(to=to, after=after) for to, after in USUAL)

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        if not rising(given.get("escalation")):
            yield Broken(key="escalation", right="each step has somebody else, and comes no sooner than the one before")
        if given.get("backup") is not None and given.get("backup") == given.get("owner"):
            yield Broken(key="backup", right="the backup must be somebody else than the owner")
        if given.get("fallback") is not None and given.get("fallback") == given.get("channel"):
            yield Broken(key="fallback", right="the fallback must be another channel than the team's own")


class CalendarBlock(Strict):
    """Working hours; "22:00-06:00" is a night shift, of the day on which it begins. `holidays` is a country code, with a region
    where one is meant: DE or DE-BY."""

    timezone: Timezone
    days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri")
    hours: str = "09:00-17:00"
    holidays: str | None = None
    closed: tuple[date, ...] = ()

    @field_validator("days")
    @classmethod
    def _known_days(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [day for day in days if day not in _DAYS]
        if wrong or not days:
            raise ValueError(f"days are {', '.join(_DAYS)}; found {', '.join(wrong) or 'none'}")
        return days

    @field_validator("hours")
    @classmethod
    def _readable_hours(cls, hours: str) -> str:
        if not _HOURS.fullmatch(hours) or hours[:5] == hours[6:]:
            raise ValueError('hours are opening and closing time such as "09:00-17:30"')
        return hours

    @field_validator("holidays")
    @classmethod
    def _known_country(cls, code: str | None) -> str | None:
        if code is not None and not _has_holidays(*code.partition("-")[::2]):
            raise ValueError(
                f"there are no holidays for {code!r}; write a country such as DE or a region such as DE-BY"
            )
        return code

    def calendar(self) -> clocks.Calendar:
        """The calendar that the clocks run on."""
        opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in self.hours.split("-"))
        closes += 24 * 60 if closes < opens else 0
        return clocks.Calendar(
            timezone=self.timezone,
            days=frozenset(_DAYS.index(day) for day in self.days),
            opens=opens,
            closes=closes,
            holidays=self.holidays,
            closed=frozenset(self.closed),
        )


def _has_holidays(country: str, region: str) -> bool:
    """Whether holidays are known of a country's code and of a region in it; only this country is loaded."""
    if not _COUNTRY.fullmatch(country):
        return False
    try:
        return region in ("", *holidays.country_holidays(country).subdivisions)
    except NotImplementedError:
        return False


class EngineSettings(Strict):
    """How the engine works: how long a lease is, and how long an unknown write rests before anyone reads back."""

    lease: Duration = timedelta(seconds=60)
    quarantine: Duration = timedelta(seconds=30)
    concurrency: int = Field(default=8, ge=1, le=2048)
    max_losses: int = Field(default=5, ge=1, le=100)


class Digests(Strict):
    """When each team gets its daily digest, in the time zone of the team's calendar."""

    at: str = "08:30"

    @field_validator("at")
    @classmethod
    def _readable(cls, at: str) -> str:
        if not _CLOCK.fullmatch(at):
            raise ValueError('a time of day such as "08:30" is needed')
        return at

    @property
    def time(self) -> time:
        return time.fromisoformat(self.at)


class Suggestions(Strict):
    """After how many acceptances in a row, none passed over, a suggestion is proposed as a rule to the owner of the flow. A rule
    is only ever proposed."""

    propose_rule_after: int = Field(default=ENOUGH, ge=2, le=1000)


class Retention(Strict):
    """How long what was read (and said in Slack) and what was received is kept. The journal's lines are kept for good; what people
    wrote and read in them can be read for the time of `audit`."""

    snapshots: Duration = timedelta(days=90)
    events: Duration = timedelta(days=730)
    audit: Duration = timedelta(days=3650)


class Settings(Strict):
    """The whole of `meshline.yaml`."""

    name: Words
    connections: dict[Name, Connection] = Field(min_length=1)
    teams: dict[Name, Team] = Field(min_length=1)
    calendars: dict[Name, CalendarBlock] = Field(min_length=1)
    engine: EngineSettings = EngineSettings()
    digests: Digests = Digests()
    packs: Packs = Packs()
    retention: Retention = Retention()
    suggestions: Suggestions = Suggestions()
    flags: dict[Name, Flag] = Field(default_factory=dict)

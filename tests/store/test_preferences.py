"""People say what they prefer; who never did has the defaults. Quiet hours run on the person's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from sqlalchemy.exc import IntegrityError

from store.ledger import Store
from store.tables import preferences
from sync.preferences import Preferences
from tests.world import MONDAY

DANA = "U0DANA0001"


async def test_who_never_said_anything_has_the_defaults(store: Store) -> None:
    assert await store.preferences(DANA) == Preferences(user=DANA)
    assert await store.all_preferences() == {}


async def test_what_a_person_prefers_is_kept_and_journalled(store: Store) -> None:
    wanted = Preferences(
        user=DANA, digest=True, digest_at=time(7, 30), quiet_from=time(19), quiet_until=time(7), mentions=False,
        timezone="Europe/Berlin",
    )  # fmt: skip
    await store.set_preferences(wanted, now=MONDAY)
    await store.set_preferences(wanted, now=MONDAY)
    assert await store.preferences(DANA) == wanted
    assert await store.all_preferences() == {DANA: wanted}
    first, _ = await store.entries(noun="person", noun_id=DANA)
    assert (first.actor, first.verb, first.data["quiet_from"]) == (DANA, "prefer", "19:00")


async def test_quiet_hours_have_both_ends(store: Store) -> None:
    values = {"person": DANA, "digest_at": "08:00", "quiet_from": "19:00", "timezone": "UTC", "changed_at": MONDAY}
    with pytest.raises(IntegrityError):
        await store.db.write(lambda tx: tx.execute(preferences.insert().values(**values)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHT = Preferences(user=DANA, quiet_from=time(19), quiet_until=time(7), timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-11-23 17:59", None),
        ("2026-11-23 18:00", "2026-11-24 06:00"),
        ("2026-11-24 05:59", "2026-11-24 06:00"),
        ("2026-11-24 06:00", None),
        ("2026-10-24 20:00", "2026-10-25 06:00"),  # that night the clock goes back: an hour longer
        ("2026-03-28 20:00", "2026-03-29 05:00"),  # and here it goes on: an hour shorter
    ],
)
def test_quiet_hours_go_over_midnight_on_the_persons_own_clock(now: str, ends: str | None) -> None:
    assert NIGHT.quiet_ends(utc(now)) == (utc(ends) if ends else None)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    lunch = Preferences(user=DANA, quiet_from=time(12), quiet_until=time(13), timezone="no zone of this world")
    assert lunch.quiet_ends(utc("2026-11-23 12:30")) == utc("2026-11-23 13:00")
    assert lunch.quiet_ends(utc("2026-11-23 13:00")) is None
    assert Preferences(user=DANA).quiet_ends(utc("2026-11-23 12:30")) is None
    never = Preferences(user=DANA, quiet_from=time(9), quiet_until=time(9))
    assert never.quiet_ends(utc("2026-11-23 09:00")) is None

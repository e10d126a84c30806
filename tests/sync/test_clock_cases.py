"""Deadlines as somebody with a paper calendar computes them. Every moment is written out, and beside it how it was reckoned."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.clocks import Calendar, add_working, as_record, from_record, left, working_between
from sync.pausing import moved

WEEK, EVERY_DAY, SUN_TO_THU = frozenset(range(5)), frozenset(range(7)), frozenset((6, 0, 1, 2, 3))


def calendar(zone: str, opens: str, closes: str, days: frozenset[int] = WEEK, **more: object) -> Calendar:
    begin, end = (int(one[:2]) * 60 + int(one[3:]) for one in (opens, closes))
    return Calendar(timezone=zone, days=days, opens=begin, closes=end + 1440 * (end < begin), **more)  # type: ignore[arg-type]


BERLIN = calendar("Europe/Berlin", "09:00", "17:30", holidays="DE")  # 8 h 30 min a day
MUNICH = calendar("Europe/Berlin", "09:00", "17:30", holidays="DE-BY")
NEW_YORK = calendar("America/New_York", "09:00", "17:00", holidays="US")  # 8 h a day
TOKYO = calendar("Asia/Tokyo", "09:00", "18:00", holidays="JP")  # 9 h a day
LONDON = calendar("Europe/London", "09:00", "17:00", holidays="GB-ENG")
KOLKATA = calendar("Asia/Kolkata", "10:00", "18:30")  # 5½ hours ahead of UTC
RIYADH = calendar("Asia/Riyadh", "08:00", "16:00", SUN_TO_THU)
SYDNEY = calendar("Australia/Sydney", "09:00", "17:00")
ALWAYS = calendar("Europe/Berlin", "00:00", "24:00", EVERY_DAY)
NIGHT = calendar("Europe/Berlin", "22:00", "06:00")  # five nights, from Monday evening to Saturday morning
NIGHTS = calendar("Europe/Berlin", "22:00", "06:00", EVERY_DAY)
NIGHTS_NY = calendar("America/New_York", "22:00", "06:00", EVERY_DAY)
NIGHT_DE = calendar("Europe/Berlin", "22:00", "06:00", holidays="DE")
EARLY = calendar("Europe/Berlin", "01:00", "04:00", EVERY_DAY)
ODD = calendar("Europe/Berlin", "02:30", "06:00", EVERY_DAY)
CLOSED = calendar("Europe/Berlin", "09:00", "17:30", closed=frozenset({date(2026, 1, 13), date(2026, 1, 14)}))

CASES: dict[str, tuple[Calendar, str, str, str]] = {
    # Weekends and nights
    "inside a day": (BERLIN, "2026-01-12T10:00+01:00", "4h", "2026-01-12T14:00+01:00"),
    # Monday 15:30 to 17:30 is 2 h; 2 h more on Tuesday from 9:00
    "over a night": (BERLIN, "2026-01-12T15:30+01:00", "4h", "2026-01-13T11:00+01:00"),
    # Friday 17:00 to 17:30 is ½ h; 3½ h on Monday from 9:00
    "over a weekend": (BERLIN, "2026-01-16T17:00+01:00", "4h", "2026-01-19T12:30+01:00"),
    # Saturday counts nothing; Monday 9:00 + 1 h
    "from a Saturday": (BERLIN, "2026-01-17T12:00+01:00", "1h", "2026-01-19T10:00+01:00"),
    # late on Sunday counts nothing either
    "from the last minute of a Sunday": (BERLIN, "2026-01-18T23:59+01:00", "1m", "2026-01-19T09:01+01:00"),
    # exactly the day ends at closing, not at the next opening
    "a whole day": (BERLIN, "2026-01-12T09:00+01:00", "8h30m", "2026-01-12T17:30+01:00"),
    "a whole day and a minute": (BERLIN, "2026-01-12T09:00+01:00", "8h31m", "2026-01-13T09:01+01:00"),
    # Thursday 8½, Friday 8½ (17), Monday 7 (24): 16:00
    "24 hours over a weekend": (BERLIN, "2026-01-15T09:00+01:00", "24h", "2026-01-19T16:00+01:00"),
    # 100 h = 11 days of 8½ (93½) and 6½ h: Jan 12–16, 19–23 are ten days, the 26th the eleventh, on the 27th until 15:30
    "a hundred hours": (BERLIN, "2026-01-12T09:00+01:00", "100h", "2026-01-27T15:30+01:00"),
    # 13 and 14 January are closed: Monday 16:30 to 17:30, then Thursday 1 h
    "over two closed days": (CLOSED, "2026-01-12T16:30+01:00", "2h", "2026-01-15T10:00+01:00"),
    "from a closed day": (CLOSED, "2026-01-13T11:00+01:00", "30m", "2026-01-15T09:30+01:00"),
    # Sunday to Thursday: Thursday 15:00 to 16:00, then Sunday 8:00 + 1 h
    "a weekend of Friday and Saturday": (RIYADH, "2026-01-15T15:00+03:00", "2h", "2026-01-18T09:00+03:00"),
    "half an hour of time zone": (KOLKATA, "2026-01-12T18:00+05:30", "1h", "2026-01-13T10:30+05:30"),
    # Public holidays of Germany
    # New Year's Eve is worked: 16:30 to 17:30; Thursday 1 January is not; Friday 1 h
    "over New Year": (BERLIN, "2025-12-31T16:30+01:00", "2h", "2026-01-02T10:00+01:00"),
    # Good Friday 3 April and Easter Monday 6 April: Thursday 1 h, then Tuesday
    "over Easter": (BERLIN, "2026-04-02T16:30+02:00", "3h", "2026-04-07T11:00+02:00"),
    # 1 May is a Friday: Thursday ½ h, Monday ½ h
    "over the first of May": (BERLIN, "2026-04-30T17:00+02:00", "1h", "2026-05-04T09:30+02:00"),
    # Ascension is Thursday 14 May; Friday is worked
    "over Ascension": (BERLIN, "2026-05-13T17:00+02:00", "1h", "2026-05-15T09:30+02:00"),
    # Whit Monday 25 May: Friday ½ h, Tuesday ½ h
    "over Whitsun": (BERLIN, "2026-05-22T17:00+02:00", "1h", "2026-05-26T09:30+02:00"),
    # 3 October 2026 is a Saturday and takes no working day
    "German Unity on a Saturday": (BERLIN, "2026-10-02T17:00+02:00", "1h", "2026-10-05T09:30+02:00"),
    # Christmas Eve is worked; 25 December is a Friday, 26 a Saturday: Monday the 28th
    "over Christmas": (BERLIN, "2026-12-24T17:00+01:00", "1h", "2026-12-28T09:30+01:00"),
    "Epiphany is work in Berlin": (BERLIN, "2026-01-05T17:00+01:00", "1h", "2026-01-06T09:30+01:00"),
    "Epiphany is none in Munich": (MUNICH, "2026-01-05T17:00+01:00", "1h", "2026-01-07T09:30+01:00"),
    # Corpus Christi, Thursday 4 June, in Bavaria only
    "Corpus Christi in Munich": (MUNICH, "2026-06-03T17:00+02:00", "1h", "2026-06-05T09:30+02:00"),
    "Corpus Christi in Berlin": (BERLIN, "2026-06-03T17:00+02:00", "1h", "2026-06-04T09:30+02:00"),
    "from the middle of a holiday": (BERLIN, "2026-05-01T12:00+02:00", "2h", "2026-05-04T11:00+02:00"),
    # Public holidays of the United States
    # Thanksgiving is Thursday 26 November; Friday is worked: Wednesday ½ h, Friday ½ h
    "over Thanksgiving": (NEW_YORK, "2026-11-25T16:30-05:00", "1h", "2026-11-27T09:30-05:00"),
    # 4 July 2026 is a Saturday, kept on Friday the 3rd: Thursday 1 h, Monday 1 h
    "Independence Day kept on Friday": (NEW_YORK, "2026-07-02T16:00-04:00", "2h", "2026-07-06T10:00-04:00"),
    # Memorial Day, Monday 25 May: Friday ½ h, Tuesday ½ h
    "over Memorial Day": (NEW_YORK, "2026-05-22T16:30-04:00", "1h", "2026-05-26T09:30-04:00"),
    # Labor Day, Monday 7 September; 16 h are two days: Friday 8, Tuesday 8
    "over Labor Day": (NEW_YORK, "2026-09-04T09:00-04:00", "16h", "2026-09-08T17:00-04:00"),
    # Juneteenth is Friday 19 June
    "over Juneteenth": (NEW_YORK, "2026-06-18T16:00-04:00", "2h", "2026-06-22T10:00-04:00"),
    # Martin Luther King Day, Monday 19 January
    "over Martin Luther King Day": (NEW_YORK, "2026-01-16T16:30-05:00", "1h", "2026-01-20T09:30-05:00"),
    "Christmas on a Friday": (NEW_YORK, "2026-12-24T16:30-05:00", "1h", "2026-12-28T09:30-05:00"),
    # Public holidays of Japan
    # 4, 5 and 6 May (in place of Sunday the 3rd); Friday 1 May 1 h, Thursday the 7th 1 h
    "over Golden Week": (TOKYO, "2026-05-01T17:00+09:00", "2h", "2026-05-07T10:00+09:00"),
    # Showa Day, Wednesday 29 April: Tuesday 1 h, Thursday 1 h
    "over Showa Day": (TOKYO, "2026-04-28T17:00+09:00", "2h", "2026-04-30T10:00+09:00"),
    # 21, 22 and 23 September: Friday the 18th ½ h, Thursday the 24th ½ h
    "over three days of September": (TOKYO, "2026-09-18T17:30+09:00", "1h", "2026-09-24T09:30+09:00"),
    # Coming of Age, Monday 12 January
    "over Coming of Age": (TOKYO, "2026-01-09T17:00+09:00", "3h", "2026-01-13T11:00+09:00"),
    # Labour Thanksgiving, Monday 23 November; 18 h are two days: Friday 9, Tuesday 9
    "over Labour Thanksgiving": (TOKYO, "2026-11-20T09:00+09:00", "18h", "2026-11-24T18:00+09:00"),
    "the equinox on a Friday": (TOKYO, "2026-03-19T17:00+09:00", "2h", "2026-03-23T10:00+09:00"),
    # Great Britain: Boxing Day 2026 is a Saturday, kept on Monday the 28th
    "Boxing Day kept on Monday": (LONDON, "2026-12-24T16:00+00:00", "2h", "2026-12-29T10:00+00:00"),
    # Changes of the clock in Berlin: forward on 29 March 2026 at 2:00, back on 25 October 2026 at 3:00
    # Friday ½ h in winter time, Monday ½ h in summer time
    "forward at the weekend": (BERLIN, "2026-03-27T17:00+01:00", "1h", "2026-03-30T09:30+02:00"),
    "back at the weekend": (BERLIN, "2026-10-23T17:00+02:00", "1h", "2026-10-26T09:30+01:00"),
    # from 20:00 it is 4 h to midnight; the short Sunday has 23 h, of which 20 are used: 21:00 on the wall
    "round the clock over the short day": (ALWAYS, "2026-03-28T20:00+01:00", "24h", "2026-03-29T21:00+02:00"),
    # 4 h to midnight, 20 h of a Sunday that has 25: 19:00 on the wall
    "round the clock over the long day": (ALWAYS, "2026-10-24T20:00+02:00", "24h", "2026-10-25T19:00+01:00"),
    # 1:00 to 4:00 on the wall is 2 h; the third on Monday
    "the hour that is not there": (EARLY, "2026-03-29T01:00+01:00", "3h", "2026-03-30T02:00+02:00"),
    # 1:00 to 4:00 on the wall is 4 h
    "the hour that comes twice": (EARLY, "2026-10-25T01:00+02:00", "4h", "2026-10-25T04:00+01:00"),
    # 1:00, 2:00, 2:00 again: the third hour ends at 3:00 winter time
    "within the hour that comes twice": (EARLY, "2026-10-25T01:00+02:00", "3h", "2026-10-25T03:00+01:00"),
    # 2:30 is not there: it is the moment 1½ h after midnight + 1 h, shown as 3:30; 1 h later it is 4:30
    "an opening that is not there": (ODD, "2026-03-29T00:00+01:00", "1h", "2026-03-29T04:30+02:00"),
    # 2:30 comes twice, the first counts; 1 h later it is 2:30 again
    "an opening that comes twice": (ODD, "2026-10-25T00:00+02:00", "1h", "2026-10-25T02:30+01:00"),
    # Changes of the clock in New York: forward on 8 March 2026, back on 1 November 2026, both at 2:00
    "forward in New York": (NEW_YORK, "2026-03-06T16:00-05:00", "2h", "2026-03-09T10:00-04:00"),
    "back in New York": (NEW_YORK, "2026-10-30T16:00-04:00", "2h", "2026-11-02T10:00-05:00"),
    # Friday 8 h, Monday 8 h: the change takes nothing from either
    "two days around the change": (NEW_YORK, "2026-03-06T09:00-05:00", "16h", "2026-03-09T17:00-04:00"),
    # Sydney: summer time ends on 5 April 2026, begins on 4 October 2026
    "autumn of the south": (SYDNEY, "2026-04-03T16:30+11:00", "1h", "2026-04-06T09:30+10:00"),
    "spring of the south": (SYDNEY, "2026-10-02T16:30+10:00", "1h", "2026-10-05T09:30+11:00"),
    # One moment, three clocks
    # 20:00 on Monday in New York is 2:00 on Tuesday in Berlin: 9:00 + 4 h
    "opened in New York for Berlin": (BERLIN, "2026-01-12T20:00-05:00", "4h", "2026-01-13T13:00+01:00"),
    # the same moment is 10:00 on Tuesday in Tokyo: 14:00, which is 6:00 in Berlin
    "opened in New York for Tokyo": (TOKYO, "2026-01-12T20:00-05:00", "4h", "2026-01-13T14:00+09:00"),
    # 8:00 in Tokyo on Monday is 18:00 on Sunday in New York: 9:00 + 2 h
    "opened in Tokyo for New York": (NEW_YORK, "2026-01-12T08:00+09:00", "2h", "2026-01-12T11:00-05:00"),
    # America has changed its clock, Europe has not yet: 9:00 there is 14:00 here; 3½ h, then ½ h
    "between the two changes of spring": (BERLIN, "2026-03-10T09:00-04:00", "4h", "2026-03-11T09:30+01:00"),
    # Europe has changed back, America has not yet: 9:00 there is 14:00 here again
    "between the two changes of autumn": (BERLIN, "2026-10-27T09:00-04:00", "4h", "2026-10-28T09:30+01:00"),
    # Night shifts, which belong to the day on which they begin
    "inside a night": (NIGHT, "2026-01-12T23:00+01:00", "2h", "2026-01-13T01:00+01:00"),
    # 1:00 to 6:00 is 5 h of Monday's shift; 1 h of Tuesday's from 22:00
    "from one night into the next": (NIGHT, "2026-01-13T01:00+01:00", "6h", "2026-01-13T23:00+01:00"),
    # Friday's shift ends on Saturday at 6:00 (7 h); Monday 22:00 + 1 h
    "Friday night to Monday night": (NIGHT, "2026-01-16T23:00+01:00", "8h", "2026-01-19T23:00+01:00"),
    # Saturday 3:00 is Friday's shift still
    "Saturday morning is Friday's shift": (NIGHT, "2026-01-17T03:00+01:00", "1h", "2026-01-17T04:00+01:00"),
    # Monday 3:00 is nobody's: Sunday has no shift
    "Monday morning is no shift": (NIGHT, "2026-01-19T03:00+01:00", "1h", "2026-01-19T23:00+01:00"),
    "by day the night crew sleeps": (NIGHT, "2026-01-13T12:00+01:00", "30m", "2026-01-13T22:30+01:00"),
    # the short night has 7 h: the eighth is Sunday's
    "the night that loses an hour": (NIGHTS, "2026-03-28T22:00+01:00", "8h", "2026-03-29T23:00+02:00"),
    # the long night has 9 h: after 8 it is 5:00
    "the night that wins an hour": (NIGHTS, "2026-10-24T22:00+02:00", "8h", "2026-10-25T05:00+01:00"),
    "an American night that loses an hour": (NIGHTS_NY, "2026-03-07T22:00-05:00", "8h", "2026-03-08T23:00-04:00"),
    "an American night that wins an hour": (NIGHTS_NY, "2026-10-31T22:00-04:00", "9h", "2026-11-01T06:00-05:00"),
    # the shift of 31 December runs into the holiday (7 h); 1 January has none; Friday the 2nd 1 h
    "a night into a holiday": (NIGHT_DE, "2025-12-31T23:00+01:00", "8h", "2026-01-02T23:00+01:00"),
    # Nothing at all
    "no time on a Sunday is Monday's opening": (BERLIN, "2026-01-18T12:00+01:00", "0h", "2026-01-19T09:00+01:00"),
    "no time at work is now": (BERLIN, "2026-01-12T10:00+01:00", "0h", "2026-01-12T10:00+01:00"),
    # Leap years
    "the day before 29 February": (BERLIN, "2028-02-28T17:00+01:00", "1h", "2028-02-29T09:30+01:00"),
    "a year without 29 February": (BERLIN, "2027-02-26T17:00+01:00", "1h", "2027-03-01T09:30+01:00"),
}

# Paused at, would have ended at, running again at, ends then at
PAUSES: dict[str, tuple[Calendar | None, str, str, str, str]] = {
    # 2 h were left; 1 h on Friday until 17:30, 1 h on Monday
    "into a weekend": (BERLIN, "2026-01-12T12:00+01:00", "2026-01-12T14:00+01:00", "2026-01-16T16:30+01:00",
                       "2026-01-19T10:00+01:00"),
    # 1 h on Friday and 1 h on Monday were left, the weekend between was none; 2 h from Wednesday 9:00
    "over a weekend": (BERLIN, "2026-01-16T16:30+01:00", "2026-01-19T10:00+01:00", "2026-01-21T08:00+01:00",
                       "2026-01-21T11:00+01:00"),
    # paused on Saturday: all of Monday's 4 h are left, from Tuesday 15:30 2 h and Wednesday 2 h
    "paused outside hours": (BERLIN, "2026-01-17T10:00+01:00", "2026-01-19T13:00+01:00", "2026-01-20T15:30+01:00",
                             "2026-01-21T11:00+01:00"),
    # running again on Sunday: the 2 h begin on Monday
    "running again outside hours": (BERLIN, "2026-01-12T12:00+01:00", "2026-01-12T14:00+01:00",
                                    "2026-01-18T20:00+01:00", "2026-01-19T11:00+01:00"),
    # paused in winter time with ½ + ½ h left, running again in summer time
    "over the change of the clock": (BERLIN, "2026-03-27T17:00+01:00", "2026-03-30T09:30+02:00",
                                     "2026-03-31T09:00+02:00", "2026-03-31T10:00+02:00"),
    # 2 h left before Easter; Tuesday after Easter 9:00 + 2 h
    "over Easter": (BERLIN, "2026-04-02T14:00+02:00", "2026-04-02T16:00+02:00", "2026-04-03T12:00+02:00",
                    "2026-04-07T11:00+02:00"),
    # round the clock 3 h are left, also at night
    "class A": (None, "2026-01-17T02:00+01:00", "2026-01-17T05:00+01:00", "2026-01-18T23:00+01:00",
                "2026-01-19T02:00+01:00"),
    # Tuesday 1:00 to 6:00 were 5 h, Tuesday 22:00 to 23:00 one; 6 h from Thursday 22:00
    "of a night shift": (NIGHT, "2026-01-13T01:00+01:00", "2026-01-13T23:00+01:00", "2026-01-15T20:00+01:00",
                         "2026-01-16T04:00+01:00"),
    # 2 h of New York's day
    "in New York": (NEW_YORK, "2026-11-25T15:00-05:00", "2026-11-25T17:00-05:00", "2026-11-26T10:00-05:00",
                    "2026-11-27T11:00-05:00"),
    # it was over when it was paused, and stays
    "of what was late": (BERLIN, "2026-01-12T12:00+01:00", "2026-01-12T11:00+01:00", "2026-01-14T12:00+01:00",
                         "2026-01-12T11:00+01:00"),
}  # fmt: skip


def span(words: str) -> timedelta:
    hours, _, minutes = words.removesuffix("m").rpartition("h") if "h" in words else ("0", "", words[:-1])
    return timedelta(hours=int(hours), minutes=int(minutes or 0))


@pytest.mark.parametrize("name", CASES)
def test_a_deadline_is_where_the_paper_calendar_has_it(name: str) -> None:
    worked, start, duration, end = CASES[name]
    ended = add_working(datetime.fromisoformat(start), span(duration), worked)
    assert ended == datetime.fromisoformat(end), ended.isoformat()
    assert ended.tzinfo is UTC


@pytest.mark.parametrize("name", CASES)
def test_what_a_clock_has_run_is_counted_back(name: str) -> None:
    worked, start, duration, end = CASES[name]
    assert working_between(datetime.fromisoformat(start), datetime.fromisoformat(end), worked) == span(duration)


@pytest.mark.parametrize("name", PAUSES)
def test_after_a_pause_a_deadline_is_where_the_paper_calendar_has_it(name: str) -> None:
    worked, paused, end, again, then = PAUSES[name]
    moments = [datetime.fromisoformat(one) for one in (end, paused, again)]
    assert moved(*moments, worked) == datetime.fromisoformat(then)


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 60 and len({each.timezone for each, *_ in CASES.values()}) >= 3


def test_an_end_before_the_start_has_no_working_time() -> None:
    late, early = datetime(2026, 1, 12, 12, tzinfo=UTC), datetime(2026, 1, 12, 9, tzinfo=UTC)
    assert working_between(late, early, BERLIN) == timedelta()
    assert left(late, early, None) == timedelta() == left(late, early, BERLIN)


@pytest.mark.parametrize("kept", [BERLIN, NIGHT, CLOSED, ALWAYS])
def test_a_calendar_that_was_kept_is_the_same_calendar(kept: Calendar) -> None:
    assert from_record(as_record(kept)) == kept


_MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))
_SPANS = st.timedeltas(timedelta(seconds=1), timedelta(hours=60))


@given(start=_MOMENTS, duration=_SPANS, worked=st.sampled_from((BERLIN, NEW_YORK, TOKYO, NIGHTS, ALWAYS)))
def test_what_is_added_is_what_is_counted(start: datetime, duration: timedelta, worked: Calendar) -> None:
    assert working_between(start, add_working(start, duration, worked), worked) == duration


@given(start=_MOMENTS, runs=_SPANS, rests=_SPANS, duration=_SPANS)
def test_a_pause_takes_nothing_and_gives_nothing(
    start: datetime, runs: timedelta, rests: timedelta, duration: timedelta
) -> None:
    paused, end = start + runs, add_working(start, duration, BERLIN)
    if end <= paused:
        return
    then = moved(end, paused, paused + rests, BERLIN)
    assert then is not None
    assert working_between(paused + rests, then, BERLIN) == working_between(paused, end, BERLIN)
    assert then >= end

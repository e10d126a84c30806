"""What the workspace says is published, agreed to, tried and rolled back; what was published never changes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from store.ledger import Store
from store.releases import Proposal
from sync.errors import IllegalMove, NotAllowed, NotFound
from sync.lifecycle import ReleaseState
from sync.releases import Compared, Deviation, Running, Tally, Trial, digest_of
from sync.steps import Deliver, Retry
from tests.store.words import MINUTE, binding, hold, in_hand, rows, sql
from tests.store.words import ROUTE as SALES
from tests.world import MONDAY

ANA, BEN, DANA = "UANA", "UBEN", "UDANA"
S = ReleaseState


def proposal(text: str = "one", *needs: str, by: str = ANA, based_on: int | None = None, **more: object) -> Proposal:
    files = {"flows/bill.yaml": text}
    made = Proposal(
        files=files, digest=digest_of(files), by=by, words=text, versions={}, based_on=based_on, needs=needs
    )
    return replace(made, **more)


async def propose(store: Store, wanted: Proposal) -> int:
    return (await store.propose(wanted, now=MONDAY)).id


async def states(store: Store) -> list[str]:
    return [str(one.state) for one in reversed(await store.all_published())]


async def test_the_first_thing_published_runs_at_once(store: Store) -> None:
    assert await store.running_releases() == Running()
    one = await store.propose(proposal(), now=MONDAY)
    assert (one.state, await store.running_releases()) == (S.ACTIVE, Running(active=1))
    assert await store.published_files(1) == {"flows/bill.yaml": "one"}


async def test_a_release_waits_for_every_team_that_must_agree_and_then_follows_the_active_one(store: Store) -> None:
    await propose(store, proposal())
    number = await propose(store, proposal("two", "finance", "sales-ops", based_on=1))
    assert await store.running_releases() == Running(active=1)
    waiting = await store.agree(number, "finance", by=BEN, now=MONDAY)
    assert (waiting.state, waiting.missing) == (S.PROPOSED, ("sales-ops",))
    done = await store.agree(number, "sales-ops", by=DANA, now=MONDAY)
    assert (done.state, done.approved) == (S.ACTIVE, {"finance": BEN, "sales-ops": DANA})
    assert await states(store) == ["retired", "active"]


async def test_nobody_approves_their_own_and_no_team_twice_or_uninvited(store: Store) -> None:
    await propose(store, proposal())
    number = await propose(store, proposal("two", "finance", "sales-ops", based_on=1))
    with pytest.raises(NotAllowed, match="their own"):
        await store.agree(number, "finance", by=ANA, now=MONDAY)
    with pytest.raises(NotAllowed, match="does not need"):
        await store.agree(number, "marketing-ops", by=BEN, now=MONDAY)
    await store.agree(number, "finance", by=BEN, now=MONDAY)
    with pytest.raises(IllegalMove, match="approved release 2 already"):
        await store.agree(number, "finance", by=DANA, now=MONDAY)
    assert await store.running_releases() == Running(active=1)


async def test_two_approvals_at_once_in_two_processes_begin_the_release_once(store: Store, other: Store) -> None:
    await propose(store, proposal())
    number = await propose(store, proposal("two", "finance", "sales-ops", based_on=1))
    await asyncio.gather(
        store.agree(number, "finance", by=BEN, now=MONDAY), other.agree(number, "sales-ops", by=DANA, now=MONDAY)
    )
    assert await states(store) == ["retired", "active"]
    begun = [one for one in await store.entries(noun="release", noun_id=number) if one.verb == "promote"]
    assert len(begun) == 1


async def test_of_two_processes_that_start_on_an_empty_ledger_one_publishes(store: Store, other: Store) -> None:
    ends = await asyncio.gather(
        *(each.propose(proposal(), now=MONDAY) for each in (store, other)), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["IllegalMove", "Release"]
    assert await states(store) == ["active"]


async def test_a_proposal_that_was_counted_from_another_release_has_to_be_made_anew(store: Store) -> None:
    await propose(store, proposal())
    await propose(store, proposal("two", based_on=1))
    with pytest.raises(IllegalMove, match="release 2 is active by now"):
        await propose(store, proposal("three", based_on=1))


async def test_of_two_proposals_the_second_one_to_be_agreed_to_is_out_of_date(store: Store) -> None:
    await propose(store, proposal())
    for text in ("two", "three"):
        await propose(store, proposal(text, "finance", based_on=1))
    await store.agree(2, "finance", by=BEN, now=MONDAY)
    with pytest.raises(IllegalMove, match="proposed anew"):
        await store.agree(3, "finance", by=BEN, now=MONDAY)
    assert await states(store) == ["retired", "active", "proposed"]
    assert (await store.reject(3, by=BEN, why="out of date", now=MONDAY)).state == S.REJECTED
    with pytest.raises(IllegalMove, match="rejected already"):
        await store.reject(3, by=BEN, why="again", now=MONDAY)


async def test_one_published_version_of_a_contract_says_one_thing_for_ever(store: Store) -> None:
    await propose(store, proposal(versions={"deal@1.0.0": "aa"}))
    with pytest.raises(IllegalMove, match=r"deal@1\.0\.0 was published with another content: raise the version"):
        await propose(store, proposal("two", based_on=1, versions={"deal@1.0.0": "bb"}))
    assert await states(store) == ["active"]
    await propose(store, proposal("two", based_on=1, versions={"deal@1.0.0": "aa", "deal@1.1.0": "bb"}))


async def test_what_was_rejected_has_not_used_up_its_version(store: Store) -> None:
    await propose(store, proposal())
    number = await propose(store, proposal("two", "finance", based_on=1, versions={"deal@1.1.0": "bb"}))
    await store.reject(number, by=BEN, why="no", now=MONDAY)
    await propose(store, proposal("three", based_on=1, versions={"deal@1.1.0": "cc"}))


async def test_a_rollback_restores_the_last_good_release_again_and_again(store: Store) -> None:
    for number, text in enumerate(("one", "two", "three")):
        await propose(store, proposal(text, based_on=number or None))
    later = MONDAY + MINUTE
    assert (await store.roll_back(3, by=DANA, why="wrong", now=later)).id == 2
    assert (await store.roll_back(2, by=DANA, why="wrong too", now=later)).id == 1
    assert await states(store) == ["active", "rolled_back", "rolled_back"]
    with pytest.raises(IllegalMove, match="no release before 1"):
        await store.roll_back(1, by=DANA, why="all wrong", now=later)
    with pytest.raises(IllegalMove, match="rolled back already"):
        await store.roll_back(3, by=DANA, why="again", now=later)
    with pytest.raises(NotFound):
        await store.roll_back(9, by=DANA, why="?", now=later)


async def test_a_canary_runs_beside_the_active_release_until_it_is_promoted_or_rolled_back(store: Store) -> None:
    await propose(store, proposal())
    canary = Trial(share=1_000)
    number = await propose(store, proposal("two", based_on=1, trial=canary))
    assert await store.running_releases() == Running(active=1, trial=number)
    assert (await store.published(number)).trial == canary
    with pytest.raises(IllegalMove, match="Another release is on trial"):
        await propose(store, proposal("three", based_on=1, trial=Trial(kind="shadow")))
    assert (await store.roll_back(number, by="engine", why="12 of 50 stopped", now=MONDAY)).id == 1
    again = await propose(store, proposal("two again", based_on=1, trial=Trial(kind="shadow")))
    await store.promote(again, by=DANA, why="it went well", now=MONDAY)
    assert await states(store) == ["retired", "rolled_back", "active"]
    assert await store.running_releases() == Running(active=again)


async def test_rolling_back_the_active_release_ends_the_trial_beside_it(store: Store) -> None:
    await propose(store, proposal())
    await propose(store, proposal("two", based_on=1))
    await propose(store, proposal("three", based_on=2, trial=Trial(share=1_000)))
    assert (await store.roll_back(2, by=DANA, why="wrong", now=MONDAY)).id == 1
    assert await states(store) == ["active", "rolled_back", "rolled_back"]


async def ends(store: Store, record: int, release: int, *, stops: bool = False) -> None:
    delivery = await in_hand(store, str(record))
    done = Deliver(bindings=(binding(str(record), str(record), str(record)),))
    compared = Compared(release=2) if release == 2 else None
    step = hold(cause=str(record)) if stops else done
    await store.settle(delivery, step, now=MONDAY, route=SALES, release=release, compared=compared)


async def test_what_a_trial_made_of_its_records_is_counted_apart_from_the_rest_and_from_the_past(store: Store) -> None:
    await propose(store, proposal())
    await ends(store, 1, release=1, stops=True)
    await propose(store, proposal("two", based_on=1, trial=Trial(share=5_000)))
    for record, release, stops in ((2, 1, False), (3, 2, False), (4, 2, True), (5, 2, False)):
        await ends(store, record, release, stops=stops)
    mine, rest = await store.tallies(2)
    assert ((mine.ended, mine.stopped), (rest.ended, rest.stopped)) == ((3, 1), (1, 0))
    assert [row.release for row in await rows(store, "SELECT release FROM attempts ORDER BY id")] == [1, 1, 2, 2, 2]


async def test_which_records_came_out_otherwise_is_listed_field_by_field_with_what_was_written(store: Store) -> None:
    await propose(store, proposal())
    await propose(store, proposal("two", based_on=1, trial=Trial(share=5_000)))
    wrong = Deviation(write="invoice", path="lines[0].price", before="100", after="1000")
    for record, found in ((1, (wrong,)), (2, ())):
        delivery = await in_hand(store, str(record))
        compared = Compared(release=2, deviations=found, unannounced=bool(found))
        await store.settle(
            delivery, Retry(due_at=MONDAY + MINUTE, detail="draft"), now=MONDAY, release=2, compared=compared
        )
    [affected] = await store.affected(2)
    assert (affected.subject, affected.deviations, affected.written) == ("deals:1", (wrong,), ())
    assert (await store.tallies(2))[0] == Tally(ended=2, differing=1)
    assert await store.deviating(2) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE releases SET files = 'x'", "UPDATE releases SET digest = 'x'", "DELETE FROM releases",
        "UPDATE versions SET digest = 'x'", "DELETE FROM versions", "DELETE FROM approvals",
    ],
)  # fmt: skip
async def test_what_was_published_cannot_be_changed_even_by_hand(store: Store, statement: str) -> None:
    await propose(store, proposal(versions={"deal@1.0.0": "aa"}))
    await propose(store, proposal("two", "finance", based_on=1))
    await store.agree(2, "finance", by=BEN, now=MONDAY)
    with pytest.raises(DBAPIError, match="append-only"):
        await sql(store, statement)

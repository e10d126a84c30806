"""Releases of the workspace: proposed, agreed to, tried, active, rolled back. What a release says never changes; which one is
active changes by one guarded UPDATE, and the database knows that there is one."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select, update

from store.comparisons import looked_at
from store.database import Database, insert_or_nothing, one_at_a_time, tell_news
from store.journal import append
from store.tables import approvals, attempts, releases, versions
from sync.errors import IllegalMove, NotAllowed, NotFound
from sync.lifecycle import ReleaseState, release_move
from sync.model import Record
from sync.releases import Files, Release, Rule, Running, Tally, Trial

_R = releases.c
_SHOWN = [column for column in _R if column.name != "files"]
_ONE = '["releases"]'
_ENDS, _STOPPED = ("deliver", "hold", "bury"), ("hold", "bury")
_TRIED = (ReleaseState.SHADOW.value, ReleaseState.CANARY.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A release that somebody wants. `versions` are the digests of its contracts by reference; `based_on` is the release that
    `changes` were counted from."""

    files: Files
    digest: str
    by: str
    words: str
    versions: Mapping[str, str]
    based_on: int | None = None
    changes: Sequence[Record] = ()
    proof: Record | None = None
    needs: Sequence[str] = ()
    trial: Trial | None = None


class Releases:
    """What the workspace says, said and shall say."""

    db: Database

    async def running_releases(self) -> Running:
        """Which releases run now."""
        return await self.db.read(running)

    async def published(self, number: int) -> Release:
        """One release. Raises NotFound."""
        return await self.db.read(lambda tx: _release(tx, number))

    async def all_published(self, *, limit: int = 20) -> list[Release]:
        """The latest releases, the newest first."""

        def work(tx: Connection) -> list[Release]:
            agreed = _approvals(tx)
            return [_noun(row, agreed) for row in tx.execute(select(*_SHOWN).order_by(_R.id.desc()).limit(limit))]

        return await self.db.read(work)

    async def published_files(self, number: int) -> dict[str, str]:
        """Every file of a release by its path. Raises NotFound."""
        packed = await self.db.read(lambda tx: tx.execute(select(_R.files).where(_R.id == number)).scalar_one_or_none())
        if packed is None:
            raise NotFound(f"there is no release {number}")
        files: dict[str, str] = orjson.loads(zlib.decompress(base64.b64decode(packed)))
        return files

    async def propose(self, proposal: Proposal, *, now: datetime) -> Release:
        """Keep what somebody wants. Where nothing was ever published, or nobody's approval is needed, it begins at once: as
        the active release, or on trial. Raises IllegalMove where the active release is no longer the one that its changes
        were counted from, or a contract differs from what was published under the same version."""

        def work(tx: Connection) -> Release:
            _alone(tx)
            active = running(tx).active
            if (proposal.based_on or 0) != active:
                raise IllegalMove(f"release {active} is active by now: look at the difference once more, then publish")
            _refuse_changed_versions(tx, proposal.versions)
            number = _keep(tx, proposal, now)
            if not proposal.needs:
                _begin(tx, number, proposal.by, now)
            return _release(tx, number)

        return await self.db.write(work)

    async def agree(self, number: int, team: str, *, by: str, now: datetime) -> Release:
        """Somebody who may approves for their team; with the last team's approval the release begins. Raises IllegalMove where
        it is no longer proposed or the team has approved, NotAllowed to whoever proposed it."""

        def work(tx: Connection) -> Release:
            _alone(tx)
            found = _release(tx, number)
            if found.made_by == by:
                raise NotAllowed("Nobody approves their own release. Nothing was changed.")
            if found.state != ReleaseState.PROPOSED:
                raise IllegalMove(f"Release {number} is {_words(found)} already.", state=found.state)
            if team not in found.needs:
                raise NotAllowed(f"Release {number} does not need the approval of {team}. Nothing was changed.")
            values = {"release_id": number, "team": team, "made_by": found.made_by, "given_by": by, "at": now}
            made = tx.execute(insert_or_nothing(tx, approvals).values(**values).returning(approvals.c.team))
            if made.one_or_none() is None:
                raise IllegalMove(f"{team} approved release {number} already.")
            _note(tx, number, "approve", by, now, {"team": team})
            if not _release(tx, number).missing:
                _begin(tx, number, by, now)
            return _release(tx, number)

        return await self.db.write(work)

    async def reject(self, number: int, *, by: str, why: str, now: datetime) -> Release:
        """It shall not be. Raises IllegalMove where it is no longer proposed."""

        def work(tx: Connection) -> Release:
            _move(tx, number, "reject", by, now, why)
            return _release(tx, number)

        return await self.db.write(work)

    async def promote(self, number: int, *, by: str, why: str, now: datetime) -> Release:
        """What was tried becomes the active release. Raises IllegalMove where it is not on trial."""

        def work(tx: Connection) -> Release:
            _alone(tx)
            found = _release(tx, number)
            if found.state not in _TRIED:
                raise IllegalMove(f"Release {number} is {_words(found)}, not on trial.", state=found.state)
            _activate(tx, number, by, now, why)
            return _release(tx, number)

        return await self.db.write(work)

    async def roll_back(self, number: int, *, by: str, why: str, now: datetime) -> Release:
        """Stop a release that runs. A trial ends; after an active release the last one before it that was active is restored.
        The release that runs afterwards. Raises IllegalMove where it does not run, or nothing is there to go back to."""

        def work(tx: Connection) -> Release:
            _alone(tx)
            found = _release(tx, number)
            if found.state == ReleaseState.ACTIVE:
                before = tx.execute(_LAST_GOOD).scalar_one_or_none()
                if before is None:
                    raise IllegalMove(f"There is no release before {number} to go back to.")
                for tried in tx.execute(select(_R.id).where(_R.state.in_(_TRIED))).scalars().all():
                    _move(
                        tx, tried, "roll_back", by, now, f"release {number}, which it was tried beside, was rolled back"
                    )
                _move(tx, number, "roll_back", by, now, why)
                _move(tx, before, "restore", by, now, f"release {number} was rolled back")
            else:
                _move(tx, number, "roll_back", by, now, why)
            tell_news(tx)
            return _release(tx, running(tx).active)

        return await self.db.write(work)

    async def tallies(self, number: int) -> tuple[Tally, Tally]:
        """How the records ended since its trial began: those that it took, and the rest. A record counts once."""
        a, stopped = attempts.c, func.count(attempts.c.delivery_id.distinct())
        theirs = select(stopped).where(a.release == number, a.step.in_(_STOPPED))
        ended = select(func.count(), func.count().filter(a.step.in_(_STOPPED))).where(
            a.release != number, a.step.in_(_ENDS)
        )

        def work(tx: Connection) -> tuple[Tally, Tally]:
            since = a.id > _release(tx, number).proof.get("attempts_before", 0)
            whole, strange = looked_at(tx, number)
            mine = Tally(ended=whole, stopped=tx.execute(theirs.where(since)).scalar_one(), differing=strange)
            rest = tx.execute(ended.where(since)).one()
            return mine, Tally(ended=rest[0], stopped=rest[1])

        return await self.db.read(work)


def running(tx: Connection) -> Running:
    """Which releases run now, in the caller's transaction."""
    found = {row.place: row.id for row in tx.execute(_RUNNING)}
    return Running(active=found.get("active", 0), trial=found.get("trial"))


def _alone(tx: Connection) -> None:
    """Of many processes that move releases, the others wait for our commit."""
    one_at_a_time(tx, _ONE)


def _keep(tx: Connection, proposal: Proposal, now: datetime) -> int:
    packed = base64.b64encode(zlib.compress(orjson.dumps(dict(proposal.files)))).decode()
    trial = proposal.trial
    values = {
        "digest": proposal.digest, "files": packed, "state": ReleaseState.PROPOSED.value, "made_by": proposal.by,
        "made_at": now, "words": proposal.words, "based_on": proposal.based_on, "changes": list(proposal.changes),
        "proof": {**(proposal.proof or {}), "versions": dict(proposal.versions)}, "needs": list(proposal.needs),
        "trial": asdict(trial) if trial is not None else None,
    }  # fmt: skip
    number = int(tx.execute(insert(releases).values(**values).returning(_R.id)).scalar_one())
    _note(tx, number, "propose", proposal.by, now, {"digest": proposal.digest, "needs": list(proposal.needs)})
    return number


def _begin(tx: Connection, number: int, by: str, now: datetime) -> None:
    """Everybody agreed: on trial where that was wanted, else active."""
    found = _release(tx, number)
    active = running(tx).active
    if (found.based_on or 0) != active:
        raise IllegalMove(f"Release {active} is active by now: release {number} has to be proposed anew.")
    if found.trial is None or not active:
        _activate(tx, number, by, now, "")
        return
    if running(tx).trial is not None:
        raise IllegalMove("Another release is on trial. Promote it or roll it back first.")
    _publish_versions(tx, found, now)
    before = (
        tx.execute(select(func.max(attempts.c.id))).scalar_one() or 0
    )  # what ended until now is no part of the trial
    tx.execute(update(releases).where(_R.id == number).values(proof={**found.proof, "attempts_before": before}))
    _move(tx, number, "watch" if found.trial.kind == "shadow" else "try", by, now, found.trial.words)


def _activate(tx: Connection, number: int, by: str, now: datetime, why: str) -> None:
    found, active = _release(tx, number), running(tx).active
    if active:
        _move(tx, active, "retire", by, now, f"release {number} followed")
    _publish_versions(tx, found, now)
    _move(tx, number, "promote", by, now, why)


def _move(tx: Connection, number: int, verb: str, by: str, now: datetime, why: str) -> None:
    move = release_move(verb)
    place = {ReleaseState.ACTIVE: "active", **dict.fromkeys(_TRIED, "trial")}.get(move.target)
    values: dict[str, Any] = {"state": move.target, "place": place, "why": why}
    values |= {"began_at": now, "ended_at": None, "ended_by": ""} if place else {"ended_at": now, "ended_by": by}
    guard = (_R.id == number, _R.state.in_(move.sources))
    if tx.execute(update(releases).where(*guard).values(**values)).rowcount == 0:
        found = _release(tx, number)
        raise IllegalMove(f"Release {number} is {_words(found)} already.", state=found.state, by=found.ended_by)
    _note(tx, number, verb, by, now, {"why": why[:200]})
    tell_news(tx)


def _refuse_changed_versions(tx: Connection, wanted: Mapping[str, str]) -> None:
    known = {row.reference: row.digest for row in tx.execute(select(versions)) if row.reference in wanted}
    changed = [reference for reference, digest in sorted(known.items()) if digest != wanted[reference]]
    if changed:
        raise IllegalMove(f"{', '.join(changed)} was published with another content: raise the version of what changed")


def _publish_versions(tx: Connection, found: Release, now: datetime) -> None:
    wanted: dict[str, str] = found.proof.get("versions", {})
    _refuse_changed_versions(tx, wanted)
    for reference, digest in wanted.items():
        values = {"reference": reference, "digest": digest, "release_id": found.id, "at": now}
        tx.execute(insert_or_nothing(tx, versions).values(**values))


def _release(tx: Connection, number: int) -> Release:
    row = tx.execute(select(*_SHOWN).where(_R.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"there is no release {number}")
    return _noun(row, _approvals(tx, number))


def _approvals(tx: Connection, number: int | None = None) -> dict[tuple[int, str], str]:
    query = select(approvals) if number is None else select(approvals).where(approvals.c.release_id == number)
    return {(row.release_id, row.team): row.given_by for row in tx.execute(query)}


def _noun(row: Any, agreed: Mapping[tuple[int, str], str]) -> Release:
    trial = row.trial
    return Release(
        id=row.id, digest=row.digest, state=ReleaseState(row.state), made_by=row.made_by, made_at=row.made_at,
        words=row.words, based_on=row.based_on, changes=tuple(row.changes), proof=row.proof, needs=tuple(row.needs),
        approved={team: by for (number, team), by in agreed.items() if number == row.id},
        trial=_trial(trial) if trial is not None else None, began_at=row.began_at, ended_at=row.ended_at,
        ended_by=row.ended_by, why=row.why,
    )  # fmt: skip


def _trial(kept: Record) -> Trial:
    return Trial(**{**kept, "cohort": tuple(kept["cohort"]), "rule": Rule(**kept["rule"])})


def _words(found: Release) -> str:
    return found.state.value.replace("_", " ")


def _note(tx: Connection, number: int, verb: str, by: str, now: datetime, data: Record) -> None:
    append(tx, actor=by, verb=verb, noun="release", noun_id=number, now=now, data=data)


_RUNNING = select(_R.place, _R.id).where(_R.place.in_(("active", "trial")))
_LAST_GOOD = (
    select(_R.id)
    .where(_R.state == ReleaseState.RETIRED.value, _R.began_at.is_not(None))
    .order_by(_R.ended_at.desc(), _R.id.desc())
    .limit(1)
)

"""`/sync replay`: one record at once, many in steps: look, five as a canary, the rest. Rights and states are looked up anew at
every step; what a button carries is only which records were meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from bot import answers, answers_replay
from bot.carried import Carried, carry
from bot.clicks import Click
from bot.commands.desk import Asked, Desk, Payload
from bot.commands.parsing import case_id, clauses, moment_of
from bot.dry_run import dry_run
from bot.reprocessing import not_before, replays
from store.cases import Press
from sync.errors import IllegalMove, NotFound
from sync.lifecycle import CaseState, DeliveryState, case_move
from sync.model import Case
from sync.picking import Pick

CANARY, MOST = 5, 1_000
_CLAUSES = ("reason", "flow", "since", "until")
_DRY = ("--dry-run", "dry run", "dry-run")
EXAMPLE = "/sync replay EX-7, or /sync replay reason Billing code is missing since yesterday"
VERBS = frozenset({"replay_canary", "replay_rest", "replay_one"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which records are meant: the words of the command, and the five of the canary once it went."""

    words: str
    canary: tuple[int, ...] = ()

    def packed(self) -> str:
        """As a text for a button."""
        return orjson.dumps([self.words, *self.canary]).decode()


def chosen_of(text: str) -> Chosen:
    """What a button carried. Raises NotFound for what is not ours."""
    try:
        words, *canary = orjson.loads(text)
    except (ValueError, TypeError):
        raise NotFound("This button is from an older version.") from None
    if not isinstance(words, str) or not all(type(one) is int and 0 < one < 2**63 for one in canary[: CANARY + 1]):
        raise NotFound("This button is from an older version.")
    return Chosen(words=words, canary=tuple(canary[:CANARY]))


async def replay(desk: Desk, asked: Asked) -> Payload:
    """One by its number; many by reason, flow and time: those are only looked at first."""
    text, dry = _without_dry(asked.text)
    words = text.split()
    if words and words[0].lower() in _CLAUSES:
        return await _look(desk, asked.user, text, offer=not dry)
    if not words or len(words) > 1:
        raise NotFound(f"Which exception? Write its number, such as EX-7; for many at once: {EXAMPLE}.")
    case = await desk.store.case(case_id(words[0]))
    lent = await desk.may(asked.user, "replay", case.team, f"case:{case.id}")
    if dry:
        return answers_replay.dry([case], await _dry(desk, [case]), desk.around(), left=0)
    said = f"@{{{asked.user}}} replays it."
    press = Press(verb="replay", cases=[case.id], by=asked.user, words=said, acting_for=lent)
    await desk.store.act(press, now=desk.clock())
    desk.changed()
    return answers.done(f"{case.ref} is on its way again.")


async def pressed(desk: Desk, click: Click) -> Payload:
    """A button of the answer: the canary goes, or the rest after it; or one exception's own, on the Home tab."""
    if click.verb == "replay_one":
        return await replay(desk, Asked(user=click.user, text=f"EX-{click.case or 0}"))
    chosen = chosen_of(click.candidate or "")
    cases = await _allowed(desk, click.user, chosen.words)
    if click.verb == "replay_canary":
        return await _canary(desk, click.user, chosen, cases)
    return await _rest(desk, click.user, chosen, cases)


def _without_dry(text: str) -> tuple[str, bool]:
    found = text.strip()
    for flag in _DRY:
        if found.lower().endswith(flag):
            return found[: -len(flag)].strip(), True
    return found, False


async def _look(desk: Desk, user: str, text: str, *, offer: bool) -> Payload:
    """What would happen; with `offer` a button that lets it happen."""
    cases = await _allowed(desk, user, text)
    few = cases[:CANARY]
    found = await _dry(desk, few)
    chosen = Chosen(words=text)
    if len(chosen.packed()) > 1500:
        raise NotFound(f"That is too long. Write it like {EXAMPLE}.")
    button = _button("replay_canary", chosen) if offer else ""
    return answers_replay.dry(few, found, desk.around(), left=len(cases) - len(few), button=button)


def _button(verb: str, chosen: Chosen) -> str:
    return carry(Carried(cause=0, version=0, verb=verb, candidate=chosen.packed()))


async def _allowed(desk: Desk, user: str, text: str) -> list[Case]:
    """The records that are meant and that the person may replay, the oldest first. Raises NotFound when there is none, NotAllowed,
    on record, when all of them are somebody else's."""
    found = await desk.store.picked(await _pick(desk, user, text), limit=MOST)
    ready = [case for case in found.cases if case.state in case_move("replay").sources]
    if not ready:
        raise NotFound("Nothing of that kind waits: there is nothing to replay.")
    people, roles = desk.surroundings.people, case_move("replay").roles
    await people.look_who_is_away()
    mine = [case for case in ready if people.roles(case.team, user) & roles]
    if not mine:
        await desk.may(user, "replay", ready[0].team, f"replay:{text[:100]}")
    return sorted(mine, key=lambda case: case.id)


async def _pick(desk: Desk, user: str, text: str) -> Pick:
    wanted, zone, now = clauses(text.split(), _CLAUSES, EXAMPLE), await desk.zone(user), desk.clock()
    since, until = (moment_of(wanted[word], now, zone) if word in wanted else None for word in ("since", "until"))
    return Pick(
        reason=desk.reason(wanted["reason"]) if "reason" in wanted else None,
        flow=desk.flow(wanted["flow"]).name if "flow" in wanted else None,
        opened_from=since,
        opened_before=until,
    )


async def _dry(desk: Desk, cases: Sequence[Case]) -> answers_replay.Would:
    line, events = desk.line(), await desk.store.events_of([case.id for case in cases])
    return await dry_run(desk.store, line.workspace, line.connections, events, clock=desk.clock)


async def _canary(desk: Desk, user: str, chosen: Chosen, cases: list[Case]) -> Payload:
    """Records of one cause go as any decision about them: their card has its own canary. Of several causes five go first."""
    first, left = cases[:CANARY], len(cases) - CANARY
    if left <= 0 or len({case.cause_id for case in cases}) == 1:
        gone = await _send(desk, user, cases)
        return answers_replay.sent(gone, len(cases), one_card=left > 0)
    await _send(desk, user, first)
    chosen = Chosen(words=chosen.words, canary=tuple(case.id for case in first))
    return answers_replay.canary(first, left, _button("replay_rest", chosen))


async def _rest(desk: Desk, user: str, chosen: Chosen, cases: list[Case]) -> Payload:
    """The rest goes when the whole canary went through; while it is on its way, or when one stopped again, that is said."""
    outcome = await desk.store.states_of(chosen.canary)
    waiting = [number for number, _, stands in outcome if stands in (DeliveryState.PENDING, DeliveryState.RUNNING)]
    stopped = [number for number, state, stands in outcome if number not in waiting and not _went(state, stands)]
    if waiting or len(outcome) < CANARY:
        return answers_replay.canary_waits(len(waiting), len(cases), _button("replay_rest", chosen))
    if stopped:
        return answers_replay.canary_stopped(stopped, len(outcome))
    gone = await _send(desk, user, cases)
    return answers_replay.sent(gone, len(cases), after=True)


def _went(state: str, stands: str) -> bool:
    return state == CaseState.RESOLVED and stands == DeliveryState.DELIVERED


async def _send(desk: Desk, user: str, cases: Sequence[Case]) -> int:
    """Replay them, cause by cause; of how many nobody else has decided meanwhile. Raises IllegalMove when of none."""
    by_cause: dict[int, list[Case]] = {}
    for case in cases:
        by_cause.setdefault(case.cause_id, []).append(case)
    gone, refused = 0, IllegalMove("There is nothing to replay.")
    for group in by_cause.values():
        lent, ids = desk.surroundings.people.may(user, "replay", group[0].team), [case.id for case in group]
        opens = not_before(desk.surroundings.workspace, group, desk.clock(), among=len(cases))
        words = replays(user, opens)
        press = Press(verb="replay", cases=ids, by=user, words=words, acting_for=lent, not_before=opens)
        try:
            await desk.store.act(press, now=desk.clock())
            gone += len(group)
        except IllegalMove as faster:
            refused = faster
    if not gone:
        raise refused
    desk.changed()
    return gone

"""The verbs of `/sync` that change something: the same rights as the buttons, and the same journal."""

from __future__ import annotations

import re

from bot import answers
from bot.commands.desk import Asked, Desk, Payload, needed
from bot.commands.parsing import customer_and_why
from bot.leading import billing_teams
from sync.errors import NotFound
from sync.model import BillingHold

_ID = re.compile(r"[\w.:/-]{1,100}")
_WHY = 1000


async def run(desk: Desk, asked: Asked) -> Payload:
    """Read a flow's source now."""
    flow = desk.flow(asked.text)
    await desk.may_lead(asked.user, "run", [flow.owner], f"flow:{flow.name}")
    return answers.done(await desk.poll(flow))


async def pause(desk: Desk, asked: Asked) -> Payload:
    """Let no new work of a flow start."""
    flow = desk.flow(asked.text)
    await desk.may_lead(asked.user, "pause", [flow.owner], f"flow:{flow.name}")
    new = await desk.store.pause("flow", flow.name, by=asked.user, now=desk.clock())
    desk.changed()
    return answers.done(f"{flow.title} is paused." if new else f"{flow.title} was paused already.")


async def resume(desk: Desk, asked: Asked) -> Payload:
    """Let it go on."""
    flow = desk.flow(asked.text)
    await desk.may_lead(asked.user, "resume", [flow.owner], f"flow:{flow.name}")
    gone = await desk.store.resume("flow", flow.name, by=asked.user, now=desk.clock())
    desk.changed()
    return answers.done(f"{flow.title} goes on." if gone else f"{flow.title} was not paused.")


async def hold(desk: Desk, asked: Asked) -> Payload:
    """Bill a customer no more. For whoever leads a team that owns a flow: an invoice may come out of any of them."""
    word, why = customer_and_why(asked.text)
    needed(word, 'Which customer? Write an id of the CRM or a name, and why: /sync hold "Acme GmbH" credit check.')
    needed(why, f"Why? Write it behind the customer: /sync hold {word[:60]} credit check.")
    await desk.may_lead(asked.user, "hold", billing_teams(desk.surroundings.workspace), f"customer:{word[:100]}")
    customer, name = await _customer(desk, word)
    await desk.store.place_hold(customer, name=name, why=why[:_WHY], by=asked.user, now=desk.clock())
    desk.changed()
    unseen = "" if name else " Meshline has had no exception of this customer: please check the id."
    return answers.done(f"{name or customer} is on hold: no invoice goes out until somebody releases it.{unseen}")


async def release(desk: Desk, asked: Asked) -> Payload:
    """Let a customer be billed again. For whoever leads the team of the exception that placed the hold, or, placed by hand,
    a team that owns a flow."""
    word, why = customer_and_why(asked.text)
    needed(word, 'Which customer? Write an id of the CRM or a name, and why: /sync release "Acme GmbH" paid.')
    needed(why, f"Why may billing go on? Write it behind the customer: /sync release {word[:60]} paid.")
    found = await _held(desk, word)
    team = (
        [(await desk.store.case(found.case_id)).team]
        if found.case_id is not None
        else billing_teams(desk.surroundings.workspace)
    )
    await desk.may_lead(asked.user, "release", team, f"hold:{found.id}")
    freed = await desk.store.release(found.id, by=asked.user, note=why[:_WHY], now=desk.clock())
    desk.changed()
    goes = "1 record goes on" if freed == 1 else f"{freed:,} records go on" if freed else "nothing was waiting"
    return answers.done(f"{found.called} is billed again; {goes}.")


async def _customer(desk: Desk, word: str) -> tuple[str, str]:
    """(id, name). Raises NotFound for a name that nobody or more than one has."""
    known = await desk.store.customers_called(word)
    if len(known) > 1:
        ids = ", ".join(customer for customer, _ in known)
        raise NotFound(f"{len(known)} customers are called {word[:60]}. Write the id of one: {ids}.")
    if known:
        return known[0]
    if not _ID.fullmatch(word) or word.isalpha():
        raise NotFound(f"No customer called “{word[:60]}” is known. Write its id in the CRM.")
    return word, ""


async def _held(desk: Desk, word: str) -> BillingHold:
    found = await desk.store.holds_called(word)
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(one.customer for one in found)
        raise NotFound(f"{len(found)} customers of this name are on hold. Write the id of one: {ids}.")
    held = await desk.store.holds()
    names = ", ".join(one.called for one in held[:10])
    raise NotFound(f"“{word[:60]}” is not on hold. {f'On hold: {names}.' if held else 'Nobody is on hold.'}")

"""The verbs of `/sync` about billing holds: who may not be billed, who may be again, and what is held now."""

from __future__ import annotations

import re

from bot import answers
from bot.answers_holds import holds_list
from bot.commands.desk import Asked, Desk, Payload, needed
from bot.commands.parsing import customer_and_why
from bot.leading import holding_teams, releasing_teams
from sync.billing import Scope, Source
from sync.errors import NotFound
from sync.model import BillingHold

_ID = re.compile(r"[\w.:/-]{1,100}")
_ON = re.compile(r"(customer|contract|flow)\s+(?=\S)", re.IGNORECASE)
_WHY = 1000
_ASK = 'Which customer? Write an id of the CRM or a name, and why: /sync hold "Acme GmbH" credit check.'


async def hold(desk: Desk, asked: Asked) -> Payload:
    """Bill a customer, a contract or by a flow no more. For whoever leads a team that owns a flow, or the flow's own: an invoice
    may come out of any of them."""
    scope, rest = _scope(asked.text)
    word, why = customer_and_why(rest)
    needed(word, _ASK)
    needed(why, f"Why? Write it behind the {scope}: /sync hold {word[:60]} credit check.")
    key, name = await _named(desk, scope, word)
    workspace = desk.surroundings.workspace
    await desk.may_lead(asked.user, "hold", holding_teams(workspace, scope, key), f"{scope}:{key[:100]}")
    if scope == Scope.CUSTOMER:
        key, name = await _customer(desk, word)
    await desk.store.place_hold(
        scope, key, name=name, why=why[:_WHY], source=Source.PERSON, by=asked.user, now=desk.clock()
    )
    desk.changed()
    unseen = "" if name else f" Meshline has had no exception of this {scope}: please check the id."
    posts = "posts nothing" if scope == Scope.FLOW else "is on hold: no invoice goes out"
    return answers.done(f"{name or key} {posts} until somebody releases it.{unseen}")


async def release(desk: Desk, asked: Asked) -> Payload:
    """Let billing go on. For whoever leads the team of the exception that placed the hold, or, placed by hand, a team that owns a
    flow."""
    word, why = customer_and_why(_scope(asked.text)[1])
    needed(word, 'Which customer? Write an id of the CRM or a name, and why: /sync release "Acme GmbH" paid.')
    needed(why, f"Why may billing go on? Write it behind the customer: /sync release {word[:60]} paid.")
    found = await _held(desk, word)
    team = (await desk.store.case(found.case_id)).team if found.case_id is not None else None
    teams = releasing_teams(desk.surroundings.workspace, found, team)
    await desk.may_lead(asked.user, "release", teams, f"hold:{found.id}")
    freed = await desk.store.release(found.id, by=asked.user, note=why[:_WHY], now=desk.clock())
    desk.changed()
    left = [one for one in await desk.store.holds() if (one.scope, one.key) == (found.scope, found.key)]
    if left:
        return answers.done(f"This hold on {found.called} is off; another one stays: {left[0].why}.")
    goes = "1 record goes on" if freed == 1 else f"{freed:,} records go on" if freed else "nothing was waiting"
    again = "posts again" if found.scope == Scope.FLOW else "is billed again"
    return answers.done(f"{found.called} {again}; {goes}.")


async def holds(desk: Desk, asked: Asked) -> Payload:
    """Every hold that is on, the oldest first."""
    await desk.surroundings.people.learn_team_members()
    return holds_list(await desk.store.holds(), desk.around())


def _scope(text: str) -> tuple[str, str]:
    """What the hold is on, a customer unless it is said, and the rest of the words."""
    said = _ON.match(text.strip())
    return (said[1].lower(), text.strip()[said.end() :]) if said else (Scope.CUSTOMER.value, text)


async def _named(desk: Desk, scope: str, word: str) -> tuple[str, str]:
    """(key, name) of a flow or a contract; of a customer as it was written. Raises NotFound."""
    if scope == Scope.FLOW:
        flow = desk.flow(word)
        return flow.name, flow.title
    if scope == Scope.CONTRACT and not _ID.fullmatch(word):
        raise NotFound(f"“{word[:60]}” is no id of a contract. Write its id in the CRM.")
    return word, ""


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
    """The hold of that number (`#5`), key or name. Raises NotFound where there is none, or more than one."""
    found = await desk.store.holds_called(word)
    if len(found) == 1:
        return found[0]
    if found:
        ids = "; ".join(f"#{one.id} ({one.key}: {one.why[:80]})" for one in found)
        raise NotFound(f"{len(found)} holds go by this name. Release each by its number: {ids}.")
    held = await desk.store.holds()
    names = ", ".join(one.called for one in held[:10])
    raise NotFound(f"“{word[:60]}” is not on hold. {f'On hold: {names}.' if held else 'Nobody is on hold.'}")

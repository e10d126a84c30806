"""The dialog that shows all records of a cause, page by page, with a search. Pure."""

from __future__ import annotations

from typing import Any

from bot.blocks import TITLE, Block, actions, button, context, link, moment, plain, quote, said, section
from bot.carried import Carried, carry
from bot.modals import modal
from bot.wording import Around, clock_of, records, standing, title_of
from store.pages import Page
from sync.lifecycle import CaseState
from sync.model import Case
from sync.reasons import reason

SEARCH, SEARCH_BLOCK = "all_search", "all_search_block"
PREVIOUS, NEXT = "all_previous", "all_next"
_LONGEST = 80


def all_view(page: Page, around: Around) -> Block:
    """One page of the list."""
    blocks = [
        _search(page.search),
        context(_where(page)),
        *(section(_row(case, around)) for case in page.cases),
        *([] if page.cases else [section(f"No record matches {quote(page.search, _LONGEST)}.")]),
    ]
    if turns := _turns(page):
        blocks.append(actions(*turns))
    title = f"All {page.cause.total:,} records" if page.cause.total != 1 else "1 record"
    return modal("all", title, blocks, cause=page.cause, submit="Search") | {"close": plain("Close", TITLE)}


def searched(view: dict[str, Any]) -> str:
    """What stands in the search field."""
    entered = ((view.get("state") or {}).get("values") or {}).get(SEARCH_BLOCK) or {}
    return " ".join(str((entered.get(SEARCH) or {}).get("value") or "").split())[:_LONGEST]


def _where(page: Page) -> str:
    many = f"{page.found:,} found of {records(page.cause.total)}" if page.search else records(page.found)
    return f"{said(reason(page.cause.reason).title)} · {many} · page {page.number:,} of {page.pages:,}"


def _search(search: str) -> Block:
    element: Block = {
        "type": "plain_text_input", "action_id": SEARCH, "max_length": _LONGEST,
        "placeholder": plain("Name, customer or EX number; press Enter"),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }  # fmt: skip
    if search:
        element["initial_value"] = search
    return {"type": "input", "block_id": SEARCH_BLOCK, "dispatch_action": True, "optional": True,
            "label": plain("Search"), "element": element}  # fmt: skip


def _row(case: Case, around: Around) -> str:
    money = f" · {case.money}" if case.money else ""
    title = link(around.crm_link(case.subject), title_of(case), 150)
    if case.state == CaseState.RESOLVED:
        when = f" {moment(case.resolved_at)}" if case.resolved_at else ""
        return f"*{case.ref}* · {title}{money}\nresolved{when}"
    return f"*{case.ref}* · {title}{money}\n{clock_of(case, around)} · {standing(case, around)}"


def _turns(page: Page) -> list[Block]:
    def turn(action: str, words: str, to: int) -> Block:
        return button(action, words, carry(Carried(cause=page.cause.id, version=page.cause.version, page=to)))

    found = [turn(PREVIOUS, "Previous page", page.number - 1)] if page.number > 1 else []
    return found + ([turn(NEXT, "Next page", page.number + 1)] if page.number < page.pages else [])

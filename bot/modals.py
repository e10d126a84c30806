"""The frame of every dialog: a title, what it carries, and a close button. And the dialogs that only tell something."""

from __future__ import annotations

from collections.abc import Sequence

from bot.blocks import TITLE, Block, plain, said, section
from bot.carried import Carried, carry
from sync.model import Cause

_MOST_BLOCKS = 100


def modal(
    verb: str, title: str, blocks: Sequence[Block], *, cause: Cause | None = None, submit: str = "", asked: str = ""
) -> Block:
    """A dialog. With a cause it carries what it is about; with `submit` it can be sent."""
    view: Block = {
        "type": "modal", "callback_id": f"meshline_{verb}", "title": plain(title, TITLE),
        "close": plain("Cancel" if submit else "Close", TITLE), "blocks": list(blocks[:_MOST_BLOCKS]),
    }  # fmt: skip
    if cause is not None:
        view["private_metadata"] = carry(Carried(cause=cause.id, version=cause.version, verb=verb, asked=asked))
    return view | ({"submit": plain(submit, TITLE)} if submit else {})


def loading_view(title: str) -> Block:
    """Opened at once, filled a moment later."""
    return modal("loading", title, [section("One moment, the newest state is being read …")])


def notice_view(title: str, text: str) -> Block:
    """A few words for the person who pressed."""
    return modal("notice", title, [section(said(text, 2500))])

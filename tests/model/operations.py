"""What happens in a sequence, as plain data: every operation is a tuple of a word and numbers, and means something in any state,
so that a sequence stays one when parts of it are left out."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.model.weather import KINDS, MOST_LATE

Op = tuple[Any, ...]
DEALS, COMPANIES = 5, 3
_CURRENCIES = ("EUR", "EUR", "EUR", "USD", "JPY", "KWD")
_VERBS = ("", "create", "create", "post", "update", "find", "get", "read")
_KINDS = (*KINDS, "lost_after", "late")
_LONG = 40

_CHANGES: tuple[tuple[int, Callable[[Random], Op]], ...] = (
    (12, lambda r: ("win", r.randrange(DEALS))),
    (3, lambda r: ("reopen", r.randrange(DEALS))),
    (
        6,
        lambda r: (
            "lines",
            r.randrange(DEALS),
            r.randrange(1, 6),
            r.choice((100, 199, 4950, 120_000, 700_000)),
            r.randrange(2),
        ),
    ),
    (2, lambda r: ("currency", r.randrange(DEALS), r.choice(_CURRENCIES))),
    (3, lambda r: ("code", r.randrange(DEALS), r.randrange(3))),
    (2, lambda r: ("product", r.randrange(DEALS), r.choice(("P1", "P2", "P3", "PX")))),
    (2, lambda r: ("misstate", r.randrange(DEALS), r.choice((0, 1, -1, 100)))),
    (2, lambda r: ("company", r.randrange(DEALS), r.randrange(-1, COMPANIES))),
    (2, lambda r: ("rename", r.randrange(COMPANIES))),
    (1, lambda r: ("merge", r.randrange(COMPANIES), r.randrange(COMPANIES), r.randrange(2))),
    (1, lambda r: ("delete", r.randrange(DEALS))),
    (1, lambda r: ("retire",)),
    (
        3,
        lambda r: (
            "refund",
            r.randrange(DEALS),
            r.choice((10, 50, 100, 130)),
            r.choice(("refund", "chargeback", "credit")),
        ),
    ),
    (1, lambda r: ("refund_edit", r.randrange(4), r.choice((5, 20)))),
)
_NEWS: tuple[tuple[int, Callable[[Random], Op]], ...] = (
    (16, lambda r: ("hook", r.randrange(1, 5), r.randrange(100), r.randrange(8) == 0)),
    (2, lambda r: ("lose", r.randrange(100))),
    (3, lambda r: ("poll",)),
)
_PEOPLE: tuple[tuple[int, Callable[[Random], Op]], ...] = (
    (
        8,
        lambda r: (
            "decide",
            r.randrange(10),
            r.choice(("fix", "fix", "fix", "approve", "approve", "reject", "replay", "take", "discard")),
        ),
    ),
    (2, lambda r: ("replay", r.randrange(30))),
    (
        1,
        lambda r: (
            "replay_all",
            r.choice(("erp_unavailable", "crm_unavailable", "changed_after_posting", "erp_rejected")),
        ),
    ),
    (2, lambda r: ("hold", r.randrange(COMPANIES), r.choice((0, 0, 0, 1, 1, 2)))),
    (2, lambda r: ("release", r.randrange(3))),
)
_TROUBLE: tuple[tuple[int, Callable[[Random], Op]], ...] = (
    (6, lambda r: ("strike", r.randrange(6) == 0, r.choice(_KINDS), r.choice(_VERBS), r.choice((1, 1, 1, 2, 6)), r.randrange(1, MOST_LATE))),
    (1, lambda r: ("calm",)),
    (6, lambda r: ("clock", r.choice((1, 2, 5, 25, 31, 61, 61, 300, 3700, 90_000)))),
    (1, lambda r: ("beat",)),
    (1, lambda r: ("night",)),
)  # fmt: skip


def sequence(seed: int, length: int) -> list[Op]:
    """A sequence of about that many operations, those inside of others counted."""
    rng = Random(seed)
    ops: list[Op] = []
    while size(ops) < length:
        ops.append(_work(rng) if rng.random() < 0.2 else _any(rng))
    return ops


def size(ops: list[Op]) -> int:
    """How many operations these are."""
    return sum(1 + (len(op[-1]) if op[0] == "work" else 0) for op in ops)


def _any(rng: Random) -> Op:
    return _one(rng, rng.choices((_CHANGES, _NEWS, _PEOPLE, _TROUBLE), (40, 26, 15, 16))[0])


def _one(rng: Random, kinds: tuple[tuple[int, Callable[[Random], Op]], ...]) -> Op:
    [(_, make)] = rng.choices(kinds, [weight for weight, _ in kinds])
    return make(rng)


def _work(rng: Random) -> Op:
    """Engines at work: how many, the seed of their turns, at which step one is killed (0: at none), and what happens at which step
    meanwhile."""
    crash = rng.randrange(1, _LONG) if rng.random() < 0.25 else 0
    between = tuple(sorted((rng.randrange(1, _LONG), _any(rng)) for _ in range(rng.choice((0, 0, 1, 2)))))
    return ("work", rng.choice((1, 1, 2, 3)), rng.randrange(1_000_000), crash, between)

"""Delivery to Slack: nobody waits for another channel, nothing is drawn too often, nothing is posted twice."""

from __future__ import annotations

from tests.protections.mutant import mutant

CARDS, POSTER = "tests/store/test_card_outbox.py", "tests/bot/test_poster.py"

MUTANTS = [
    mutant("drawing a card that has no rest", "store/cards.py", '"due_at": now + rest}', '"due_at": now}',
           f"{CARDS}::test_a_card_that_was_just_drawn_rests_however_often_its_cause_changes"),
    mutant("a person who waits for the card's rest", "store/moves.py", "        hurry(tx, cause_id)\n", "",
           f"{CARDS}::test_what_a_person_changed_is_drawn_at_once"),
    mutant("a hurried card that two posters draw", "store/cards.py", "and_(cards.c.hurried, cards.c.lease.is_(None))",
           "cards.c.hurried", f"{CARDS}::test_what_a_person_changed_is_drawn_at_once"),
    mutant("channels that wait for each other", "bot/pace.py", "return 1 if self.away else _HANDS", "return 1",
           f"{POSTER}::test_a_channel_that_takes_long_keeps_no_other_waiting"),
    mutant("cards in any order", "store/cards.py", ".order_by(*_ORDER)", ".order_by(cards.c.cause_id)",
           f"{CARDS}::test_posters_take_one_card_of_each_channel_the_most_urgent_first"),
]  # fmt: skip

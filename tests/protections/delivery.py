"""Delivery to Slack: nobody waits for another channel, nothing is drawn too often, nothing is posted twice."""

from __future__ import annotations

from tests.protections.mutant import mutant

CARDS, POSTER = "tests/store/test_card_outbox.py", "tests/bot/test_poster.py"
LOST, LINK = "tests/bot/test_lost_channels.py", "tests/bot/test_connection.py"

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
    mutant("a lost channel that everybody tells of", "store/delivering.py",
           "            if made.one_or_none() is None:\n                known =", "            if False:\n                known =",
           f"{LOST}::test_cards_of_a_channel_that_takes_none_go_to_its_fallback_and_one_person_learns_what_to_click"),
    mutant("a thread that stays where its card was", "store/cards.py", "_PLACE = func.coalesce(cards.c.channel, messages.c.channel)",
           "_PLACE = func.coalesce(messages.c.channel, cards.c.channel)",
           f"{LOST}::test_a_card_whose_channel_is_archived_moves_with_its_thread"),
    mutant("a card that is posted for ever", "store/delivering.py",
           "first = or_(c.reposted_at.is_(None), c.reposted_at <= now - _ONCE_WITHIN)", "first = c.cause_id > 0",
           f"{LOST}::test_a_card_that_is_deleted_twice_within_a_day_is_not_posted_a_third_time"),
    mutant("a search that ends with the first page", "bot/lookup.py", "if found is not None or not cursor:", "if True:",
           f"{LOST}::test_the_search_for_a_lost_answer_goes_back_to_when_the_try_began"),
    mutant("sending with a token that counts no more", "bot/connection.py", "        if not self._stopped:\n            return True\n",
           "        return True\n", f"{LINK}::test_with_a_revoked_token_slack_is_asked_once_a_minute_and_everything_waits"),
    mutant("asking Slack again and again", "bot/connection.py", "if self._ask_at is not None and now < self._ask_at:", "if False:",
           f"{LINK}::test_with_a_revoked_token_slack_is_asked_once_a_minute_and_everything_waits"),
    mutant("a process that forgets that Slack is closed", "bot/connection.py",
           "self._stopped = await self._store.slack_stop() is not None", "self._stopped = False",
           f"{LINK}::test_a_process_that_starts_while_the_token_counts_no_more_asks_first"),
    mutant("a press that is lost while we may send nothing", "bot/connection.py",
           "with suppress(SlackApiError, *refusal.NO_ANSWER):", "with suppress(KeyError):",
           f"{LINK}::test_a_press_counts_while_we_may_send_nothing"),
    mutant("listening to another workspace", "bot/strangers.py", "if not ours or not strange or context.is_enterprise_install:",
           "if True:", f"{LINK}::test_what_another_workspace_sends_is_refused_and_on_record"),
]  # fmt: skip

"""Home, commands and shortcuts: a tab costs a bounded number of calls, a canary holds the rest back, nobody does what is others'."""

from __future__ import annotations

from tests.protections.mutant import mutant

LIVE, VERBS, SHORT = "tests/bot/test_home_live.py", "tests/bot/test_command_verbs.py", "tests/bot/test_shortcuts.py"

MUTANTS = [
    mutant("a Home tab drawn by every process", "store/homes.py",
           "guard = (h.person == seen.user, h.shows == seen.shows, h.figures == seen.figures, h.drawn_at == seen.drawn_at)",
           "guard = (h.person == seen.user,)", f"{LIVE}::test_of_two_processes_one_draws_a_change"),
    mutant("a Home tab drawn at every change", "bot/homes.py", "if now - seen.drawn_at < PER_PERSON or not", "if not",
           f"{LIVE}::test_thirty_changes_in_ten_seconds_are_a_few_drawings_and_the_last_one_is_right"),
    mutant("a Home tab drawn though it shows the same", "bot/homes.py", "if shows == seen.shows and not old_figures:", "if False:",
           f"{LIVE}::test_what_changes_nothing_on_the_tab_draws_nothing"),
    mutant("as many Home tabs as are open, all at once", "bot/homes.py", "return self._calls >= 1", "return True",
           f"{LIVE}::test_a_hundred_open_tabs_are_drawn_within_what_slack_takes"),
    mutant("a Home tab that is never forgotten", "bot/homes.py", "for seen in await store.open_homes(since=now - LIVE):",
           "for seen in await store.open_homes(since=now - 99 * LIVE):",
           f"{LIVE}::test_a_tab_is_forgotten_after_an_hour_and_when_slack_knows_the_person_no_more"),
    mutant("a Home tab given up when Slack is away", "bot/homes.py", "        await self.desk.store.home_unknown(user)\n", "",
           f"{LIVE}::test_a_dead_slack_delays_the_tab_and_nothing_else"),
    mutant("one's own proposal offered for approval", "bot/homes.py", "and one.first[0].proposed_by != user]", "]",
           f"{LIVE}::test_ones_own_proposal_is_not_offered_for_ones_approval"),
    mutant("a rest that does not wait for the canary", "bot/commands/replaying.py", "if waiting or len(outcome) < CANARY:", "if False:",
           f"{VERBS}::test_a_replay_of_many_is_looked_at_then_five_go_then_the_rest"),
    mutant("a rest that goes though the canary stopped", "bot/commands/replaying.py", "    if stopped:\n", "    if False:\n",
           f"{VERBS}::test_the_rest_stays_when_one_of_the_canary_stops_again"),
    mutant("a replay of others' records", "bot/commands/replaying.py",
           "mine = [case for case in ready if people.roles(case.team, user) & roles]", "mine = ready",
           f"{VERBS}::test_others_records_are_not_replayed"),
    mutant("a replay by anybody", "bot/commands/replaying.py",
           'lent = await desk.may(asked.user, "replay", case.team, f"case:{case.id}")', "lent: tuple[str, ...] = ()",
           f"{VERBS}::test_who_has_no_right_is_told_who_has_and_it_is_on_record"),
    mutant("a hold placed by anybody", "bot/commands/changing.py",
           'await desk.may_lead(asked.user, "hold", billing_teams(desk.surroundings.workspace), f"customer:{word[:100]}")', "pass",
           f"{VERBS}::test_who_may_not_is_told_in_the_dialogs_place"),
    mutant("a hold released by another team", "bot/commands/changing.py",
           'await desk.may_lead(asked.user, "release", team, f"hold:{found.id}")', "pass",
           f"{VERBS}::test_a_hold_that_an_exception_placed_is_released_by_its_team"),
    mutant("a refused command that is not on record", "bot/commands/desk.py",
           "            await self.store.refuse_press(by=user, verb=verb, what=what, why=str(refused), now=self.clock())\n", "",
           f"{VERBS}::test_who_has_no_right_is_told_who_has_and_it_is_on_record"),
    mutant("a report that counts twice", "store/by_hand.py",
           "made = tx.execute(insert_or_nothing(tx, manual_fixes).values(**values)",
           'made = tx.execute(insert_or_nothing(tx, manual_fixes).values(**{**values, "key": str(__import__("time").time_ns())})',
           f"{SHORT}::test_the_same_report_sent_twice_counts_once"),
    mutant("class A discarded by one person after a report", "bot/shortcuts.py",
           '"approve" if case.four_eyes else "discard"', '"discard"',
           f"{SHORT}::test_nobody_discards_class_a_alone_after_a_report"),
]  # fmt: skip

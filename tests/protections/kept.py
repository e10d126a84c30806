"""What is kept: for how long people may decide, which snapshot counts, and what is put away."""

from __future__ import annotations

from tests.protections.mutant import EXPIRY, NEWEST, RETENTION, TIDYING, mutant

MUTANTS = [
    # The holding queue
    mutant("expiring without the state", "store/expiry.py", "d.id.in_(ids), d.state.in_(move.sources), ", "d.id.in_(ids), ",
           f"{EXPIRY}::test_what_is_decided_while_somebody_looks_does_not_expire"),
    mutant("expiring before its time", "store/expiry.py", "cases.c.delivery_id == d.id, cases.c.expire_by <= now)", "cases.c.delivery_id == d.id)",
           f"{EXPIRY}::test_what_is_stopped_by_something_else_while_somebody_looks_has_its_own_time"),
    mutant("expiring without letting the line go on", "store/expiry.py", "    line_up(tx, lines)\n", "",
           f"{EXPIRY}::test_what_is_not_decided_in_time_is_dead_and_its_later_changes_go_on"),
    mutant("a fresh time at every try", "store/outcomes.py", "func.coalesce(cases.c.expire_by, route.expire_by)", "route.expire_by",
           f"{EXPIRY}::test_what_is_stopped_again_by_the_same_trouble_has_no_more_time_than_before"),
    mutant("no time after the first expiry", "store/outcomes.py", "func.coalesce(cases.c.expire_by, route.expire_by)", "cases.c.expire_by",
           f"{EXPIRY}::test_what_expired_can_still_be_decided_and_gets_its_time_anew"),
    # Newest wins
    mutant("leaving out a write of unknown fate", "store/newest.py", ", ~unsettled)", ")",
           f"{NEWEST}::test_a_write_of_unknown_fate_is_settled_before_anything_newer"),
    mutant("leaving out the teller of an outage", "store/newest.py", "and_(o.state == _PENDING, ~asked)", "o.state == _PENDING",
           f"{NEWEST}::test_the_record_whose_case_tells_of_an_outage_keeps_its_place"),
    mutant("calling a replay stale", "store/newest.py", "and_(~to_come, old.c.number == 0)", "~to_come",
           f"{NEWEST}::test_what_a_person_sends_round_again_is_not_late"),
    mutant("forgetting the newest for a late one", "store/newest.py", "set_=fresh, where=later)", "set_=fresh)",
           f"{NEWEST}::test_a_change_that_comes_late_is_stale"),
    mutant("thinning out without lining up", "store/newest.py", "            line_up(tx, pairs)\n", "",
           f"{NEWEST}::test_a_newer_change_replaces_a_held_one_and_its_exception"),
    # Retention
    mutant("retiring what is unfinished", "store/retention.py", "and_(d.state.in_(_DONE), d.updated_at", "and_(d.updated_at",
           f"{RETENTION}::test_what_is_unfinished_stays_whole_however_old"),
    mutant("retiring too early", "store/retention.py", "d.updated_at < part.cutoff, ~asked", "~asked",
           f"{RETENTION}::test_what_was_finished_late_is_kept_from_then_on"),
    mutant("retiring with an unresolved case", "store/retention.py", ", ~asked, ~unsettled)", ", ~unsettled)",
           f"{RETENTION}::test_what_has_an_unresolved_case_stays_whole"),
    mutant("retiring a write of unknown fate", "store/retention.py", ", ~asked, ~unsettled)", ", ~asked)",
           f"{RETENTION}::test_a_write_of_unknown_fate_keeps_its_delivery"),
    mutant("giving a number away again", "store/retention.py", ", d.id < last)", ")",
           f"{RETENTION}::test_the_number_of_an_archived_delivery_is_never_given_away_again"),
    mutant("forgetting what was left over", "store/retention.py", "kept = part.after if left and row.kept is None else row.kept", "kept = row.kept",
           f"{RETENTION}::test_what_was_left_over_is_looked_at_again_the_next_night"),
    mutant("a round of yesterday", "store/retention.py", "row.night < night", "row.night != night",
           f"{RETENTION}::test_a_process_whose_clock_lags_begins_no_round_of_yesterday"),
    mutant("a payload that another flow needs", "store/retention.py",
           "exists().where(d.event_id == events.c.id, ~_ripe(d, part))", "exists().where(d.id < 0)",
           f"{RETENTION}::test_a_payload_that_another_flow_still_needs_is_not_forgotten"),
    # Tidying
    mutant("dropping what Slack did not get", "store/tidying.py", "m.id < last, m.posted_at < before, ~shown", "m.id < last, ~shown",
           f"{TIDYING}::test_what_slack_did_not_get_stays_however_old_it_is"),
    mutant("dropping the history of an open card", "store/tidying.py", "m.posted_at < before, ~shown)", "m.posted_at < before)",
           f"{TIDYING}::test_the_history_of_a_card_goes_only_when_the_card_is_closed"),
    mutant("giving the number of a message away again", "store/tidying.py", "m.id <= until, m.id < last, ", "m.id <= until, ",
           f"{TIDYING}::test_the_number_of_a_message_is_never_given_away_again"),
    mutant("dropping the last turn of a name", "store/tidying.py", "or_(followed, t.name.startswith(TOLD))", "or_(True)",
           f"{TIDYING}::test_turns_that_were_followed_by_another_go_and_the_last_of_each_name_stays"),
    mutant("dropping a silence that was told of", "store/tidying.py", "t.name != SILENCE, ", "",
           f"{TIDYING}::test_a_silence_that_was_told_of_is_known_until_it_is_over"),
]  # fmt: skip

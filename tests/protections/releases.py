"""Releases: nobody runs what was not agreed to, a trial harms nobody, what was published never changes."""

from __future__ import annotations

from tests.protections.mutant import mutant

STORE, STORY = "tests/store/test_releases.py", "tests/bot/test_releases.py"

MUTANTS = [
    mutant("agreeing to one's own release", "store/releases.py", "if found.made_by == by:", "if False:",
           f"{STORE}::test_nobody_approves_their_own_and_no_team_twice_or_uninvited"),
    mutant("a team that agrees twice", "store/releases.py", "if made.one_or_none() is None:", "if False:",
           f"{STORE}::test_nobody_approves_their_own_and_no_team_twice_or_uninvited"),
    mutant("a release that begins before all teams agreed", "store/releases.py", "if not _release(tx, number).missing:", "if True:",
           f"{STORE}::test_a_release_waits_for_every_team_that_must_agree_and_then_follows_the_active_one"),
    mutant("a proposal counted from another release", "store/releases.py",
           "if (proposal.based_on or 0) != active:", "if False:",
           f"{STORE}::test_a_proposal_that_was_counted_from_another_release_has_to_be_made_anew"),
    mutant("agreeing to what is out of date", "store/releases.py", "if (found.based_on or 0) != active:", "if False:",
           f"{STORE}::test_of_two_proposals_the_second_one_to_be_agreed_to_is_out_of_date"),
    mutant("two processes that publish at once", "store/releases.py", "one_at_a_time(tx, _ONE)", "pass",
           f"{STORE}::test_of_two_processes_that_start_on_an_empty_ledger_one_publishes", postgres=True),
    mutant("a version that says two things", "store/releases.py", "    if changed:\n", "    if False:\n",
           f"{STORE}::test_one_published_version_of_a_contract_says_one_thing_for_ever"),
    mutant("a second release on trial", "store/releases.py", "if running(tx).trial is not None:", "if False:",
           f"{STORE}::test_a_canary_runs_beside_the_active_release_until_it_is_promoted_or_rolled_back"),
    mutant("moving a release from any state", "store/releases.py",
           "guard = (_R.id == number, _R.state.in_(move.sources))", "guard = (_R.id == number,)",
           f"{STORE}::test_of_two_proposals_the_second_one_to_be_agreed_to_is_out_of_date",
           f"{STORE}::test_a_rollback_restores_the_last_good_release_again_and_again"),
    mutant("a trial that outlives what it was tried beside", "store/releases.py", "for tried in tx.execute(", "for tried in () and tx.execute(",
           f"{STORE}::test_rolling_back_the_active_release_ends_the_trial_beside_it"),
    mutant("a trial judged by its past", "store/releases.py", 'proof.get("attempts_before", 0)', 'proof.get("nothing", 0)',
           f"{STORE}::test_what_a_trial_made_of_its_records_is_counted_apart_from_the_rest_and_from_the_past"),
    mutant("claiming for a release that runs no more", "store/claiming.py",
           "if ask.releases is not None and ask.releases != running(tx):", "if False:",
           f"{STORY}::test_one_button_rolls_back_and_nothing_is_claimed_by_a_process_that_has_not_gone_over"),
    mutant("a canary that posts", "sync/deliver.py", "begun = up_to_post(plan.writes) if self._on_trial else plan.writes", "begun = plan.writes",
           f"{STORY}::test_a_wrong_transform_is_rolled_back_by_rule_its_drafts_are_listed_and_one_decision_puts_them_right"),
    mutant("a shadow that writes", "sync/deliver.py", "        if not other.writes:\n            return prepared\n", "",
           f"{STORY}::test_a_shadow_writes_nothing_and_says_what_it_would_have_written"),
    mutant("a canary that nobody judges", "sync/engine.py", "            await self.judge_trial()\n", "            pass\n",
           f"{STORY}::test_a_wrong_transform_is_rolled_back_by_rule_its_drafts_are_listed_and_one_decision_puts_them_right"),
    mutant("what nobody was told of taken for announced", "sync/trials.py", "each.place not in self.announced", "False",
           f"{STORY}::test_a_wrong_transform_is_rolled_back_by_rule_its_drafts_are_listed_and_one_decision_puts_them_right"),
    mutant("what was announced taken for strange", "sync/trials.py", "each.place not in self.announced", "True",
           f"{STORY}::test_a_canary_that_differs_only_where_it_was_announced_passes_and_its_drafts_are_posted"),
    mutant("a draft written again without anybody's agreement", "sync/deliver.py", "if not agreed(differs, self.delivery.overlays):", "if False:",
           f"{STORY}::test_a_wrong_transform_is_rolled_back_by_rule_its_drafts_are_listed_and_one_decision_puts_them_right"),
    mutant("anybody agreeing for any team", "bot/release_rights.py", "if not workspace.roles(team, user) & wanted:", "if False:",
           f"{STORY}::test_finance_agrees_with_a_button_and_the_running_process_goes_over_to_it"),
    mutant("publishing what breaks somebody", "bot/publishing.py", "        if self.blocked:\n", "        if False:\n",
           f"{STORY}::test_what_breaks_somebody_is_blocked_whoever_asks"),
]  # fmt: skip

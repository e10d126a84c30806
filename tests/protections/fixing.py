"""Fixing in place: nothing is guessed, nothing is taken that the flow would refuse, what is written to the CRM is written once and
stops nothing, and a rule is only ever proposed."""

from __future__ import annotations

from tests.protections.mutant import mutant

AMOUNTS, FIELDS = "tests/sync/test_amounts.py", "tests/sync/test_fields.py"
FIXING, COUNTED = "tests/bot/test_fixing.py", "tests/store/test_suggestions.py"

MUTANTS = [
    mutant("an amount that is guessed", "sync/amounts.py", "    if either is not None:\n", "    if False:\n",
           f"{AMOUNTS}::test_what_can_be_read_in_two_ways_is_asked_back_with_both"),
    mutant("an amount in another currency", "sync/amounts.py", "    if currency is not None and currency not in meant:\n",
           "    if False:\n", f"{AMOUNTS}::test_what_is_no_amount_is_explained"),
    mutant("signs that nobody can see", "sync/typed.py", "    if hidden is not None and any(", "    if False and any(",
           f"{FIELDS}::test_signs_that_nobody_can_see_are_said_back"),
    mutant("a candidate chosen beforehand without a clear lead", "sync/match.py",
           "return ranked[0] if len(ranked) == 1 or ranked[0].score - ranked[1].score >= CLEAR else None", "return ranked[0]",
           f"{FIELDS}::test_only_a_candidate_that_is_sure_and_clearly_ahead_is_chosen_beforehand"),
    mutant("an answer that the flow would refuse", "bot/fixing/answers.py", "    if against:\n", "    if False:\n",
           f"{FIXING}::test_the_flows_own_checks_answer_in_the_dialog_and_not_by_a_new_card"),
    mutant("a stranger who searches a list", "bot/fixing/part.py",
           '        self.surroundings.people.may(click.user, "resolve", cause.team)\n        place', "        place",
           f"{FIXING}::test_a_stranger_searches_nothing_and_sees_no_change"),
    mutant("a stranger who draws a dialog again", "bot/fixing/part.py",
           '            self.surroundings.people.may(click.user, "resolve", cause.team)\n        except', "            pass\n        except",
           f"{FIXING}::test_a_stranger_searches_nothing_and_sees_no_change"),
    mutant("a decision written back again and again", "sync/giving_back.py",
           'key=f"decided-{safe(event.record_id)[:150]}-{mark}"', 'key=f"decided-{event.id}-{mark}"',
           f"{FIXING}::test_a_decision_is_written_back_once_even_if_somebody_puts_the_old_value_back"),
    mutant("a CRM that holds up an invoice", "sync/to_source.py", "        except (ConnectorError, NotFound) as error:\n",
           "        except NotFound as error:\n",
           f"{FIXING}::test_a_crm_that_refuses_what_is_written_back_holds_up_no_invoice_and_says_so"),
    mutant("a new company without its reference", "sync/connectors/hubspot_writing.py",
           "given = {**_given(entity, body), named: reference}", "given = _given(entity, body)",
           f"{FIXING}::test_the_crm_creates_one_record_for_one_reference"),
    mutant("a new company beside its twin", "sync/to_source.py", "                if same:\n", "                if False:\n",
           f"{FIXING}::test_a_new_company_with_a_vat_id_that_exists_is_the_one_that_exists"),
    mutant("a suggestion that is never passed over", "store/suggestions.py", '"streak": 0}', '"streak": _S.streak}',
           f"{COUNTED}::test_one_that_is_passed_over_begins_to_count_anew"),
    mutant("an empty field that becomes a rule", "sync/suggestions.py", ' and violation.found:\n', ":\n",
           f"{COUNTED}::test_of_an_empty_field_a_list_or_an_accepted_value_nothing_follows"),
    mutant("a rule that ends twice", "store/suggestions.py", 'guard = (_P.id == rule_id, _P.state == "proposed")',
           "guard = (_P.id == rule_id,)", f"{COUNTED}::test_a_rule_ends_once_and_is_never_proposed_again"),
    mutant("anybody noting a rule", "bot/fixing/rules.py",
           "        self.surroundings.people.may_lead(user, flow.owner)\n", "        pass\n",
           f"{FIXING}::test_a_suggestion_that_is_always_taken_is_proposed_as_a_rule_which_its_owner_notes"),
]  # fmt: skip
